//! Bedrock from outside: signed here step by step as AWS describes it, and frames taken apart by hand.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::{Engine, engine::general_purpose::STANDARD};
use causeway_simulator::{AWS_SECRET, Outcome, Rule, Script};
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::{oauth::text, *};

const MODEL: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

/// A request to be signed, right in everything unless told otherwise.
struct Signed<'a> {
    key: &'a str,
    secret: &'a str,
    token: Option<&'a str>,
    at: DateTime<Utc>,
    /// What is signed instead of what is sent.
    path: Option<&'a str>,
    unsigned: &'a str,
}

impl Default for Signed<'_> {
    fn default() -> Self {
        Self {
            key: "AKIASIMULATOR0000001",
            secret: AWS_SECRET,
            token: None,
            at: Utc::now(),
            path: None,
            unsigned: "",
        }
    }
}

impl Signed<'_> {
    /// The call, with its signature.
    fn post(&self, simulator: &Simulator, action: &str, body: &Value) -> reqwest::RequestBuilder {
        let sent = format!("/model/{}/{action}", MODEL.replace(':', "%3A"));
        let canonical_path = self.path.map_or_else(|| sent.replace('%', "%25"), str::to_owned);
        let body = body.to_string();
        let (stamp, day) = (self.at.format("%Y%m%dT%H%M%SZ").to_string(), self.at.format("%Y%m%d"));
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("host", simulator.addr().to_string()),
            ("x-amz-date", stamp.clone()),
        ];
        headers.extend(self.token.map(|token| ("x-amz-security-token", token.to_owned())));
        let signed: Vec<_> = headers.iter().filter(|(name, _)| *name != self.unsigned).collect();
        let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let names = signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let hash = |text: &str| hex::encode(Sha256::digest(text));
        let canonical = format!("POST\n{canonical_path}\n\n{lines}\n{names}\n{}", hash(&body));
        let scope = format!("{day}/eu-west-1/bedrock/aws4_request");
        let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hash(&canonical));
        let mut key = format!("AWS4{}", self.secret).into_bytes();
        for part in scope.split('/').chain([to_sign.as_str()]) {
            key = sign(&Key::new(HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec();
        }
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={}",
            self.key,
            hex::encode(key)
        );
        let mut request = reqwest::Client::new().post(format!("{}{sent}", simulator.url())).body(body);
        for (name, value) in headers.into_iter().filter(|(name, _)| *name != "host") {
            request = request.header(name, value);
        }
        request.header("authorization", authorization)
    }
}

fn request() -> Value {
    let mut body = body(false, "u");
    let fields = body.as_object_mut().unwrap();
    fields.remove("model");
    fields.remove("stream");
    fields.insert("anthropic_version".into(), "bedrock-2023-05-31".into());
    body
}

/// A frame: its headers, its payload.
type Frame = (Vec<(String, String)>, Value);

/// All frames; panics where a length or a checksum is wrong.
fn frames(mut bytes: &[u8]) -> Vec<Frame> {
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes[..4].try_into().unwrap());
    let checked = |bytes: &[u8]| flate2_crc(bytes);
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (whole, head) = (number(bytes) as usize, number(&bytes[4..]) as usize);
        assert_eq!(checked(&bytes[..8]), number(&bytes[8..]), "the checksum of the lengths");
        assert_eq!(checked(&bytes[..whole - 4]), number(&bytes[whole - 4..]), "the checksum of everything");
        let (mut headers, mut names) = (&bytes[12..12 + head], Vec::new());
        while !headers.is_empty() {
            let name = usize::from(headers[0]);
            assert_eq!(headers[1 + name], 7, "a string");
            let length = usize::from(u16::from_be_bytes(headers[2 + name..4 + name].try_into().unwrap()));
            let utf8 = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            names.push((utf8(&headers[1..1 + name]), utf8(&headers[4 + name..4 + name + length])));
            headers = &headers[4 + name + length..];
        }
        found.push((names, serde_json::from_slice(&bytes[12 + head..whole - 4]).unwrap()));
        bytes = &bytes[whole..];
    }
    found
}

/// By another hand than the simulator's: gzip keeps the same checksum in its last eight bytes.
fn flate2_crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn header<'a>(frame: &'a Frame, name: &str) -> &'a str {
    &frame.0.iter().find(|(n, _)| n == name).unwrap().1
}

