//! Prices: the product's table, and the organisation's own instead of it.

pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod put;
