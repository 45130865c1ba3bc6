//! What cannot be understood, and how much there may be of everything.

use crate::{
    app::{self, MODEL, defaults},
    websocket::{Client, UPGRADE, create, upgrade},
};
use causeway_domain::Limits;
use causeway_relay::RelayArgs;
use causeway_simulator::SimulatorConfig;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn what_is_no_message_is_refused_by_its_field_and_the_connection_goes_on() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let mut client = Client::open(&app.url, &key, &[]).await;
        for (text, code, field) in [
            ("", "invalid_json", None),
            ("{\"type\":\"response.create\"", "invalid_json", None),
            ("[1]", "invalid_json", None),
            ("{}", "invalid_field", Some("type")),
            (r#"{"type":"response.cancel"}"#, "unknown_message_type", Some("type")),
            (r#"{"type":"response.create","stream_id":"a"}"#, "unsupported_field", Some("stream_id")),
            (r#"{"type":"response.create","model":"m","input":7}"#, "invalid_field", Some("input")),
            (r#"{"type":"response.append"}"#, "invalid_field", Some("input")),
        ] {
            client.ws.send(Message::text(text)).await.unwrap();
            let (status, _, event) = client.refusal().await;
            assert_eq!((status, &event["error"]["causeway"]["code"]), (400, &json!(code)), "{text}: {event}");
            assert_eq!(event["error"]["param"].as_str(), field, "{text}");
        }
        client.say(&json!({"type": "response.processed", "response_id": "resp_1"})).await;
        client.ask(&create(MODEL, "Hello")).await;
        assert_eq!((app.rows(1).await.len(), app.open_holds().await), (1, 0));
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_gone_on_from_ends_the_connection_with_its_code() {
    app::run_with(
        RelayArgs { max_body_bytes: 64 * 1024, ..defaults() },
        SimulatorConfig::default(),
        async |app| {
            let key = app.key(Limits::default()).await;
            // Larger than is accepted.
            let mut client = Client::open(&app.url, &key, &[]).await;
            client.ws.send(Message::text("x".repeat(300_000))).await.unwrap();
            let (status, _, event) = client.refusal().await;
            assert_eq!(
                (status, &event["error"]["causeway"]["limit_bytes"]),
                (413, &json!(65_536)),
                "{event}"
            );
            assert_eq!(client.closed().await.0, 1009);

            let mut client = Client::open(&app.url, &key, &[]).await;
            client.ws.send(Message::binary(vec![0; 10])).await.unwrap();
            let (status, _, event) = client.refusal().await;
            assert_eq!((status, &event["error"]["causeway"]["code"]), (400, &json!("invalid_message")));
            assert_eq!(client.closed().await.0, 1003);

            // Frames by hand: text that is no UTF-8, a part that continues nothing, a frame without a mask.
            for (frame, told, code) in [
                (&[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe][..], true, 1007),
                (&[0x80, 0x80, 0, 0, 0, 0], false, 1002),
                (&[0x81, 0x02, b'{', b'}'], false, 1002),
            ] {
                let mut client = Client::open(&app.url, &key, &[]).await;
                client.ws.get_mut().write_all(frame).await.unwrap();
                if told {
                    assert_eq!(client.refusal().await.0, 400);
                }
                assert_eq!(client.closed().await.0, code, "{frame:x?}");
            }
            assert_eq!((app.rows_now().await, app.open_holds().await, app.sim.ledger().len()), (0, 0, 0));
        },
    )
    .await;
}

#[tokio::test]
async fn a_conversation_that_outgrows_a_request_is_refused_and_can_begin_anew() {
    app::run_with(
        RelayArgs { max_body_bytes: 8 * 1024, ..defaults() },
        SimulatorConfig::default(),
        async |app| {
            let key = app.key(Limits::default()).await;
            let mut client = Client::open(&app.url, &key, &[]).await;
            client.ask(&create(MODEL, &"a ".repeat(1500))).await;
            let more = json!({"type": "response.append", "input": "b ".repeat(3000)});
            assert_eq!(client.refused(&more).await.0, 413);
            client.ask(&create(MODEL, "Anew")).await;
            app.rows(2).await;
        },
    )
    .await;
}

#[tokio::test]
async fn a_message_that_is_cut_off_asks_for_nothing() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let mut client = Client::open(&app.url, &key, &[]).await;
        // A frame of 1,000 bytes, of which a few come.
        client.ws.get_mut().write_all(&[0x81, 0xfe, 0x03, 0xe8, 0, 0, 0, 0, b'{', b'"']).await.unwrap();
        drop(client);
        let mut client = Client::open(&app.url, &key, &[]).await;
        client.ask(&create(MODEL, "Hello")).await;
        assert_eq!((app.rows(1).await.len(), app.sim.ledger().len()), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn messages_are_part_of_the_memory_for_bodies() {
    let args = RelayArgs { body_budget_bytes: 1 << 20, ..defaults() };
    app::run_with(args, SimulatorConfig::default(), async |app| {
        let key = app.key(Limits::default()).await;
        let mut client = Client::open(&app.url, &key, &[]).await;
        client.ws.send(Message::text("x".repeat(2 << 20))).await.unwrap();
        let (status, _, event) = client.refusal().await;
        assert_eq!((status, &event["error"]["causeway"]["code"]), (503, &json!("unavailable")), "{event}");
        assert_eq!(client.closed().await.0, 1013);
        // What it had is given back.
        let mut client = Client::open(&app.url, &key, &[]).await;
        client.ask(&create(MODEL, &"a ".repeat(150_000))).await;
        app.rows(1).await;
    })
    .await;
}

#[tokio::test]
async fn a_key_and_an_instance_have_so_many_connections_and_no_more() {
    let args = RelayArgs { sockets: 3, sockets_per_key: 2, ..defaults() };
    app::run_with(args, SimulatorConfig::default(), async |app| {
        let (key, other) = (app.key(Limits::default()).await, app.key(Limits::default()).await);
        let refused = async |secret: &str| {
            let response = upgrade(&app, &app.url, secret, &UPGRADE).await;
            assert_eq!(response.status(), 429);
            assert_eq!(response.headers()["retry-after"], "5");
            let told: Value = response.json().await.unwrap();
            assert_eq!(told["error"]["causeway"]["code"], "too_many_sockets");
            (told["error"]["causeway"]["scope"].clone(), told["error"]["causeway"]["limit"].clone())
        };
        let mut own = vec![Client::open(&app.url, &key, &[]).await, Client::open(&app.url, &key, &[]).await];
        assert_eq!(refused(&key.secret).await, (json!("key"), json!(2)));
        let _third = Client::open(&app.url, &other, &[]).await;
        assert_eq!(refused(&other.secret).await, (json!("instance"), json!(3)));
        let mut left = own.pop().unwrap();
        left.ws.close(None).await.unwrap();
        // The other side agrees and then hangs up: by then the place is free again.
        while let Some(Ok(_)) = timeout(Duration::from_secs(10), left.ws.next()).await.unwrap() {}
        let mut again = Client::open(&app.url, &key, &[]).await;
        again.ask(&create(MODEL, "Hello")).await;
    })
    .await;
}

#[tokio::test]
async fn a_connection_ends_when_nobody_says_anything_or_when_it_is_old_and_pings_until_then() {
    let args = RelayArgs { socket_idle_seconds: 5, socket_ping_seconds: 1, ..defaults() };
    app::run_with(args, SimulatorConfig::default(), async |app| {
        let key = app.key(Limits::default()).await;
        let mut client = Client::open(&app.url, &key, &[]).await;
        client.ask(&create(MODEL, "Hello")).await;
        let ping = timeout(Duration::from_secs(20), client.ws.next()).await.unwrap().unwrap().unwrap();
        assert!(ping.is_ping(), "{ping:?}");
        assert_eq!(client.closed().await, (1000, "nothing was asked for a while".to_owned()));

        let args = RelayArgs { socket_life_seconds: 3, ..defaults() };
        let (other, url) = app.second_instance_with(args).await;
        let mut client = Client::open(&url, &key, &[]).await;
        // What is under way then is answered to its end.
        app.script("sk-sim-test", 1, "events=8,interval=600");
        client.ask(&create(MODEL, "Slowly")).await;
        let (status, code, _) = client.refusal().await;
        assert_eq!((status, code.as_str()), (400, "websocket_connection_limit_reached"));
        assert_eq!(client.closed().await.0, 1000);
        app.rows(2).await;
        other.close(Duration::from_secs(5)).await;
    })
    .await;
}

#[tokio::test]
async fn a_client_that_hangs_up_after_its_end_is_not_waited_for() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let mut client = Client::open(&app.url, &key, &[]).await;
        client.ws.close(None).await.unwrap();
        let mut rest = Vec::new();
        timeout(Duration::from_secs(20), client.ws.get_mut().read_to_end(&mut rest)).await.unwrap().unwrap();
    })
    .await;
}
