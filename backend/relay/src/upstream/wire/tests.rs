//! Heads and bodies: what is read, what is refused, and that it makes no difference in which pieces they come.

use super::{body::Delimited, head::Head, *};
use bytes::BufMut;
use bytes::BytesMut;
use http::{HeaderValue, StatusCode};
use proptest::prelude::*;

fn head(text: &str) -> Result<Option<Head>, Malformed> {
    head::read(&mut BytesMut::from(text))
}

#[test]
fn a_request_is_written_with_the_length_of_its_body() {
    for size in [0, 7, SMALL, SMALL + 1, 50_000] {
        let body: Vec<u8> = (0..size).map(|i| b'a' + (i % 26) as u8).collect();
        let request = Request::post("/v1/messages?beta=true")
            .header("host", "provider")
            .header("x-api-key", "k")
            .header("content-length", "999")
            .header("transfer-encoding", "chunked")
            .body(Bytes::from(body.clone()))
            .unwrap();
        let head = "POST /v1/messages?beta=true HTTP/1.1\r\nhost: provider\r\nx-api-key: k\r\n";
        let mut all = format!("{head}content-length: {size}\r\n\r\n").into_bytes();
        all.extend(body);
        let written = |outgoing: &Outgoing| outgoing.slices().map(|slice| slice.to_vec()).concat();
        let mut outgoing = Outgoing::of(&request);
        assert_eq!(outgoing.slices()[1].is_empty(), size <= SMALL);
        let mut gone = 0;
        for piece in [1, head.len(), 25, 5, usize::MAX] {
            assert_eq!(written(&outgoing), all[gone..], "{size}: {gone}");
            let piece = piece.min(all.len() - gone);
            outgoing.went(piece);
            gone += piece;
        }
        assert!(outgoing.is_gone());
    }
}

#[test]
fn a_head_says_where_the_body_ends_and_whether_the_connection_stays() {
    let (by_length, chunked) = (Delimited::ByLength(5), Delimited::chunked());
    for (text, body, keeps) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", by_length, true),
        ("HTTP/1.1 200\r\nContent-Length: 5\r\nConnection: close\r\n\r\n", by_length, false),
        ("HTTP/1.1 200 OK\ncontent-length: 5\n\n", by_length, true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 5, 5\r\ncontent-length: 5\r\n\r\n", by_length, true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Delimited::Over, true),
        ("HTTP/1.1 204 No Content\r\n\r\n", Delimited::Over, true),
        ("HTTP/1.1 304 Not Modified\r\netag: x\r\n\r\n", Delimited::Over, true),
        ("HTTP/1.1 200 OK\r\n\r\n", Delimited::ByClose, false),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n", chunked, true),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n", chunked, false),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
            chunked,
            true,
        ),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: identity\r\n\r\n", Delimited::ByClose, false),
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: x, Close\r\n\r\n", by_length, false),
        ("HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\n", by_length, false),
        ("HTTP/1.0 200 OK\r\ncontent-length: 5\r\nconnection: keep-alive\r\n\r\n", by_length, true),
        ("HTTP/1.0 200 OK\r\ncontent-length: 5\r\nconnection: keep-alive, close\r\n\r\n", by_length, false),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n",
            by_length,
            true,
        ),
    ] {
        let read = head(text).unwrap().unwrap();
        assert_eq!((read.body, read.keeps), (body, keeps), "{text}");
        assert!(!read.headers.contains_key(header::LINK), "what came before is not the answer's");
        assert_eq!(
            read.headers.contains_key(header::CONTENT_LENGTH),
            text.contains("ength: ") && body != chunked
        );
    }
}

#[test]
fn a_length_is_handed_on_as_one_number_or_not_at_all() {
    let length = |text: &str| head(text).unwrap().unwrap().headers.get(header::CONTENT_LENGTH).cloned();
    for told in ["content-length: 5, 5", "content-length: 5\r\ncontent-length: 5", "content-length: 5"] {
        assert_eq!(length(&format!("HTTP/1.1 200 OK\r\n{told}\r\n\r\n")).unwrap(), "5");
    }
    assert_eq!(length("HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n"), None);
    assert_eq!(length("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n"), None);
}

#[test]
fn a_repeated_header_keeps_all_its_values_in_any_bytes() {
    let mut bytes = BytesMut::from(&b"HTTP/1.1 429 x\r\nA: 1\r\na: \xff\xfe\r\nb:\r\n\r\nrest"[..]);
    let read = head::read(&mut bytes).unwrap().unwrap();
    assert_eq!(read.status, StatusCode::TOO_MANY_REQUESTS);
    let values: Vec<&HeaderValue> = read.headers.get_all("a").iter().collect();
    assert_eq!(values, [&b"1"[..], b"\xff\xfe"]);
    assert_eq!(read.headers["b"], "");
    assert_eq!(bytes, "rest", "what follows is the body's");
}

