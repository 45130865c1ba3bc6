//! A person by themselves: for their own profile, which belongs to no organisation. A second factor that the organisation
//! demands and that they lack does not keep them out of here, because here is where they set it up.

use super::{bearer, claims, named_organization, token};
use crate::{error::ApiError, members::takeover, origin::Origin, state::AdminState};
use axum::extract::FromRequestParts;
use causeway_domain::UserId;
use causeway_openapi::User;
use causeway_store::{PersonTx, TenantTx, memberships, sso};
use http::request::Parts;
use uuid::Uuid;

/// The person behind a session.
pub(crate) struct Oneself {
    /// Who.
    pub(crate) user: User,
    /// In which session.
    pub(crate) session: Uuid,
    /// Whether the organisation entered demands a second factor, or the installation of its operators.
    pub(crate) totp_required: bool,
    /// From where.
    pub(crate) origin: Origin,
}

impl Oneself {
    /// The person's identifier.
    pub(crate) fn id(&self) -> UserId {
        self.user.id
    }

    /// A transaction about the person.
    pub(crate) async fn begin(&self, state: &AdminState) -> Result<PersonTx, ApiError> {
        Ok(PersonTx::begin(&state.store.app, self.id()).await?)
    }
}

impl FromRequestParts<AdminState> for Oneself {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AdminState) -> Result<Self, ApiError> {
        let Ok(origin) = Origin::from_request_parts(parts, state).await;
        let presented = bearer(&parts.headers).ok_or(ApiError::NotSignedIn)?;
        if token::looks_like_one(presented) {
            // One that does not work says nothing of what it could do.
            token::find(state, presented).await?;
            return Err(token::for_people());
        }
        let claims = claims(state, presented, &origin).await?;
        let org = named_organization(&parts.headers)?.unwrap_or(claims.org);
        let mut tx = TenantTx::begin(&state.store.app, org, Some(claims.user)).await?;
        let found = memberships::signed_in(&mut tx, claims.session, claims.user).await?;
        let person = found.ok_or(ApiError::NotSignedIn)?;
        drop(tx);
        // Who an organisation's own issuer vouches for is at home there. What they have elsewhere is none of its business.
        if let Some(only) = sso::sessions::confinement(&state.store.app, claims.session).await?
            && !takeover::is_theirs_alone(state, only, claims.user).await?
        {
            return Err(ApiError::Forbidden(
                "this session began at an organisation's own issuer, and you belong to others too; sign in with your \
                 password to change your account"
                    .to_owned(),
            ));
        }
        Ok(Self {
            user: User { id: claims.user, email: person.email, name: person.name, locale: person.locale },
            session: claims.session,
            totp_required: person.totp_required || (person.is_operator && state.operators_need_totp),
            origin,
        })
    }
}
