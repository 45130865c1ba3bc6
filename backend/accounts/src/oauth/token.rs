//! The token endpoint: codes and refresh tokens for access tokens. Device codes are in [`super::device`].

use super::{
    call,
    reading::{refusal, said, tokens},
};
use crate::{AddressPolicy, catalogue::OAuth, proxy::Way};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::{fmt, time::Duration};
use zeroize::Zeroize;

/// Who talks to an issuer, and where it may be.
#[derive(Clone, Debug)]
pub struct TokenClient {
    pub(super) addresses: AddressPolicy,
    pub(super) way: Way,
}

/// As whom it is asked: the client that the operator has entered for the provider.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its secret, where the issuer gave one.
    pub secret: Option<&'a str>,
}

/// A code that an issuer has sent a person back with, and what it was asked for with.
#[derive(Clone, Copy)]
pub struct Code<'a> {
    /// The code.
    pub code: &'a str,
    /// What the challenge was made of.
    pub verifier: &'a str,
    /// Where the person was to be sent back to.
    pub redirect: &'a str,
    /// The state; sent along only where the issuer wants it.
    pub state: &'a str,
}

/// What an issuer gives.
pub struct Tokens {
    /// What requests carry.
    pub access: String,
    /// What the next access token is had for. None in the answer to a refresh: the old one stays good.
    pub refresh: Option<String>,
    /// When the access token ends; `None` = the issuer does not say.
    pub expires_at: Option<DateTime<Utc>>,
    /// The whole of the answer, which may say whose they are.
    pub answer: Value,
}

/// Why there are no tokens, in the issuer's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// The grant is over: only a person who authorises anew can help.
    #[error("{reason}")]
    Dead {
        /// What the issuer says.
        reason: String,
    },
    /// The issuer refuses for another reason than the grant, such as the client, and will do so again.
    #[error("{reason}")]
    Refused {
        /// The error's code, such as `invalid_client` or `access_denied`.
        code: String,
        /// What the issuer says.
        reason: String,
    },
    /// The issuer is away or out of order: nothing is known of the grant, and it may be tried again.
    #[error("{reason}")]
    Unavailable {
        /// What happened.
        reason: String,
        /// How long the issuer wants to be left alone, where it says so.
        retry_after: Option<Duration>,
    },
}

impl TokenClient {
    /// One that calls only where that is allowed.
    pub const fn new(addresses: AddressPolicy) -> Self {
        Self { addresses, way: None }
    }

    /// The same on an account's way.
    #[must_use]
    pub fn on(&self, way: Way) -> Self {
        Self { addresses: self.addresses.clone(), way }
    }

    /// Exchanges a code.
    pub async fn exchange(
        &self,
        issuer: &OAuth,
        asking: Asking<'_>,
        code: Code<'_>,
    ) -> Result<Tokens, GrantError> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code.code),
            ("redirect_uri", code.redirect),
            ("code_verifier", code.verifier),
        ];
        if issuer.sends_state {
            fields.push(("state", code.state));
        }
        self.ask(issuer, asking, fields).await
    }

    /// Has a new access token. The refresh token may be used up by it: what comes has to be kept before it is used.
    pub async fn refresh(
        &self,
        issuer: &OAuth,
        asking: Asking<'_>,
        refresh_token: &str,
    ) -> Result<Tokens, GrantError> {
        let fields = vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        self.ask(issuer, asking, fields).await
    }

    /// Has the token that requests carry for one that only proves who somebody is, at providers that have two of them
    /// (`issuer.exchange`); `None` where the first is the one already.
    pub async fn trade(&self, issuer: &OAuth, token: &str) -> Result<Option<Tokens>, GrantError> {
        let Some(url) = &issuer.exchange else { return Ok(None) };
        let answer = call::get(self, url, token).await?;
        // This endpoint does not speak OAuth: a bare 401 is its way to say that the token is over.
        if answer.status == 401 {
            let words = answer.body.get("message").and_then(Value::as_str).unwrap_or("not accepted any more");
            return Err(GrantError::Dead { reason: said(words) });
        }
        tokens(answer, Utc::now()).map(Some)
    }

    /// What the issuer says of the bearer of an access token; `null` where it has no such endpoint.
    pub async fn userinfo(&self, issuer: &OAuth, access: &str) -> Result<Value, GrantError> {
        let Some(url) = &issuer.userinfo else { return Ok(Value::Null) };
        let answer = call::get(self, url, access).await?;
        match refusal(&answer) {
            Some(refused) => Err(refused),
            None => Ok(answer.body),
        }
    }

    async fn ask(
        &self,
        issuer: &OAuth,
        asking: Asking<'_>,
        fields: Vec<(&str, &str)>,
    ) -> Result<Tokens, GrantError> {
        tokens(self.post(issuer, asking, fields).await?, Utc::now())
    }

    pub(super) async fn post(
        &self,
        issuer: &OAuth,
        asking: Asking<'_>,
        mut fields: Vec<(&str, &str)>,
    ) -> Result<call::Answer, GrantError> {
        fields.push(("client_id", asking.id));
        fields.extend(asking.secret.map(|secret| ("client_secret", secret)));
        call::post(self, &issuer.token, issuer.body, &fields).await
    }
}

impl Drop for Tokens {
    fn drop(&mut self) {
        self.access.zeroize();
        self.refresh.zeroize();
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(•••)")
    }
}
