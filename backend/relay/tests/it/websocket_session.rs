//! A long session over WebSockets, through the restart of the instance that serves it.

use crate::{
    app::{self, defaults, tokens},
    pools::member,
    websocket::{Client, GPT, create},
};
use causeway_domain::{
    Limits,
    pool::{STICKY_SECONDS, Strategy},
    provider::Provider,
};
use serde_json::{Value, json};
use std::{collections::HashSet, time::Duration};

/// Turns altogether, half of them on each instance.
const TURNS: usize = 100;

/// A client that remembers what was said, as all of them do.
struct Session {
    client: Client,
    said: Vec<Value>,
    /// What has been said since the last answer over this connection, and that answer.
    since: Option<(Value, usize)>,
}

impl Session {
    fn new(client: Client) -> Self {
        Self { client, said: Vec::new(), since: None }
    }

    fn message(&mut self, text: &str) -> Value {
        self.said.push(json!({"type": "message", "role": "user", "content": text}));
        let mut message = create(GPT, "");
        match &self.since {
            Some((id, from)) => {
                message["previous_response_id"] = id.clone();
                message["input"] = self.said[*from..].into();
            }
            None => message["input"] = self.said.clone().into(),
        }
        message
    }

    async fn turn(&mut self, text: &str) {
        let message = self.message(text);
        let response = self.client.ask(&message).await;
        self.said.extend(response["output"].as_array().unwrap().clone());
        self.since = Some((response["id"].clone(), self.said.len()));
    }
}

#[tokio::test]
async fn a_hundred_turns_keep_their_account_their_limits_and_their_usage_through_a_restart() {
    app::run(async |app| {
        app.disable_account(app.account).await;
        let mut members = Vec::new();
        for name in ["sk-sim-a", "sk-sim-b", "sk-sim-c"] {
            members.push(member(app.add_bearer(Provider::OPENAI, &app.sim.url(), name).await, 1, 0));
        }
        let pool = app.pool(Strategy::RoundRobin, Some(STICKY_SECONDS), &members).await;
        let key = app.key_of(&[pool]).await;
        let limits: Limits =
            serde_json::from_value(json!({"requests": {"total": TURNS}, "usd": {"total": "40"}})).unwrap();
        app.change_key(&key, |row| row.limits = limits).await;
        let headers = [("session-id", "a-long-one"), ("user-agent", "codex_exec/0.169.0")];

        let (first, url) = app.second_instance().await;
        let mut session = Session::new(Client::open(&url, &key, &headers).await);
        // Another session, so that the pool's turn has moved on from the account that the long one has.
        let mut others = Client::open(&app.url, &app.key_of(&[pool]).await, &[]).await;
        for n in 0..TURNS / 2 {
            session.turn(&format!("Part {n}")).await;
        }
        others.ask(&create(GPT, "Something else")).await;

        // The instance stops. The client is told to come again, and does so elsewhere.
        first.close(Duration::from_secs(10)).await;
        let (code, reason) = session.client.closed().await;
        assert_eq!(code, 1012, "{reason}");
        let (second, url) = app.second_instance_with(defaults()).await;
        session.client = Client::open(&url, &key, &headers).await;
        // Nobody there knows of the answer before, which nothing but the old connection has kept.
        let message = session.message(&format!("Part {}", TURNS / 2));
        let (status, code, _) = session.client.refused(&message).await;
        assert_eq!((status, code.as_str()), (400, "previous_response_not_found"));
        session.said.pop();
        session.since = None;
        for n in TURNS / 2..TURNS {
            session.turn(&format!("Part {n}")).await;
        }
        let message = session.message("One too many");
        let (status, code, told) = session.client.refused(&message).await;
        assert_eq!((status, code.as_str()), (429, "requests"), "{told}");

        let rows = app.rows(TURNS + 1).await;
        let rows: Vec<_> = rows.into_iter().filter(|row| row.key_id == key.id.0).collect();
        assert_eq!(rows.len(), TURNS);
        let (mut spent, mut accounts, mut ids) = (0, HashSet::new(), HashSet::new());
        for row in &rows {
            let entry = app.sim.ledger().by_request_id(row.upstream_request_id.as_deref().unwrap()).unwrap();
            assert_eq!(tokens(row), entry.billed);
            assert_eq!(row.charged_nanos, app.cost_at(Provider::OPENAI, GPT, &entry.billed));
            assert!(row.charged_nanos > 0 && !row.estimated && row.outcome == "completed");
            spent += row.charged_nanos;
            accounts.insert(entry.key.unwrap());
            ids.insert(entry.seq);
        }
        assert_eq!(
            (accounts.len(), ids.len()),
            (1, TURNS),
            "one account, and each request once: {accounts:?}"
        );
        assert_eq!(app.sim.ledger().len(), TURNS + 1, "and no request without a row");
        let standing = app.standing(&key).await;
        assert_eq!((standing.nanos, standing.reserved_nanos, standing.open), (spent, 0, 0));
        assert_eq!(app.sums(&key).await, (spent, spent));
        assert_eq!(app.verify().await.differences, []);
        second.close(Duration::from_secs(10)).await;
    })
    .await;
}
