//! OpenAI Responses and `/responses/compact`: what its requests ask for, what its answers report, and the bodies and
//! events we write in its shape.

pub(crate) mod answer;
pub mod error;
pub(crate) mod events;
pub(crate) mod read;
pub(crate) mod reasoning;
pub(crate) mod request;
pub mod socket;
pub(crate) mod usage;
pub(crate) mod write;
