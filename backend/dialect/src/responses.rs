//! OpenAI Responses and `/responses/compact`: what its requests ask for, what its answers report, and the bodies and
//! events we write in its shape.

pub mod error;
pub(crate) mod reasoning;
pub(crate) mod request;
pub(crate) mod usage;
