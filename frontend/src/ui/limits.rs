//! Limits, the same for keys, members, accounts and the organisation: as a form, in a line of words, and how they
//! stand.

mod fields;
mod inputs;
mod standing;
mod words;

pub(crate) use fields::{LIMITS, LimitsForm};
pub(crate) use inputs::LimitInputs;
pub(crate) use standing::{Standing, States, label, percent, shown};
pub(crate) use words::{Words, window, words};
