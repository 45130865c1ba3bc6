//! The admin API through its router, on a database of its own for each test.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod announcements;
mod audit;
mod billing;
mod document;
mod entering;
mod errors;
mod global_prices;
mod invitations;
mod key_rules;
mod keys;
mod limits;
mod log;
mod mail;
mod matrix;
mod operator;
mod people;
mod persons;
mod plans;
mod price_check;
mod prices;
mod profile;
mod registration;
mod resets;
mod second_factor;
mod sessions;
mod setup;
mod smtp;
mod sso;
mod throttle;
mod tokens;
mod transfer;
mod usage;
mod walk;
mod world;
