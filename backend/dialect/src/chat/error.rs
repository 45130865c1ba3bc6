//! Errors of a Chat stream. Bodies, and what is read of an upstream's, are [`openai::error`](crate::openai::error)'s.

use bytes::Bytes;

use crate::error::Failure;
use crate::{openai, sse};

/// The response body for a failure.
pub fn body(failure: &Failure<'_>) -> Bytes {
    openai::error::body_with(failure, None)
}

/// The same inside a stream that has begun. Clients look for `error` in the data, and know no event names.
pub fn event(failure: &Failure<'_>) -> Bytes {
    sse::encode("", &body(failure))
}

/// A comment: every client reads over it, and it keeps the connection from looking dead.
pub const fn keep_alive() -> Bytes {
    Bytes::from_static(b": keep-alive\n\n")
}

/// The status with which a failure is given: OpenAI's clients know no 529.
pub const fn status(status: u16) -> u16 {
    if status == 529 { 503 } else { status }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::tests::failure;

    #[test]
    fn a_failure_is_written_in_openais_shape() {
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        insta::assert_snapshot!(failure(402, |failure| format!(
            "{}\n{}",
            text(body(failure)),
            text(event(failure))
        )));
        let read = failure(402, |failure| openai::error::read(&body(failure))).unwrap();
        assert_eq!(read.kind, "insufficient_quota budget_exceeded");
    }
}
