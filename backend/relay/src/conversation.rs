//! Which conversation a call belongs to, and where that was last seen to be.
//!
//! Clients name their sessions in headers or in the body; where one does not, the conversation's first turn tells it from
//! others, since every later request repeats it. The name is hashed with the key: two keys never share a conversation.

use crate::{
    call::Call,
    plan::{Remembered, Talk},
};
use causeway_domain::{AccountId, KeyId, OrgId};
use causeway_store::hold::Conversation;
use http::{HeaderMap, HeaderName};
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use std::time::Duration;
use uuid::Uuid;

/// Headers in which clients name their session: Claude Code, Codex, OpenCode.
static HEADERS: [HeaderName; 4] = [
    HeaderName::from_static("x-claude-code-session-id"),
    HeaderName::from_static("session-id"),
    HeaderName::from_static("x-session-affinity"),
    HeaderName::from_static("x-session-id"),
];

/// The longest name that is taken for one.
const LONGEST: usize = 256;

/// How many conversations an instance remembers by itself, and for how long. What it does not, it asks Redis.
const MOST: u64 = 200_000;
const REMEMBERED: Duration = Duration::from_secs(600);

/// A conversation's name: half of a SHA-256.
pub(crate) type Name = [u8; 16];

/// What the conversation of a call is called. None where nothing tells it.
fn name(call: &Call, key: KeyId) -> Option<Name> {
    let mut hasher = Sha256::new();
    hasher.update(key.0.as_bytes());
    match session(&call.headers).or(call.parsed.session.as_deref()) {
        Some(session) => hasher.update(session.as_bytes()),
        None => {
            hasher.update([0]);
            hasher.update(call.parsed.first_turn(&call.body)?);
        }
    }
    let hash: [u8; 32] = hasher.finalize().into();
    let (half, _) = hash.split_first_chunk::<16>()?;
    Some(*half)
}

/// What the reservation script is told of it.
pub(crate) fn asked(conversation: &Remembered) -> Conversation {
    Conversation {
        key: Uuid::from_bytes(conversation.name).simple().encode_lower(&mut Uuid::encode_buffer()).to_owned(),
        remembered_ms: u64::try_from(conversation.lasts.as_millis()).unwrap_or(u64::MAX),
        elsewhere: conversation.elsewhere,
    }
}

fn session(headers: &HeaderMap) -> Option<&str> {
    let named = HEADERS.iter().filter_map(|name| headers.get(name)?.to_str().ok());
    named.map(str::trim).find(|name| (1..=LONGEST).contains(&name.len()))
}

/// Where conversations were last seen to be. Only ever a hint: the reservation script knows.
pub(crate) struct Whereabouts(Cache<(OrgId, Name), AccountId>);

impl Whereabouts {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(MOST).time_to_idle(REMEMBERED).build())
    }

    /// What is known of a call's conversation.
    pub(crate) fn talk(&self, call: &Call, org: OrgId, key: KeyId) -> Talk {
        let name = name(call, key);
        let at = name.as_ref().and_then(|name| self.of(org, name));
        Talk { name, at, sure: false }
    }

    fn of(&self, org: OrgId, name: &Name) -> Option<AccountId> {
        self.0.get(&(org, *name))
    }

    pub(crate) fn seen(&self, org: OrgId, name: Name, account: AccountId) {
        if self.of(org, &name) != Some(account) {
            self.0.insert((org, name), account);
        }
    }
}
