//! Clients of every dialect at accounts of every dialect, in one piece and in a stream: they are answered in their own and
//! billed to the token, whatever is asked for and whatever goes wrong.

use crate::app::{self, App, Key, defaults, serve, tokens};
use crate::faults::read_broken;
use causeway_accounts::{AddressPolicy, AuthHeader, Credential};
use causeway_dialect::Dialect;
use causeway_domain::{Limits, provider::Provider};
use causeway_relay::Relay;
use causeway_simulator::Entry;
use causeway_store::requests::Request;
use clients::{Answer, Client, TOOL};
use serde_json::{Value, json};
use std::sync::Arc;

#[path = "../../../dialect/tests/golden/check.rs"]
#[allow(dead_code, reason = "requests and arrays are looked at where they are made")]
mod check;
mod clients;
mod streams;

/// What the simulator says where it is told to say so many bytes.
const FILLER: &str = "All work and no play makes a long answer. ";

/// Providers that speak one dialect each, with a model.
const UPSTREAMS: [(Dialect, Provider, &str); 4] = [
    (Dialect::Anthropic, Provider::ANTHROPIC, "claude-haiku-4-5"),
    (Dialect::OpenaiChat, Provider::OPENAI, "gpt-5.5"),
    (Dialect::OpenaiResponses, Provider::OPENAI_COMPATIBLE, "gpt-5.5"),
    (Dialect::Gemini, Provider::GEMINI, "gemini-2.5-flash"),
];

/// What happened in a cell, in the order in which it did.
const WHATS: [&str; 8] = ["text", "calls", "results", "thinking", "schema", "picture", "refused", "broken"];

