//! The TLS front, over both versions of HTTP.

use causeway_simulator::{Outcome, SimulatorConfig};

use super::*;

async fn front() -> Simulator {
    Simulator::start(SimulatorConfig { tls: true, ..SimulatorConfig::default() }).await.unwrap()
}

fn client(simulator: &Simulator) -> reqwest::ClientBuilder {
    let authority = reqwest::Certificate::from_pem(simulator.ca_pem().unwrap().as_bytes()).unwrap();
    reqwest::Client::builder().tls_certs_only([authority])
}

#[tokio::test]
async fn both_versions_are_offered_under_an_authority_of_our_own() {
    let simulator = front().await;
    let url = simulator.tls_url().unwrap();
    let two = client(&simulator).build().unwrap();
    let one = client(&simulator).http1_only().build().unwrap();
    for (client, version) in [(two, "HTTP/2.0"), (one, "HTTP/1.1")] {
        let text = post(&client, &url, &body(true, "x")).send().await.unwrap().text().await.unwrap();
        assert_eq!(events(&text).last().unwrap()["type"], "message_stop");
        let entry = simulator.ledger().last().unwrap();
        assert_eq!((entry.protocol.as_str(), entry.outcome), (version, Outcome::Completed));
    }
    let stranger = reqwest::Client::new();
    assert!(post(&stranger, &url, &body(false, "x")).send().await.is_err());
}

#[tokio::test]
async fn over_http2_a_reset_ends_one_stream_and_spares_its_neighbours() {
    let simulator = front().await;
    let url = simulator.tls_url().unwrap();
    let client = client(&simulator).build().unwrap();
    let cut = post(&client, &url, &body(true, "sim:cut=reset@4")).send().await.unwrap();
    let whole = post(&client, &url, &body(true, "sim:events=6,interval=20")).send().await.unwrap();
    assert!(cut.bytes().await.is_err());
    assert!(whole.text().await.unwrap().contains("message_stop"));
    assert_eq!(simulator.connections(), 1);
}
