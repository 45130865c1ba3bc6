//! Causeway from outside: its admin API, and a new installation with an owner who is signed in.

use crate::wire::{self, Inbox};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    time::Duration,
};

/// 32 random bytes in hexadecimal: a sealing key, or a password.
pub fn random_key() -> Result<String> {
    let mut bytes = [0; 32];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

/// The token of the setup link that a new installation prints, once it is in the log.
pub fn setup_token(log: &Path) -> Option<String> {
    let said = fs::read_to_string(log).ok()?;
    let token = said.split("setup?token=").nth(1)?;
    Some(token.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect())
}

/// The admin API as its owner uses it.
#[derive(Clone, Debug)]
pub struct Admin {
    address: String,
    bearer: String,
}

impl Admin {
    /// Makes the first organisation of an installation, with its owner, and signs in.
    pub fn set_up(address: &str, token: &str, organisation: &str) -> Result<Self> {
        let (email, password) = ("owner@example.com", random_key()?);
        let setup = json!({
            "token": token, "organization": organisation, "name": organisation, "email": email, "password": password,
        });
        call(address, "POST", "/admin/v1/setup", &[], Some(&setup))?;
        let session = json!({ "email": email, "password": password });
        let session = call(address, "POST", "/admin/v1/auth/sign-in", &[], Some(&session))?;
        let bearer = format!("Bearer {}", text(&session, "access_token")?);
        Ok(Self { address: address.to_owned(), bearer })
    }

    /// One call, such as `POST keys`.
    pub fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let headers = [("authorization", self.bearer.as_str())];
        call(&self.address, method, &format!("/admin/v1/{path}"), &headers, Some(body))
    }

    /// Registers a simulator as the upstream account; its identifier.
    pub fn account(&self, name: &str, base_url: &str) -> Result<String> {
        let account = json!({
            "name": name, "provider": "anthropic-compatible", "base_url": base_url,
            "credential": { "kind": "api_key", "api_key": "sk-sim-causeway" },
        });
        text(&self.call("POST", "accounts", &account)?, "id")
    }

    /// Issues a key; its secret and its identifier.
    pub fn key(&self, name: &str, limits: &Value, models: &Value) -> Result<(String, String)> {
        let key = json!({ "name": name, "limits": limits, "models": models });
        let key = self.call("POST", "keys", &key)?;
        Ok((text(&key, "secret")?, text(&key, "id")?))
    }
}

/// A text field of an answer.
pub fn text(value: &Value, name: &str) -> Result<String> {
    Ok(value[name].as_str().with_context(|| format!("no {name} in {value}"))?.to_owned())
}

/// One call on a connection of its own; anything but 2xx is an error.
pub fn call(
    address: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Result<Value> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let body = body.map(Value::to_string).unwrap_or_default();
    stream.write_all(&wire::request(method, address, path, headers, &body))?;
    let (mut inbox, mut buffer) = (Inbox::default(), [0; 16 * 1024]);
    let answer = loop {
        let read = stream.read(&mut buffer)?;
        ensure!(read > 0, "{method} {path}: no answer");
        inbox.bytes.extend_from_slice(&buffer[..read]);
        if let Some(answer) = inbox.take(true)? {
            break answer;
        }
    };
    if !(200..300).contains(&answer.status) {
        bail!("{method} {path}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
    }
    Ok(serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
}