/// One client at one account.
struct Cell {
    app: Arc<App>,
    url: String,
    client: Client,
    upstream: Dialect,
    /// A key for one account, and that account's own key.
    good: (Key, String),
    /// The same for an account that will rest.
    broken: (Key, String),
    entries: Vec<(&'static str, Entry)>,
}

#[tokio::test]
async fn clients_of_messages_get_everything_from_every_provider() {
    row(Dialect::Anthropic).await;
}

#[tokio::test]
async fn clients_of_chat_get_everything_from_every_provider() {
    row(Dialect::OpenaiChat).await;
}

#[tokio::test]
async fn clients_of_responses_get_everything_from_every_provider() {
    row(Dialect::OpenaiResponses).await;
}

#[tokio::test]
async fn clients_of_gemini_get_everything_from_every_provider() {
    row(Dialect::Gemini).await;
}

/// One client's dialect at all providers.
async fn row(dialect: Dialect) {
    app::run(async move |app| {
        let (relay, url) = instance(&app).await;
        let mut cells = Vec::new();
        // All of them before the first request: it would wait for settings that keep changing.
        for (upstream, provider, model) in UPSTREAMS {
            for stream in [false, true] {
                let client = Client { dialect, model, stream };
                let name = format!("sk-sim-{}-{stream}", upstream.name().replace('_', "-"));
                let good = account(&app, provider, format!("{name}-good")).await;
                let broken = account(&app, provider, format!("{name}-broken")).await;
                let (app, url) = (app.clone(), url.clone());
                cells.push(Cell { app, url, client, upstream, good, broken, entries: Vec::new() });
            }
        }
        for cell in &mut cells {
            cell.run().await;
        }
        let entries: Vec<(&str, Entry)> = cells.into_iter().flat_map(|cell| cell.entries).collect();
        assert_eq!(entries.len(), UPSTREAMS.len() * 2 * WHATS.len(), "every cell was tried");
        let rows = app.rows(entries.len()).await;
        for (what, entry) in &entries {
            let row = rows.iter().find(|row| row.upstream_request_id.as_deref() == Some(&*entry.request_id));
            billed(&app, what, entry, row.unwrap_or_else(|| panic!("no row for {what}: {entry:#?}")));
        }
        assert_eq!(app.open_holds().await, 0);
        relay.close(std::time::Duration::from_secs(5)).await;
    })
    .await;
}

/// A relay that knows OpenAI for Chat alone, and what is compatible with it for Responses.
async fn instance(app: &App) -> (Arc<Relay>, String) {
    let said = json!({
        "openai": {"dialects": [{"dialect": "openai_chat", "path": "/v1/chat/completions"}]},
        "openai-compatible": {"dialects": [{"dialect": "openai_responses", "path": "/v1/responses"}]}
    });
    let catalogue = app.catalogue.with(said.as_object().unwrap().clone()).unwrap();
    let addresses = AddressPolicy::new(vec![], true);
    let (store, prices, sealing) = (app.store.clone(), app.prices.clone(), app.sealing.clone());
    let relay = Relay::start(store, defaults(), prices, sealing, addresses, catalogue).await.unwrap();
    let url = serve(relay.clone()).await;
    (relay, url)
}

async fn account(app: &App, provider: Provider, secret: String) -> (Key, String) {
    let header = match provider {
        Provider::ANTHROPIC => AuthHeader::XApiKey,
        Provider::GEMINI => AuthHeader::XGoogApiKey,
        _ => AuthHeader::Bearer,
    };
    let credential = Credential::api_key(header, &secret).unwrap();
    let id = app.add_at(provider, &app.sim.url(), &credential).await;
    let key = app.key(Limits::default()).await;
    app.change_key(&key, |key| key.account_id = Some(id)).await;
    (key, secret)
}

/// Whether a row says what the provider says.
fn billed(app: &App, what: &str, entry: &Entry, row: &Request) {
    let counted = tokens(row);
    match what {
        "refused" => assert_eq!((row.outcome.as_str(), row.charged_nanos), ("upstream_error", 0), "{row:#?}"),
        // What came is paid for, and never less than what was told.
        "broken" => {
            assert!(counted.output >= entry.sent.output, "{what}: {entry:#?}\n{row:#?}");
            assert_ne!(row.outcome, "completed", "{row:#?}");
        }
        _ => {
            assert_eq!(counted, entry.billed, "{what}: {entry:#?}\n{row:#?}");
            let counts = causeway_domain::TokenCounts {
                input: counted.input,
                output: counted.output,
                cache_read: counted.cache_read,
                cache_write_5m: counted.cache_write_5m,
                cache_write_1h: counted.cache_write_1h,
                reasoning: 0,
            };
            let provider = UPSTREAMS.iter().find(|(_, _, model)| *model == row.model).unwrap().1;
            let table = app.prices.table();
            let price = &table.find(provider, &row.model).unwrap().first;
            let due = price.cost(&counts, causeway_domain::price::ServiceTier::Standard).0;
            assert_eq!((row.charged_nanos, row.estimated), (due, false), "{what}: {row:#?}");
            assert!(due > 0 && row.outcome == "completed", "{row:#?}");
        }
    }
}

impl Cell {
    async fn run(&mut self) {
        let said = self.good("text", "shape=text,text_bytes=200,events=20,piece=9", self.client.ask()).await;
        let filler: String = FILLER.chars().cycle().take(200).collect();
        assert_eq!(said.text, filler, "{self}");

        let script = "shape=full,events=24,out=60";
        let called = self.good("calls", script, self.client.with_tool()).await;
        let [(one, first, given), (other, second, also)] = &called.calls[..] else {
            panic!("{self}: {called:?}")
        };
        assert_eq!((first.as_str(), second.as_str()), (TOOL, TOOL), "{self}");
        assert!(given["city"] == "Zürich" && given == also, "{self}: {given} {also}");
        assert!(one.is_none() || one != other, "{self}: {one:?}");
        let script = "shape=text,text_bytes=80";
        let said = self.good("results", script, self.client.with_results(&called)).await;
        assert_eq!(said.text, filler[..80], "{self}");

        let thought =
            self.good("thinking", "shape=thinking,text_bytes=80", self.client.with_thinking()).await;
        assert_eq!(thought.text, filler[..80], "{self}");
        assert!(!thought.thoughts.is_empty(), "{self}: {thought:?}");

        let given = self.good("schema", "", self.client.with_schema()).await;
        let given: Value =
            serde_json::from_str(&given.text).unwrap_or_else(|e| panic!("{self}: {e}: {given:?}"));
        assert_eq!(given["city"], "Zürich", "{self}");

        let seen = self.good("picture", "shape=text,text_bytes=40", self.client.with_picture()).await;
        assert_eq!(seen.text, filler[..40], "{self}");

        self.refused().await;
        self.broken().await;
    }

