//! Sending a request to an account.

mod connect;
pub(crate) mod framing;
pub(crate) mod headers;
mod link;
pub(crate) mod opening;
pub(crate) mod pool;
pub(crate) mod request;
pub(crate) mod target;
pub(crate) mod wire;

use crate::{args::RelayArgs, call::Call, error::RelayError, plan::Candidate, way::Way};
use bytes::Bytes;
use causeway_accounts::{AddressPolicy, Proxy};
use http::Uri;
use opening::Pending;
use pool::Pool;
use request::Asked;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use wire::Outgoing;

/// Where connections lead to, and through what.
type Place = (Uri, Option<Arc<Proxy>>);

/// The connections to providers.
pub(crate) struct Upstream {
    connector: connect::Connector,
    /// How long a connection may take to be made where an account says nothing else.
    connect: Duration,
    /// By scheme, host and port, and the proxy in between. Accounts at one address on one way share its connections: the
    /// credential is in each request.
    pools: Mutex<HashMap<Place, Arc<Pool>>>,
}

impl Upstream {
    /// Prepares the pool of connections.
    pub(crate) fn new(args: &RelayArgs, policy: &AddressPolicy) -> Self {
        let connect = Duration::from_secs(args.upstream_connect_timeout);
        Self { connector: connect::connector(policy), connect, pools: Mutex::default() }
    }

    fn pool(&self, address: &Uri, proxy: Option<&Arc<Proxy>>) -> Arc<Pool> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        // A proxy that was changed is another one: whatever went through it as it was is let go.
        pools.retain(|(_, proxy), pool| proxy.is_none() || Arc::strong_count(pool) > 1);
        let pool = pools.entry((address.clone(), proxy.cloned()));
        pool.or_insert_with(|| Pool::new(address.clone(), proxy.cloned(), self.connector.clone())).clone()
    }

    /// Begins a call. Nothing is awaited: the returned future is the call, and whoever holds it decides its fate.
    pub(crate) fn begin(
        &self,
        call: &Call,
        body: &Bytes,
        candidate: &Candidate,
        asked: Asked,
    ) -> Result<Pending, RelayError> {
        let request = request::build(call, body, candidate, asked)?;
        let account = &candidate.account;
        let ear = call.tap.as_ref().map(|tap| tap.asked(candidate, &request));
        let proxy = match &account.way {
            Way::Direct => None,
            Way::Through(proxy) => Some(proxy),
            // It was passed over when it was planned with.
            Way::Closed(..) => return Err(RelayError::Unavailable("the account's proxy is switched off")),
        };
        let pool = account.target.pool.get_or_init(|| self.pool(&account.target.address, proxy)).clone();
        let connect = account.timeouts.connect_seconds;
        let connect = connect.map_or(self.connect, |seconds| Duration::from_secs(seconds.into()));
        let shape = account.preset.shape(request::named(candidate.speaks));
        let framing = shape.map(|shape| shape.framing).unwrap_or_default();
        let outgoing = Outgoing::of(&request);
        Ok(Box::pin(async move {
            let answer = framing::unframed(pool.call(outgoing, connect).await?, framing);
            Ok(match ear {
                Some(ear) => framing::overheard(answer, ear),
                None => answer,
            })
        }))
    }
}
