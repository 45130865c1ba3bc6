//! Signing requests as AWS wants it, by AWS's own code.

use crate::{Credential, catalogue::Signing};
use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::time::SystemTime;

/// Keys to sign with.
pub struct Signer {
    keys: Credentials,
    region: String,
}

impl Signer {
    /// `None` for credentials that are presented as they are.
    pub fn new(credential: &Credential) -> Option<Self> {
        let Credential::Aws { access_key_id, secret_access_key, session_token, region } = credential else {
            return None;
        };
        let (id, secret, token) = (access_key_id.clone(), secret_access_key.clone(), session_token.clone());
        Some(Self { keys: Credentials::new(id, secret, token, None, "causeway"), region: region.clone() })
    }

    /// Adds the headers that sign a request, which has its `host` already. Only what is ours is signed: proxies may change
    /// the others.
    pub fn sign(
        &self,
        signing: &Signing,
        (method, url): (&str, &str),
        headers: &mut HeaderMap,
        body: &[u8],
        at: SystemTime,
    ) -> Result<(), String> {
        let Signing::Sigv4 { service } = signing;
        let identity = self.keys.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service)
            .time(at)
            .settings(SigningSettings::default())
            .build()
            .map_err(|e| e.to_string())?;
        let signed = [header::HOST, header::CONTENT_TYPE];
        let pairs = signed.iter().filter_map(|name| Some((name.as_str(), headers.get(name)?.to_str().ok()?)));
        let request = SignableRequest::new(method, url, pairs, SignableBody::Bytes(body));
        let request = request.map_err(|e| e.to_string())?;
        let (instructions, _) = sign(request, &params.into()).map_err(|e| e.to_string())?.into_parts();
        let mut made = Vec::new();
        for (name, text) in instructions.headers() {
            let mut value = HeaderValue::from_str(text).map_err(|e| e.to_string())?;
            value.set_sensitive(true);
            made.push((name.parse::<HeaderName>().map_err(|e| e.to_string())?, value));
        }
        headers.extend(made);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_request_is_signed_with_what_it_is_sent_with_and_nothing_else() {
        let keys = Credential::aws("AKIASIMULATOR0000001", "secret", Some("session"), "eu-west-1").unwrap();
        let signer = Signer::new(&keys).unwrap();
        let signing = Signing::Sigv4 { service: "bedrock".to_owned() };
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("bedrock-runtime.eu-west-1.amazonaws.com"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static("a client's"));
        let url = "https://bedrock-runtime.eu-west-1.amazonaws.com/model/a%3A0/invoke";
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        signer.sign(&signing, ("POST", url), &mut headers, b"{}", at).unwrap();
        let authorization = headers[header::AUTHORIZATION].to_str().unwrap().to_owned();
        assert!(authorization.starts_with(
            "AWS4-HMAC-SHA256 Credential=AKIASIMULATOR0000001/20261118/eu-west-1/bedrock/aws4_request"
        ));
        assert!(!authorization.contains("user-agent"), "{authorization}");
        assert_eq!(headers["x-amz-security-token"], "session");
        assert!(headers[header::AUTHORIZATION].is_sensitive());
        assert!(Signer::new(&Credential::token("t").unwrap()).is_none());
    }
}
