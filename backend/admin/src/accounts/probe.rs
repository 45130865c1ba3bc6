//! Asking a provider for its models.

use crate::outbound;
use causeway_accounts::{
    AddressPolicy, BaseUrl, Credential, Preset, Proxy, Signer, catalogue::ModelList, outbound::NoClient,
};
use causeway_openapi::AccountTest;
use chrono::Utc;
use http::{HeaderMap, HeaderName, Uri, header};
use serde_json::Value;
use std::time::{Duration, Instant, SystemTime};

/// How long a provider may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// The largest list of models that is read, in bytes.
const LARGEST: usize = 1024 * 1024;
/// The longest list of models that is kept.
const MOST: usize = 1000;

/// Asks, and says in words what came of it. Never fails: a provider that is away is an outcome.
pub(crate) async fn models(
    (addresses, way): (&AddressPolicy, Option<&Proxy>),
    preset: &Preset,
    base: &BaseUrl,
    credential: &Credential,
) -> AccountTest {
    let begun = Instant::now();
    let answer = match tokio::time::timeout(DEADLINE, ask((addresses, way), preset, base, credential)).await {
        Ok(answer) => answer,
        Err(_) => Err("The provider did not answer within 10 seconds.".to_owned()),
    };
    let latency_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (status, outcome) = match answer {
        Ok((status, body)) => (Some(status), judge(preset, status, &body)),
        Err(message) => (None, Err(message)),
    };
    let (ok, message, models) = match outcome {
        Ok(models) => {
            (true, format!("The provider accepted the credential and lists {} models.", models.len()), models)
        }
        Err(message) => (false, message, Vec::new()),
    };
    AccountTest { ok, status, latency_ms, message, models, at: Utc::now() }
}

async fn ask(
    (addresses, way): (&AddressPolicy, Option<&Proxy>),
    preset: &Preset,
    base: &BaseUrl,
    credential: &Credential,
) -> Result<(u16, Vec<u8>), String> {
    let Some(list) = &preset.models else {
        return Err("This provider's list of models cannot be asked for.".to_owned());
    };
    // An address in the URL itself is not looked up, so that nobody else would check it. The settings may be stricter
    // now than when it was entered.
    if addresses.base_url(&base.to_string()).is_err() {
        return Err("The address is not one that requests may be sent to.".to_owned());
    }
    let client = outbound::client(addresses, way, base.is_plain(), DEADLINE);
    let client = client.map_err(|error| match error {
        NoClient::Proxy(why) => format!("The account's proxy cannot be used: {why}."),
        NoClient::Client(_) => "The call could not be prepared.".to_owned(),
    })?;
    let url = address(base, list);
    let mut response = client
        .get(&url)
        .headers(headers(&url, preset, credential)?)
        .send()
        .await
        .map_err(|error| explain(&error, way.is_some()))?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| explain(&error, way.is_some()))? {
        if body.len() + chunk.len() > LARGEST {
            return Err("The provider's answer is larger than 1 MiB.".to_owned());
        }
        body.extend_from_slice(&chunk);
    }
    Ok((status, body))
}

/// Where the list is: below the base URL, at some providers with another host in its place.
fn address(base: &BaseUrl, list: &ModelList) -> String {
    let url = base.join(&list.path);
    let Some((from, to)) = &list.host else { return url };
    url.replacen(&format!("://{from}"), &format!("://{to}"), 1)
}

/// What the call carries: the credential, or a signature made with it.
fn headers(url: &str, preset: &Preset, credential: &Credential) -> Result<HeaderMap, String> {
    let unsendable = || "The credential cannot be sent.".to_owned();
    let mut headers = HeaderMap::new();
    for (name, value) in &preset.headers {
        let value = value.parse().map_err(|_| unsendable())?;
        headers.insert(name.parse::<HeaderName>().map_err(|_| unsendable())?, value);
    }
    let presented = credential.presented(preset).map_err(|_| unsendable())?;
    if let Ok(betas) = presented.betas.join(",").parse()
        && !presented.betas.is_empty()
    {
        headers.insert("anthropic-beta", betas);
    }
    headers.extend(presented.headers);
    let signing = preset.dialects.iter().find_map(|shape| shape.signing.as_ref());
    if let (Some(signer), Some(signing)) = (Signer::new(credential), signing) {
        let host = url.parse::<Uri>().ok().and_then(|uri| uri.authority()?.as_str().parse().ok());
        headers.insert(header::HOST, host.ok_or_else(unsendable)?);
        signer.sign(signing, ("GET", url), &mut headers, b"", SystemTime::now()).map_err(|_| unsendable())?;
    }
    Ok(headers)
}

