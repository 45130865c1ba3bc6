//! What comes of an authorisation: a credential, and whose it is.

use super::{
    identity::Identified,
    token::{GrantError, TokenClient, Tokens},
};
use crate::{Credential, catalogue::OAuth};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::{collections::BTreeMap, mem};

/// A credential that an issuer has given, and whose it is.
pub struct Authorised {
    /// To be sealed.
    pub credential: Credential,
    /// As the issuer says.
    pub identity: Identified,
}

/// Tokens that an issuer has given to another program, as its file has them.
pub struct Brought<'a> {
    /// The token that requests carry.
    pub access: &'a str,
    /// What the next one is had for.
    pub refresh: Option<&'a str>,
    /// When the first one ends, as far as the file says.
    pub expires_at: Option<DateTime<Utc>>,
    /// What the issuer had answered, as far as the file has it.
    pub answer: &'a Value,
}

impl Authorised {
    /// Makes a credential of tokens that were had elsewhere. The issuer is not asked: whose they are is what the file says.
    pub fn brought(issuer: &OAuth, tokens: &Brought<'_>) -> Self {
        let identity = Identified::find(issuer, tokens.answer, &Value::Null);
        // Where requests carry another token, the first refresh gets it.
        let trades = issuer.exchange.is_some();
        let credential = Credential::Oauth {
            access: tokens.access.to_owned(),
            refresh: tokens.refresh.map(str::to_owned),
            expires_at: if trades { Some(Utc::now()) } else { tokens.expires_at },
            subject: identity.subject.clone().unwrap_or_default(),
            headers: headers(issuer, &identity),
            exchanged: trades.then(|| tokens.access.to_owned()),
        };
        Self { credential, identity }
    }
}

/// What requests carry besides the token.
fn headers(issuer: &OAuth, identity: &Identified) -> BTreeMap<String, String> {
    let filled = |(name, template): (&String, &String)| Some((name.clone(), identity.filled(template)?));
    issuer.headers.iter().filter_map(filled).collect()
}

impl TokenClient {
    /// Makes a credential of tokens: finds out whose they are, asking the issuer where it has not said yet, and exchanges the
    /// token where the provider wants another one in requests.
    pub async fn complete(&self, issuer: &OAuth, mut tokens: Tokens) -> Result<Authorised, GrantError> {
        let mut identity = Identified::find(issuer, &tokens.answer, &Value::Null);
        if identity.subject.is_none() && issuer.userinfo.is_some() {
            let said = self.userinfo(issuer, &tokens.access).await?;
            identity = Identified::find(issuer, &tokens.answer, &said);
        }
        let traded = self.trade(issuer, &tokens.access).await?;
        let headers = headers(issuer, &identity);
        let (access, expires_at, exchanged) = match traded {
            Some(mut second) => {
                (mem::take(&mut second.access), second.expires_at, Some(mem::take(&mut tokens.access)))
            }
            None => (mem::take(&mut tokens.access), tokens.expires_at, None),
        };
        // Seen now, and not at the first request.
        if Credential::token(&access).is_err() {
            return Err(GrantError::Refused {
                code: "unusable_token".to_owned(),
                reason: "the issuer's access token cannot be sent in a header".to_owned(),
            });
        }
        let credential = Credential::Oauth {
            access,
            refresh: tokens.refresh.take(),
            expires_at,
            subject: identity.subject.clone().unwrap_or_default(),
            headers,
            exchanged,
        };
        Ok(Authorised { credential, identity })
    }
}
