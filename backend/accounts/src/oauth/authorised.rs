//! What comes of an authorisation: a credential, and whose it is.

use super::{
    identity::Identified,
    token::{GrantError, TokenClient, Tokens},
};
use crate::{Credential, catalogue::OAuth};
use serde_json::Value;
use std::mem;

/// A credential that an issuer has given, and whose it is.
pub struct Authorised {
    /// To be sealed.
    pub credential: Credential,
    /// As the issuer says.
    pub identity: Identified,
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
        let headers = issuer
            .headers
            .iter()
            .filter_map(|(name, template)| Some((name.clone(), identity.filled(template)?)))
            .collect();
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