#[test]
fn a_head_that_is_none_is_refused_as_soon_as_that_is_certain() {
    let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(head::LONGEST));
    let long = format!("{endless}\r\n\r\n");
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(129));
    for (text, why) in [
        ("<html>", Malformed::NotHttp),
        ("\x15\x03\x01", Malformed::NotHttp),
        ("HTTP/2 200\r\n\r\n", Malformed::NotHttp),
        ("HTTP/1.7 200 OK\r\n\r\n", httparse::Error::Version.into()),
        ("HTTP/1.1 2x0 OK\r\n\r\n", httparse::Error::Status.into()),
        ("HTTP/1.1 099 OK\r\n\r\n", httparse::Error::Status.into()),
        ("HTTP/1.1 200 OK\r\na b: c\r\n\r\n", httparse::Error::HeaderName.into()),
        ("HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n", httparse::Error::HeaderName.into()),
        ("HTTP/1.1 200 OK\r\na: \0\r\n\r\n", httparse::Error::HeaderValue.into()),
        (&many, httparse::Error::TooManyHeaders.into()),
        (&endless, Malformed::LongHead),
        (&long, Malformed::LongHead),
        ("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n", Malformed::Switches),
        ("HTTP/1.1 200 OK\r\ncontent-length: five\r\n\r\n", Malformed::Length),
        ("HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\n", Malformed::Length),
        ("HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\n", Malformed::Length),
        ("HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n", Malformed::Length),
        ("HTTP/1.1 200 OK\r\ncontent-length: 5, 6\r\n\r\n", Malformed::Length),
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n", Malformed::Length),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n", Malformed::Encoding),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: x\r\ncontent-length: 5\r\n\r\n", Malformed::Encoding),
        ("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", Malformed::Encoding),
    ] {
        let shown = &text[..text.len().min(60)];
        assert_eq!(head(text).err(), Some(why), "{shown}");
    }
    assert!(head("HTTP/1.1 200 OK\r\na: b\r\n").unwrap().is_none(), "it is not whole yet");
    assert!(head("").unwrap().is_none());
}

/// Everything that a body has in these bytes, up to where it is refused; and what is left of them.
fn body(mut kind: Delimited, bytes: &[u8]) -> (Vec<u8>, Result<Delimited, Malformed>, BytesMut) {
    let (mut buffer, mut data) = (BytesMut::from(bytes), Vec::new());
    loop {
        match kind.take(&mut buffer) {
            Ok(Some(piece)) => data.extend_from_slice(&piece),
            Ok(None) => return (data, Ok(kind), buffer),
            Err(why) => return (data, Err(why), buffer),
        }
    }
}

#[test]
fn chunks_that_came_together_are_handed_on_together() {
    let sent = b"3\r\none\r\n003;a=\"b\"\r\ntwo\r\nA     \r\n0123456789\r\n0\r\nx: y\r\n\r\nHTTP";
    let mut left = BytesMut::from(&sent[..]);
    let mut kind = Delimited::chunked();
    assert_eq!(kind.take(&mut left).unwrap().unwrap(), "onetwo0123456789");
    assert!(kind.is_over());
    assert_eq!(kind.left(), None, "no length was announced that the client could be told");
    assert_eq!(kind.take(&mut left), Ok(None));
    assert_eq!(left, "HTTP", "that is not its own");
}

#[test]
fn what_comes_before_a_chunk_that_is_refused_is_handed_on() {
    let (data, refused, _) = body(Delimited::chunked(), b"5\r\nhello\r\n1\r\n!\r\nXX");
    assert_eq!((&data[..], refused), (&b"hello!"[..], Err(Malformed::ChunkSize)));
}

#[test]
fn sizes_may_be_filled_up_with_blanks_as_often_as_there_are_chunks() {
    let sent = "1a      \r\nabcdefghijklmnopqrstuvwxyz\r\n".repeat(50_000);
    let (data, kind, _) = body(Delimited::chunked(), sent.as_bytes());
    assert_eq!((data.len(), kind.unwrap()), (26 * 50_000, Delimited::chunked()));
}

