//! Readers of single fields, each with its refusal.

use std::ops::Range;

use super::RequestError;
use crate::scan::{self, Fields, ScanError, Value};

/// The longest model name taken, in characters.
const LONGEST_MODEL: usize = 200;

/// The longest session id, in bytes.
const LONGEST_SESSION: usize = 128;

const MODEL: &str = "a model name of 1 to 200 characters";
const TOKENS: &str = "a whole number from 1 to 4294967295";

/// A field that is there and not `null`.
pub(crate) fn given<'a, const N: usize>(fields: &Fields<'a, N>, name: &str) -> Option<Value<'a>> {
    fields.get(name).filter(|value| !value.is_null())
}

/// Where the turns stand.
pub(crate) fn turns<const N: usize>(fields: &Fields<'_, N>, name: &str) -> Option<Range<usize>> {
    given(fields, name).map(|value| value.range())
}

/// The model, and where it stands between its quotes.
pub(crate) fn model<const N: usize>(fields: &Fields<'_, N>) -> Result<(String, Range<usize>), RequestError> {
    let value = fields.get("model").ok_or(RequestError::Missing { field: "model", accepts: MODEL })?;
    let name = value.str().filter(|name| is_model(name)).ok_or_else(|| invalid("model", MODEL, &value))?;
    let range = value.range();
    Ok((name.into_owned(), range.start + 1..range.end - 1))
}

/// A model from the path.
pub(crate) fn named(model: Option<&str>) -> Result<String, RequestError> {
    match model {
        Some(name) if is_model(name) => Ok(name.to_owned()),
        Some(name) => {
            let found = name.chars().take(40).collect();
            Err(RequestError::Invalid { field: "model", accepts: MODEL, found })
        }
        None => Err(RequestError::Missing { field: "model", accepts: MODEL }),
    }
}

fn is_model(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= LONGEST_MODEL && !name.contains(char::is_control)
}

/// A limit on output. Beyond 32 bits no model goes, and money made of it would overflow.
pub(crate) fn output(field: &'static str, value: &Value<'_>) -> Result<u64, RequestError> {
    let tokens = value.u64().filter(|tokens| (1..=u64::from(u32::MAX)).contains(tokens));
    tokens.ok_or_else(|| invalid(field, TOKENS, value))
}

/// The refusal of a body without one, where it has to be there.
pub(crate) const fn missing_output(field: &'static str) -> RequestError {
    RequestError::Missing { field, accepts: TOKENS }
}

/// How many of something; one where nothing is said.
pub(crate) fn count<const N: usize>(
    fields: &Fields<'_, N>,
    field: &'static str,
) -> Result<u64, RequestError> {
    let Some(value) = given(fields, field) else { return Ok(1) };
    let count = value.u64().filter(|count| (1..=1024).contains(count));
    count.ok_or_else(|| invalid(field, "a whole number from 1 to 1024", &value))
}

/// A switch; off where nothing is said.
pub(crate) fn flag<const N: usize>(fields: &Fields<'_, N>, name: &'static str) -> Result<bool, RequestError> {
    let Some(value) = given(fields, name) else { return Ok(false) };
    value.bool().ok_or_else(|| invalid(name, "true or false", &value))
}

/// A short text.
pub(crate) fn text<const N: usize>(
    fields: &Fields<'_, N>,
    name: &'static str,
) -> Result<Option<String>, RequestError> {
    let Some(value) = given(fields, name) else { return Ok(None) };
    match value.str() {
        Some(text) if text.len() <= LONGEST_MODEL => Ok(Some(text.into_owned())),
        _ => Err(invalid(name, "a short string", &value)),
    }
}

/// The members of an object inside the body, as strictly as the body's own. Ranges are those of the inner text.
pub(crate) fn inner<'a, const N: usize>(
    field: &'static str,
    value: &Value<'a>,
    wanted: &[&'static str; N],
) -> Result<Fields<'a, N>, RequestError> {
    scan::object(value.raw().as_bytes(), wanted).map_err(|error| {
        let from = value.range().start;
        match error {
            ScanError::NotAnObject => invalid(field, "an object", value),
            ScanError::Duplicate { field, at } => ScanError::Duplicate { field, at: at + from }.into(),
            ScanError::CaseVariant { field, found, at } => {
                ScanError::CaseVariant { field, found, at: at + from }.into()
            }
            other => other.into(),
        }
    })
}

/// A session id that can be a key: short and without spaces. Anything else says nothing, and is no error.
pub(crate) fn session(id: &str) -> Option<String> {
    let usable = (1..=LONGEST_SESSION).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    usable.then(|| id.to_owned())
}

/// The refusal of a field.
pub(crate) fn invalid(field: &'static str, accepts: &'static str, value: &Value<'_>) -> RequestError {
    let raw = value.raw();
    let found = match raw.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &raw[..end]),
        None => raw.to_owned(),
    };
    RequestError::Invalid { field, accepts, found }
}
