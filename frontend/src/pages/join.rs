//! Coming in: the pages of people who were invited, and of those who register.

pub(crate) mod accept;
mod finished;
pub(crate) mod register;
mod waiting;

use causeway_openapi::Secret;

use crate::core::{i18n, routes};

/// The token of the link that was opened, if it has one.
fn token() -> Option<Secret> {
    Some(routes::fragment()).filter(|token| !token.is_empty()).map(Secret)
}

/// The language that the page speaks, for the account that is made.
fn locale(locale: i18n::Locale) -> Option<String> {
    Some(i18n::tag(locale).to_owned())
}
