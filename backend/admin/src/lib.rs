//! The tenant's JSON API under `/admin/v1`.
//!
//! Each resource is a folder with one file for each operation, and each handler is registered once, together with its
//! documentation. A handler says in its arguments what it needs: [`guard::May`] is a person with a certain right in a
//! certain organisation, [`extract::Body`] a body that was understood. There is no other way to get at a tenant. Nothing
//! here knows of the relay: a change reaches it through the store.

pub mod args;
pub mod audit;
pub mod auth;
pub mod checks;
pub mod console;
pub mod error;
pub mod guard;
pub mod mail;
pub mod people;
pub mod playground;
pub mod price_check;
pub mod reminders;
pub mod state;
pub mod transfer;

mod accounts;
mod announcements;
mod billing;
mod check;
mod clients;
mod csv;
mod cursor;
mod docs;
mod edge;
mod entering;
mod extract;
mod gate;
mod instance;
mod invitations;
mod join;
mod keys;
mod ledger;
mod limits;
mod me;
mod members;
mod model_routes;
mod operator;
mod organization;
mod origin;
mod outbound;
mod plan;
mod pools;
mod prices;
mod proxies;
mod registration;
mod requests;
mod router;
mod security;
mod setup;
mod shares;
mod sso;
mod tokens;
mod usage;
mod watch;

pub use args::AdminArgs;
pub use error::ApiError;
pub use router::{openapi, router};
pub use state::{AdminState, Wiring};
