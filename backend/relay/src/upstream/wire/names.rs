//! Names of headers. `http` knows the standard ones and asks for memory for every other, and providers' answers have a
//! dozen of those: the ones that they are known to send are made once.

use http::{HeaderName, header, header::InvalidHeaderName};
use std::sync::LazyLock;

/// No name here is as long as this.
const LONGER: usize = 64;

/// What Anthropic, OpenAI, Google, Amazon and what stands in front of them put into answers, as they document it and as it
/// was seen. A name that is not here costs an allocation, and nothing else.
static KNOWN: [HeaderName; 55] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::DATE,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::CACHE_CONTROL,
    header::SERVER,
    header::VARY,
    header::VIA,
    header::ALT_SVC,
    header::STRICT_TRANSPORT_SECURITY,
    HeaderName::from_static("request-id"),
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("x-amzn-requestid"),
    HeaderName::from_static("anthropic-organization-id"),
    HeaderName::from_static("anthropic-ratelimit-requests-limit"),
    HeaderName::from_static("anthropic-ratelimit-requests-remaining"),
    HeaderName::from_static("anthropic-ratelimit-requests-reset"),
    HeaderName::from_static("anthropic-ratelimit-tokens-limit"),
    HeaderName::from_static("anthropic-ratelimit-tokens-remaining"),
    HeaderName::from_static("anthropic-ratelimit-tokens-reset"),
    HeaderName::from_static("anthropic-ratelimit-input-tokens-limit"),
    HeaderName::from_static("anthropic-ratelimit-input-tokens-remaining"),
    HeaderName::from_static("anthropic-ratelimit-input-tokens-reset"),
    HeaderName::from_static("anthropic-ratelimit-output-tokens-limit"),
    HeaderName::from_static("anthropic-ratelimit-output-tokens-remaining"),
    HeaderName::from_static("anthropic-ratelimit-output-tokens-reset"),
    HeaderName::from_static("anthropic-ratelimit-unified-status"),
    HeaderName::from_static("anthropic-ratelimit-unified-reset"),
    HeaderName::from_static("anthropic-ratelimit-unified-representative-claim"),
    HeaderName::from_static("anthropic-ratelimit-unified-fallback-percentage"),
    HeaderName::from_static("anthropic-ratelimit-unified-overage-status"),
    HeaderName::from_static("anthropic-ratelimit-unified-5h-status"),
    HeaderName::from_static("anthropic-ratelimit-unified-5h-reset"),
    HeaderName::from_static("anthropic-ratelimit-unified-5h-utilization"),
    HeaderName::from_static("anthropic-ratelimit-unified-7d-status"),
    HeaderName::from_static("anthropic-ratelimit-unified-7d-reset"),
    HeaderName::from_static("anthropic-ratelimit-unified-7d-utilization"),
    HeaderName::from_static("openai-organization"),
    HeaderName::from_static("openai-processing-ms"),
    HeaderName::from_static("openai-project"),
    HeaderName::from_static("openai-version"),
    HeaderName::from_static("x-ratelimit-limit-requests"),
    HeaderName::from_static("x-ratelimit-limit-tokens"),
    HeaderName::from_static("x-ratelimit-remaining-requests"),
    HeaderName::from_static("x-ratelimit-remaining-tokens"),
    HeaderName::from_static("x-ratelimit-reset-requests"),
    HeaderName::from_static("x-ratelimit-reset-tokens"),
    HeaderName::from_static("x-envoy-upstream-service-time"),
    HeaderName::from_static("x-should-retry"),
    HeaderName::from_static("x-robots-tag"),
    HeaderName::from_static("cf-cache-status"),
    HeaderName::from_static("cf-ray"),
    HeaderName::from_static("set-cookie"),
    HeaderName::from_static("server-timing"),
];

/// By how long they are: of a length there are few.
static BY_LENGTH: LazyLock<[Vec<HeaderName>; LONGER]> = LazyLock::new(|| {
    let of = |length| KNOWN.iter().filter(|name| name.as_str().len() == length).cloned().collect();
    std::array::from_fn(of)
});

/// The name that was sent.
pub(super) fn of(sent: &[u8]) -> Result<HeaderName, InvalidHeaderName> {
    let known =
        BY_LENGTH.get(sent.len()).and_then(|same| same.iter().find(|n| n.as_str().as_bytes() == sent));
    known.map_or_else(|| HeaderName::from_bytes(sent), |name| Ok(name.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_whether_it_is_known_or_not_and_however_it_is_written() {
        for name in &KNOWN {
            assert!(name.as_str().len() < LONGER, "{name}");
            assert_eq!(of(name.as_str().as_bytes()).unwrap(), *name);
            assert_eq!(of(name.as_str().to_ascii_uppercase().as_bytes()).unwrap(), *name);
        }
        assert_eq!(of(b"x-of-nobody").unwrap().as_str(), "x-of-nobody");
        let long = "a".repeat(1000);
        assert_eq!(of(long.as_bytes()).unwrap().as_str(), long);
        assert!(of(b"").is_err() && of(b"a b").is_err());
    }
}
