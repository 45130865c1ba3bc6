//! Looking names up: once for each connection, by the system, or by whoever a test puts in its place.

use std::{fmt, future::Future, io, net::SocketAddr, pin::Pin};

/// The addresses that were found, with a port of no meaning.
pub type Found<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// Who knows what a name means at the moment.
pub trait Names: fmt::Debug + Send + Sync {
    /// All addresses of a name, in the order in which they should be tried.
    fn look_up<'a>(&'a self, name: &'a str) -> Found<'a>;
}

/// The system's resolver.
#[derive(Debug)]
pub(super) struct System;

impl Names for System {
    fn look_up<'a>(&'a self, name: &'a str) -> Found<'a> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
    }
}

/// Nothing that a name means may be connected to.
#[derive(Debug, thiserror::Error)]
#[error("{0} is a private or reserved address; an operator can allow it")]
pub struct Unreachable(pub String);

/// Whether a name means this machine by itself, with or without the dot at its end.
pub(super) fn is_this_machine(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}
