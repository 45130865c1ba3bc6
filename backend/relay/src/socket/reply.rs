//! An answer as it comes, event by event, as the messages that a client gets.

use bytes::{Bytes, BytesMut};
use causeway_dialect::{
    responses::socket::{Answering, failed},
    sse::{Decoder, TooLarge},
};
use http::{HeaderMap, HeaderName, header};
use http_body::Body;
use http_body_util::BodyExt;
use serde::de::IgnoredAny;

/// How much of an error's body is told.
const MOST_OF_AN_ERROR: usize = 1 << 20;

/// Headers that clients heed when a request fails.
const HEEDED: [HeaderName; 3] =
    [header::RETRY_AFTER, HeaderName::from_static("x-request-id"), HeaderName::from_static("x-should-retry")];

/// What has come of an answer.
pub(super) struct Reply {
    decoder: Decoder,
    answering: Answering,
}

impl Reply {
    /// Nothing yet. Answers of more than `most` bytes are passed on and not remembered.
    pub(super) fn new(most: usize) -> Self {
        Self { decoder: Decoder::new(), answering: Answering::new(most) }
    }

    /// The messages that these bytes complete. What is no JSON is none: what was cut off, and `[DONE]`.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<Vec<String>, TooLarge> {
        let mut messages = Vec::new();
        let answering = &mut self.answering;
        self.decoder.push(chunk, |event| {
            let data = String::from_utf8_lossy(event.data);
            if data.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(&data).is_ok() {
                answering.event(event.name, &data);
                messages.push(data.into_owned());
            }
        })?;
        Ok(messages)
    }

    /// Whether the client has been told how it ended.
    pub(super) const fn is_over(&self) -> bool {
        self.answering.is_over()
    }

    /// What the next message may go on from.
    pub(super) fn finish(self) -> Option<(String, Vec<u8>)> {
        self.answering.finish()
    }
}

/// The event that tells of a request which was not answered: with what the same request would have got over HTTP.
pub(super) fn refusal(status: u16, headers: &HeaderMap, body: &[u8]) -> String {
    let names = HEEDED;
    let heeded = names.iter().filter_map(|name| Some((name.as_str(), headers.get(name)?.to_str().ok()?)));
    failed(status, body, &heeded.collect::<Vec<_>>())
}

/// The body of an error, as far as it is told.
pub(super) async fn whole<B: Body<Data = Bytes> + Unpin>(mut body: B) -> BytesMut {
    let mut all = BytesMut::new();
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(data) = frame.into_data() else { continue };
        all.extend_from_slice(data.get(..MOST_OF_AN_ERROR - all.len()).unwrap_or(&data));
        if all.len() >= MOST_OF_AN_ERROR {
            break;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::Full;

    #[test]
    fn each_event_is_one_message_however_it_is_cut_and_what_is_no_event_is_none() {
        let stream = "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\"}}\n\n\
            : still there\n\ndata: [DONE]\n\ndata: {\"cut\": \n\ndata: \"text\"\n\n\
            event: response.completed\ndata: {\"response\":{\"id\":\"resp_1\"}}\n\n";
        for size in [1, 7, 1000] {
            let mut reply = Reply::new(1000);
            let mut messages = Vec::new();
            for chunk in stream.as_bytes().chunks(size) {
                messages.extend(reply.push(chunk).unwrap());
            }
            assert_eq!(messages.len(), 2, "{messages:?}");
            assert_eq!(messages[1], r#"{"response":{"id":"resp_1"}}"#);
            assert!(reply.is_over());
            assert_eq!(reply.finish().unwrap().0, "resp_1");
        }
    }

    #[tokio::test]
    async fn an_error_is_told_with_what_clients_heed_and_no_more_than_it_may_have() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "7".parse().unwrap());
        headers.insert("set-cookie", "a=b".parse().unwrap());
        let told = refusal(429, &headers, br#"{"error":{"code":"c"}}"#);
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["headers"], serde_json::json!({"retry-after": "7"}));
        let huge = vec![b'x'; MOST_OF_AN_ERROR + 5];
        assert_eq!(whole(Full::new(Bytes::from(huge))).await.len(), MOST_OF_AN_ERROR);
    }
}
