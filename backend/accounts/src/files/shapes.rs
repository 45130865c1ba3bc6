//! The shapes themselves: one function each. The facts are of Nov 2026, from what the programs write.

use super::{
    Entry, Login, Secret, Shape,
    fields::{BadField, Fields},
};
use crate::oauth::identity::claims;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use zeroize::Zeroizing;

type Read = Result<Login, BadField>;

/// What the entries of a plain list may have.
const PLAIN: [&str; 5] = ["name", "provider", "api_key", "base_url", "pool"];

/// What CLIProxyAPI calls providers that have another name in the catalogue.
const ALSO_CALLED: [(&str, &str); 2] = [("claude", "anthropic"), ("gemini-cli", "gemini")];

/// The credentials of one object.
pub(super) fn read(value: &Value) -> Vec<Entry> {
    let Value::Object(object) = value else {
        return vec![Entry::unusable("must be an object, or a list of objects")];
    };
    let fields = Fields::new(object);
    let kind = fields.get("type").and_then(Value::as_str);
    let one = |shape, login| vec![Entry { shape: Some(shape), place: None, login }];
    if fields.has("claudeAiOauth") {
        one(Shape::ClaudeCode, claude_code(fields))
    } else if kind == Some("service_account") {
        one(Shape::ServiceAccount, service_account(value, fields, None))
    } else if fields.has("tokens") || fields.has("OPENAI_API_KEY") {
        codex(fields)
    } else if let Some(keys) = aws_fields(fields) {
        one(Shape::AwsKeys, keys.and_then(aws))
    } else if kind.is_some() {
        one(Shape::ProxyAuth, proxy_auth(fields))
    } else if fields.has("provider") || fields.has("api_key") {
        one(Shape::Plain, plain(fields))
    } else if fields.has("access_token") && fields.has("resource_url") {
        one(Shape::QwenCode, cli(fields, "qwen"))
    } else if fields.has("access_token") && is_googles(fields) {
        one(Shape::GeminiCli, cli(fields, "gemini"))
    } else {
        vec![Entry::unusable(
            "is no credential file that is known here: it is none of Claude Code, Codex, Gemini CLI, Qwen Code, CLIProxyAPI, a \
             Google service account or AWS keys, and has no provider with an api_key",
        )]
    }
}

/// Of which nothing is known but how it signs in.
fn login(provider: &str, secret: Secret, field: &'static str) -> Login {
    Login {
        provider: provider.to_owned(),
        secret,
        field,
        name: None,
        email: None,
        plan: None,
        pool: None,
        base_url: None,
        location: None,
        expires_at: None,
        enabled: true,
    }
}

fn claude_code(fields: Fields<'_>) -> Read {
    let inner = fields.inside("claudeAiOauth")?;
    let inner = inner.ok_or_else(|| BadField::at("claudeAiOauth", "must be an object"))?;
    let access = inner.needed("accessToken")?;
    let refresh = inner.secret("refreshToken")?;
    // It stands in another file of the program's; some tools write both into one.
    let person = fields.inside("oauthAccount")?;
    let said = |name: &str| person.map_or(Ok(None), |person| person.shown(name));
    let email = said("emailAddress")?;
    let answer = json!({
        "account": {"uuid": said("accountUuid")?, "email_address": email},
        "organization": {"uuid": said("organizationUuid")?},
    });
    let secret = Secret::Oauth { access, refresh, answer };
    Ok(Login {
        email,
        plan: inner.shown("subscriptionType")?,
        expires_at: inner.time("expiresAt")?,
        ..login("anthropic", secret, "claudeAiOauth.accessToken")
    })
}

/// It may have an API key, an authorisation, or both.
fn codex(fields: Fields<'_>) -> Vec<Entry> {
    let entry = |login| Entry { shape: Some(Shape::Codex), place: None, login };
    let key = fields.secret("OPENAI_API_KEY").transpose();
    let key = key.map(|key| Ok(login("openai", Secret::ApiKey(key?), "OPENAI_API_KEY")));
    let tokens = fields.inside("tokens").transpose();
    let tokens = tokens.map(|tokens| {
        let tokens = tokens?;
        codex_tokens(tokens, "tokens.access_token")
    });
    let found: Vec<_> = key.into_iter().chain(tokens).map(entry).collect();
    if found.is_empty() {
        return vec![entry(Err(BadField::at(
            "tokens",
            "is needed, or an OPENAI_API_KEY: nobody is signed in with this file",
        )))];
    }
    found
}

fn codex_tokens(tokens: Fields<'_>, field: &'static str) -> Read {
    let access = tokens.needed("access_token")?;
    let refresh = tokens.secret("refresh_token")?;
    let id_token = tokens.text("id_token")?;
    let mut answer = json!({"id_token": id_token, "access_token": &*access});
    if let Some(account) = tokens.shown("account_id")? {
        answer["https://api.openai.com/auth"] = json!({"chatgpt_account_id": account});
    }
    let expires_at = end_of(&access);
    let email = id_token.and_then(email_of);
    Ok(Login { email, expires_at, ..login("codex", Secret::Oauth { access, refresh, answer }, field) })
}

