//! Many keys at once: all of them or none.

use crate::{error::ApiError, guard::Caller};
use causeway_domain::KeyId;
use causeway_openapi::FieldError;
use causeway_store::{
    StoreError, TenantTx,
    keys::{self, Key},
};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod edit;

/// The most keys in one call.
const MOST: usize = 500;

/// The keys that are meant, locked, each with its place in the request. In the order of their ids, so that two calls
/// about the same keys wait for each other and never both. A key that is not there, or not the caller's, is named.
async fn lock(
    tx: &mut TenantTx,
    caller: &Caller,
    ids: &[KeyId],
) -> Result<(Vec<(usize, Key)>, Refused), ApiError> {
    if !(1..=MOST).contains(&ids.len()) {
        return Err(ApiError::field("ids", "must have 1 to 500 identifiers"));
    }
    let mut refused = Refused::default();
    let mut places = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (i, id) in ids.iter().enumerate() {
        if !seen.insert(*id) {
            refused.note(i, "", "must not be named twice");
        }
        places.entry(*id).or_insert(i);
    }
    let mut found = Vec::new();
    for (id, i) in places {
        match keys::get(tx, id, super::changes(caller), true).await {
            Ok(key) => found.push((i, key)),
            Err(StoreError::NotFound) => refused.note(i, "", "must be a key that you may change"),
            Err(other) => return Err(other.into()),
        }
    }
    Ok((found, refused))
}

/// What is not accepted, by the place of the key in the request.
#[derive(Default)]
struct Refused(Vec<(usize, FieldError)>);

impl Refused {
    fn note(&mut self, place: usize, field: &str, message: &str) {
        let dot = if field.is_empty() { "" } else { "." };
        let field = format!("ids[{place}]{dot}{field}");
        self.0.push((place, FieldError { field, message: message.to_owned() }));
    }

    /// Takes the fields of one key's refusal; other errors end the call.
    fn take(&mut self, place: usize, error: ApiError) -> Result<(), ApiError> {
        let ApiError::Invalid(errors) = error else { return Err(error) };
        for error in errors {
            self.note(place, &error.field, &error.message);
        }
        Ok(())
    }

    /// Fails when anything was refused.
    fn done(mut self) -> Result<(), ApiError> {
        if self.0.is_empty() {
            return Ok(());
        }
        self.0.sort_by_key(|(place, _)| *place);
        Err(ApiError::Invalid(self.0.into_iter().map(|(_, error)| error).collect()))
    }
}
