//! Sending a request to an account.

mod connect;
pub(crate) mod framing;
pub(crate) mod headers;
pub(crate) mod opening;
pub(crate) mod pool;
pub(crate) mod request;
pub(crate) mod target;

use crate::{args::RelayArgs, call::Call, error::RelayError, plan::Candidate};
use bytes::Bytes;
use causeway_accounts::AddressPolicy;
use http::Uri;
use opening::Pending;
use pool::Pool;
use request::Asked;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// The connections to providers.
pub(crate) struct Upstream {
    connector: connect::Connector,
    /// How long a connection may take to be made where an account says nothing else.
    connect: Duration,
    /// By scheme, host and port. Accounts at one address share its connections: the credential is in each request.
    pools: Mutex<HashMap<Uri, Arc<Pool>>>,
}

impl Upstream {
    /// Prepares the pool of connections.
    pub(crate) fn new(args: &RelayArgs, policy: &AddressPolicy) -> Self {
        let connect = Duration::from_secs(args.upstream_connect_timeout);
        Self { connector: connect::connector(policy), connect, pools: Mutex::default() }
    }

    fn pool(&self, address: &Uri) -> Arc<Pool> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let pool = pools.entry(address.clone());
        pool.or_insert_with(|| Pool::new(address.clone(), self.connector.clone())).clone()
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
        let pool = account.target.pool.get_or_init(|| self.pool(&account.target.address)).clone();
        let connect = account.timeouts.connect_seconds;
        let connect = connect.map_or(self.connect, |seconds| Duration::from_secs(seconds.into()));
        let shape = account.preset.shape(request::named(candidate.speaks));
        let framing = shape.map(|shape| shape.framing).unwrap_or_default();
        Ok(Box::pin(async move {
            let answer = framing::unframed(pool.call(request, connect).await?, framing);
            Ok(match ear {
                Some(ear) => framing::overheard(answer, ear),
                None => answer,
            })
        }))
    }
}
