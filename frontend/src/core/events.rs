//! Server-sent events in the answer to a POST: the browser's own reader of events can only GET.

use gloo_net::http::Response;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::ReadableStreamDefaultReader;

use super::error::ApiError;

/// An answer that comes in events.
pub(crate) struct Events {
    reader: ReadableStreamDefaultReader,
    status: u16,
    lines: Lines,
}

impl Events {
    pub(super) fn of(answer: &Response) -> Result<Self, ApiError> {
        let status = answer.status();
        let stream = answer.body().ok_or(ApiError::Unreadable(status))?;
        let reader = stream.get_reader().unchecked_into();
        Ok(Self { reader, status, lines: Lines::default() })
    }

    /// The data of the next event; `None` when there are no more.
    pub(crate) async fn next<T: DeserializeOwned>(&mut self) -> Option<Result<T, ApiError>> {
        loop {
            if let Some(data) = self.lines.next() {
                return Some(serde_json::from_str(&data).map_err(|_| ApiError::Unreadable(self.status)));
            }
            match self.more().await {
                Ok(Some(bytes)) => self.lines.push(&bytes),
                Ok(None) => return None,
                Err(_) => return Some(Err(ApiError::Unreachable)),
            }
        }
    }

    async fn more(&self) -> Result<Option<Vec<u8>>, JsValue> {
        let read = JsFuture::from(self.reader.read()).await?;
        if js_sys::Reflect::get(&read, &"done".into())?.is_truthy() {
            return Ok(None);
        }
        let bytes = js_sys::Reflect::get(&read, &"value".into())?;
        Ok(Some(js_sys::Uint8Array::new(&bytes).to_vec()))
    }
}

/// What has come and is not a whole event yet. Bytes become text only where an event ends, so that no character is cut.
#[derive(Default)]
struct Lines {
    rest: Vec<u8>,
    looked: usize,
}

impl Lines {
    fn push(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
    }

    /// The data of the first event that has some. Comments, which keep a connection alive, have none.
    fn next(&mut self) -> Option<String> {
        loop {
            let from = self.looked.saturating_sub(1);
            let end = self.rest[from..].windows(2).position(|two| two == b"\n\n");
            let Some(end) = end.map(|end| from + end) else {
                self.looked = self.rest.len();
                return None;
            };
            self.looked = 0;
            let rest = self.rest.split_off(end + 2);
            let event = std::mem::replace(&mut self.rest, rest);
            let event = String::from_utf8_lossy(&event);
            let data: Vec<&str> = event.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
            if !data.is_empty() {
                return Some(data.join("\n"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_their_bytes_come_and_comments_are_not() {
        let stream = "event: a\ndata: {\"é\":1}\n\n:\n\nevent: b\ndata: 2\n\ndata: cut";
        for size in 1..=stream.len() {
            let mut lines = Lines::default();
            let mut seen = Vec::new();
            for chunk in stream.as_bytes().chunks(size) {
                lines.push(chunk);
                while let Some(data) = lines.next() {
                    seen.push(data);
                }
            }
            assert_eq!(seen, ["{\"é\":1}", "2"], "in chunks of {size}");
        }
    }
}
