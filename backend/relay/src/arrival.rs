//! A request as it comes in: when, from where, and by whom it was brought.

use crate::tap::Tap;
use causeway_domain::{KeyId, OrgId, RequestId};
use std::{net::IpAddr, sync::Arc, time::Instant};
use uuid::Uuid;

/// What is known of a request before it is looked at.
pub(crate) struct Arrival {
    /// What it is called from now on.
    pub id: RequestId,
    /// When it came.
    pub received: Instant,
    /// Who is at the other end of its connection.
    pub peer: IpAddr,
    /// Set where it came from within, and not over a connection.
    pub play: Option<Play>,
}

/// A request that a person sends with one of their organisation's keys without having its secret, and looks on as it is
/// relayed. Whether they may use the key was decided by whoever makes this; everything else is as for any other request.
pub struct Play {
    /// Whose key it is.
    pub org: OrgId,
    /// Which.
    pub key: KeyId,
    /// Who looks on.
    pub tap: Arc<Tap>,
}

impl Arrival {
    /// Just now.
    pub(crate) fn now(peer: IpAddr, play: Option<Play>) -> Self {
        Self { id: RequestId(Uuid::now_v7()), received: Instant::now(), peer, play }
    }

    /// Who looks on, if anybody does.
    pub(crate) fn tap(&self) -> Option<&Arc<Tap>> {
        self.play.as_ref().map(|play| &play.tap)
    }
}
