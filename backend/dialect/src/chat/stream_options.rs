//! Asking for usage where the client did not: a Chat stream tells what it used only if `stream_options` says so.
//!
//! The answer then has one chunk more, with no choices in it, which [`filter`](crate::filter) takes out again.

use std::ops::Range;

use crate::request::{RequestError, flag, given, inner};
use crate::scan::{Fields, Object};
use crate::splice::Edits;

const FIELD: &str = "stream_options";
const MEMBER: &str = "include_usage";
const WHOLE: &str = r#"{"include_usage":true}"#;

/// What has to be edited for a stream to tell its usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsageEdit {
    /// There are no `stream_options`.
    Insert,
    /// There are, with nothing to be kept: the range of the value.
    Replace(Range<usize>),
    /// There are, without the member: where the object stands.
    Extend(Object),
    /// The member says no: the range of its value.
    Switch(Range<usize>),
}

impl UsageEdit {
    /// What a streamed request needs; `None` when the client asks by itself.
    pub(crate) fn of<const N: usize>(fields: &Fields<'_, N>) -> Result<Option<Self>, RequestError> {
        let Some(value) = fields.get(FIELD) else { return Ok(Some(Self::Insert)) };
        if value.is_null() {
            return Ok(Some(Self::Replace(value.range())));
        }
        let options = inner(FIELD, &value, &[MEMBER])?;
        let from = value.range().start;
        let object = options.object();
        if object.empty {
            return Ok(Some(Self::Replace(value.range())));
        }
        let Some(member) = options.get(MEMBER) else {
            let (open, close) = (object.open + from, object.close + from);
            return Ok(Some(Self::Extend(Object { open, close, empty: false })));
        };
        let asked = given(&options, MEMBER).is_some() && flag(&options, MEMBER)?;
        let range = member.range();
        Ok((!asked).then(|| Self::Switch(range.start + from..range.end + from)))
    }

    pub(crate) fn add_to(&self, edits: &mut Edits, body: Object) {
        match self {
            Self::Insert => edits.insert_field(body, FIELD, WHOLE),
            Self::Replace(range) => edits.replace(range.clone(), WHOLE),
            Self::Extend(object) => edits.insert_field(*object, MEMBER, "true"),
            Self::Switch(range) => edits.replace(range.clone(), "true"),
        }
    }
}
