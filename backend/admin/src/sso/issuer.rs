//! Talking to an issuer: its discovery document, its keys, codes for tokens, userinfo. Every address is checked before it
//! is called, those from the document too: an issuer must not be able to make this server call itself.

use super::{Stop, refused, said};
use crate::outbound;
use causeway_accounts::AddressPolicy;
use causeway_openapi::SsoFailureCode::{IssuerRefused, IssuerUnavailable};
use reqwest::{RequestBuilder, Response};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::time::Duration;
use url::{Url, form_urlencoded};

/// How long each call may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// The largest answer that is read, in bytes.
const LARGEST: usize = 1024 * 1024;

/// An issuer whose discovery document was read.
pub(super) struct Issuer<'a> {
    addresses: &'a AddressPolicy,
    document: Document,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// Keys are read one by one: one of a kind that nobody here knows does not spoil the others.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// What a code was exchanged for, or why not.
#[derive(Deserialize)]
struct Answer {
    id_token: Option<String>,
    access_token: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Who we are to an issuer.
pub(super) struct Client<'a> {
    pub(super) id: &'a str,
    pub(super) secret: Option<&'a str>,
    pub(super) redirect: &'a str,
}

/// What a code was exchanged for.
pub(super) struct Tokens {
    pub(super) id_token: String,
    pub(super) access_token: Option<String>,
}

impl<'a> Issuer<'a> {
    /// Reads the discovery document of `issuer`, which must call itself that.
    pub(super) async fn discover(addresses: &'a AddressPolicy, issuer: &str) -> Result<Self, Stop> {
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let document: Document = get(addresses, &address, "discovery document", None).await?;
        if document.issuer != issuer {
            return Err(refused(
                IssuerUnavailable,
                format!(
                    "The issuer's discovery document is of {:?}, and the issuer is entered here as {issuer:?}. \
                     Both must be the same to the letter.",
                    said(&document.issuer)
                ),
            ));
        }
        Ok(Self { addresses, document })
    }

    /// The page that people are sent to.
    pub(super) fn authorization(&self) -> Result<Url, Stop> {
        let url = Url::parse(&self.document.authorization_endpoint).ok();
        let plain = self.document.issuer.starts_with("http://");
        let fit = url.filter(|url| url.scheme() == "https" || (plain && url.scheme() == "http"));
        fit.ok_or_else(|| {
            refused(IssuerUnavailable, "The issuer's authorization_endpoint is not an https address.")
        })
    }

    /// Whether the answer to the browser has to name the issuer.
    pub(super) fn names_itself(&self) -> bool {
        self.document.authorization_response_iss_parameter_supported
    }

    /// The published keys.
    pub(super) async fn keys(&self) -> Result<Vec<Value>, Stop> {
        let set: KeySet = get(self.addresses, &self.document.jwks_uri, "signing keys", None).await?;
        Ok(set.keys)
    }

    /// Exchanges a code.
    pub(super) async fn exchange(
        &self,
        client: &Client<'_>,
        code: &str,
        verifier: &str,
    ) -> Result<Tokens, Stop> {
        let methods = self.document.token_endpoint_auth_methods_supported.as_deref();
        // What OpenID Connect takes for granted where nothing is said.
        let basic = methods.is_none_or(|methods| methods.iter().any(|m| m == "client_secret_basic"));
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", client.redirect),
            ("code_verifier", verifier),
        ];
        match client.secret {
            Some(_) if basic => {}
            Some(secret) => fields.extend([("client_id", client.id), ("client_secret", secret)]),
            None => fields.push(("client_id", client.id)),
        }
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let url = &self.document.token_endpoint;
        let mut request = prepare(self.addresses, url, "token endpoint", reqwest::Method::POST)?
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        if let Some(secret) = client.secret.filter(|_| basic) {
            let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            request = request.basic_auth(encoded(client.id), Some(encoded(secret)));
        }
        let (status, body) = send(request, "token endpoint").await?;
        let answer: Option<Answer> = serde_json::from_slice(&body).ok();
        match answer {
            Some(Answer { error: Some(error), error_description, .. }) => {
                let description = error_description.map(|d| format!(": {}", said(&d))).unwrap_or_default();
                Err(refused(IssuerRefused, format!("{}{description}", said(&error))))
            }
            Some(Answer { id_token: Some(id_token), access_token, .. }) if status == 200 => {
                Ok(Tokens { id_token, access_token })
            }
            _ if status == 200 => {
                Err(refused(IssuerUnavailable, "The issuer's token endpoint answered without an ID token."))
            }
            _ => Err(answered("token endpoint", status)),
        }
    }

    /// What the issuer says about the bearer of an access token; nothing where it has no such endpoint.
    pub(super) async fn userinfo(&self, access_token: &str) -> Result<Map<String, Value>, Stop> {
        match &self.document.userinfo_endpoint {
            Some(url) => get(self.addresses, url, "userinfo endpoint", Some(access_token)).await,
            None => Ok(Map::new()),
        }
    }
}

async fn get<T: DeserializeOwned>(
    addresses: &AddressPolicy,
    url: &str,
    what: &str,
    bearer: Option<&str>,
) -> Result<T, Stop> {
    let mut request = prepare(addresses, url, what, reqwest::Method::GET)?;
    if let Some(token) = bearer {
        request = request.bearer_auth(token);
    }
    let (status, body) = send(request, what).await?;
    if status != 200 {
        return Err(answered(what, status));
    }
    serde_json::from_slice(&body).map_err(|_| {
        refused(IssuerUnavailable, format!("The issuer's {what} cannot be read. Is the issuer right?"))
    })
}

fn prepare(
    addresses: &AddressPolicy,
    url: &str,
    what: &str,
    method: reqwest::Method,
) -> Result<RequestBuilder, Stop> {
    let bad = || {
        refused(
            IssuerUnavailable,
            format!("The address of the issuer's {what} is not one that may be called."),
        )
    };
    let url = Url::parse(url).map_err(|_| bad())?;
    let mut base = url.clone();
    base.set_query(None);
    base.set_fragment(None);
    addresses.base_url(base.as_str()).map_err(|_| bad())?;
    let client = outbound::client(addresses, None, url.scheme() == "http", DEADLINE).map_err(|_| bad())?;
    Ok(client.request(method, url).header("accept", "application/json"))
}

async fn send(request: RequestBuilder, what: &str) -> Result<(u16, Vec<u8>), Stop> {
    let explain = |error: reqwest::Error| {
        let why = if outbound::is_refused(&error) {
            "its name leads to an address that requests may not be sent to"
        } else if error.is_timeout() {
            "it did not answer within 10 seconds"
        } else {
            "no connection: the name is unknown, nothing listens there, or its certificate is not trusted"
        };
        refused(IssuerUnavailable, format!("The issuer's {what} cannot be reached: {why}."))
    };
    let mut response: Response = request.send().await.map_err(explain)?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(explain)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(refused(
                IssuerUnavailable,
                format!("The answer of the issuer's {what} is larger than 1 MiB."),
            ));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((status, body))
}

fn answered(what: &str, status: u16) -> Stop {
    refused(IssuerUnavailable, format!("The issuer's {what} answered with {status}."))
}