#[test]
fn chunks_that_others_might_read_otherwise_are_refused() {
    let (blanks, aside) = (format!("1{}", " ".repeat(300)), format!("1;{}", "x".repeat(70_000)));
    let trailers = format!("0\r\n{}", "x: y\r\n".repeat(20_000));
    for (text, why) in [
        ("\r\n", Malformed::ChunkSize),
        ("g\r\n", Malformed::ChunkSize),
        ("-1\r\n", Malformed::ChunkSize),
        (" 1\r\n", Malformed::ChunkSize),
        ("1\nx\r\n", Malformed::ChunkSize),
        ("1;a\nx\r\n", Malformed::ChunkSize),
        ("1 0\r\nx\r\n", Malformed::ChunkSize),
        ("1 \nx\r\n", Malformed::ChunkSize),
        (&blanks, Malformed::ChunkSize),
        ("1\rx\r\n", Malformed::ChunkSize),
        ("00000000000000001\r\nx\r\n", Malformed::ChunkSize),
        ("10000000000000000\r\nx\r\n", Malformed::ChunkSize),
        ("1\r\nxy\r\n", Malformed::ChunkEnd),
        ("1\r\nx\n", Malformed::ChunkEnd),
        ("1\r\nx\ry", Malformed::ChunkEnd),
        ("0\r\n\rx", Malformed::ChunkEnd),
        (&aside, Malformed::Aside),
        (&trailers, Malformed::Aside),
    ] {
        assert_eq!(
            body(Delimited::chunked(), text.as_bytes()).1,
            Err(why),
            "{}",
            &text[..text.len().min(30)]
        );
    }
}

#[test]
fn only_a_body_that_ends_with_the_connection_may_end_so() {
    for (mut kind, ends) in [
        (Delimited::ByClose, true),
        (Delimited::Over, true),
        (Delimited::ByLength(1), false),
        (Delimited::chunked(), false),
    ] {
        assert_eq!(kind.closed(), ends, "{kind:?}");
    }
}

/// Pieces of a body, and where what is sent is torn apart.
fn pieces() -> impl Strategy<Value = (Vec<Vec<u8>>, Vec<prop::sample::Index>)> {
    let piece = prop::collection::vec(any::<u8>(), 1..400);
    (prop::collection::vec(piece, 0..12), prop::collection::vec(any::<prop::sample::Index>(), 0..12))
}

/// Reads an answer that comes in these pieces; gives back the body and what was not its own.
fn read(sent: &[u8], cuts: &[prop::sample::Index]) -> (Vec<u8>, Delimited, BytesMut) {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(sent.len() + 1)).collect();
    at.push(sent.len());
    at.sort_unstable();
    let (mut come, mut begin, mut answer, mut whole) = (BytesMut::new(), 0, None::<Head>, Vec::new());
    for end in at {
        come.put_slice(&sent[begin..end]);
        begin = end;
        if answer.is_none() {
            answer = head::read(&mut come).unwrap();
        }
        if let Some(answer) = &mut answer {
            while let Some(data) = answer.body.take(&mut come).unwrap() {
                assert!(!data.is_empty());
                whole.extend_from_slice(&data);
            }
        }
    }
    (whole, answer.unwrap().body, come)
}

proptest! {
    #[test]
    fn any_chunks_in_any_pieces_are_the_same_body((pieces, cuts) in pieces(), next in "[ -~]{0,20}") {
        let mut sent = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        for (i, piece) in pieces.iter().enumerate() {
            let extension = if i % 3 == 0 { ";a=b" } else { "" };
            sent.extend_from_slice(format!("{:X}{extension}\r\n", piece.len()).as_bytes());
            sent.extend_from_slice(piece);
            sent.extend_from_slice(b"\r\n");
        }
        sent.extend_from_slice(b"0\r\ntrailer: x\r\n\r\n");
        sent.extend_from_slice(next.as_bytes());
        let (whole, kind, left) = read(&sent, &cuts);
        prop_assert_eq!(whole, pieces.concat());
        prop_assert!(kind.is_over());
        prop_assert_eq!(&left[..], next.as_bytes());
    }

    #[test]
    fn any_length_in_any_pieces_is_the_same_body((pieces, cuts) in pieces(), next in "[ -~]{0,20}") {
        let body = pieces.concat();
        let mut sent = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
        sent.extend_from_slice(&body);
        sent.extend_from_slice(next.as_bytes());
        let (whole, kind, left) = read(&sent, &cuts);
        prop_assert_eq!(whole, body);
        prop_assert_eq!(kind.left(), Some(0));
        prop_assert_eq!(&left[..], next.as_bytes());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), hex in "[0-9a-f\r\n;x]{0,60}") {
        let _ = head::read(&mut BytesMut::from(&[b"HTTP/1.1 200 OK\r\n", &bytes[..], b"\r\n\r\n"].concat()[..]));
        let _ = body(Delimited::chunked(), &bytes);
        let _ = body(Delimited::chunked(), hex.as_bytes());
    }
}
