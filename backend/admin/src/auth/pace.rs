//! How fast one may try. Attempts are counted by the account, by the address, and by both together; each failure beyond
//! a few makes the next wait twice as long, up to minutes and never for good.
//!
//! An attacker must not be able to keep somebody out. A browser that the person has signed in from before carries a mark
//! and is counted by itself: what others do to the account does not concern it. Somebody without such a browser can ask
//! for a link by e-mail, which marks the browser that it is used in.

use crate::{auth::cookie, error::ApiError, origin::Origin, state::AdminState};
use axum_extra::extract::cookie::CookieJar;
use causeway_domain::UserId;
use causeway_store::{
    AppDb,
    throttle::{self, Pace},
};
use sha2::{Digest, Sha256};
use std::{net::IpAddr, time::Duration};
use tokio::time::{Instant, sleep_until};

/// For one account from one address, and for one account from a known device.
const NEAR: Pace = Pace { free: 5, longest: 300 };
/// For one account, wherever from: many addresses together must not get many attempts.
const ACCOUNT: Pace = Pace { free: 20, longest: 300 };
/// For one address, whoever it tries to be. An office shares one.
const ADDRESS: Pace = Pace { free: 50, longest: 60 };

/// Refusals leave at full steps since the call came, so that how long one took says nothing of why.
const STEP: Duration = Duration::from_millis(250);

/// An attempt that has been counted and may be made.
pub(crate) struct Attempt(Vec<(String, Pace)>);

impl Attempt {
    /// To sign in with a password.
    pub(crate) async fn password(
        state: &AdminState,
        origin: &Origin,
        jar: &CookieJar,
        email: &str,
    ) -> Result<Self, ApiError> {
        let who = short(email);
        if let Some(device) = known(state, jar, email) {
            return Self::count(&state.store.app, vec![(format!("device:{who}:{device}"), NEAR)]).await;
        }
        let network = network(origin.address);
        let subjects = vec![
            (format!("person:{who}:{network}"), NEAR),
            (format!("address:{network}"), ADDRESS),
            (format!("account:{who}"), ACCOUNT),
        ];
        Self::count(&state.store.app, subjects).await
    }

    /// To give the code of the second step.
    pub(crate) async fn code(
        state: &AdminState,
        jar: &CookieJar,
        user: UserId,
        email: &str,
    ) -> Result<Self, ApiError> {
        let device = known(state, jar, email).unwrap_or("unknown");
        Self::count(&state.store.app, vec![(format!("code:{user}:{device}"), NEAR)]).await
    }

    /// To show, within a session, that it is still the same person.
    pub(crate) async fn again(state: &AdminState, user: UserId) -> Result<Self, ApiError> {
        Self::count(&state.store.app, vec![(format!("again:{user}"), NEAR)]).await
    }

    /// To use a link. Its token cannot be guessed; this is against being made to work.
    pub(crate) async fn link(state: &AdminState, origin: &Origin) -> Result<Self, ApiError> {
        let subject = format!("link:{}", network(origin.address));
        Self::count(&state.store.app, vec![(subject, Pace { free: 20, longest: 60 })]).await
    }

    /// To have mails sent from one address.
    pub(crate) async fn mail(state: &AdminState, origin: &Origin) -> Result<Self, ApiError> {
        let subject = format!("mail:{}", network(origin.address));
        Self::count(&state.store.app, vec![(subject, Pace { free: 10, longest: 900 })]).await
    }

    /// To have a mail sent to one account. Counted for those that do not exist too.
    pub(crate) async fn mail_to(state: &AdminState, email: &str) -> Result<Self, ApiError> {
        let subject = format!("mail-to:{}", short(email));
        Self::count(&state.store.app, vec![(subject, Pace { free: 3, longest: 900 })]).await
    }

    async fn count(db: &AppDb, subjects: Vec<(String, Pace)>) -> Result<Self, ApiError> {
        for (i, (subject, pace)) in subjects.iter().enumerate() {
            if let Err(seconds) = throttle::attempt(db, subject, *pace).await? {
                // It was not made after all.
                for (counted, _) in &subjects[..i] {
                    throttle::forgive(db, counted).await?;
                }
                return Err(ApiError::Throttled { seconds });
            }
        }
        Ok(Self(subjects))
    }

    /// It was right. Of an address only this one is forgiven: forgetting all would let anybody with an account of their
    /// own guess on.
    pub(crate) async fn succeeded(self, state: &AdminState) -> Result<(), ApiError> {
        for (subject, _) in self.0 {
            if subject.starts_with("address:") {
                throttle::forgive(&state.store.app, &subject).await?;
            } else {
                throttle::forget(&state.store.app, &subject).await?;
            }
        }
        Ok(())
    }

    /// It was wrong. The seconds for which the next one is refused, if it is.
    pub(crate) async fn failed(self, state: &AdminState) -> Result<Option<u64>, ApiError> {
        let mut longest = None;
        for (subject, pace) in self.0 {
            longest = longest.max(throttle::wait(&state.store.app, &subject, pace).await?);
        }
        Ok(longest)
    }
}

/// Waits for the next full step since `begun`.
pub(crate) async fn evenly(begun: Instant) {
    let steps = begun.elapsed().as_millis() / STEP.as_millis() + 1;
    sleep_until(begun + STEP * u32::try_from(steps).unwrap_or(1)).await;
}

fn known<'a>(state: &AdminState, jar: &'a CookieJar, email: &str) -> Option<&'a str> {
    state.sign_in.known_device(cookie::device(jar)?, email)
}

fn short(email: &str) -> String {
    hex::encode(&Sha256::digest(email.to_lowercase())[..16])
}

/// What attempts are counted by: an IPv4 address, or the /64 that one customer of a provider has of IPv6.
pub(crate) fn network(address: Option<IpAddr>) -> String {
    match address {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(ip)) => ip.to_string(),
        Some(IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}
