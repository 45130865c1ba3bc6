//! The rules of Causeway, and nothing else: identifiers, money, credits, prices, limits, model names, roles.
//!
//! Everything here is pure and compiles to wasm, so the relay, the admin API and the browser agree by
//! construction. There is no async, no clock that is not passed in, no I/O, and no floating point.
#![deny(clippy::float_arithmetic)]

pub mod address;
pub mod ceilings;
pub mod client;
pub mod credit;
pub mod expiry;
pub mod ids;
pub mod limits;
pub mod model;
pub mod money;
pub mod multiplier;
pub mod plan;
pub mod pool;
pub mod price;
pub mod provider;
pub mod proxy;
pub mod role;
pub mod route;
pub mod secret;
pub mod service;
pub mod span;
pub mod sso;
pub mod timeouts;
pub mod tokens;
pub mod window;

pub use address::{AddressRules, TrustedProxies};
pub use ceilings::Ceilings;
pub use client::{ClientRule, ClientRules};
pub use credit::CreditKind;
pub use expiry::Expiry;
pub use ids::{AccountId, KeyId, OrgId, PoolId, ProxyId, RequestId, UserId};
pub use limits::Limits;
pub use money::Nanos;
pub use multiplier::{Factor, Multiplier};
pub use plan::Plan;
pub use role::Role;
pub use service::Services;
pub use tokens::TokenCounts;
