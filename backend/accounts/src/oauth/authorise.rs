//! Sending a person to an issuer.

use crate::catalogue::OAuth;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use url::Url;
use zeroize::Zeroizing;

/// What is asked for, besides what the issuer's preset says.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// As which client.
    pub client_id: &'a str,
    /// Where the person is to be sent back to.
    pub redirect: &'a str,
    /// What they have to bring back.
    pub state: &'a str,
    /// What only whoever asks can exchange the code with.
    pub verifier: &'a str,
}

impl Asked<'_> {
    /// The address; `None` where the issuer has no such page.
    pub fn url(&self, issuer: &OAuth) -> Option<Url> {
        let mut url = Url::parse(issuer.authorize.as_deref()?).ok()?;
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", self.client_id)
                .append_pair("redirect_uri", self.redirect);
            if !issuer.scopes.is_empty() {
                query.append_pair("scope", &issuer.scopes.join(" "));
            }
            query
                .append_pair("state", self.state)
                .append_pair("code_challenge", &challenge(self.verifier))
                .append_pair("code_challenge_method", "S256");
            query.extend_pairs(&issuer.parameters);
        }
        Some(url)
    }
}

/// 32 random bytes: a verifier of PKCE, or a state.
pub fn random() -> Zeroizing<String> {
    Zeroizing::new(URL_SAFE_NO_PAD.encode(Zeroizing::new(rand::random::<[u8; 32]>())))
}

/// What an issuer gets of a verifier beforehand (S256).
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;
    use causeway_domain::provider::Provider;

    #[test]
    fn the_address_has_a_challenge_and_a_state_and_never_the_verifier() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let preset = Catalogue::shipped().unwrap().get(Provider::CODEX).unwrap();
        let asked = Asked {
            client_id: "us",
            redirect: "http://localhost:1455/auth/callback",
            state: "s 1",
            verifier,
        };
        let url = asked.url(preset.oauth.as_ref().unwrap()).unwrap();
        let pairs: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(pairs["code_challenge"], "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert_eq!((pairs["state"].as_str(), pairs["code_challenge_method"].as_str()), ("s 1", "S256"));
        assert_eq!(pairs["codex_cli_simplified_flow"], "true");
        assert!(!url.as_str().contains(verifier));
        assert_eq!(random().len(), 43);
        assert_ne!(*random(), *random());
    }
}
