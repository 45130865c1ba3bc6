//! A relay that plays what it is told to, in the place of the real one.

use causeway_admin::playground::{Player, Playground, Refused, Wish};
use causeway_domain::{AccountId, Nanos, RequestId, TokenCounts, service::ApiDialect};
use causeway_openapi::{
    Outcome, PlayDone, PlayEvent, PlayHeader, PlayOffer, PlayPlan, PlayRequest, PlayUsage,
};
use futures_util::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use uuid::Uuid;

/// Of a body with this the answer never comes.
pub(crate) const FOR_EVER: &str = "for ever";

/// What it was asked.
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) wishes: Mutex<Vec<Wish>>,
    pub(crate) asked: Mutex<Vec<Player>>,
    /// The account that it says to have asked.
    pub(crate) account: Mutex<Option<AccountId>>,
    /// Why keys may be used for nothing.
    pub(crate) refused: Mutex<Option<Refused>>,
    /// Requests whose client has left, or that are over.
    pub(crate) over: Arc<AtomicUsize>,
}

struct Ends(Arc<AtomicUsize>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Playground for Fake {
    fn play(&self, wish: Wish) -> BoxStream<'static, PlayEvent> {
        let account = self.account.lock().unwrap().unwrap_or(AccountId(Uuid::nil()));
        let body = String::from_utf8(wish.body.to_vec()).unwrap();
        self.wishes.lock().unwrap().push(wish);
        let sent = PlayEvent::Sent(PlayRequest {
            method: "POST".to_owned(),
            path: "/v1/messages".to_owned(),
            headers: vec![PlayHeader { name: "x-api-key".to_owned(), value: "•••".to_owned() }],
            body: body.clone(),
            truncated: false,
        });
        let offer = PlayOffer {
            account_id: account,
            account_name: String::new(),
            model: "claude-haiku-4-5".to_owned(),
            dialect: ApiDialect::Anthropic,
            chosen: true,
        };
        let planned = PlayEvent::Planned(PlayPlan { at_ms: 1, accounts: vec![offer] });
        let usage = PlayUsage {
            account_id: Some(account),
            account_name: String::new(),
            outcome: Outcome::Completed,
            estimated: false,
            tokens: TokenCounts::default(),
            cost_usd: Nanos(1_234_000),
            provider_cost_usd: Nanos(1_000_000),
            first_byte_ms: Some(1),
            duration_ms: 2,
            error: None,
        };
        let done = PlayEvent::Done(PlayDone {
            at_ms: 2,
            request_id: RequestId(Uuid::nil()),
            status: 200,
            cut: false,
            usage: Some(usage),
            steps: Vec::new(),
        });
        let ends = Ends(Arc::clone(&self.over));
        let begun = stream::iter([sent, planned]);
        let events = if body.contains(FOR_EVER) {
            begun.chain(stream::pending()).boxed()
        } else {
            begun.chain(stream::iter([done])).boxed()
        };
        // Dropped with the stream.
        events
            .map(move |event| {
                let _ = &ends;
                event
            })
            .boxed()
    }

    fn models(&self, key: Player) -> BoxFuture<'static, Result<Vec<String>, Refused>> {
        self.asked.lock().unwrap().push(key);
        let refused = self.refused.lock().unwrap().clone();
        async move { refused.map_or_else(|| Ok(vec!["claude-haiku-4-5".to_owned()]), Err) }.boxed()
    }
}
