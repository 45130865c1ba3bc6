//! Inputs that are nearly right, to every reader of what comes from outside: requests, whole answers, streams, and each
//! conversion between two dialects.
//!
//! They start from the golden cases and are changed as documents (members dropped, doubled, renamed, of another kind, deep
//! in each other, huge) and as bytes (cut, flipped, no UTF-8). Whatever comes, nothing panics or hangs, memory and what is
//! written stay below a multiple of the input, any cut gives the same, and the client gets events that are legal in its
//! dialect with one end.
//!
//! A test run takes a few inputs of each target, always the same ones. `make fuzz MINUTES=5` goes on for so long with each
//! family, from a seed that is printed (`FUZZ_SEED` repeats it). An input that was trouble is shrunk and written to a file;
//! in `fuzz/regressions` it is tried first, every time.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "fuzz/answers.rs"]
mod answers;
#[path = "golden/check.rs"]
mod check;
#[path = "fuzz/corpus.rs"]
mod corpus;
#[path = "fuzz/json.rs"]
mod json;
#[path = "fuzz/large.rs"]
mod large;
#[path = "fuzz/memory.rs"]
mod memory;
#[path = "fuzz/mutate.rs"]
mod mutate;
#[path = "fuzz/random.rs"]
mod random;
#[path = "fuzz/requests.rs"]
mod requests;
#[path = "fuzz/run.rs"]
mod run;
#[path = "fuzz/watchdog.rs"]
mod watchdog;

use corpus::Kind;

#[test]
fn requests_are_read_or_refused() {
    run::family("requests", 1_000, requests::readers());
}

#[test]
fn requests_are_carried_or_refused() {
    run::family("carried-requests", 400, requests::conversions());
}

#[test]
fn answers_that_pass_are_metered() {
    run::family("meters", 400, answers::meters());
}

#[test]
fn whole_answers_are_carried() {
    run::family("carried-answers", 400, answers::conversions(Kind::Answer));
}

#[test]
fn streams_are_carried() {
    run::family("carried-streams", 200, answers::conversions(Kind::Stream));
}

#[test]
fn large_requests_take_no_more_than_they_are_large() {
    let targets = requests::readers().into_iter().chain(requests::conversions());
    run::large("large-requests", &large::requests(), targets);
}

#[test]
fn large_streams_take_no_more_than_they_are_large() {
    let targets = answers::meters().into_iter().chain(answers::conversions(Kind::Stream));
    run::large("large-streams", &large::streams(), targets);
}
