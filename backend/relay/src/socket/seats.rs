//! How many WebSockets are open, and how they end when the instance does.

use crate::{args::RelayArgs, error::RelayError};
use causeway_domain::KeyId;
use metrics::{counter, gauge};
use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// All WebSockets of this instance.
pub(crate) struct Sockets {
    tasks: TaskTracker,
    retiring: CancellationToken,
    cut: CancellationToken,
    open: Mutex<Open>,
    most: u32,
    most_of_a_key: u32,
}

#[derive(Default)]
struct Open {
    all: u32,
    of_keys: HashMap<KeyId, u32>,
}

/// A connection's place among them; given back when it is dropped.
pub(super) struct Seat {
    sockets: Arc<Sockets>,
    key: KeyId,
    /// Cancelled when the connection is to end after the answer that is under way.
    pub(super) retiring: CancellationToken,
    /// Cancelled when it is to end at once.
    pub(super) cut: CancellationToken,
}

impl Sockets {
    /// None are open.
    pub(crate) fn new(args: &RelayArgs) -> Arc<Self> {
        Arc::new(Self {
            tasks: TaskTracker::new(),
            retiring: CancellationToken::new(),
            cut: CancellationToken::new(),
            open: Mutex::default(),
            most: args.sockets,
            most_of_a_key: args.sockets_per_key,
        })
    }

    /// Lets no more begin, and those that are open end as soon as no answer is under way.
    pub(crate) fn retire(&self) {
        self.tasks.close();
        self.retiring.cancel();
    }

    /// Ends those that are open. What was under way is settled as if its client had left.
    pub(crate) fn cut(&self) {
        self.retire();
        self.cut.cancel();
    }

    /// Waits until none is open. Call after [`Sockets::retire`].
    pub(crate) async fn ended(&self) {
        self.tasks.wait().await;
    }

    /// Whether this instance has WebSockets at all.
    pub(super) fn offered(&self) -> Result<(), RelayError> {
        if self.most == 0 { Err(RelayError::UpgradeRequired { offered: false }) } else { Ok(()) }
    }

    /// A place for another one of a key.
    pub(super) fn seat(self: &Arc<Self>, key: KeyId) -> Result<Seat, RelayError> {
        if self.retiring.is_cancelled() {
            return Err(RelayError::Unavailable("this instance is being restarted; connect again"));
        }
        let mut open = self.lock();
        if open.all >= self.most {
            return Err(RelayError::TooManySockets { scope: "instance", limit: self.most });
        }
        let own = open.of_keys.entry(key).or_default();
        if *own >= self.most_of_a_key {
            return Err(RelayError::TooManySockets { scope: "key", limit: self.most_of_a_key });
        }
        *own += 1;
        open.all += 1;
        gauge!("causeway_relay_sockets").set(open.all);
        drop(open);
        counter!("causeway_relay_sockets_opened_total").increment(1);
        // Child tokens, because waiting on one token from every connection is a lock that all of them share.
        let (retiring, cut) = (self.retiring.child_token(), self.cut.child_token());
        Ok(Seat { sockets: self.clone(), key, retiring, cut })
    }

    /// Runs a connection.
    pub(super) fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(connection);
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Where it belongs.
    pub(super) const fn sockets(&self) -> &Arc<Sockets> {
        &self.sockets
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.sockets.lock();
        open.all = open.all.saturating_sub(1);
        gauge!("causeway_relay_sockets").set(open.all);
        if let Some(own) = open.of_keys.get_mut(&self.key) {
            *own -= 1;
            if *own == 0 {
                open.of_keys.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn sockets(most: u32, most_of_a_key: u32) -> Arc<Sockets> {
        Arc::new(Sockets {
            tasks: TaskTracker::new(),
            retiring: CancellationToken::new(),
            cut: CancellationToken::new(),
            open: Mutex::default(),
            most,
            most_of_a_key,
        })
    }

    #[test]
    fn places_are_counted_by_key_and_altogether_and_given_back() {
        let sockets = sockets(3, 2);
        let (a, b) = (KeyId(Uuid::now_v7()), KeyId(Uuid::now_v7()));
        let refused = |key| match sockets.seat(key) {
            Err(RelayError::TooManySockets { scope, limit }) => (scope, limit),
            other => panic!("{:?}", other.map(|_| ())),
        };
        let seats = [sockets.seat(a).unwrap(), sockets.seat(a).unwrap()];
        assert_eq!(refused(a), ("key", 2));
        let last = sockets.seat(b).unwrap();
        assert_eq!(refused(b), ("instance", 3));
        drop(seats);
        let again = sockets.seat(a).unwrap();
        drop((last, again));
        assert!(sockets.lock().of_keys.is_empty() && sockets.lock().all == 0);
    }

    #[tokio::test]
    async fn nothing_begins_while_they_retire_and_what_is_open_is_waited_for() {
        let sockets = sockets(3, 3);
        let seat = sockets.seat(KeyId(Uuid::now_v7())).unwrap();
        let retiring = seat.retiring.clone();
        sockets.spawn(async move {
            seat.retiring.cancelled().await;
            tokio::task::yield_now().await;
            drop(seat);
        });
        assert!(!retiring.is_cancelled());
        sockets.retire();
        assert!(matches!(sockets.seat(KeyId(Uuid::now_v7())), Err(RelayError::Unavailable(_))));
        sockets.ended().await;
        assert_eq!(sockets.lock().all, 0);
    }

    #[test]
    fn an_instance_that_has_none_says_so() {
        let refused = sockets(0, 3).offered().unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.reason()), (426, "websocket_not_spoken"));
    }
}
