//! Signing in, staying signed in, signing out.
//!
//! An access token lives fifteen minutes in the memory of whoever called; a refresh token thirty days in a cookie that
//! scripts cannot read and only these addresses receive. Sessions are looked up at every call, so signing out is at once.

pub mod password;
pub mod token;

pub(crate) mod authenticator;
pub(crate) mod cookie;
pub(crate) mod events;
pub(crate) mod forgot;
pub(crate) mod keys;
pub(crate) mod pace;
pub(crate) mod refresh;
pub(crate) mod reset;
pub(crate) mod second_step;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod strength;
