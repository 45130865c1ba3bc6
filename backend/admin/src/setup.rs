//! The first start: the holder of the one-time link makes the first organisation.

pub(crate) mod create;
pub(crate) mod get;
