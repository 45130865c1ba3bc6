//! What each operation needs of its caller, as the document tells it. The document is merged with the relay's, whose keys
//! are others, so every operation says it itself.
//!
//! An operation that names nothing is for people, and for API tokens whose scope follows from its tag and its method. One
//! that is for people alone says so where it is. The isolation test holds all of it against what the guards really do.

use causeway_openapi::Scope;
use utoipa::openapi::{PathItem, path::Operation, security::SecurityRequirement};

/// Which resource of [`Scope`] the operations under a tag are about; under other tags they are for people alone.
const RESOURCES: &[(&str, &str)] = &[
    ("accounts", "accounts"),
    ("audit", "audit"),
    ("billing", "billing"),
    ("clients", "organization"),
    ("invitations", "members"),
    ("keys", "keys"),
    ("ledger", "usage"),
    ("members", "members"),
    ("model-routes", "accounts"),
    ("organization", "organization"),
    ("pools", "accounts"),
    ("prices", "prices"),
    ("proxies", "accounts"),
    ("registration", "members"),
    ("requests", "usage"),
    ("shares", "accounts"),
    ("usage", "usage"),
];

/// The same operations, each with its needs.
pub(crate) fn told(mut item: PathItem) -> PathItem {
    if let Some(operation) = &mut item.get {
        tell(operation, false);
    }
    let writing = [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
    for operation in writing.into_iter().flatten() {
        tell(operation, true);
    }
    item
}

fn tell(operation: &mut Operation, writes: bool) {
    let tag = operation.tags.iter().flatten().next().map_or("", String::as_str);
    let scope = scope(tag, writes);
    operation.security.get_or_insert_with(|| {
        let person = SecurityRequirement::new("bearer", Vec::<String>::new());
        let token = |scopes: &[&str]| SecurityRequirement::new("api_token", scopes.iter().copied());
        match scope {
            Some(scope) => vec![person, token(&[scope.as_str()])],
            // A token may ask who it is.
            None if tag == "me" && !writes => vec![person, token(&[])],
            None => vec![person],
        }
    });
}

fn scope(tag: &str, writes: bool) -> Option<Scope> {
    let (_, resource) = RESOURCES.iter().find(|(name, _)| *name == tag)?;
    Scope::ALL.iter().copied().find(|s| s.resource() == *resource && s.writes() == writes)
}
