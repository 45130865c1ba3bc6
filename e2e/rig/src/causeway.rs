//! Causeway from outside: its admin API, and a new installation with an owner who is signed in.

use crate::wire::{self, Inbox};
use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
    session: Arc<Session>,
    /// Instead of the one that was set up.
    organisation: Option<String>,
}

/// Who is signed in. Access tokens last for a quarter of an hour, and some runs for longer.
#[derive(Debug)]
struct Session {
    password: String,
    bearer: Mutex<String>,
}

const EMAIL: &str = "owner@example.com";

impl Admin {
    /// Makes the first organisation of an installation, with its owner, and signs in.
    pub fn set_up(address: &str, token: &str, organisation: &str) -> Result<Self> {
        let password = random_key()?;
        let setup = json!({
            "token": token, "organization": organisation, "name": organisation, "email": EMAIL, "password": password,
        });
        call(address, "POST", "/admin/v1/setup", &[], Some(&setup))?;
        let bearer = Mutex::new(sign_in(address, &password)?);
        let session = Arc::new(Session { password, bearer });
        Ok(Self { address: address.to_owned(), session, organisation: None })
    }

    /// Makes another organisation of the same owner; the API inside it.
    pub fn another(&self, name: &str) -> Result<Self> {
        let made =
            self.call("POST", "operator/organizations", &json!({ "name": name, "owner_email": EMAIL }))?;
        Ok(Self { organisation: Some(text(&made, "id")?), ..self.clone() })
    }

    /// One call, such as `POST keys`; without a body where that is null.
    pub fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let bearer = self.bearer().clone();
        match self.with(&bearer, method, path, body) {
            Err(error) if error.is::<SignedOut>() => {
                let renewed = sign_in(&self.address, &self.session.password)?;
                self.bearer().clone_from(&renewed);
                self.with(&renewed, method, path, body)
            }
            other => other,
        }
    }

    fn with(&self, bearer: &str, method: &str, path: &str, body: &Value) -> Result<Value> {
        let mut headers = vec![("authorization", bearer)];
        headers.extend(self.organisation.as_deref().map(|id| ("x-organization", id)));
        call(
            &self.address,
            method,
            &format!("/admin/v1/{path}"),
            &headers,
            Some(body).filter(|body| !body.is_null()),
        )
    }

    fn bearer(&self) -> MutexGuard<'_, String> {
        self.session.bearer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a simulator as an upstream account, with a key of its own there and limits; its identifier.
    pub fn account(&self, name: &str, base_url: &str, api_key: &str, limits: &Value) -> Result<String> {
        let account = json!({
            "name": name, "provider": "anthropic-compatible", "base_url": base_url, "limits": limits,
            "credential": { "kind": "api_key", "api_key": api_key },
        });
        text(&self.call("POST", "accounts", &account)?, "id")
    }

    /// Limits the owner, over all of their keys in this organisation.
    pub fn limit_owner(&self, limits: &Value) -> Result<()> {
        let me = self.call("GET", "me", &Value::Null)?;
        let id = text(&me["user"], "id")?;
        self.call("PATCH", &format!("members/{id}"), &json!({ "limits": limits }))?;
        Ok(())
    }

    /// Issues a key of the owner's; its secret and its identifier.
    pub fn key(&self, name: &str, limits: &Value, models: &Value) -> Result<(String, String)> {
        let key = json!({ "name": name, "limits": limits, "models": models });
        let key = self.call("POST", "keys", &key)?;
        Ok((text(&key, "secret")?, text(&key, "id")?))
    }
}

fn sign_in(address: &str, password: &str) -> Result<String> {
    let who = json!({ "email": EMAIL, "password": password });
    let session = call(address, "POST", "/admin/v1/auth/sign-in", &[], Some(&who))?;
    Ok(format!("Bearer {}", text(&session, "access_token")?))
}

/// The session is over.
#[derive(Debug)]
struct SignedOut(String);

impl std::fmt::Display for SignedOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SignedOut {}

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
        let said = format!("{method} {path}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
        return Err(if answer.status == 401 { SignedOut(said).into() } else { anyhow!(said) });
    }
    Ok(serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
}
