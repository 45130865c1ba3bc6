//! Single sign-on by OpenID Connect: the issuers an organisation trusts, its e-mail domains, and what people see of both.

use crate::{patch::given, secret::Secret};
use causeway_domain::Role;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Whose issuers to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct SsoQuery {
    /// An organisation's name in addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(example = "analytical-engines"))]
    pub organization: Option<String>,
    /// An e-mail address, of which the domain is looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(example = "ada@example.com"))]
    pub email: Option<String>,
}

/// Issuers that one can sign in at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct SsoButtons {
    /// None where nobody of that name is known, or they have none.
    pub providers: Vec<SsoButton>,
}

/// An issuer, as the sign-in page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct SsoButton {
    /// Of the provider; for `GET /admin/v1/auth/oidc/{id}/begin`.
    pub id: Uuid,
    /// Its name.
    #[cfg_attr(feature = "schemas", schema(example = "Example Inc."))]
    pub name: String,
}

/// Where to come back to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct SsoBegin {
    /// A page of the web admin; its dashboard when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(example = "/web/keys"))]
    pub to: Option<String>,
}

/// Why a sign-in at an issuer did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct SsoFailure {
    /// The kind of reason.
    pub code: SsoFailureCode,
    /// The reason in words; what the issuer itself said stands in it as it said it.
    #[cfg_attr(feature = "schemas", schema(example = "access_denied: The person did not agree to sign in."))]
    pub detail: String,
}

/// The kind of reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SsoFailureCode {
    /// The issuer said no.
    IssuerRefused,
    /// The issuer cannot be reached, or what it answers cannot be used.
    IssuerUnavailable,
    /// What the issuer says cannot be believed.
    NotBelieved,
    /// The issuer does not vouch for an e-mail address of this organisation.
    EmailNotConfirmed,
    /// Nobody here is known by this identity, and nobody is let in unasked.
    Unknown,
    /// The person was locked out, or removed from the organisation.
    Removed,
    /// None of the person's groups has a role here.
    NoRole,
    /// The identity belongs to another person.
    Taken,
    /// The organisation's plan has no place left.
    PlanLimit,
    /// The organisation is suspended, and nobody new is let in.
    Suspended,
    /// Something else, added later than this program.
    #[serde(other)]
    Other,
}

/// How people of an organisation may sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct SingleSignOn {
    /// Whether they may also use a password. Owners always may.
    #[cfg_attr(feature = "schemas", schema(example = true))]
    pub password_sign_in: bool,
    /// E-mail domains that are the organisation's.
    pub domains: Vec<SsoDomain>,
    /// The issuers, the oldest first.
    pub providers: Vec<SsoProvider>,
}

/// A change of how people may sign in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct UpdateSingleSignOn {
    /// Whether they may also use a password. To forbid it needs an issuer that is in use.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = true))]
    pub password_sign_in: Option<bool>,
}

/// An e-mail domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct SsoDomain {
    /// In small letters.
    #[cfg_attr(feature = "schemas", schema(example = "example.com"))]
    pub domain: String,
    /// When the operator of the installation confirmed that it is the organisation's; until then it counts for nothing.
    pub confirmed_at: Option<DateTime<Utc>>,
}

/// The e-mail domains of an organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct SsoDomains {
    /// By name.
    pub domains: Vec<SsoDomain>,
}

/// A domain to be added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AddDomain {
    /// What stands behind the `@` of the organisation's addresses; each subdomain is one of its own.
    #[cfg_attr(feature = "schemas", schema(example = "example.com", max_length = 253))]
    pub domain: String,
}

