//! Sending a request to the chosen account and waiting for the head of the answer.

mod connect;
pub(crate) mod headers;
pub(crate) mod pool;
pub(crate) mod target;

use crate::{args::RelayArgs, call::Call, error::RelayError, hold::Hold, plan::Candidate, settle::Ending};
use causeway_accounts::{AddressPolicy, catalogue::ANTHROPIC_VERSION};
use causeway_dialect::Dialect;
use causeway_store::Store;
use http::{Method, Request, Response, StatusCode, Uri, header};
use http_body_util::Full;
use pool::{CallError, Leased, Pool};
use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

type Pending = Pin<Box<dyn Future<Output = Result<Response<Leased>, CallError>> + Send>>;

/// The connections to providers.
pub(crate) struct Upstream {
    connector: connect::Connector,
    /// By scheme, host and port. Accounts at one address share its connections: the credential is in each request.
    pools: Mutex<HashMap<Uri, Arc<Pool>>>,
}

/// A provider's answer of which the head is here.
pub(crate) struct Answer {
    /// Head and body.
    pub response: Response<Leased>,
    /// The reservation that pays for it.
    pub hold: Hold,
}

impl Upstream {
    /// Prepares the pool of connections.
    pub(crate) fn new(args: &RelayArgs, policy: &AddressPolicy) -> Self {
        let connector = connect::connector(policy, Duration::from_secs(args.upstream_connect_timeout));
        Self { connector, pools: Mutex::default() }
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
        candidate: &Candidate,
        path: &str,
    ) -> Result<Pending, RelayError> {
        let target = &candidate.account.target;
        let uri = target.uri(path, call.query.as_deref()).map_err(|e| unsendable(&e))?;
        let mut request = Request::new(Full::new(call.body.clone()));
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
        Ok(Box::pin(pool.call(request)))
    }
}

fn unsendable(error: &http::Error) -> RelayError {
    RelayError::BadRequest {
        code: "invalid_path",
        field: None,
        message: format!("the request's address cannot be passed on: {error}"),
    }
}

/// Sends the call and waits for the head of the answer. An account whose address cannot be reached was sent nothing: the
/// call goes to the next one that has room.
pub(crate) async fn send(
    upstream: &Upstream,
    store: &Store,
    call: &Call,
    mut hold: Hold,
    limit: Duration,
) -> Result<Answer, RelayError> {
    loop {
        let pending = match hold.candidate().map(|c| upstream.begin(call, c, "/v1/messages")) {
            Some(Ok(pending)) => pending,
            Some(Err(error)) => {
                hold.release();
                return Err(error);
            }
            None => {
                hold.release();
                return Err(RelayError::Unavailable("an account was chosen that was not offered"));
            }
        };
        hold.mark_sent();
        match head(pending, hold, limit).await? {
            Head::Arrived(answer) => return Ok(answer),
            Head::Unreached(mut unreached) => {
                if !unreached.move_on(store).await {
                    unreached.release();
                    return Err(RelayError::Upstream {
                        status: StatusCode::BAD_GATEWAY,
                        code: "upstream_unreachable",
                        message: "no connection to the provider could be made".to_owned(),
                    });
                }
                hold = unreached;
            }
        }
    }
}

/// How waiting for the head of an answer ended.
enum Head {
    Arrived(Answer),
    /// No connection: nothing was sent.
    Unreached(Hold),
}

/// Waits for the head of the answer. Should the client go away meanwhile, the call and its hold live on in a task of
/// their own until the answer has been read or the organisation's patience is over.
async fn head(pending: Pending, hold: Hold, limit: Duration) -> Result<Head, RelayError> {
    let mut waiting = Waiting { inner: Some((pending, hold)) };
    let outcome = tokio::time::timeout(limit, waiting.head()).await;
    let Some((_, mut hold)) = waiting.inner.take() else {
        return Err(RelayError::Unavailable("the call was taken over by its drain"));
    };
    match outcome {
        Ok(Ok(response)) => {
            hold.head_arrived(&response);
            Ok(Head::Arrived(Answer { response, hold }))
        }
        Ok(Err(error)) => {
            let text = chain(&error);
            tracing::warn!(error = %text, "a provider could not be reached or broke off before answering");
            if matches!(error, CallError::Connect(_)) {
                return Ok(Head::Unreached(hold));
            }
            // It was sent, so it may have been billed.
            hold.settle(&Ending::failed(StatusCode::BAD_GATEWAY, text));
            Err(RelayError::Upstream {
                status: StatusCode::BAD_GATEWAY,
                code: "upstream_unreachable",
                message: "the provider broke off before it answered".to_owned(),
            })
        }
        Err(_) => {
            let text = format!("no answer within {} s", limit.as_secs());
            hold.settle(&Ending::failed(StatusCode::GATEWAY_TIMEOUT, text.clone()));
            Err(RelayError::Upstream {
                status: StatusCode::GATEWAY_TIMEOUT,
                code: "upstream_timeout",
                message: format!("the provider gave {text}"),
            })
        }
    }
}

/// An error with its causes: hyper's own text alone says little.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// A call whose head is awaited. Dropped before that, it goes on without the client.
struct Waiting {
    inner: Option<(Pending, Hold)>,
}

impl Waiting {
    async fn head(&mut self) -> Result<Response<Leased>, CallError> {
        match &mut self.inner {
            Some((pending, _)) => pending.await,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some((pending, hold)) = self.inner.take() {
            crate::drain::answer(pending, hold);
        }
    }
}
