//! What OpenAI's two dialects share: figures, errors, model lists, and what the strings of a request tell.

pub mod error;
pub mod estimate;
pub(crate) mod format;
pub mod models;
pub(crate) mod seen;
pub(crate) mod session;
pub(crate) mod tools;
pub(crate) mod usage;
