//! A person who signed in, for what no program may do in their name: tokens, passwords, sessions and the like.

use super::{By, Caller, token};
use crate::{error::ApiError, state::AdminState};
use axum::extract::FromRequestParts;
use http::request::Parts;
use uuid::Uuid;

/// A [`Caller`] who signed in, and is no API token.
pub struct Person {
    /// The caller.
    pub caller: Caller,
    /// Their session.
    pub session: Uuid,
}

impl FromRequestParts<AdminState> for Person {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AdminState) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        match caller.by {
            By::Session(session) => Ok(Self { caller, session }),
            By::Token(_) => Err(token::for_people()),
        }
    }
}
