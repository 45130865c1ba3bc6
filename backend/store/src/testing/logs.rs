//! What the tests log, and the secrets that they have made. Both are kept in the directory that `CAUSEWAY_TEST_LOGS`
//! names, where a later step of `make test` (`.ci/secrets.sh`) searches the one for the other. Without that variable
//! nothing is kept.

use serde_json::Value;
use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::PathBuf,
    process,
    sync::{Mutex, OnceLock, PoisonError},
};
use tracing_subscriber::EnvFilter;

/// Everything of our own, also what nobody reads in production; of others what could repeat a request.
const WHAT: &str = "info,causeway_store=trace,causeway_accounts=trace,causeway_relay=trace,causeway_admin=trace,\
                    causeway_server=trace,sqlx=debug,redis=debug,hyper_util=debug,reqwest=debug,lettre=debug";

/// Members of a body that hold a secret, wherever they stand.
const NAMES: &[&str] = &[
    "access_token",
    "api_key",
    "claim",
    "client_secret",
    "credential",
    "current_password",
    "link",
    "new_password",
    "password",
    "recovery_codes",
    "refresh_token",
    "secret",
    "ticket",
    "token",
    "url",
];

/// What is shorter could stand in a log by chance.
const SHORTEST: usize = 16;

static SECRETS: OnceLock<Option<Mutex<File>>> = OnceLock::new();

fn secrets() -> Option<&'static Mutex<File>> {
    SECRETS.get_or_init(begin).as_ref()
}

/// Begins to keep what this process logs.
pub(super) fn keep() {
    secrets();
}

/// Both files, and everything that is logged from here on in one of them.
fn begin() -> Option<Mutex<File>> {
    let directory = PathBuf::from(std::env::var_os("CAUSEWAY_TEST_LOGS").filter(|name| !name.is_empty())?);
    let file = |kind: &str| {
        let path = directory.join(format!("{kind}-{}", process::id()));
        OpenOptions::new().create(true).append(true).open(path).ok()
    };
    let (log, secrets) = (file("log")?, file("secrets")?);
    // A test that has a subscriber of its own keeps it.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(WHAT))
        .with_ansi(false)
        .with_writer(Mutex::new(log))
        .try_init();
    Some(Mutex::new(secrets))
}

/// Remembers a secret that nothing may log.
pub fn secret(text: &str) {
    if text.len() < SHORTEST || text.contains('\n') {
        return;
    }
    if let Some(file) = secrets() {
        // One write for each, so that a line is whole whatever happens next.
        let line = format!("{text}\n");
        let _ = file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
    }
}

/// Remembers the secrets in a body that went to the API or came from it.
pub fn secrets_in(body: &Value) {
    if secrets().is_some() {
        search(body, false);
    }
}

fn search(value: &Value, named: bool) {
    match value {
        Value::String(text) if named => secret(bare(text)),
        Value::Array(items) => items.iter().for_each(|item| search(item, named)),
        Value::Object(members) => {
            for (name, member) in members {
                search(member, NAMES.contains(&name.as_str()));
            }
        }
        _ => {}
    }
}

/// Pages whose links name something that only its own person can do anything with.
const NO_SECRET: [&str; 2] = ["/web/share?", "/web/accounts/new?"];

/// Of a link only what makes it worth something: the fragment, or the last value of its query. Of one without either
/// nothing, since an address is no secret.
fn bare(text: &str) -> &str {
    match text.split_once("://") {
        None => text,
        Some((_, rest)) if NO_SECRET.iter().any(|page| rest.contains(page)) => "",
        Some((_, rest)) => match rest.rsplit_once(['#', '?']) {
            Some((_, end)) => end.rsplit_once('=').map_or(end, |(_, value)| value),
            None => "",
        },
    }
}
