//! Authorising an upstream account at its provider's issuer, step by step.

use crate::{AccountIdentity, secret::Secret};
use causeway_domain::{AccountId, provider::Provider, proxy::Choice};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How a person authorises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuthorizationWay {
    /// At a page of the issuer's, which ends in a code (OAuth authorization code with PKCE).
    OauthCode,
    /// By typing a short code in at a page of the issuer's, on whichever device (RFC 8628).
    DeviceCode,
}

/// Where the issuer sends the person back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuthorizationRedirect {
    /// To this installation, at `/oauth/callback`: nothing has to be pasted.
    Hosted,
    /// To the person's own machine, where nothing listens: they paste the address that the browser ended at.
    Loopback,
    /// To a page of the provider's that shows a code to paste.
    Page,
}

/// How far an authorisation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuthorizationStatus {
    /// The person has not come back yet.
    Pending,
    /// They have, and the issuer is being asked.
    Exchanging,
    /// There is a credential; `createAccount` saves it.
    Authorized,
    /// The issuer does not give one; `failure` says why.
    Failed,
    /// It took too long.
    Expired,
    /// It was taken back.
    Cancelled,
    /// An account has it.
    Used,
}

/// An authorisation to be begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BeginAuthorization {
    /// Kind of provider.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Provider))]
    pub provider: Provider,
    /// How the person authorises: one of the provider's `sign_in`.
    pub auth: AuthorizationWay,
    /// With `oauth_code`: where they are sent back to, one of the provider's `redirects`; the first of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect: Option<AuthorizationRedirect>,
    /// How the issuer is asked: `inherit` (as the organisation's default), `direct`, or the id of a proxy; `inherit` when
    /// absent. What is given to `createAccount` counts from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, nullable = false, example = "inherit"))]
    pub proxy: Option<Choice>,
    /// The invitation to share that is followed. Whoever may not add accounts names it, or `account_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(nullable = false))]
    pub share_id: Option<Uuid>,
    /// The account of one's own that is renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<uuid::Uuid>))]
    pub account_id: Option<AccountId>,
}

/// What a person came back with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SubmitCode {
    /// The code, the code and the state with `#` between them, or the whole address that the browser ended at.
    #[cfg_attr(feature = "schemas", schema(value_type = String, format = Password, example = "http://localhost:54545/callback?code=…&state=…", min_length = 1, max_length = 8192))]
    pub code: Secret,
}

/// Why an issuer gives nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AuthorizationFailure {
    /// The issuer's error, or `unavailable` where it could not be reached.
    #[cfg_attr(feature = "schemas", schema(example = "access_denied"))]
    pub code: String,
    /// Its own words, without the code; empty where it has none.
    #[cfg_attr(feature = "schemas", schema(example = "The owner of the account did not agree."))]
    pub message: String,
}

/// An account that has the identity already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AuthorizationAccount {
    /// Identifier.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub id: AccountId,
    /// Name as shown.
    pub name: String,
}

/// An authorisation that has begun. It belongs to the session or API token that began it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Authorization {
    /// Identifier.
    pub id: Uuid,
    /// Kind of provider.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Provider))]
    pub provider: Provider,
    /// How the person authorises.
    pub auth: AuthorizationWay,
    /// How far it is.
    pub status: AuthorizationStatus,
    /// With `oauth_code`: where they are sent back to.
    pub redirect: Option<AuthorizationRedirect>,
    /// With `oauth_code`: where they authorise. Only in the answer that begins it: nothing that could go on with it is kept.
    pub url: Option<String>,
    /// With `device_code`: what they type in.
    #[cfg_attr(feature = "schemas", schema(example = "WDJB-MJHT"))]
    pub user_code: Option<String>,
    /// With `device_code`: where.
    pub verification_uri: Option<String>,
    /// The same with the code in it, where the issuer has that.
    pub verification_uri_complete: Option<String>,
    /// Seconds after which it is worth asking again.
    #[cfg_attr(feature = "schemas", schema(example = 5, minimum = 1))]
    pub interval: u32,
    /// Until when the person has to be back; once authorised, until when it has to be saved.
    pub expires_at: DateTime<Utc>,
    /// Once authorised: whose account it is at the provider, where the issuer says so.
    pub identity: Option<AccountIdentity>,
    /// Once authorised: the account that has this identity already. Saving renews its credential instead of adding one.
    pub known_account: Option<AuthorizationAccount>,
    /// Where requests will go; `null` where the person must say when saving.
    #[cfg_attr(feature = "schemas", schema(example = "https://api.anthropic.com"))]
    pub base_url: Option<String>,
    /// With `failed`: why.
    pub failure: Option<AuthorizationFailure>,
}
