//! HTTP: two services behind one address.
//!
//! A call to the relay goes to it directly, past every router and middleware; anything else goes to an axum router
//! with the admin API, the web admin, the documentation and the health checks.

pub(crate) mod dispatch;
pub(crate) mod docs;
pub(crate) mod health;
mod index;
pub(crate) mod listen;
pub(crate) mod metrics;
pub(crate) mod relay_docs;
pub(crate) mod routes;
mod security;
mod spa;
pub(crate) mod tls;
mod unbothered;
