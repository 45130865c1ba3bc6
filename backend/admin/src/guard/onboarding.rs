//! Whoever connects an account: by a right, or because it is their own that they share or renew.

use super::{By, Caller, Right};
use crate::{error::ApiError, state::AdminState};
use axum::extract::FromRequestParts;
use http::request::Parts;
use std::marker::PhantomData;

/// A [`Caller`] who has a right, or who is a member in person. What the latter may do is theirs alone, and looked up by the
/// operation.
pub(crate) struct Onboarding<R> {
    /// The caller.
    pub(crate) caller: Caller,
    right: PhantomData<R>,
}

impl<R: Right> FromRequestParts<AdminState> for Onboarding<R> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AdminState) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        if matches!(caller.by, By::Token(_)) || caller.entered.is_some() || caller.suspended.is_some() {
            caller.demand(R::NEEDED)?;
        }
        Ok(Self { caller, right: PhantomData })
    }
}
