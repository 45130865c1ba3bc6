//! Asking a provider for its models.

use crate::outbound;
use causeway_accounts::{AddressPolicy, BaseUrl, Credential, Preset};
use causeway_openapi::AccountTest;
use chrono::Utc;
use serde::Deserialize;
use std::time::{Duration, Instant};

/// How long a provider may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// The largest list of models that is read, in bytes.
const LARGEST: usize = 1024 * 1024;
/// The longest list of models that is kept.
const MOST: usize = 1000;

/// Asks, and says in words what came of it. Never fails: a provider that is away is an outcome.
pub(crate) async fn models(
    addresses: &AddressPolicy,
    preset: &Preset,
    base: &BaseUrl,
    credential: &Credential,
) -> AccountTest {
    let begun = Instant::now();
    let answer = match tokio::time::timeout(DEADLINE, ask(addresses, preset, base, credential)).await {
        Ok(answer) => answer,
        Err(_) => Err("The provider did not answer within 10 seconds.".to_owned()),
    };
    let latency_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (status, outcome) = match answer {
        Ok((status, body)) => (Some(status), judge(status, &body)),
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
    addresses: &AddressPolicy,
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
    let client = outbound::client(addresses, base.is_plain(), DEADLINE)
        .map_err(|_| "The call could not be prepared.".to_owned())?;
    let (name, value) = credential.header().map_err(|_| "The credential cannot be sent.".to_owned())?;
    let mut request = client.get(base.join(&list.path)).header(name, value);
    for (name, value) in &preset.headers {
        request = request.header(name, value);
    }
    let mut response = request.send().await.map_err(|error| explain(&error))?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| explain(&error))? {
        if body.len() + chunk.len() > LARGEST {
            return Err("The provider's answer is larger than 1 MiB.".to_owned());
        }
        body.extend_from_slice(&chunk);
    }
    Ok((status, body))
}

#[derive(Deserialize)]
struct List {
    data: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
}

fn judge(status: u16, body: &[u8]) -> Result<Vec<String>, String> {
    match status {
        200 => match serde_json::from_slice::<List>(body) {
            Ok(list) => {
                Ok(list.data.into_iter().take(MOST).map(|m| m.id).filter(|id| id.len() <= 200).collect())
            }
            Err(_) => Err("The answer is not a list of models. Is the base URL right?".to_owned()),
        },
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
fn explain(error: &reqwest::Error) -> String {
    let text = if outbound::is_refused(error) {
        "The name leads to an address that requests may not be sent to."
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

    #[test]
    fn a_list_of_models_is_read_and_everything_else_explained() {
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
