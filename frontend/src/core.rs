//! What pages stand on: HTTP, the session, languages, and the writing of numbers and times. No markup here.

pub(crate) mod api;
pub(crate) mod download;
pub(crate) mod error;
pub(crate) mod events;
pub(crate) mod form;
pub(crate) mod format;
pub(crate) mod http;
pub(crate) mod i18n;
pub(crate) mod pages;
pub(crate) mod providers;
pub(crate) mod query;
pub(crate) mod routes;
pub(crate) mod session;
pub(crate) mod storage;
pub(crate) mod theme;
pub(crate) mod zone;
