//! Requests that are brought from within: relayed and billed like any other, and looked on at.

use crate::app::{self, App, MODEL, tokens};
use bytes::Bytes;
use causeway_domain::{KeyId, Limits, OrgId, service::ApiDialect};
use causeway_relay::{
    Play, RelayBody,
    tap::{Asked, Bill, Heard, MOST, Tap},
};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc::Receiver, time::timeout};
use uuid::Uuid;

/// What came of a request: what the client got, and what was heard besides.
pub(crate) struct Played {
    pub(crate) status: u16,
    pub(crate) text: String,
    heard: Vec<Heard>,
}

async fn begin(
    app: &App,
    (org, key): (OrgId, KeyId),
    path: &str,
    body: String,
) -> (Response<RelayBody>, Receiver<Heard>) {
    let (tap, heard) = Tap::new();
    let request = Request::post(path).body(Full::new(Bytes::from(body))).unwrap();
    let play = Play { org, key, tap };
    (app.relay.play(request, "127.0.0.1".parse().unwrap(), play).await, heard)
}

/// Everything until nothing more can come.
async fn all(mut heard: Receiver<Heard>) -> Vec<Heard> {
    let mut all = Vec::new();
    while let Some(one) = timeout(Duration::from_secs(10), heard.recv()).await.expect("it ends") {
        all.push(one);
    }
    all
}

pub(crate) async fn play(app: &App, key: KeyId, path: &str, body: String) -> Played {
    let (response, heard) = begin(app, (app.org, key), path, body).await;
    let status = response.status().as_u16();
    let text = response.into_body().collect().await.unwrap().to_bytes();
    Played { status, text: String::from_utf8(text.to_vec()).unwrap(), heard: all(heard).await }
}

impl Played {
    pub(crate) fn asked(&self) -> Vec<&Asked> {
        let asked = self.heard.iter().filter_map(|heard| match heard {
            Heard::Asked(asked) => Some(&**asked),
            _ => None,
        });
        asked.collect()
    }

    fn said(&self) -> Vec<&str> {
        let said = self.heard.iter().filter_map(|heard| match heard {
            Heard::Said { text, .. } => Some(text.as_str()),
            _ => None,
        });
        said.collect()
    }

    fn bill(&self) -> Option<&Bill> {
        let mut bills = self.heard.iter().filter_map(|heard| match heard {
            Heard::Settled(bill) => Some(&**bill),
            _ => None,
        });
        let bill = bills.next();
        assert!(bills.next().is_none(), "settled twice: {:?}", self.heard);
        bill
    }
}

fn chat(stream: bool, said: &str) -> String {
    json!({"model": MODEL, "max_completion_tokens": 300, "stream": stream,
           "messages": [{"role": "user", "content": said}]})
    .to_string()
}

const CHAT: &str = "/openai/v1/chat/completions";
const MESSAGES: &str = "/claude/v1/messages";

