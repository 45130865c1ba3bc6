//! Who is calling, and whether they may. The only source of a tenant: a handler that takes [`May`] has a person whose
//! session or API token, membership and role were looked up for this very call. [`Person`] is one who signed in, for what
//! no token may do; [`Operator`] is the same for the installation as a whole.

mod onboarding;
mod oneself;
mod operator;
mod person;
mod token;

pub(crate) use onboarding::Onboarding;
pub(crate) use oneself::Oneself;
pub use operator::Operator;
pub(crate) use operator::refusal as not_operator;
pub use person::Person;
pub use token::Token;
pub(crate) use token::scopes as token_scopes;

use crate::{
    auth::token::{Claims, Unread},
    entering,
    error::ApiError,
    origin::Origin,
    state::AdminState,
    watch,
};
use axum::extract::FromRequestParts;
use causeway_domain::{OrgId, Role, UserId, window::Calendar};
use causeway_openapi::{Entered, OrganizationRef, Permission, Suspended, User};
use causeway_store::{PersonTx, TenantTx, audit, memberships};
use http::{HeaderMap, header, request::Parts};
use serde_json::{Value, json};
use std::marker::PhantomData;
use uuid::Uuid;

/// Names the organisation to enter, where it is not the one of the access token.
pub const ORGANIZATION: &str = "x-organization";

/// A person in an organisation.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub user: User,
    /// Where.
    pub organization: OrganizationRef,
    /// As what.
    pub role: Role,
    /// Whether they run this installation. An API token never does.
    pub is_operator: bool,
    /// Signed in, or by a program.
    pub by: By,
    /// How the organisation counts its days.
    pub calendar: Calendar,
    /// That the organisation is suspended: then nobody changes anything in it.
    pub suspended: Option<Suspended>,
    /// That they are inside as the operator and no member: what they change is marked as the operator's.
    pub entered: Option<Entered>,
    /// From where.
    pub origin: Origin,
}

/// By what a caller is known.
#[derive(Clone, Debug)]
pub enum By {
    /// A session that is not over.
    Session(Uuid),
    /// An API token that works.
    Token(Token),
}

impl Caller {
    /// The tenant.
    pub fn org(&self) -> OrgId {
        self.organization.id
    }

    /// Whether the caller has a right: their role, and of a token its scopes too.
    pub fn may(&self, permission: Permission) -> bool {
        self.permits(permission)
            && match &self.by {
                By::Session(_) => true,
                By::Token(token) => token.allows(permission),
            }
    }

    /// What the role has, as far as the organisation's state leaves it.
    fn permits(&self, permission: Permission) -> bool {
        permission.granted_to(self.role) && (self.suspended.is_none() || permission.only_reads())
    }

    /// Fails for who is no member, or whose organisation is suspended: for what people make of their own whatever their role.
    pub fn demand_membership(&self) -> Result<(), ApiError> {
        if let Some(suspended) = &self.suspended {
            return Err(ApiError::Forbidden(entering::suspended_text(suspended)));
        }
        if self.entered.is_some() {
            return Err(ApiError::Forbidden(
                "this is for members, and you are inside as the operator".to_owned(),
            ));
        }
        Ok(())
    }

    /// Fails when the caller does not have a right, and says what is missing.
    pub fn demand(&self, permission: Permission) -> Result<(), ApiError> {
        if self.may(permission) {
            return Ok(());
        }
        if let Some(suspended) = &self.suspended
            && permission.granted_to(self.role)
            && !permission.only_reads()
        {
            return Err(ApiError::Forbidden(entering::suspended_text(suspended)));
        }
        let needed = permission.as_str();
        Err(match &self.by {
            By::Token(token) if permission.granted_to(self.role) => token.refusal(permission),
            _ => ApiError::Forbidden(format!("this needs {needed}, which a {} does not have", self.role)),
        })
    }

