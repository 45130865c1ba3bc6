//! One module for each area. A page fetches, and leaves the drawing to `ui`.

pub(crate) mod accounts;
pub(crate) mod announcements;
pub(crate) mod audit;
pub(crate) mod billing;
pub(crate) mod clients;
pub(crate) mod connect;
pub(crate) mod dashboard;
mod entry;
pub(crate) mod forbidden;
pub(crate) mod forgot;
mod identities;
pub(crate) mod join;
pub(crate) mod keys;
pub(crate) mod members;
pub(crate) mod my_key;
pub(crate) mod not_found;
pub(crate) mod operator;
pub(crate) mod pools;
pub(crate) mod prices;
pub(crate) mod profile;
pub(crate) mod requests;
pub(crate) mod reset;
pub(crate) mod settings;
pub(crate) mod setup;
pub(crate) mod sign_in;
pub(crate) mod tokens;
pub(crate) mod usage;
