//! Which of the two services a request is for.

use axum::extract::ConnectInfo;
use causeway_relay::{Relay, RelayBody, is_ours};
use http::{Request, Response};
use http_body_util::Either;
use hyper::body::Incoming;
use std::{net::SocketAddr, sync::Arc};
use tower::Service;

/// Both services.
#[derive(Clone)]
pub(crate) struct Dispatch {
    relay: Arc<Relay>,
    router: axum::Router,
}

/// A body of either.
pub(crate) type Body = Either<RelayBody, axum::body::Body>;

impl Dispatch {
    /// Joins them.
    pub(crate) fn new(relay: Arc<Relay>, router: axum::Router) -> Self {
        Self { relay, router }
    }

    /// Answers one request. What is the relay's goes there as it came.
    pub(crate) async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Body> {
        if is_ours(request.uri().path()) {
            // Boxed, because a connection keeps the room that its first answer's future took for as long as it lasts: with a
            // stream on it, that is a fifth of what it needs.
            return Box::pin(self.relay.serve(request, peer.ip())).await.map(Either::Left);
        }
        let mut request = request.map(axum::body::Body::new);
        // The id of a request is ours: it is what the log has.
        request.headers_mut().remove("x-request-id");
        request.extensions_mut().insert(ConnectInfo(peer));
        match self.router.clone().call(request).await {
            Ok(answer) => answer.map(Either::Right),
            Err(never) => match never {},
        }
    }
}