#[tokio::test]
async fn both_sides_of_a_converted_stream_are_seen_and_the_bill_is_the_rows() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let played = play(&app, key.id, CHAT, chat(true, "Hello there")).await;
        assert_eq!(played.status, 200, "{}", played.text);
        assert!(played.text.contains("chat.completion.chunk") && played.text.ends_with("data: [DONE]\n\n"));

        let Heard::Offered { accounts, chosen: 0, .. } = &played.heard[0] else {
            panic!("{:?}", played.heard)
        };
        assert_eq!((accounts.len(), accounts[0].account, &*accounts[0].model), (1, app.account, MODEL));
        assert_eq!(accounts[0].dialect, ApiDialect::Anthropic);
        let asked = played.asked();
        assert_eq!(asked.len(), 1);
        let asked = asked[0];
        assert_eq!((asked.method.as_str(), asked.path.as_str(), asked.attempt), ("POST", "/v1/messages", 1));
        assert_eq!(
            (asked.account, asked.dialect, asked.truncated),
            (app.account, ApiDialect::Anthropic, false)
        );
        let body: Value = serde_json::from_str(&asked.body).unwrap();
        assert_eq!((&body["model"], &body["max_tokens"]), (&json!(MODEL), &json!(300)));
        assert!(body["messages"].to_string().contains("Hello there"));
        let key_header = asked.headers.iter().find(|(name, _)| name == "x-api-key").unwrap();
        assert_eq!(key_header.1, "•••");
        assert!(!format!("{:?}", played.heard).contains("sk-sim-test"));

        let said = played.said();
        assert!(
            said[0].contains("message_start") && said.last().unwrap().contains("message_stop"),
            "{said:?}"
        );
        assert!(said.iter().all(|event| event.ends_with("\n\n")), "whole events: {said:?}");
        let answered =
            played.heard.iter().any(|h| matches!(h, Heard::Answered { status: 200, attempt: 1, .. }));
        assert!(answered, "{:?}", played.heard);

        let (bill, row, truth) = (played.bill().unwrap(), app.row().await, app.truth().await);
        assert_eq!(tokens(&row), truth.billed);
        assert_eq!((bill.charged.0, bill.cost.0), (row.charged_nanos, row.cost_nanos));
        assert!(bill.charged.0 > 0 && !bill.estimated && bill.account == Some(app.account));
        let counted = (bill.tokens.input, bill.tokens.output);
        assert_eq!(counted, (truth.billed.input, truth.billed.output));
        assert_eq!((row.key_id, row.dialect.as_str()), (key.id.0, "openai_chat"));
        assert_eq!(app.open_holds().await, 0);
    })
    .await;
}

#[tokio::test]
async fn an_answer_in_one_piece_is_one_piece_on_both_sides() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let body = app::hello(false).to_string();
        let played = play(&app, key.id, MESSAGES, body.clone()).await;
        assert_eq!(played.status, 200, "{}", played.text);
        assert_eq!(played.said(), [played.text.as_str()], "nothing is converted");
        assert_eq!(played.asked()[0].body, body, "byte for byte");
        assert!(played.bill().is_some());
    })
    .await;
}

#[tokio::test]
async fn an_account_that_fails_and_the_one_that_answers_are_both_seen() {
    app::run(async |app| {
        let second = app.add_account(&app.sim.url(), "sk-sim-second").await;
        let key = app.key(Limits::default()).await;
        app.script("sk-sim-test", 1, "status=529");
        app.script("sk-sim-second", 1, "shape=text");
        let first = play(&app, key.id, MESSAGES, app::hello(true).to_string()).await;
        assert_eq!(first.status, 200, "{}", first.text);
        let asked: Vec<_> = first.asked().iter().map(|asked| (asked.attempt, asked.account)).collect();
        assert_eq!(asked.len(), 2, "{:?}", first.heard);
        assert_eq!((asked[0].0, asked[1].0), (1, 2));
        assert_eq!((asked[0].1, asked[1].1), (app.account, second));
        let steps = first.heard.iter().find_map(|heard| match heard {
            Heard::Went(steps) => Some(steps),
            _ => None,
        });
        let steps: Vec<_> = steps.unwrap().iter().map(|s| (s.account, s.tried, s.status)).collect();
        assert_eq!(steps, [(asked[0].1, true, Some(529)), (asked[1].1, true, Some(200))]);
        assert_eq!(first.bill().unwrap().account, Some(asked[1].1));
    })
    .await;
}