    /// A request that goes well. Its events are legal, and its usage is told to the token.
    async fn good(&mut self, what: &'static str, script: &str, body: Value) -> Answer {
        let response = self.send(&self.good.clone(), script, &body).await;
        let status = response.status();
        let kind = response.headers().get("content-type").unwrap().to_str().unwrap().to_owned();
        let text = response.text().await.unwrap();
        assert_eq!(status, 200, "{self}, {what}: {text}");
        let (dialect, stream) = (self.client.dialect, self.client.stream);
        let expected = if stream { "text/event-stream" } else { "application/json" };
        assert!(kind.starts_with(expected), "{self}, {what}: {kind}");
        let whole = if stream {
            check::whole_stream(dialect, &without_comments(&text), true);
            streams::whole(dialect, &text)
        } else {
            check::answer(dialect, &text);
            serde_json::from_str(&text).unwrap()
        };
        let answer = self.client.read(&whole);
        let entry = self.entry(what).await;
        let billed = entry.billed;
        assert_eq!(
            answer.usage,
            (billed.all_input(), billed.cache_read, billed.output),
            "{self}, {what}: {text}"
        );
        answer
    }

    /// What the provider refuses is told in the client's words, with its message.
    async fn refused(&mut self) {
        let script = "status=400,message=told-by-the-script";
        let response = self.send(&self.good.clone(), script, &self.client.ask()).await;
        let status = response.status();
        let told: Value = response.json().await.unwrap();
        assert_eq!(status, 400, "{self}: {told}");
        let words = told["error"]["message"].as_str().unwrap();
        assert!(words.contains("told-by-the-script"), "{self}: {told}");
        assert_eq!(told["type"] == "error", self.client.dialect == Dialect::Anthropic, "{self}: {told}");
        self.entry("refused").await;
    }

    /// What breaks off is told as an error, and never ends as if that were all.
    async fn broken(&mut self) {
        let script = "shape=text,events=30,cut=reset@6";
        let response = self.send(&self.broken.clone(), script, &self.client.ask()).await;
        let status = response.status();
        if self.client.stream {
            assert_eq!(status, 200, "{self}");
            let (text, clean) = read_broken(response).await;
            assert!(!clean, "{self}: {text}");
            check::whole_stream(self.client.dialect, &without_comments(&text), false);
        } else {
            let (text, clean) = read_broken(response).await;
            let error = serde_json::from_str::<Value>(&text).is_ok_and(|told| told.get("error").is_some());
            assert!(!clean || status == 502 && error, "{self}: {status} {text}");
        }
        self.entry("broken").await;
    }

    async fn send(&self, (key, upstream): &(Key, String), script: &str, body: &Value) -> reqwest::Response {
        self.app.sim.ledger().clear();
        self.app.script(upstream, 1, script);
        let url = format!("{}{}", self.url, self.client.path());
        let call = self.app.http.post(url).bearer_auth(&key.secret).header("anthropic-version", "2023-06-01");
        call.json(body).send().await.unwrap()
    }

    /// What the provider knows of the request before: it was asked once, in its own dialect.
    async fn entry(&mut self, what: &'static str) -> Entry {
        let entry = self.app.truth().await;
        let path = match self.upstream {
            Dialect::Anthropic => "/messages",
            Dialect::OpenaiChat => "/chat/completions",
            Dialect::OpenaiResponses => "/responses",
            Dialect::Gemini => "/models/",
        };
        assert!(entry.path.contains(path), "{self}, {what}: {}", entry.path);
        self.entries.push((what, entry.clone()));
        entry
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let form = if self.client.stream { "a stream" } else { "one piece" };
        write!(f, "{} at {}, in {form}", self.client.dialect, self.upstream)
    }
}

/// A stream without the comments that keep it alive, and the blank lines that end what the provider had begun.
fn without_comments(text: &str) -> String {
    let says = |event: &&str| !event.starts_with(':') && !event.trim().is_empty();
    text.split_inclusive("\n\n").filter(says).collect()
}
