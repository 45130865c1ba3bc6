//! The operator of the installation: a person, whatever their role in whatever organisation.

use super::{bearer, claims, token};
use crate::{error::ApiError, origin::Origin, state::AdminState};
use axum::extract::FromRequestParts;
use causeway_domain::OrgId;
use causeway_openapi::User;
use causeway_store::{TenantTx, audit, operators};
use http::request::Parts;
use serde_json::Value;
use uuid::Uuid;

/// Somebody who runs this installation: session and standing were looked up for this very call.
#[derive(Clone, Debug)]
pub struct Operator {
    /// Who.
    pub user: User,
    /// In which session.
    pub session: Uuid,
    /// From where.
    pub origin: Origin,
}

impl Operator {
    /// A transaction in an organisation, with the operator's rights.
    pub async fn begin(&self, state: &AdminState, org: OrgId) -> Result<TenantTx, ApiError> {
        Ok(TenantTx::begin_as_operator(&state.store.operator, org, Some(self.user.id)).await?)
    }

    /// The same, reading everything as of one moment.
    pub async fn snapshot(&self, state: &AdminState, org: OrgId) -> Result<TenantTx, ApiError> {
        Ok(TenantTx::snapshot_as_operator(&state.store.operator, org, Some(self.user.id)).await?)
    }

    /// Writes a line into the organisation's audit log, in the transaction of the change, so that its people see what was
    /// decided about them. Not from where: the operator's network is none of their business.
    pub async fn record(
        &self,
        tx: &mut TenantTx,
        action: &str,
        target: (&str, Option<Uuid>),
        before: Option<Value>,
        after: Option<Value>,
    ) -> Result<(), ApiError> {
        Ok(audit::record(tx, self.line(action, target, before, after)).await?)
    }

    /// A line for the log.
    pub fn line<'a>(
        &'a self,
        action: &'a str,
        target: (&'a str, Option<Uuid>),
        before: Option<Value>,
        after: Option<Value>,
    ) -> audit::Line<'a> {
        audit::Line {
            actor: audit::Actor::Operator(self.user.id),
            action,
            target_kind: target.0,
            target_id: target.1,
            before,
            after,
            address: None,
            request_id: Some(&self.origin.request_id),
        }
    }
}

impl FromRequestParts<AdminState> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AdminState) -> Result<Self, ApiError> {
        let Ok(origin) = Origin::from_request_parts(parts, state).await;
        let presented = bearer(&parts.headers).ok_or(ApiError::NotSignedIn)?;
        if token::looks_like_one(presented) {
            token::find(state, presented).await?;
            return Err(token::for_people());
        }
        let claims = claims(state, presented, &origin).await?;
        let found = operators::signed_in(&state.store.app, claims.session, claims.user).await?;
        let person = found.ok_or(ApiError::NotSignedIn)?;
        if !person.is_operator {
            return Err(refusal(&operators::names(&state.store.app).await?));
        }
        // What an organisation demands of its members, it demands of one who can enter all others too.
        if (state.operators_need_totp || person.totp_required) && !person.has_totp {
            return Err(ApiError::TotpRequired);
        }
        let user = User { id: claims.user, email: person.email, name: person.name, locale: person.locale };
        Ok(Self { user, session: claims.session, origin })
    }
}

/// That somebody is no operator, and who can make them one.
pub(crate) fn refusal(operators: &[String]) -> ApiError {
    let who = match operators {
        [] => "whoever has the command line of the server".to_owned(),
        names => names.join(" or "),
    };
    ApiError::Forbidden(format!("this needs an operator of the installation; {who} can make you one"))
}