/// What Gemini CLI and Qwen Code write.
fn cli(fields: Fields<'_>, provider: &str) -> Read {
    let access = fields.needed("access_token")?;
    let refresh = fields.secret("refresh_token")?;
    let id_token = fields.text("id_token")?;
    let secret =
        Secret::Oauth { answer: json!({"id_token": id_token, "access_token": &*access}), access, refresh };
    Ok(Login {
        email: id_token.and_then(email_of),
        expires_at: fields.time("expiry_date")?,
        ..login(provider, secret, "access_token")
    })
}

fn is_googles(fields: Fields<'_>) -> bool {
    let scope = fields.get("scope").and_then(Value::as_str).unwrap_or_default();
    let issuer = fields.get("id_token").and_then(Value::as_str).and_then(claims);
    scope.contains("googleapis.com")
        || issuer.is_some_and(|claims| {
            claims.get("iss").and_then(Value::as_str).is_some_and(|iss| iss.ends_with("accounts.google.com"))
        })
}

fn service_account(value: &Value, fields: Fields<'_>, location: Option<String>) -> Read {
    let json = Zeroizing::new(value.to_string());
    crate::ServiceAccountKey::read(&json).map_err(|bad| BadField::whole(bad.to_string()))?;
    let email = fields.shown("client_email")?;
    Ok(Login { email, location, ..login("vertex", Secret::ServiceAccount(json), "private_key") })
}

/// Where AWS keys stand in an object, if there are any.
fn aws_fields(fields: Fields<'_>) -> Option<Result<Fields<'_>, BadField>> {
    for wrapped in ["Credentials", "AccessKey"] {
        if fields.has(wrapped) {
            return fields.inside(wrapped).transpose();
        }
    }
    let names =
        ["AccessKeyId", "aws_access_key_id", "access_key_id", "SecretAccessKey", "aws_secret_access_key"];
    names.iter().any(|name| fields.has(name)).then_some(Ok(fields))
}

fn aws(keys: Fields<'_>) -> Read {
    let id = keys.needed_of(&["AccessKeyId", "aws_access_key_id", "access_key_id"])?;
    let secret = keys.needed_of(&["SecretAccessKey", "aws_secret_access_key", "secret_access_key"])?;
    let session = match keys.secret("SessionToken")? {
        None => keys.secret("aws_session_token")?,
        found => found,
    };
    let session = match session {
        None => keys.secret("session_token")?,
        found => found,
    };
    Ok(Login {
        name: keys.any(&["UserName", "name"])?,
        location: keys.any(&["region", "Region", "aws_region"])?,
        expires_at: keys.time("Expiration")?,
        ..login("bedrock", Secret::Aws { id: id.to_string(), secret, session }, "SecretAccessKey")
    })
}

/// The field `type` says of which provider it is.
fn proxy_auth(fields: Fields<'_>) -> Read {
    let kind = fields.shown("type")?.unwrap_or_default().to_ascii_lowercase();
    let known = ALSO_CALLED.iter().find(|(called, _)| *called == kind);
    let provider = known.map_or(kind.as_str(), |(_, name)| name);
    let enabled = !fields.flag("disabled")?.unwrap_or(false);
    let email = fields.shown("email")?;
    if let Some(key) = fields.get("service_account") {
        let Value::Object(object) = key else {
            return Err(BadField::at("service_account", "must be an object"));
        };
        let location = fields.shown("location")?;
        let login = service_account(key, Fields::new(object), location);
        let login = login.map_err(|bad| BadField::at("service_account", bad.problem))?;
        return Ok(Login { enabled, ..login });
    }
    let mut login = if provider == "codex" {
        codex_tokens(fields, "access_token")?
    } else {
        // Google's library keeps its tokens in an object of their own.
        let tokens = fields.inside("token")?.unwrap_or(fields);
        let access = tokens.needed("access_token")?;
        let refresh = tokens.secret("refresh_token")?;
        let id_token = tokens.text("id_token")?;
        let answer = json!({"id_token": id_token, "access_token": &*access, "email": email});
        let end = tokens.time("expiry")?;
        let login = login(provider, Secret::Oauth { access, refresh, answer }, "access_token");
        Login { expires_at: end, ..login }
    };
    login.expires_at = fields.time("expired")?.or(login.expires_at);
    login.email = email.or(login.email);
    login.enabled = enabled;
    Ok(login)
}

fn plain(fields: Fields<'_>) -> Read {
    if let Some(other) = fields.names().find(|name| !PLAIN.contains(name)) {
        let field: String = other.chars().filter(|c| !c.is_control()).take(60).collect();
        return Err(BadField::at(&field, format!("is not known; an entry has {}", PLAIN.join(", "))));
    }
    let provider = fields.shown("provider")?;
    let provider = provider.ok_or_else(|| BadField::at("provider", "is needed, and is not there"))?;
    let name = fields.shown("name")?.ok_or_else(|| BadField::at("name", "is needed, and is not there"))?;
    let key = fields.needed("api_key")?;
    Ok(Login {
        name: Some(name),
        base_url: fields.shown("base_url")?,
        pool: fields.shown("pool")?,
        ..login(&provider, Secret::ApiKey(key), "api_key")
    })
}

/// When a token ends that says so itself.
fn end_of(token: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(claims(token)?.get("exp")?.as_i64()?, 0)
}

fn email_of(token: &str) -> Option<String> {
    let claims = claims(token)?;
    let email = claims.get("email")?.as_str()?;
    (email.chars().count() <= 254 && !email.contains(char::is_control)).then(|| email.to_owned())
}