#[tokio::test]
async fn a_key_that_may_not_be_used_is_refused_in_the_dialect_and_nobody_is_asked() {
    app::run(async |app| {
        let limits: Limits = serde_json::from_str(r#"{"usd":{"total":"0.000001"}}"#).unwrap();
        let (poor, off, well) =
            (app.key(limits).await, app.key(Limits::default()).await, app.key(Limits::default()).await);
        app.change_key(&off, |key| key.enabled = false).await;
        let refused = |played: &Played| {
            assert!(played.asked().is_empty() && played.bill().is_none(), "{:?}", played.heard);
            let body: Value = serde_json::from_str(&played.text).unwrap();
            body["error"].clone()
        };
        let broke = play(&app, poor.id, MESSAGES, app::hello(true).to_string()).await;
        assert_eq!(broke.status, 402, "{}", broke.text);
        assert!(refused(&broke)["message"].is_string());
        let disabled = play(&app, off.id, CHAT, chat(true, "Hello")).await;
        assert_eq!(disabled.status, 401, "{}", disabled.text);
        assert!(refused(&disabled)["message"].as_str().unwrap().contains("disabled"));
        let malformed = play(&app, well.id, MESSAGES, "{\"model\":".to_owned()).await;
        assert_eq!(
            (malformed.status, refused(&malformed)["type"].as_str()),
            (400, Some("invalid_request_error"))
        );
        let nobodys = (app.org, KeyId(Uuid::now_v7()));
        let elsewhere = (OrgId(Uuid::now_v7()), well.id);
        for key in [nobodys, elsewhere] {
            let (response, heard) = begin(&app, key, MESSAGES, app::hello(false).to_string()).await;
            assert_eq!(response.status(), 401);
            drop(response);
            assert!(all(heard).await.is_empty());
            assert!(app.relay.models_of(key, "127.0.0.1".parse().unwrap()).await.is_err());
        }
        assert!(app.relay.models_of((app.org, off.id), "127.0.0.1".parse().unwrap()).await.is_err());
        let models = app.relay.models_of((app.org, well.id), "127.0.0.1".parse().unwrap()).await.unwrap();
        assert!(models.iter().any(|name| name == MODEL) && models.is_sorted(), "{models:?}");
        assert_eq!(app.asked("sk-sim-test"), 0);
        assert_eq!(app.rows_now().await, 0);
    })
    .await;
}

#[tokio::test]
async fn who_leaves_in_the_middle_is_a_client_that_left_and_the_rest_is_billed() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        app.script("sk-sim-test", 1, "events=40,interval=10");
        let (response, heard) = begin(&app, (app.org, key.id), CHAT, chat(true, "Count")).await;
        assert_eq!(response.status(), 200);
        let mut body = response.into_body();
        body.frame().await.unwrap().unwrap();
        drop(body);
        let heard = all(heard).await;
        let bill = heard.iter().find_map(|heard| match heard {
            Heard::Settled(bill) => Some(bill),
            _ => None,
        });
        assert_eq!(bill.unwrap().outcome.as_str(), "client_left");
        let row = app.row().await;
        assert_eq!((row.outcome.as_str(), row.charged_nanos), ("client_left", bill.unwrap().charged.0));
        assert_eq!(tokens(&row), app.truth().await.billed, "read to its end");
        assert_eq!(app.open_holds().await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_is_kept_of_a_long_request_is_bounded_and_what_is_sent_is_not() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let mut body = app::hello(false);
        body["messages"][0]["content"] = json!("word ".repeat(80_000));
        let body = body.to_string();
        let played = play(&app, key.id, MESSAGES, body.clone()).await;
        assert_eq!(played.status, 200, "{}", played.text);
        let asked = played.asked();
        assert!(asked[0].truncated && asked[0].body.len() <= MOST && body.starts_with(&asked[0].body));
        assert_eq!(tokens(&app.row().await), app.truth().await.billed);
    })
    .await;
}

#[tokio::test]
async fn of_requests_at_the_same_time_everybody_hears_their_own_and_nobody_hears_the_others() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let one = |n: usize| {
            let (app, key) = (Arc::clone(&app), key.id);
            async move { play(&app, key, CHAT, chat(n.is_multiple_of(2), &format!("marker-{n}-"))).await }
        };
        let hello = app::hello(true);
        let plain = app.post(&key, &hello);
        let (first, second, third, plain) = tokio::join!(one(0), one(1), one(2), plain);
        assert_eq!(plain.status(), 200);
        assert!(!plain.text().await.unwrap().is_empty());
        for (n, played) in [first, second, third].iter().enumerate() {
            assert_eq!((played.status, played.asked().len()), (200, 1), "{n}: {}", played.text);
            for other in 0..3 {
                let has = played.asked()[0].body.contains(&format!("marker-{other}-"));
                assert_eq!(has, other == n, "{n} heard {other}");
            }
            assert!(played.bill().is_some());
        }
        assert_eq!(app.rows(4).await.len(), 4, "all of them are in the ledger");
    })
    .await;
}
