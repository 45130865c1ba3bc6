//! AWS Signature Version 4, verified: the request is written down in the canonical way, hashed, and the tag computed
//! from the secret that the access key has here. A mismatch is answered with both texts, as AWS does, so that whoever
//! signed can compare.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use http::{HeaderMap, header};
use sha2::{Digest, Sha256};

use super::{AWS_SECRET, error::refusal};
use crate::{receive::Call, script::Refusal};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SKEW: TimeDelta = TimeDelta::minutes(5);

/// What a request says about its signature.
struct Claimed<'a> {
    key: &'a str,
    /// `20261101/eu-west-1/bedrock/aws4_request`
    scope: &'a str,
    signed: Vec<&'a str>,
    tag: &'a str,
}

pub(super) fn verify(call: &Call) -> Result<(), Refusal> {
    let incomplete = |why: &str| refusal(400, "IncompleteSignatureException", why);
    let text = |name: &str| call.headers.get(name).and_then(|value| value.to_str().ok());
    let authorization = text(header::AUTHORIZATION.as_str()).unwrap_or_default();
    let claimed = claimed(authorization).ok_or_else(|| {
        incomplete("Authorization header requires Credential, SignedHeaders and Signature.")
    })?;
    let scope: Vec<_> = claimed.scope.split('/').collect();
    let [day, _region, service, "aws4_request"] = scope[..] else {
        return Err(incomplete("Credential must have exactly 5 slash-delimited elements."));
    };
    if service != "bedrock" {
        let why = "Credential should be scoped to correct service: 'bedrock'.";
        return Err(refusal(403, "InvalidSignatureException", why));
    }
    let stamp = text("x-amz-date").unwrap_or_default();
    let Some(at) = moment(stamp).filter(|_| stamp.starts_with(day)) else {
        return Err(incomplete("Date in Credential scope does not match X-Amz-Date, or there is none."));
    };
    known(&claimed, text("x-amz-security-token"))?;
    fresh(at, Utc::now())?;
    complete(&call.headers, &claimed.signed)?;

    let hash = hex::encode(Sha256::digest(&call.body));
    if text("x-amz-content-sha256").is_some_and(|said| said != hash) {
        let why = "The value of x-amz-content-sha256 is not the hash of the body.";
        return Err(refusal(403, "InvalidSignatureException", why));
    }
    let canonical = canonical(call, &claimed.signed, &hash);
    let to_sign = to_sign(stamp, claimed.scope, &canonical);
    if tag(AWS_SECRET, claimed.scope, &to_sign) == claimed.tag {
        return Ok(());
    }
    let why = format!(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
         Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String \
         for this request should have been\n'{canonical}'\n\nThe String-to-Sign should have been\n'{to_sign}'\n"
    );
    Err(refusal(403, "InvalidSignatureException", &why))
}

/// Whether the key is one that exists, and a temporary one comes with its token.
fn known(claimed: &Claimed<'_>, token: Option<&str>) -> Result<(), Refusal> {
    let unknown = || {
        refusal(403, "UnrecognizedClientException", "The security token included in the request is invalid.")
    };
    match token {
        Some("sim-session-expired") => {
            let why = "The security token included in the request is expired";
            Err(refusal(403, "ExpiredTokenException", why))
        }
        Some(token) if claimed.key.starts_with("ASIASIM") && token.starts_with("sim-session-") => Ok(()),
        None if claimed.key.starts_with("AKIASIM") => Ok(()),
        _ => Err(unknown()),
    }
}

fn fresh(at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Refusal> {
    let stamp = |time: DateTime<Utc>| time.format("%Y%m%dT%H%M%SZ").to_string();
    let (then, now_said) = (stamp(at), stamp(now));
    let why = match () {
        () if at + SKEW < now => {
            format!("Signature expired: {then} is now earlier than {}", stamp(now - SKEW))
        }
        () if at > now + SKEW => format!("Signature not yet current: {then} is still later than {now_said}"),
        () => return Ok(()),
    };
    Err(refusal(403, "InvalidSignatureException", &why))
}

/// Whatever decides about the request must be signed: the host and everything of AWS's own.
fn complete(headers: &HeaderMap, signed: &[&str]) -> Result<(), Refusal> {
    let own = headers.keys().map(header::HeaderName::as_str).filter(|name| name.starts_with("x-amz-"));
    let missing: Vec<_> = own.chain(["host"]).filter(|name| !signed.contains(name)).collect();
    if missing.is_empty() && signed.is_sorted() {
        return Ok(());
    }
    let why = format!("These headers must be signed, in order: {}", missing.join(", "));
    Err(refusal(403, "InvalidSignatureException", &why))
}

fn claimed(authorization: &str) -> Option<Claimed<'_>> {
    let rest = authorization.strip_prefix(ALGORITHM)?;
    let part = |name: &str| {
        rest.split(',').map(str::trim).find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    };
    let (key, scope) = part("Credential")?.split_once('/')?;
    Some(Claimed { key, scope, signed: part("SignedHeaders")?.split(';').collect(), tag: part("Signature")? })
}

fn moment(stamp: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(stamp, "%Y%m%dT%H%M%SZ").ok().map(|at| at.and_utc())
}

fn canonical(call: &Call, signed: &[&str], hash: &str) -> String {
    let host = call.uri.authority().map(http::uri::Authority::as_str);
    let lines: String = signed
        .iter()
        .map(|name| {
            let values = call.headers.get_all(*name);
            let mut values: Vec<_> =
                values.iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
            if values.is_empty() && *name == "host" {
                // HTTP/2 has it in the address.
                values.extend(host.map(Into::into));
            }
            let values: Vec<_> = values.iter().map(|value| folded(value)).collect();
            format!("{name}:{}\n", values.join(","))
        })
        .collect();
    let path = encoded(call.uri.path().as_bytes(), true);
    let query = query(call.uri.query().unwrap_or_default());
    let method = &call.method;
    format!("{method}\n{path}\n{query}\n{lines}\n{}\n{hash}", signed.join(";"))
}

/// Runs of spaces are one space.
fn folded(value: &str) -> String {
    value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// Sorted by name and value, each encoded once, however they came.
fn query(query: &str) -> String {
    let encode = |text: &str| encoded(&decoded(text), false);
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Everything but letters, digits and four marks. The path is encoded as it came, so that what was encoded already is
/// encoded twice: AWS has it so for everything but S3.
fn encoded(bytes: &[u8], slashes: bool) -> String {
    let mut out = String::with_capacity(bytes.len() + 16);
    for &byte in bytes {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (slashes && byte == b'/');
        if plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn decoded(text: &str) -> Vec<u8> {
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::new(), 0);
    while let Some(&byte) = bytes.get(at) {
        let code = text.get(at + 1..at + 3).filter(|_| byte == b'%');
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        out.push(code.unwrap_or(byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    out
}

fn to_sign(stamp: &str, scope: &str, canonical: &str) -> String {
    format!("{ALGORITHM}\n{stamp}\n{scope}\n{}", hex::encode(Sha256::digest(canonical)))
}

/// The day's key of the key of the region of the service, and its tag of the text.
fn tag(secret: &str, scope: &str, to_sign: &str) -> String {
    let step =
        |key: Vec<u8>, text: &str| sign(&Key::new(HMAC_SHA256, &key), text.as_bytes()).as_ref().to_vec();
    let key = scope.split('/').fold(format!("AWS4{secret}").into_bytes(), step);
    hex::encode(step(key, to_sign))
}

#[cfg(test)]
mod tests;