/// The names in a provider's list.
fn names(list: &ModelList, body: &[u8]) -> Option<Vec<String>> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let entries = body.get(&list.list)?.as_array()?;
    let names = entries.iter().filter_map(|entry| {
        let name = entry.get(&list.name)?.as_str()?;
        Some(name.strip_prefix(&list.strip).unwrap_or(name).to_owned())
    });
    Some(names.filter(|name| name.len() <= 200).take(MOST).collect())
}

fn judge(preset: &Preset, status: u16, body: &[u8]) -> Result<Vec<String>, String> {
    match status {
        200 => {
            let names = preset.models.as_ref().and_then(|list| names(list, body));
            names.ok_or_else(|| "The answer is not a list of models. Is the base URL right?".to_owned())
        }
        401 | 403 => Err(format!("The provider refused the credential ({status}).")),
        404 => {
            Err("The provider has no list of models at this address (404). Is the base URL right?".to_owned())
        }
        429 => Err("The provider is limiting requests of this credential (429).".to_owned()),
        300..=399 => Err(format!("The provider answered with a redirect ({status}). Is the base URL right?")),
        500.. => Err(format!("The provider has an error of its own ({status}).")),
        _ => Err(format!("The provider answered with {status}.")),
    }
}

/// In words that hold nothing of the request.
fn explain(error: &reqwest::Error, through_proxy: bool) -> String {
    let text = if outbound::is_refused(error) {
        "The name leads to an address that requests may not be sent to."
    } else if through_proxy {
        "No answer through the account's proxy. Test the proxy to see why."
    } else if error.is_timeout() {
        "The provider did not answer within 10 seconds."
    } else if error.is_connect() {
        "No connection to the provider: the name is unknown, nothing listens there, or its certificate is not trusted."
    } else {
        "The provider broke the connection off."
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_accounts::Catalogue;
    use causeway_domain::provider::Provider;

    #[test]
    fn a_list_of_models_is_read_and_everything_else_explained() {
        let catalogue = Catalogue::shipped().unwrap();
        let preset = |provider| catalogue.get(provider).unwrap();
        let anthropic = preset(Provider::ANTHROPIC);
        let judge = |status, body: &[u8]| judge(&anthropic, status, body);
        for (provider, list, name) in [
            (Provider::GEMINI, r#"{"models":[{"name":"models/gemini-3"}]}"#, "gemini-3"),
            (Provider::BEDROCK, r#"{"modelSummaries":[{"modelId":"anthropic.x-v1:0"}]}"#, "anthropic.x-v1:0"),
        ] {
            assert_eq!(super::judge(&preset(provider), 200, list.as_bytes()), Ok(vec![name.to_owned()]));
        }
        let base =
            AddressPolicy::default().base_url("https://bedrock-runtime.eu-west-1.amazonaws.com").unwrap();
        assert_eq!(
            address(&base, preset(Provider::BEDROCK).models.as_ref().unwrap()),
            "https://bedrock.eu-west-1.amazonaws.com/foundation-models"
        );
        let list = br#"{"data":[{"type":"model","id":"claude-haiku-4-5"}],"has_more":false}"#;
        assert_eq!(judge(200, list), Ok(vec!["claude-haiku-4-5".to_owned()]));
        for (status, body, part) in [
            (200, &b"<html>"[..], "not a list"),
            (401, b"", "refused the credential"),
            (404, b"", "base URL"),
            (529, b"", "529"),
            (302, b"", "redirect"),
        ] {
            assert!(judge(status, body).unwrap_err().contains(part), "{status}");
        }
    }
}
