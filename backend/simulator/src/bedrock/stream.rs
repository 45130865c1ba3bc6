//! The events of an answer as Bedrock sends them: each in a frame, its JSON in base64, padded so that lengths tell
//! nothing; no pings; the last with the figures of the whole invocation.

use std::time::Instant;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::frame::{Header, frame};
use crate::{
    anthropic::Stream,
    ledger::Tokens,
    play::{Event, Kind},
    script::Script,
};

pub(super) struct Frames {
    events: Stream,
    tokens: Tokens,
    begun: Instant,
    first: Option<u128>,
    /// Frames made, which is the position that scripts name.
    at: u32,
    garbage_after: Option<u32>,
    bad_utf8_after: Option<u32>,
}

impl Frames {
    pub(super) fn new(events: Stream, tokens: Tokens, script: &Script) -> Self {
        Self {
            events,
            tokens,
            begun: Instant::now(),
            first: None,
            at: 0,
            garbage_after: script.garbage_after,
            bad_utf8_after: script.bad_utf8_after,
        }
    }

    /// The last event says what was counted at the platform, cache included.
    fn with_metrics(&self, data: &str) -> String {
        let mut event: Value = serde_json::from_str(data).unwrap_or_default();
        let Tokens { input, output, cache_read, cache_write_5m, cache_write_1h } = self.tokens;
        event["amazon-bedrock-invocationMetrics"] = json!({
            "inputTokenCount": input,
            "outputTokenCount": output,
            "invocationLatency": self.begun.elapsed().as_millis(),
            "firstByteLatency": self.first,
            "cacheReadInputTokenCount": cache_read,
            "cacheWriteInputTokenCount": cache_write_5m + cache_write_1h,
        });
        event.to_string()
    }
}

impl Iterator for Frames {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        let at = self.at;
        let due = |after: &mut Option<u32>| after.take_if(|after| *after <= at).is_some();
        let fault = match () {
            () if due(&mut self.garbage_after) => Some(broken()),
            () if due(&mut self.bad_utf8_after) => Some(chunk(BAD_UTF8, at)),
            () => None,
        };
        if let Some(bytes) = fault {
            return Some(Event { bytes, kind: Kind::Other, told: None, billed: None });
        }
        let event = self.events.find(|event| !event.bytes.starts_with(b"event: ping\n"))?;
        self.at += 1;
        self.first.get_or_insert_with(|| self.begun.elapsed().as_millis());
        let text = String::from_utf8_lossy(&event.bytes);
        let data = text.split_once("data: ").map_or("", |(_, data)| data.trim_end());
        let bytes = if event.kind == Kind::Stop {
            chunk(self.with_metrics(data).as_bytes(), at)
        } else {
            chunk(data.as_bytes(), at)
        };
        Some(Event { bytes, ..event })
    }
}

fn chunk(data: &[u8], at: u32) -> Vec<u8> {
    const PADDING: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let padding = &PADDING[..(at as usize * 7 + 3) % PADDING.len()];
    let payload = json!({"bytes": STANDARD.encode(data), "p": padding}).to_string();
    let headers = [
        Header { name: ":event-type", value: "chunk" },
        Header { name: ":content-type", value: "application/json" },
        Header { name: ":message-type", value: "event" },
    ];
    frame(&headers, payload.as_bytes())
}

/// A frame whose checksum is wrong: nothing after it can be trusted.
fn broken() -> Vec<u8> {
    let mut bytes = chunk(br#"{"type":"ping"}"#, 0);
    if let Some(last) = bytes.last_mut() {
        *last ^= 0xFF;
    }
    bytes
}

const BAD_UTF8: &[u8] =
    b"{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"cut \xf0\x9f\"}}";
