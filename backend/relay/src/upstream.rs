//! Sending a request to an account.

mod connect;
pub(crate) mod headers;
pub(crate) mod opening;
pub(crate) mod pool;
pub(crate) mod target;

use crate::{args::RelayArgs, call::Call, error::RelayError, plan::Candidate};
use bytes::Bytes;
use causeway_accounts::{AddressPolicy, catalogue::ANTHROPIC_VERSION};
use causeway_dialect::Dialect;
use http::{Method, Request, Uri, header};
use http_body_util::Full;
use opening::Pending;
use pool::Pool;
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
        path: &str,
    ) -> Result<Pending, RelayError> {
        let target = &candidate.account.target;
        let uri = target.uri(path, call.query.as_deref()).map_err(|e| unsendable(&e))?;
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        *headers = headers::upward(&call.headers);
        if !headers.contains_key(header::CONTENT_TYPE) {
            headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        }
        if call.dialect == Dialect::Anthropic && !headers.contains_key("anthropic-version") {
            headers.insert("anthropic-version", http::HeaderValue::from_static(ANTHROPIC_VERSION));
        }
        headers.insert(target.auth_name.clone(), target.auth_value.clone());
        headers.insert(header::HOST, target.host.clone());
        let pool = target.pool.get_or_init(|| self.pool(&target.address)).clone();
        let connect = candidate.account.timeouts.connect_seconds;
        let connect = connect.map_or(self.connect, |seconds| Duration::from_secs(seconds.into()));
        Ok(Box::pin(pool.call(request, connect)))
    }
}

fn unsendable(error: &http::Error) -> RelayError {
    RelayError::BadRequest {
        code: "invalid_path",
        field: None,
        message: format!("the request's address cannot be passed on: {error}"),
    }
}
