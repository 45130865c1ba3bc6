//! Between two dialects: a caller's request as another dialect has it, and the way back for the answer.
//!
//! What cannot be carried is known before anything is reserved: an account that cannot be asked is none for this call, and
//! where there is no other the caller is told which field stands in the way.

use crate::{call::Call, error::RelayError, plan::Candidate, tenant::Account};
use causeway_dialect::{
    Dialect,
    convert::{self, Converter, Wire},
    filter::Filter,
    framing::Framing,
    neutral::{Amount, Conversation, Restore, Target, Thinking, Unsupported, Written, model},
    request::Path,
};
use causeway_domain::{RequestId, provider::Provider};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, header};
use std::sync::Arc;
use uuid::Uuid;

/// Names the fields of a request that were left behind.
pub(crate) const DROPPED: &str = "x-causeway-dropped";

/// A request as it was written for a dialect, whether by strict or compatible rules, a model with its name there, and the
/// most output.
type Known = (Dialect, bool, [Box<str>; 2], u64, Arc<Written>);

/// One call in other dialects, written once for each that is needed.
pub(crate) struct Converted<'a> {
    call: &'a Call,
    at: DateTime<Utc>,
    /// In the place of what the request says.
    thinking: Option<Amount>,
    read: Option<Conversation<'a>>,
    written: Vec<Known>,
    /// What stood in the way, last.
    pub(crate) refused: Option<RelayError>,
}

impl<'a> Converted<'a> {
    /// Nothing is read yet.
    pub(crate) fn new(call: &'a Call, at: DateTime<Utc>, thinking: Option<Amount>) -> Self {
        Self { call, at, thinking, read: None, written: Vec::new(), refused: None }
    }

    /// The request for an account that speaks `dialect`, with the model and what the account calls it, which answers with
    /// `most` tokens at most.
    pub(crate) fn of(
        &mut self,
        account: &Account,
        dialect: Dialect,
        (model, name, most): (&str, &str, u64),
    ) -> Option<Arc<Written>> {
        let compatible = account.provider != Provider::OPENAI && account.provider != Provider::AZURE_OPENAI;
        let same = |(d, c, [of, to], m, _): &&Known| {
            (*d, *c, &**of, &**to, *m) == (dialect, compatible, model, name, most)
        };
        let known = self.written.iter().find(same);
        if let Some((.., written)) = known {
            return Some(written.clone());
        }
        match self.write(dialect, compatible, (model, name, most)) {
            Ok(written) => {
                let written = Arc::new(written);
                let names = [model.into(), name.into()];
                self.written.push((dialect, compatible, names, most, written.clone()));
                Some(written)
            }
            Err(error) => {
                self.refused = Some(unsupported(&error, self.call.dialect, dialect));
                None
            }
        }
    }

    fn write(
        &mut self,
        dialect: Dialect,
        compatible: bool,
        (model, name, most): (&str, &str, u64),
    ) -> Result<Written, Unsupported> {
        let parsed = &self.call.parsed;
        let conversation = match self.read.take() {
            Some(read) => read,
            None => {
                let path = Path { model: Some(&parsed.model), stream: parsed.stream };
                let mut read = convert::read(self.call.dialect, path, &self.call.body)?;
                if let Some(amount) = self.thinking {
                    let shown = read.thinking.is_some_and(|thinking| thinking.shown);
                    read.thinking = Some(Thinking { amount, shown });
                }
                read
            }
        };
        let id = Uuid::now_v7().simple().to_string();
        let manners = model::manners(model);
        let target = Target {
            model: name,
            max_output: most,
            stream: None,
            compatible,
            cache: true,
            adaptive: manners.adaptive,
            without: manners.without,
            request_id: &id,
            now: u64::try_from(self.at.timestamp()).unwrap_or_default(),
        };
        let written = convert::write(dialect, &conversation, &target);
        self.read = Some(conversation);
        written
    }
}

fn unsupported(error: &Unsupported, from: Dialect, to: Dialect) -> RelayError {
    RelayError::Unconvertible {
        field: error.field.clone().into_owned(),
        message: format!(
            "{error} (the upstream account that serves this model is asked in {to}, not in {from})"
        ),
    }
}

/// What an answer passes through on its way to the caller.
pub(crate) enum Way {
    /// As it is.
    Straight,
    /// As it is, without what the caller did not ask for.
    Filtered(Filter),
    /// Converted.
    Converted(Box<Converter>),
}

/// The way of one answer, and the names of the fields that did not reach the account.
pub(crate) fn way(call: &Call, candidate: &Candidate, headers: &HeaderMap, id: RequestId) -> Way {
    let text = |name| headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok());
    let from = Wire {
        dialect: candidate.speaks,
        framing: Framing::of(candidate.speaks, call.parsed.stream, text(header::CONTENT_TYPE)),
    };
    let to = call.wire();
    if from == to {
        let hides = call.parsed.usage_edit.is_some();
        // The client knows the model by the name that it asked for.
        let name = Some(call.parsed.model.as_str()).filter(|asked| *asked != &*candidate.upstream);
        return Filter::new(to.dialect, to.framing, name, hides).map_or(Way::Straight, Way::Filtered);
    }
    let restore = match &candidate.converted {
        Some(written) => written.restore.clone(),
        None => Restore {
            model: call.parsed.model.clone(),
            include_usage: call.parsed.usage_edit.is_none(),
            request_id: id.0.simple().to_string(),
            created: id.started_ms().unsigned_abs() / 1000,
            ..Restore::default()
        },
    };
    Way::Converted(Box::new(Converter::new(from, to, restore)))
}

/// The fields that were left behind, as the header tells them.
pub(crate) fn dropped(candidate: &Candidate) -> Option<HeaderValue> {
    let names = candidate.converted.as_ref()?.dropped.names();
    let list: Vec<&str> = names.iter().map(|name| &**name).collect();
    (!list.is_empty()).then(|| HeaderValue::from_str(&list.join(", ")).ok())?
}

/// The content type of an answer in this form.
pub(crate) const fn content_type(framing: Framing) -> HeaderValue {
    match framing {
        Framing::Events => HeaderValue::from_static("text/event-stream; charset=utf-8"),
        Framing::Array | Framing::Body => HeaderValue::from_static("application/json"),
    }
}
