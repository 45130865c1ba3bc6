//! Is the process alive, and may it be sent requests.

use crate::shutdown::Shutdown;
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use causeway_store::{Store, StoreError, StoreResult};
use serde::Serialize;
use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// Anybody may ask; the answer is looked up at most this often.
const GOOD_FOR: Duration = Duration::from_millis(500);

/// What `/ready` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct Readiness {
    /// Whether requests may be sent here.
    ready: bool,
    /// Each thing that this depends on.
    components: Vec<Component>,
}

/// One thing that readiness depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct Component {
    /// postgres, redis, migrations or server.
    name: &'static str,
    /// Whether it is as it must be.
    ok: bool,
    /// What is wrong, when something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// Answers `/ready`.
#[derive(Clone)]
pub(crate) struct Ready {
    store: Store,
    prepared: CancellationToken,
    shutdown: Shutdown,
    last: Arc<Mutex<Option<(Instant, Readiness)>>>,
}

impl Ready {
    /// Asks this store. Not ready before `prepared` is cancelled, nor after the shutdown has begun.
    pub(crate) fn new(store: Store, prepared: CancellationToken, shutdown: Shutdown) -> Self {
        Self { store, prepared, shutdown, last: Arc::default() }
    }

    /// The answer, at most half a second old.
    pub(crate) async fn answer(&self) -> Response {
        // One asks, the others wait for its answer.
        let mut last = self.last.lock().await;
        let readiness = match last.take() {
            Some((at, readiness)) if at.elapsed() < GOOD_FOR => {
                *last = Some((at, readiness.clone()));
                readiness
            }
            _ => {
                let readiness = self.look().await;
                *last = Some((Instant::now(), readiness.clone()));
                readiness
            }
        };
        drop(last);
        let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, [("cache-control", "no-store")], Json(readiness)).into_response()
    }

    async fn look(&self) -> Readiness {
        let (postgres, redis, migrations) = tokio::join!(
            component("postgres", self.store.check_walls()),
            component("redis", self.store.cache.check()),
            component("migrations", causeway_store::migrate::check(&self.store.jobs)),
        );
        let problem = match (self.prepared.is_cancelled(), self.shutdown.begin.is_cancelled()) {
            (_, true) => Some("is shutting down".to_owned()),
            (false, false) => Some("is starting".to_owned()),
            (true, false) => None,
        };
        let server = Component { name: "server", ok: problem.is_none(), problem };
        let components = vec![postgres, redis, migrations, server];
        Readiness { ready: components.iter().all(|c| c.ok), components }
    }
}

async fn component(name: &'static str, check: impl Future<Output = StoreResult<()>>) -> Component {
    let problem = match tokio::time::timeout(ANSWER_WITHIN, check).await {
        Ok(Ok(())) => None,
        // Says what an operator has to do, and is written for one.
        Ok(Err(StoreError::Unfit(problem))) => Some(problem),
        Ok(Err(error)) => {
            tracing::warn!("{name} is not ready: {error}");
            Some("does not answer; the log says more".to_owned())
        }
        Err(_) => Some(format!("did not answer within {} s", ANSWER_WITHIN.as_secs())),
    };
    Component { name, ok: problem.is_none(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn problem_for_the_operator_is_told_and_an_internal_one_is_not() {
        let unfit = component("redis", async { Err(StoreError::Unfit("set noeviction".into())) }).await;
        assert_eq!(unfit.problem.as_deref(), Some("set noeviction"));
        let internal =
            component("postgres", async { Err(StoreError::Conflict("secret_table".into())) }).await;
        assert!(!internal.ok && !internal.problem.unwrap().contains("secret_table"));
    }
}