fn event(frame: &Frame) -> Value {
    serde_json::from_slice(&STANDARD.decode(text(&frame.1["bytes"])).unwrap()).unwrap()
}

#[tokio::test]
async fn a_signed_call_is_answered_and_counted_in_headers() {
    let simulator = start().await;
    let answer = Signed::default().post(&simulator, "invoke", &request()).send().await.unwrap();
    let headers = answer.headers().clone();
    let (status, body) = (answer.status(), answer.json::<Value>().await.unwrap());
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["model"], "claude-haiku-4-5-20251001");
    let count = |name: &str| headers[format!("x-amzn-bedrock-{name}-token-count")].to_str().unwrap().parse();
    let entry = settled(&simulator).await;
    assert_eq!((count("input"), count("output")), (Ok(entry.billed.input), Ok(entry.billed.output)));
    assert_eq!(entry.key.as_deref(), Some("AKIASIMULATOR0000001"));
    assert_eq!(
        (entry.model.as_deref(), entry.request_id.as_str()),
        (Some(MODEL), headers["x-amzn-requestid"].to_str().unwrap())
    );
}

#[tokio::test]
async fn a_stream_is_a_frame_for_each_event_and_ends_with_what_was_counted() {
    let simulator = start().await;
    let answer = Signed::default().post(&simulator, "invoke-with-response-stream", &request());
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/vnd.amazon.eventstream");
    let frames = frames(&answer.bytes().await.unwrap());
    for frame in &frames {
        assert_eq!((header(frame, ":event-type"), header(frame, ":message-type")), ("chunk", "event"));
    }
    let events: Vec<_> = frames.iter().map(event).collect();
    assert_eq!(events[0]["type"], "message_start");
    assert!(!events.iter().any(|event| event["type"] == "ping"));
    let entry = settled(&simulator).await;
    let counted = &events.last().unwrap()["amazon-bedrock-invocationMetrics"];
    assert_eq!(
        (&counted["inputTokenCount"], &counted["outputTokenCount"]),
        (&entry.billed.input.into(), &entry.billed.output.into())
    );
    assert_eq!((entry.outcome, entry.events), (Outcome::Completed, events.len() as u64));
}