    /// As the audit log names them.
    pub fn actor(&self) -> audit::Actor<'_> {
        match &self.by {
            By::Session(_) if self.entered.is_some() => audit::Actor::Operator(self.user.id),
            By::Session(_) => audit::Actor::User(self.user.id),
            By::Token(token) => audit::Actor::Token { id: token.id, name: &token.name, owner: self.user.id },
        }
    }

    /// Whose keys and requests the caller sees: members their own (`Some`), all others everybody's.
    pub fn sees(&self) -> Option<UserId> {
        (self.role == Role::Member).then_some(self.user.id)
    }

    /// A transaction in the caller's organisation.
    pub async fn begin(&self, state: &AdminState) -> Result<TenantTx, ApiError> {
        Ok(TenantTx::begin(&state.store.app, self.org(), Some(self.user.id)).await?)
    }

    /// The same, reading everything as of one moment.
    pub async fn snapshot(&self, state: &AdminState) -> Result<TenantTx, ApiError> {
        Ok(TenantTx::snapshot(&state.store.app, self.org(), Some(self.user.id)).await?)
    }

    /// Writes a line into the audit log, in the transaction of the change.
    pub async fn record(
        &self,
        tx: &mut TenantTx,
        action: &str,
        target: (&str, Option<Uuid>),
        before: Option<Value>,
        after: Option<Value>,
    ) -> Result<(), ApiError> {
        let address = self.address();
        let line = audit::Line { before, after, ..self.line(action, target, &address) };
        Ok(audit::record(tx, line).await?)
    }

    /// The same about a person's own account, in the transaction about that person.
    pub async fn record_about_person(&self, tx: &mut PersonTx, action: &str) -> Result<(), ApiError> {
        let (address, target) = (self.address(), ("user", Some(tx.user().0)));
        Ok(tx.record(&self.line(action, target, &address)).await?)
    }

    /// Whence, as far as the organisation may know: the operator's network is none of its business.
    fn address(&self) -> String {
        if self.entered.is_some() { String::new() } else { self.origin.address_text() }
    }

    fn line<'a>(
        &'a self,
        action: &'a str,
        target: (&'a str, Option<Uuid>),
        address: &'a str,
    ) -> audit::Line<'a> {
        audit::Line {
            actor: self.actor(),
            action,
            target_kind: target.0,
            target_id: target.1,
            before: None,
            after: None,
            address: Some(address).filter(|a| !a.is_empty()),
            request_id: Some(&self.origin.request_id),
        }
    }
}

/// A [`Caller`] who has a right.
pub struct May<R> {
    /// The caller.
    pub caller: Caller,
    right: PhantomData<R>,
}

/// Something that a handler can demand of its caller.
pub trait Right: Send + Sync {
    /// Which permission.
    const NEEDED: Permission;
}

macro_rules! rights {
    ($($name:ident),+ $(,)?) => {
        /// The permissions as types, for [`May`].
        pub mod right {
            use super::{Permission, Right};
            $(
                #[doc = concat!("[`Permission::", stringify!($name), "`].")]
                pub enum $name {}
                impl Right for $name {
                    const NEEDED: Permission = Permission::$name;
                }
            )+
        }
    };
}

rights!(
    UsageRead,
    UsageImport,
    LedgerRead,
    AccountsRead,
    AccountsWrite,
    KeysRead,
    KeysWriteOwn,
    KeysWrite,
    PricesRead,
    PricesWrite,
    MembersRead,
    MembersWrite,
    InvitationsRead,
    OrganizationRead,
    OrganizationWrite,
    OrganizationTransfer,
    SsoWrite,
    BillingRead,
    BillingWrite,
    AuditRead,
    TokensManage,
);

impl<R: Right> FromRequestParts<AdminState> for May<R> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AdminState) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        caller.demand(R::NEEDED)?;
        Ok(Self { caller, right: PhantomData })
    }
}

impl FromRequestParts<AdminState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AdminState) -> Result<Self, ApiError> {
        let Ok(origin) = Origin::from_request_parts(parts, state).await;
        let presented = bearer(&parts.headers).ok_or(ApiError::NotSignedIn)?;
        if token::looks_like_one(presented) {
            return token::caller(state, presented, named_organization(&parts.headers)?, origin).await;
        }
        let claims = claims(state, presented, &origin).await?;
        let org = named_organization(&parts.headers)?.unwrap_or(claims.org);
        let mut tx = TenantTx::begin(&state.store.app, org, Some(claims.user)).await?;
        let found = memberships::signed_in(&mut tx, claims.session, claims.user).await?;
        let person = found.ok_or(ApiError::NotSignedIn)?;
        let (membership, calendar) = person
            .membership
            .ok_or_else(|| ApiError::Forbidden("you are not a member of that organisation".to_owned()))?;
        if person.totp_missing {
            return Err(ApiError::TotpRequired);
        }
        Ok(Self {
            user: User { id: claims.user, email: person.email, name: person.name, locale: person.locale },
            organization: OrganizationRef { id: org, name: membership.name, slug: membership.slug },
            role: membership.role,
            is_operator: person.is_operator,
            by: By::Session(claims.session),
            calendar,
            suspended: person.suspended.map(entering::suspended),
            entered: person.entered.as_ref().map(entering::entered),
            origin,
        })
    }
}

/// What an access token says. One that is forged is written down.
async fn claims(state: &AdminState, presented: &str, origin: &Origin) -> Result<Claims, ApiError> {
    match state.access.read(presented) {
        Ok(claims) => Ok(claims),
        Err(Unread::Stale) => Err(ApiError::NotSignedIn),
        Err(Unread::Forged(problem)) => {
            watch::note(state, origin, "token.forged", json!({"problem": problem})).await;
            Err(ApiError::NotSignedIn)
        }
    }
}

/// The organisation that the caller names, if any.
pub(crate) fn named_organization(headers: &HeaderMap) -> Result<Option<OrgId>, ApiError> {
    let Some(value) = headers.get(ORGANIZATION) else { return Ok(None) };
    let id = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    id.map(Some)
        .ok_or_else(|| ApiError::Malformed(format!("{ORGANIZATION} must be the id of an organisation")))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
