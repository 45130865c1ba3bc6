//! Anthropic Messages: what its requests ask for, what its answers report, and the bodies we write in its shape.

pub(crate) mod answer;
pub mod error;
pub mod estimate;
pub(crate) mod events;
pub mod models;
pub(crate) mod read;
pub(crate) mod request;
pub(crate) mod session;
pub mod thinking;
pub(crate) mod usage;
pub(crate) mod write;
