//! Signing in, staying signed in, signing out.
//!
//! An access token lives fifteen minutes in the memory of whoever called; a refresh token thirty days in a cookie that
//! scripts cannot read and only these addresses receive. Sessions are looked up at every call, so signing out is at once.

pub mod password;
pub mod token;

pub(crate) mod cookie;
pub(crate) mod refresh;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
