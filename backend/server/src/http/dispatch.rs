//! Which of the two services a request is for.

use axum::extract::ConnectInfo;
use http::{Request, Response};
use hyper::body::Incoming;
use std::net::SocketAddr;
use tower::Service;

/// Both services.
#[derive(Clone)]
pub(crate) struct Dispatch {
    router: axum::Router,
}

impl Dispatch {
    /// Joins them.
    pub(crate) fn new(router: axum::Router) -> Self {
        Self { router }
    }

    /// Answers one request.
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Response<axum::body::Body> {
        let mut request = request.map(axum::body::Body::new);
        // The id of a request is ours: it is what the log has.
        request.headers_mut().remove("x-request-id");
        request.extensions_mut().insert(ConnectInfo(peer));
        match self.router.clone().call(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        }
    }
}
