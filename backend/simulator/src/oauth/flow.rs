//! Codes: handed out when somebody consents, exchanged once. A code that is tried with anything wrong is used up; one
//! that is tried a second time takes the grant with it that came of the first.

use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::{Means, State, body::Fields};
use crate::{bearer::Bearers, endpoint::Answer, issuer::keys};

pub(super) enum Code {
    Fresh(Consent),
    /// The place of the grant, where one came of it.
    Used(Option<usize>),
}

/// What somebody consented to.
pub(super) struct Consent {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) scope: String,
    pub(super) state: String,
    pub(super) challenge: String,
    pub(super) account: String,
    pub(super) at: Instant,
}

/// The place of the new grant, or why there is none.
pub(super) fn exchange(state: &mut State, bearers: &Bearers, fields: &Fields) -> Result<usize, Answer> {
    let refused = |why: &str| Err(Answer::refused(400, "invalid_grant", why));
    // Taken before it is looked at.
    let consent = match state.codes.insert(fields.code.clone(), Code::Used(None)) {
        Some(Code::Fresh(consent)) => consent,
        Some(Code::Used(grant)) => {
            if let Some(grant) = grant.map(|at| state.grants[at].report.id.clone()) {
                state.kill(bearers, &grant, "a code was used twice");
            }
            return refused("The code was used before.");
        }
        None => {
            state.codes.remove(&fields.code);
            return refused("Invalid 'code' in request.");
        }
    };
    if consent.at.elapsed() >= Duration::from_secs(state.terms.code_seconds) {
        return refused("The code has expired.");
    }
    if consent.client_id != fields.client_id || consent.redirect_uri != fields.redirect_uri {
        return refused("The code was issued to another client or address.");
    }
    if fields.state.as_ref().is_some_and(|said| *said != consent.state) {
        return refused("The state is not the one that the code was asked for with.");
    }
    if !fits(&fields.code_verifier, &consent.challenge) {
        return refused("The code verifier does not match.");
    }
    let at = state.begin(&consent.account, &consent.client_id, &consent.scope, Means::Code);
    state.codes.insert(fields.code.clone(), Code::Used(Some(at)));
    Ok(at)
}

/// PKCE with S256; RFC 7636 wants 43 characters at least.
pub(super) fn fits(verifier: &str, challenge: &str) -> bool {
    (43..=128).contains(&verifier.len()) && keys::encode(&Sha256::digest(verifier.as_bytes())) == challenge
}
