//! Calls to the outside, to addresses that a tenant has chosen.

pub(crate) use causeway_accounts::outbound::{client, is_refused};