/// An issuer that an organisation trusts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct SsoProvider {
    /// Identifier.
    pub id: Uuid,
    /// Name as shown on the button.
    #[cfg_attr(feature = "schemas", schema(example = "Example Inc."))]
    pub name: String,
    /// The issuer, to the letter as it calls itself.
    #[cfg_attr(feature = "schemas", schema(example = "https://id.example.com/realms/staff"))]
    pub issuer: String,
    /// As the issuer calls this installation; empty until it knows it.
    #[cfg_attr(feature = "schemas", schema(example = "causeway"))]
    pub client_id: String,
    /// Whether there is a client secret. It is never shown.
    #[cfg_attr(feature = "schemas", schema(example = true))]
    pub has_secret: bool,
    /// What is asked for.
    #[cfg_attr(feature = "schemas", schema(example = json!(["openid", "email", "profile"])))]
    pub scopes: Vec<String>,
    /// The claim that lists a person's groups.
    #[cfg_attr(feature = "schemas", schema(example = "groups"))]
    pub groups_claim: String,
    /// Which group has which role. The highest that fits is given at every sign-in; without an entry roles stay as they are.
    pub role_mapping: Vec<GroupRole>,
    /// The role of newcomers, and of those for whom no group fits; `null` lets only those in for whom one does.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<crate::schema::Role>))]
    pub default_role: Option<Role>,
    /// Whether people of the organisation's domains become members when they first sign in.
    #[cfg_attr(feature = "schemas", schema(example = true))]
    pub auto_join: bool,
    /// Whether people may sign in there.
    #[cfg_attr(feature = "schemas", schema(example = true))]
    pub enabled: bool,
    /// The address that the issuer has to know as a redirect URI.
    #[cfg_attr(
        feature = "schemas",
        schema(
            example = "https://causeway.example.com/admin/v1/auth/oidc/01935f3a-6e1c-7c3e-9d0a-5b8f0c2f4a11/callback"
        )
    )]
    pub callback_url: String,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// An issuer's settings, all of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SetSsoProvider {
    /// Name as shown on the button, 1–100 characters.
    #[cfg_attr(feature = "schemas", schema(example = "Example Inc.", min_length = 1, max_length = 100))]
    pub name: String,
    /// The issuer, to the letter as it calls itself.
    #[cfg_attr(
        feature = "schemas",
        schema(example = "https://id.example.com/realms/staff", max_length = 500)
    )]
    pub issuer: String,
    /// As the issuer calls this installation. May be empty while `enabled` is false: the issuer wants to know the callback
    /// address first, which is in the answer.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(example = "causeway", max_length = 300))]
    pub client_id: String,
    /// The client secret. When absent, the one that is there stays, unless the issuer is another one; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<String>, format = Password, example = "…", max_length = 1000))]
    pub client_secret: Option<Secret>,
    /// What is asked for; `openid`, `email` and `profile` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = json!(["openid", "email", "profile", "groups"])))]
    pub scopes: Option<Vec<String>>,
    /// The claim that lists a person's groups; `groups` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(
        feature = "schemas",
        schema(nullable = false, example = "groups", min_length = 1, max_length = 200)
    )]
    pub groups_claim: Option<String>,
    /// Which group has which role.
    #[serde(default)]
    pub role_mapping: Vec<GroupRole>,
    /// The role of newcomers, and of those for whom no group fits; when absent, only those are let in for whom one does.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<crate::schema::Role>))]
    pub default_role: Option<Role>,
    /// Whether people of the organisation's domains become members when they first sign in.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(example = true))]
    pub auto_join: bool,
    /// Whether people may sign in there.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(example = true))]
    pub enabled: bool,
}

/// One group's role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GroupRole {
    /// The group, as the issuer spells it.
    #[cfg_attr(feature = "schemas", schema(example = "llm-admins", min_length = 1, max_length = 300))]
    pub group: String,
    /// The role of those who are in it.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Role))]
    pub role: Role,
}

/// What asking an issuer for its discovery document and its keys led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct SsoTest {
    /// Whether people could be sent there. The client id and secret are only known to be good when somebody signs in.
    pub ok: bool,
    /// The outcome in words.
    #[cfg_attr(feature = "schemas", schema(example = "The issuer answers and publishes 2 signing keys."))]
    pub message: String,
}

/// How an issuer knows the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Identity {
    /// Identifier.
    pub id: Uuid,
    /// The issuer.
    #[cfg_attr(feature = "schemas", schema(example = "https://id.example.com/realms/staff"))]
    pub issuer: String,
    /// As the issuer calls the person.
    #[cfg_attr(feature = "schemas", schema(example = "248289761001"))]
    pub subject: String,
    /// The e-mail address that the issuer last said; empty when it said none.
    #[cfg_attr(feature = "schemas", schema(example = "ada@example.com"))]
    pub email: String,
    /// When it was linked.
    pub created_at: DateTime<Utc>,
    /// When it was last signed in with.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// The caller's identities in the organisation entered, and the issuers where there could be another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Identities {
    /// The newest first.
    pub identities: Vec<Identity>,
    /// Issuers of the organisation that are in use.
    pub providers: Vec<SsoButton>,
}

/// Linking an identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LinkIdentity {
    /// An issuer of the organisation.
    pub provider: Uuid,
    /// A page of the web admin to come back to; its dashboard when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(example = "/web/profile"))]
    pub to: Option<String>,
}

/// Where the browser has to go to link an identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct LinkStarted {
    /// A page of the issuer.
    #[cfg_attr(
        feature = "schemas",
        schema(example = "https://id.example.com/realms/staff/auth?response_type=code&…")
    )]
    pub url: String,
}
