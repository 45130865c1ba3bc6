//! Single fields of a request, read alike in all dialects.

use std::borrow::Cow;

use super::{Dropped, Text, Unsupported};
use crate::scan::{self, Members, Value};

/// The members of the body. What is wrong with the JSON itself has been refused before, with its place.
pub(crate) fn body(body: &[u8]) -> Result<Members<'_>, Unsupported> {
    let text = std::str::from_utf8(body).ok();
    text.and_then(Members::read).ok_or_else(|| Unsupported::new("body", "it must be a JSON object"))
}

pub(crate) fn object<'a>(field: &'static str, value: &Value<'a>) -> Result<Members<'a>, Unsupported> {
    Members::of(value).ok_or_else(|| Unsupported::new(field, "it must be an object"))
}

pub(crate) fn list<'a>(field: &'static str, value: &Value<'a>) -> Result<Vec<Value<'a>>, Unsupported> {
    scan::list(value.raw()).ok_or_else(|| Unsupported::new(field, "it must be a list"))
}

pub(crate) fn text<'a>(field: &'static str, value: &Value<'a>) -> Result<Text<'a>, Unsupported> {
    Text::of(value).ok_or_else(|| Unsupported::new(field, "it must be a string"))
}

pub(crate) fn word<'a>(field: &'static str, value: &Value<'a>) -> Result<Cow<'a, str>, Unsupported> {
    value.str().ok_or_else(|| Unsupported::new(field, "it must be a string"))
}

pub(crate) fn flag(field: &'static str, value: &Value<'_>) -> Result<bool, Unsupported> {
    value.bool().ok_or_else(|| Unsupported::new(field, "it must be true or false"))
}

pub(crate) fn count(field: &'static str, value: &Value<'_>) -> Result<u64, Unsupported> {
    value.u64().ok_or_else(|| Unsupported::new(field, "it must be a whole number"))
}

/// A number, unless it is one, which is every dialect's default and refused by some models all the same.
pub(crate) fn unless_one<'a>(field: &'static str, value: &Value<'a>) -> Result<Option<&'a str>, Unsupported> {
    let number: f64 = value.raw().parse().map_err(|_| Unsupported::new(field, "it must be a number"))?;
    Ok((number != 1.0).then(|| value.raw()))
}

/// A member that must be there.
pub(crate) fn needed<'m, 'a>(
    members: &'m Members<'a>,
    name: &str,
    field: &'static str,
) -> Result<&'m Value<'a>, Unsupported> {
    members.get(name).ok_or_else(|| Unsupported::new(field, "it is required"))
}

/// Refuses a field that asks for something; one that asks for nothing may stand there.
pub(crate) fn refuse(
    field: impl Into<Cow<'static, str>>,
    value: &Value<'_>,
    reason: &'static str,
) -> Result<(), Unsupported> {
    if value.is_blank() { Ok(()) } else { Err(Unsupported::new(field, reason)) }
}

/// Notes a field as left behind, unless it asks for nothing.
pub(crate) fn leave(dropped: &mut Dropped, field: &'static str, value: &Value<'_>) {
    if !value.is_blank() {
        dropped.note(field);
    }
}
