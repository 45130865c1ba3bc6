//! Texts as people type them.

use super::*;

fn empty() -> Texts<String> {
    fn none() -> [String; 5] {
        WindowKind::ALL.map(|_| String::new())
    }
    Texts {
        requests_per_minute: String::new(),
        tokens_per_minute: String::new(),
        concurrency: String::new(),
        queue_length: String::new(),
        queue_wait: String::new(),
        usd: none(),
        tokens: none(),
        requests: none(),
    }
}

fn problems(texts: &Texts<String>) -> Vec<(String, Problem)> {
    read(texts).unwrap_err().into_iter().collect()
}

#[test]
fn empty_fields_are_no_limits() {
    assert_eq!(read(&Texts { requests_per_minute: " ".into(), ..empty() }), Ok(Limits::default()));
}

#[test]
fn figures_may_be_typed_as_they_are_shown() {
    let mut texts = empty();
    texts.requests_per_minute = "60".into();
    texts.tokens_per_minute = "1,000,000".into();
    texts.concurrency = "4".into();
    texts.usd[1] = "$1,250.50".into();
    texts.requests[4] = "50 000".into();
    texts.queue_length = "10".into();
    texts.queue_wait = "30".into();
    let limits = read(&texts).unwrap();
    assert_eq!(limits.requests_per_minute, Some(60));
    assert_eq!(limits.tokens_per_minute, Some(1_000_000));
    assert_eq!(limits.usd.day, Some(Nanos(1_250_500_000_000)));
    assert_eq!(limits.requests.total, Some(50_000));
    assert_eq!(limits.queue, Some(Queue { length: 10, wait_seconds: 30 }));
    assert_eq!(limits.validate(), Ok(()));
}

#[test]
fn every_bad_figure_is_named_as_the_server_would_name_it() {
    let mut texts = empty();
    texts.requests_per_minute = "0".into();
    texts.concurrency = "1.5".into();
    texts.usd[4] = "ten".into();
    texts.tokens[2] = "-5".into();
    texts.requests[0] = "many".into();
    texts.queue_length = "x".into();
    assert_eq!(
        problems(&texts),
        [
            ("limits.concurrency".to_owned(), Problem::NotACount),
            ("limits.queue.length".to_owned(), Problem::NotACount),
            ("limits.requests.five_hours".to_owned(), Problem::NotACount),
            ("limits.requests_per_minute".to_owned(), Problem::NotACount),
            ("limits.tokens.week".to_owned(), Problem::NotACount),
            ("limits.usd.total".to_owned(), Problem::NotDollars),
        ]
    );
}

#[test]
fn half_a_queue_asks_for_the_other_half() {
    let length = Texts { queue_length: "5".into(), concurrency: "1".into(), ..empty() };
    assert_eq!(problems(&length), [("limits.queue.wait_seconds".to_owned(), Problem::HalfAQueue)]);
    let wait = Texts { queue_wait: "5".into(), concurrency: "1".into(), ..empty() };
    assert_eq!(problems(&wait), [("limits.queue.length".to_owned(), Problem::HalfAQueue)]);
    let alone = Texts { queue_length: "5".into(), queue_wait: "5".into(), ..empty() };
    assert_eq!(problems(&alone), [("limits.concurrency".to_owned(), Problem::HalfAQueue)]);
}

#[test]
fn every_limit_is_read_back_as_it_was_filled_in() {
    fn all<T: Copy>(t: T) -> Windows<T> {
        Windows { five_hours: Some(t), day: Some(t), week: Some(t), month: Some(t), total: Some(t) }
    }
    let limits = Limits {
        requests_per_minute: Some(1),
        tokens_per_minute: Some(2),
        concurrency: Some(3),
        usd: all(Nanos(4)),
        tokens: all(5),
        requests: all(6),
        queue: Some(Queue { length: 7, wait_seconds: 8 }),
    };
    let shown = |n: Option<String>| n.unwrap_or_default();
    let texts = Texts {
        requests_per_minute: "1".into(),
        tokens_per_minute: "2".into(),
        concurrency: "3".into(),
        queue_length: "7".into(),
        queue_wait: "8".into(),
        usd: WindowKind::ALL.map(|kind| shown(limits.usd.get(kind).map(|n| n.to_string()))),
        tokens: WindowKind::ALL.map(|kind| shown(limits.tokens.get(kind).map(|n| n.to_string()))),
        requests: WindowKind::ALL.map(|kind| shown(limits.requests.get(kind).map(|n| n.to_string()))),
    };
    assert_eq!(read(&texts), Ok(limits));
}