#[tokio::test]
async fn every_wrong_signature_is_refused_for_its_reason() {
    let simulator = start().await;
    let default = Signed::default;
    let session = |token| Signed { key: "ASIASIMULATOR0000001", token, ..default() };
    let cases = [
        (Signed { secret: "guessed", ..default() }, 403, "InvalidSignatureException"),
        (Signed { path: Some("/model/x/invoke"), ..default() }, 403, "InvalidSignatureException"),
        (Signed { at: Utc::now() - TimeDelta::minutes(20), ..default() }, 403, "InvalidSignatureException"),
        (Signed { at: Utc::now() + TimeDelta::minutes(20), ..default() }, 403, "InvalidSignatureException"),
        (Signed { unsigned: "host", ..default() }, 403, "InvalidSignatureException"),
        (
            Signed { unsigned: "x-amz-security-token", ..session(Some("sim-session-1")) },
            403,
            "InvalidSignatureException",
        ),
        (Signed { key: "AKIAOTHER", ..default() }, 403, "UnrecognizedClientException"),
        (session(None), 403, "UnrecognizedClientException"),
        (session(Some("sim-session-expired")), 403, "ExpiredTokenException"),
    ];
    for (case, status, kind) in cases {
        let answer = case.post(&simulator, "invoke", &request()).send().await.unwrap();
        let named = answer.headers()["x-amzn-errortype"].to_str().unwrap().to_owned();
        assert_eq!((answer.status().as_u16(), named.split(':').next()), (status, Some(kind)));
    }
    let answer = session(Some("sim-session-1")).post(&simulator, "invoke", &request()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    // A body that is not the one signed.
    let forged = Signed::default().post(&simulator, "invoke", &request()).body("{}").send().await.unwrap();
    assert!(forged.text().await.unwrap().contains("The Canonical String for this request should have been"));
    let bare = format!("{}/model/{MODEL}/invoke", simulator.url());
    let bare = reqwest::Client::new().post(bare).json(&request()).send().await.unwrap();
    assert!(bare.headers()["x-amzn-errortype"].to_str().unwrap().starts_with("MissingAuthenticationToken"));
}

#[tokio::test]
async fn a_bearer_key_does_as_well_as_a_signature() {
    let simulator = start().await;
    let address = format!("{}/model/{}/invoke", simulator.url(), MODEL.replace(':', "%3A"));
    let status = async |key: &str| {
        let answer =
            reqwest::Client::new().post(&address).bearer_auth(key).json(&request()).send().await.unwrap();
        answer.status().as_u16()
    };
    assert_eq!((status(KEY).await, status("guessed").await), (200, 403));
    // An account's token is for the provider.
    assert_eq!(status(&simulator.oauth().issue("acct-ada", "me").access).await, 403);
}

#[tokio::test]
async fn bodies_made_for_the_provider_itself_are_refused() {
    let simulator = start().await;
    for (name, value, why) in [
        ("model", "claude-haiku-4-5".into(), "model: Extra inputs"),
        ("stream", true.into(), "stream: Extra inputs"),
        ("anthropic_version", "2023-06-01".into(), "anthropic_version: Input should be"),
        ("anthropic_version", Value::Null, "anthropic_version: "),
        ("max_tokens", 0.into(), "max_tokens"),
    ] {
        let mut body = request();
        body[name] = value;
        let answer = Signed::default().post(&simulator, "invoke", &body).send().await.unwrap();
        assert_eq!(answer.status(), 400);
        assert!(answer.headers()["x-amzn-errortype"].to_str().unwrap().starts_with("ValidationException"));
        let answer: Value = answer.json().await.unwrap();
        assert!(text(&answer["message"]).starts_with(why), "{answer}");
    }
}

#[tokio::test]
async fn faults_come_in_the_platforms_manner_before_and_inside_a_stream() {
    let simulator = start().await;
    let key = Signed::default().key.to_owned();
    let send = async |script: &str| {
        simulator.queue(Rule::on_key(&key, Script::parse(script).unwrap()).times(1));
        Signed::default().post(&simulator, "invoke-with-response-stream", &request()).send().await.unwrap()
    };
    for (script, status, kind) in [
        ("status=429", 429, "ThrottlingException"),
        ("status=503", 503, "ServiceUnavailableException"),
        ("status=529", 529, "ServiceUnavailableException"),
        ("status=400,error=ServiceQuotaExceededException", 400, "ServiceQuotaExceededException"),
    ] {
        let answer = send(script).await;
        let named = answer.headers()["x-amzn-errortype"].to_str().unwrap().to_owned();
        assert_eq!((answer.status().as_u16(), named.split(':').next()), (status, Some(kind)), "{script}");
    }
    for (script, count, kind) in [
        ("error_event=throttlingException", 1, "throttlingException"),
        ("error_event=overloaded_error@4", 5, "serviceUnavailableException"),
        ("error_event=modelStreamErrorException@2", 3, "modelStreamErrorException"),
    ] {
        let frames = frames(&send(script).await.bytes().await.unwrap());
        let last = frames.last().unwrap();
        assert_eq!((frames.len(), header(last, ":message-type")), (count, "exception"), "{script}");
        assert_eq!(header(last, ":exception-type"), kind);
        assert!(last.1["message"].is_string());
    }
    assert!(send("cut=reset@3").await.bytes().await.is_err());
    let whole = send("piece=7").await.bytes().await.unwrap();
    assert_eq!(event(frames(&whole).last().unwrap())["type"], "message_stop");
}

#[tokio::test]
async fn a_frame_with_a_wrong_checksum_comes_on_demand() {
    let simulator = start().await;
    simulator.next("garbage=2").unwrap();
    let answer = Signed::default().post(&simulator, "invoke-with-response-stream", &request());
    let bytes = answer.send().await.unwrap().bytes().await.unwrap();
    let broken = std::panic::catch_unwind(|| frames(&bytes));
    assert!(broken.is_err());
}

#[tokio::test]
async fn models_are_listed_under_both_names() {
    let simulator = start().await;
    for (path, place) in [
        ("foundation-models", "/modelSummaries/10/modelId"),
        ("inference-profiles", "/inferenceProfileSummaries/10/inferenceProfileId"),
    ] {
        let address = format!("{}/{path}", simulator.url());
        let answer = reqwest::Client::new().get(address).bearer_auth(KEY).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        let name = text(answer.pointer(place).unwrap());
        assert!(name.ends_with("anthropic.claude-haiku-4-5-20251001-v1:0"), "{name}");
    }
}
