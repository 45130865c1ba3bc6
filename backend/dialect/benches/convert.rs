//! What a conversion costs: a request of 425 KB and a stream of 1,000 events, for each pair of dialects.

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use causeway_dialect::convert::{self, Converter, Wire};
use causeway_dialect::framing::Framing;
use causeway_dialect::neutral::{Restore, Target};
use causeway_dialect::request::{Endpoint, Path, Request};
use causeway_dialect::{Dialect, sse};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const PATH: Path<'static> = Path { model: Some("model"), stream: true };

const TARGET: Target<'static> = Target {
    model: "model",
    max_output: 32_000,
    stream: None,
    compatible: false,
    cache: false,
    adaptive: false,
    without: &[],
    request_id: "req_1",
    now: 1,
};

/// A conversation of about so many bytes: source code with its escapes, calls and their results.
fn conversation(bytes: usize) -> String {
    let line = r#"    let fields = scan::object(body, &[\"model\"])?; // the one pass\n"#;
    let text = line.repeat(20);
    let step = |number: usize| {
        format!(
            r#"{{"role":"user","content":[{{"type":"text","text":"{text}"}}]}},{{"role":"assistant","content":[{{"type":"text","text":"Looking."}},{{"type":"tool_use","id":"toolu_{number}","name":"read_file","input":{{"path":"src/lib.rs","lines":[1,200]}}}}]}},{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"toolu_{number}","content":[{{"type":"text","text":"{text}"}}]}}]}},{{"role":"assistant","content":"So it is."}}"#
        )
    };
    let steps: Vec<String> = (0..bytes / step(0).len() + 1).map(step).collect();
    let schema = r#"{"type":"object","properties":{"path":{"type":"string","description":"Where"},"lines":{"type":"array","items":{"type":"integer"}}},"required":["path"],"additionalProperties":false}"#;
    let tools: Vec<String> = (0..20)
        .map(|number| {
            format!(r#"{{"name":"tool_{number}","description":"Reads a file.","input_schema":{schema}}}"#)
        })
        .collect();
    format!(
        r#"{{"model":"m","max_tokens":64,"stream":true,"system":"Be brief.","tools":[{}],"messages":[{}]}}"#,
        tools.join(","),
        steps.join(",")
    )
}

fn others(dialect: Dialect) -> impl Iterator<Item = Dialect> {
    Dialect::ALL.into_iter().filter(move |other| *other != dialect)
}

fn requests(c: &mut Criterion) {
    let mut group = c.benchmark_group("convert a request of 425 KB");
    let first = conversation(425_000);
    let read = convert::read(Dialect::Anthropic, PATH, first.as_bytes());
    let Ok(read) = read else { return };
    for client in Dialect::ALL {
        let Ok(written) = convert::write(client, &read, &TARGET) else { return };
        group.throughput(Throughput::Bytes(written.body.len() as u64));
        // What it costs to know what is asked for, which a request that passes untouched costs too.
        group.bench_function(format!("{client} passed through"), |b| {
            b.iter(|| Request::parse(client, Endpoint::Generate, PATH, black_box(&written.body)).is_ok());
        });
        for upstream in others(client) {
            group.throughput(Throughput::Bytes(written.body.len() as u64));
            group.bench_function(format!("{client} to {upstream}"), |b| {
                b.iter(|| {
                    let conversation = convert::read(client, PATH, black_box(&written.body));
                    conversation.and_then(|read| convert::write(upstream, &read, &TARGET)).is_ok()
                });
            });
        }
    }
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

fn run(from: Dialect, to: Dialect, chunks: &[Bytes], mut each: impl FnMut(Bytes)) {
    let from = Wire { dialect: from, framing: Framing::Events };
    let to = Wire { dialect: to, framing: Framing::Events };
    let mut converter = Converter::new(from, to, Restore::default());
    let mut out = BytesMut::with_capacity(4096);
    for chunk in chunks {
        converter.push(chunk, &mut out);
        each(out.split().freeze());
    }
    let _ = converter.finish(&mut out);
    each(out.freeze());
}

fn streams(c: &mut Criterion) {
    let mut group = c.benchmark_group("convert a stream of 1,000 events");
    let first = stream(1_000);
    for upstream in Dialect::ALL {
        let mut chunks = Vec::new();
        run(Dialect::Anthropic, upstream, &first, |chunk| chunks.push(chunk));
        let bytes = chunks.iter().map(|chunk| chunk.len() as u64).sum();
        group.throughput(Throughput::ElementsAndBytes { elements: 1_000, bytes });
        for client in others(upstream) {
            group.bench_function(format!("{upstream} to {client}"), |b| {
                b.iter(|| {
                    run(upstream, client, black_box(&chunks), |chunk| {
                        black_box(chunk);
                    });
                });
            });
        }
        // What it costs to read its usage as it goes by, which a stream that passes untouched costs too.
        group.bench_function(format!("{upstream} passed through"), |b| {
            b.iter(|| {
                let mut meter = upstream.meter(true, Some("text/event-stream"), None);
                for chunk in black_box(&chunks) {
                    meter.push(chunk);
                }
                meter.finish()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, requests, streams);
criterion_main!(benches);
