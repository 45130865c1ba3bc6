//! `/metrics`, on a listener of its own: what it says is for the operator and not for key holders.

use super::listen;
use anyhow::Result;
use axum::{Router, http::header, routing::get};
use metrics_exporter_prometheus::PrometheusHandle;
use std::{net::SocketAddr, time::Duration};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The usual port of Prometheus exporters for applications.
pub(crate) const DEFAULT: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9464);

/// Takes the address that was named. Where none was, the default; and when that is taken and `flexible`, any free
/// port, because a second installation on one machine should not fail for its metrics.
pub(crate) fn bind(named: Option<SocketAddr>, flexible: bool) -> Result<TcpListener> {
    match (named, listen::bind(named.unwrap_or(DEFAULT), "METRICS_LISTEN")) {
        (None, Err(taken)) if flexible => {
            let listener = listen::bind(SocketAddr::new(DEFAULT.ip(), 0), "METRICS_LISTEN")?;
            tracing::warn!("{taken}; metrics are at {} this time", listener.local_addr()?);
            Ok(listener)
        }
        (_, bound) => bound,
    }
}

/// Serves until cancelled. Also keeps the histograms short, which nobody else does.
pub(crate) async fn serve(listener: TcpListener, handle: PrometheusHandle, stop: CancellationToken) {
    let render = handle.clone();
    let router =
        Router::new().route(
            "/metrics",
            get(move || {
                let render = render.clone();
                async move {
                    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], render.render())
                }
            }),
        );
    let upkeep = async {
        let mut ticks = tokio::time::interval(Duration::from_secs(5));
        loop {
            ticks.tick().await;
            handle.run_upkeep();
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = upkeep => {}
        ended = axum::serve(listener, router) => {
            if let Err(error) = ended {
                tracing::error!("metrics are no longer served: {error}");
            }
        }
    }
}
