//! What a dialect adds to the meters: where its figures stand, and what its events mean.

use std::fmt::Debug;

use super::told::Told;
use crate::error::UpstreamError;
use crate::scan::{self, Value};
use crate::usage::TokenCounts;

/// The figures of one response in one dialect, as far as they have been told, and how they are found.
pub(crate) trait Reports: Default + Debug + Send + Sync + 'static {
    /// The members of a body that are read.
    const BODY: &'static [Member];

    /// Takes one usage object. What cannot be read is as if it were not there.
    fn usage(&mut self, json: &str);

    /// Takes the kind of one item of a body's output.
    fn item(&mut self, _kind: &str) {}

    /// Takes the model that answers.
    fn model(&mut self, _name: &str) {}

    /// Takes the list of searches that were made.
    fn searches(&mut self, _json: &str) {}

    /// Takes the service tier told beside the usage.
    fn tier(&mut self, _name: String) {}

    /// The counts, made disjoint.
    fn counts(&self) -> TokenCounts;

    /// The input side was told.
    fn input_reported(&self) -> bool;

    /// The output side was told.
    fn output_reported(&self) -> bool;

    /// The service tier it was billed at.
    fn service_tier(&self) -> Option<&str>;

    /// Searches billed one by one.
    fn web_searches(&self) -> u64;

    /// Reads the value of a body's `error`.
    fn error(json: &str) -> Option<UpstreamError>;

    /// Reads one event of a stream.
    fn event(&mut self, told: &mut Told, data: &[u8]);
}

/// A member of an object that is read as it goes by.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) key: &'static str,
    pub(crate) what: What,
}

impl Member {
    pub(crate) const fn new(key: &'static str, what: What) -> Self {
        Self { key, what }
    }
}

/// What to do with its value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    /// Keep it whole.
    Keep(Slot),
    /// Count its bytes as content.
    Content,
    /// Look into the object, or into the objects of the array.
    Inside(&'static [Member]),
    /// Both: count its bytes and look into them.
    Counted(&'static [Member]),
}

/// Where a kept value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Usage,
    Id,
    Model,
    Stop,
    Error,
    Tier,
    Item,
    Searches,
}

/// Counts beyond this are nonsense and would overflow money made of them.
pub(crate) const ABSURD: u64 = 1_000_000_000_000;

/// A whole number, also where a server writes `12.0`.
pub(crate) fn count(value: &Value<'_>) -> Option<u64> {
    let whole = value.u64().or_else(|| {
        let (whole, fraction) = value.raw().split_once('.')?;
        if fraction.bytes().all(|digit| digit == b'0') { whole.parse().ok() } else { None }
    });
    whole.filter(|count| *count <= ABSURD)
}

/// Takes a figure, unless it is a zero in the place of one: several compatible servers fill what they do not know
/// with zeros.
pub(crate) fn later(slot: &mut Option<u64>, value: Option<Value<'_>>) {
    if let Some(count) = value.and_then(|value| count(&value))
        && (count > 0 || slot.is_none())
    {
        *slot = Some(count);
    }
}

/// The same for a figure one object deeper; the first of `names` that is there.
pub(crate) fn later_inside<const N: usize>(
    slot: &mut Option<u64>,
    value: Option<Value<'_>>,
    names: [&'static str; N],
) {
    let Some(value) = value else { return };
    let Ok(fields) = scan::lenient(value.raw().as_bytes(), &names) else { return };
    later(slot, names.iter().find_map(|name| fields.get(name)));
}

/// Takes a text.
pub(crate) fn keep(slot: &mut Option<String>, value: Option<Value<'_>>) {
    if let Some(text) = value.and_then(|value| value.str()) {
        *slot = Some(text.into_owned());
    }
}
