//! Fields of files that somebody else has written. Every refusal names its field, and none repeats what stands there.

use crate::Credential;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// The most characters of what is only shown.
const LONGEST: usize = 300;

/// Why something is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct BadField {
    /// By its path in the file; empty where it is all of it.
    pub field: String,
    /// In words.
    pub problem: String,
}

impl BadField {
    /// About all of it.
    pub(super) fn whole(problem: impl Into<String>) -> Self {
        Self { field: String::new(), problem: problem.into() }
    }

    /// About a field.
    pub(super) fn at(field: &str, problem: impl Into<String>) -> Self {
        Self { field: field.to_owned(), problem: problem.into() }
    }
}

/// An object of a file, and where in the file it is.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    of: &'a Map<String, Value>,
    within: &'static str,
}

impl<'a> Fields<'a> {
    pub(super) const fn new(of: &'a Map<String, Value>) -> Self {
        Self { of, within: "" }
    }

    /// The path of a field.
    pub(super) fn path(self, name: &str) -> String {
        if self.within.is_empty() { name.to_owned() } else { format!("{}.{name}", self.within) }
    }

    /// What is there, and is not null.
    pub(super) fn get(self, name: &str) -> Option<&'a Value> {
        self.of.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn has(self, name: &str) -> bool {
        self.of.contains_key(name)
    }

    pub(super) fn names(self) -> impl Iterator<Item = &'a str> {
        self.of.keys().map(String::as_str)
    }

    /// The object in a field.
    pub(super) fn inside(self, name: &'static str) -> Result<Option<Self>, BadField> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(of)) => Ok(Some(Self { of, within: name })),
            Some(_) => Err(BadField::at(&self.path(name), "must be an object")),
        }
    }

    /// A text; an empty one is none.
    pub(super) fn text(self, name: &str) -> Result<Option<&'a str>, BadField> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
            Some(_) => Err(BadField::at(&self.path(name), "must be a text")),
        }
    }

    /// A text that is only shown or looked up.
    pub(super) fn shown(self, name: &str) -> Result<Option<String>, BadField> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        if text.chars().count() > LONGEST || text.contains(char::is_control) {
            let problem = format!("must have at most {LONGEST} characters, and no control characters");
            return Err(BadField::at(&self.path(name), problem));
        }
        Ok(Some(text.to_owned()))
    }

    /// The first of several fields that is there.
    pub(super) fn any(self, names: &[&str]) -> Result<Option<String>, BadField> {
        for name in names {
            if let Some(text) = self.shown(name)? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    /// Something secret that can be sent.
    pub(super) fn secret(self, name: &str) -> Result<Option<Zeroizing<String>>, BadField> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match Credential::token(text) {
            Ok(_) => Ok(Some(Zeroizing::new(text.to_owned()))),
            Err(bad) => Err(BadField::at(&self.path(name), bad.to_string())),
        }
    }

    /// The same, where it has to be there.
    pub(super) fn needed(self, name: &str) -> Result<Zeroizing<String>, BadField> {
        self.secret(name)?.ok_or_else(|| BadField::at(&self.path(name), "is needed, and is not there"))
    }

    /// The same under one of several names.
    pub(super) fn needed_of(self, names: &[&str]) -> Result<Zeroizing<String>, BadField> {
        for name in names {
            if let Some(found) = self.secret(name)? {
                return Ok(found);
            }
        }
        let name = names.first().copied().unwrap_or_default();
        Err(BadField::at(&self.path(name), "is needed, and is not there"))
    }

    pub(super) fn flag(self, name: &str) -> Result<Option<bool>, BadField> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(BadField::at(&self.path(name), "must be true or false")),
        }
    }

    /// A time: milliseconds since 1970, or a text as RFC 3339 has it.
    pub(super) fn time(self, name: &str) -> Result<Option<DateTime<Utc>>, BadField> {
        let bad = || {
            BadField::at(
                &self.path(name),
                "must be milliseconds since 1970, or a time such as 2026-11-30T12:00:00Z",
            )
        };
        let found = match self.get(name) {
            None => return Ok(None),
            Some(Value::Number(number)) => {
                // Some write fractions.
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "what does not fit is no time, and is found so below"
                )]
                let whole = number.as_i64().or_else(|| number.as_f64().map(|n| n as i64));
                whole.filter(|ms| *ms >= 0).and_then(DateTime::from_timestamp_millis)
            }
            Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
            Some(Value::String(text)) => {
                DateTime::parse_from_rfc3339(text.trim()).ok().map(|time| time.with_timezone(&Utc))
            }
            Some(_) => None,
        };
        // What no calendar has, the database does not keep either.
        found.filter(|time| time.timestamp() < 253_402_300_800).map(Some).ok_or_else(bad)
    }
}
