//! What the hot path pays to this crate: one scan per request, one meter per response.

use std::hint::black_box;

use bytes::Bytes;
use causeway_dialect::Dialect;
use causeway_dialect::request::{Endpoint, Path, Request};
use causeway_dialect::splice::Edits;
use causeway_dialect::{scan, sse};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const SMALL: &str = r#"{"model":"claude-sonnet-4-5","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"Say hello to me"}]}"#;

/// A prompt of about so many bytes: source code with its escapes, as coding clients send it.
fn prompt(bytes: usize) -> String {
    let line = r#"    let fields = scan::object(body, &[\"model\"])?; // the one pass\n"#;
    let text = line.repeat(20);
    let message = format!(
        r#"{{"role":"user","content":[{{"type":"text","text":"{text}","cache_control":{{"type":"ephemeral"}}}}]}}"#
    );
    let messages = vec![message.as_str(); bytes / message.len() + 1].join(",");
    format!(r#"{{"model":"claude-sonnet-4-5","max_tokens":64,"stream":true,"messages":[{messages}]}}"#)
}

fn picture(bytes: usize) -> String {
    let data = "iVBORw0KGgo".repeat(bytes / 11);
    format!(
        r#"{{"model":"m","max_tokens":1,"messages":[{{"role":"user","content":[{{"type":"image","source":{{"type":"base64","media_type":"image/png","data":"{data}"}}}}]}}]}}"#
    )
}

fn chinese(bytes: usize) -> String {
    let text = "请把这段程序解释一遍，然后写出测试。".repeat(bytes / 54);
    format!(r#"{{"model":"m","max_tokens":1,"messages":[{{"role":"user","content":"{text}"}}]}}"#)
}

fn requests(c: &mut Criterion) {
    let mut group = c.benchmark_group("request");
    for (name, body) in [
        ("120 B", SMALL.to_owned()),
        ("425 KB", prompt(425_000)),
        ("4 MB", prompt(4_000_000)),
        ("4 MB picture", picture(4_000_000)),
        ("4 MB chinese", chinese(4_000_000)),
    ] {
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(format!("parse {name}"), |b| {
            b.iter(|| {
                let body = black_box(body.as_bytes());
                Request::parse(Dialect::Anthropic, Endpoint::Generate, Path::default(), body)
            });
        });
    }
    group.throughput(Throughput::Bytes(SMALL.len() as u64));
    group.bench_function("scan 120 B for two keys", |b| {
        b.iter(|| scan::object(black_box(SMALL.as_bytes()), &["model", "stream"]).is_ok());
    });
    let body = Bytes::from(prompt(425_000));
    let range = scan::object(&body, &["model"]).ok().and_then(|f| f.get("model")).map(|value| value.range());
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("replace the model in 425 KB", |b| {
        b.iter(|| {
            let mut edits = Edits::new();
            edits.replace_with_string(range.clone().unwrap_or_default(), "another-model");
            edits.apply(body.clone())
        });
    });
    group.finish();
}

/// A stream of so many events, each of them one chunk.
fn stream(events: usize) -> Vec<Bytes> {
    let start = br#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"stop_reason":null,"usage":{"input_tokens":472,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":2}}}"#;
    let block = br#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
    let delta = br#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" a few words more"}}"#;
    let end = br#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":89}}"#;
    let mut chunks = vec![sse::encode("message_start", start), sse::encode("content_block_start", block)];
    chunks.extend((5..events).map(|_| sse::encode("content_block_delta", delta)));
    chunks.push(sse::encode("content_block_stop", br#"{"type":"content_block_stop","index":0}"#));
    chunks.push(sse::encode("message_delta", end));
    chunks.push(sse::encode("message_stop", br#"{"type":"message_stop"}"#));
    chunks
}

fn meters(c: &mut Criterion) {
    let mut group = c.benchmark_group("meter");
    let chunks = stream(64);
    let joined = chunks.concat();
    let cut: Vec<&[u8]> = joined.chunks(50).collect();
    let run = |chunks: &[&[u8]]| {
        let mut meter = Dialect::Anthropic.meter(true, Some("text/event-stream"), None);
        for chunk in chunks {
            meter.push(chunk);
        }
        meter.finish()
    };
    let whole: Vec<&[u8]> = chunks.iter().map(|chunk| &chunk[..]).collect();
    group.throughput(Throughput::Elements(64));
    group.bench_function("64 events, a chunk each", |b| b.iter(|| run(black_box(&whole))));
    group.bench_function("64 events in one chunk", |b| b.iter(|| run(black_box(&[&joined]))));
    group.bench_function("64 events in pieces of 50 bytes", |b| b.iter(|| run(black_box(&cut))));
    let text = r"words and \n words ".repeat(50_000);
    let body = format!(
        r#"{{"id":"m","content":[{{"type":"text","text":"{text}"}}],"usage":{{"input_tokens":5,"output_tokens":6}}}}"#
    );
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("body of 900 KB", |b| {
        b.iter(|| {
            let mut meter = Dialect::Anthropic.meter(false, Some("application/json"), None);
            for chunk in black_box(body.as_bytes()).chunks(16 * 1024) {
                meter.push(chunk);
            }
            meter.finish()
        });
    });
    group.finish();
}

criterion_group!(benches, requests, meters);
criterion_main!(benches);
