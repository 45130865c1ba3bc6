//! One call to an issuer. Every address is checked before it is called, and names are looked up by [`outbound`]: an issuer
//! must not be able to make this server call itself.

use super::token::{GrantError, TokenClient};
use crate::{catalogue::oauth::TokenBody, outbound};
use reqwest::{Method, RequestBuilder, Response, header};
use serde_json::{Map, Value};
use std::time::Duration;
use url::{Url, form_urlencoded};

/// How long each call may take, from the first packet to the last.
pub const DEADLINE: Duration = Duration::from_secs(20);
/// The largest answer that is read, in bytes.
const LARGEST: usize = 1024 * 1024;

/// What an issuer has answered.
pub(super) struct Answer {
    pub(super) status: u16,
    /// `null` where it is not JSON.
    pub(super) body: Value,
    /// How long it wants to be left alone.
    pub(super) retry_after: Option<Duration>,
}

/// Sends fields in the form that the issuer reads.
pub(super) async fn post(
    by: &TokenClient,
    url: &str,
    body: TokenBody,
    fields: &[(&str, &str)],
) -> Result<Answer, GrantError> {
    let request = prepare(by, url, Method::POST)?;
    let request = match body {
        TokenBody::Form => {
            let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form)
        }
        TokenBody::Json => {
            let object: Map<String, Value> =
                fields.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
            request.json(&object)
        }
    };
    send(by, request, url).await
}

/// Reads something with an access token.
pub(super) async fn get(by: &TokenClient, url: &str, bearer: &str) -> Result<Answer, GrantError> {
    send(by, prepare(by, url, Method::GET)?.bearer_auth(bearer), url).await
}

fn prepare(by: &TokenClient, url: &str, method: Method) -> Result<RequestBuilder, GrantError> {
    let refused = || GrantError::Refused {
        code: "address_refused".to_owned(),
        reason: format!("the issuer's address {url} is not one that may be called"),
    };
    let url = Url::parse(url).map_err(|_| refused())?;
    let mut base = url.clone();
    base.set_query(None);
    base.set_fragment(None);
    by.addresses.base_url(base.as_str()).map_err(|_| refused())?;
    let way = by.way.as_deref();
    let client = outbound::client(&by.addresses, way, url.scheme() == "http", DEADLINE);
    let client = client.map_err(|error| match error {
        outbound::NoClient::Proxy(why) => {
            GrantError::Unavailable { reason: why.to_string(), retry_after: None }
        }
        outbound::NoClient::Client(_) => refused(),
    })?;
    let agent = concat!("causeway/", env!("CARGO_PKG_VERSION"));
    Ok(client
        .request(method, url)
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, agent))
}

async fn send(by: &TokenClient, request: RequestBuilder, url: &str) -> Result<Answer, GrantError> {
    let explain = |error: reqwest::Error| {
        let why = if outbound::is_refused(&error) {
            "its name leads to an address that requests may not be sent to"
        } else if by.way.is_some() {
            "there is no answer through the account's proxy: test the proxy to see why"
        } else if error.is_timeout() {
            "it did not answer within 20 seconds"
        } else if error.is_connect() {
            "no connection: the name is unknown, nothing listens there, or its certificate is not trusted"
        } else {
            "it broke the connection off"
        };
        GrantError::Unavailable {
            reason: format!("the issuer at {url} cannot be reached: {why}"),
            retry_after: None,
        }
    };
    let mut response: Response = request.send().await.map_err(explain)?;
    let status = response.status().as_u16();
    let wait =
        response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(explain)? {
        if body.len() + chunk.len() > LARGEST {
            let reason = format!("the answer of the issuer at {url} is larger than 1 MiB");
            return Err(GrantError::Unavailable { reason, retry_after: None });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status,
        body: serde_json::from_slice(&body).unwrap_or_default(),
        retry_after: wait.map(Duration::from_secs),
    })
}
