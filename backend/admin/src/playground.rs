//! The playground: sending a real request with a key, and seeing it on both sides of the conversion.
//!
//! The admin decides who may use which key; the relay, which is reached through [`Playground`] only, decides everything
//! else as it does for every request of that key. Nothing of what is sent and answered is kept: it passes through to the
//! person who asked.

pub(crate) mod start;

use bytes::Bytes;
use causeway_domain::{KeyId, OrgId, service::ApiDialect};
use causeway_openapi::PlayEvent;
use futures_util::{future::BoxFuture, stream::BoxStream};
use std::net::IpAddr;

/// What can send requests.
pub trait Playground: Send + Sync {
    /// Sends one, and tells what happens until it is over. Dropped, the client has left.
    ///
    /// Accounts have no names in what it tells.
    fn play(&self, wish: Wish) -> BoxStream<'static, PlayEvent>;

    /// The names that a key may ask for, or why it may ask for nothing.
    fn models(&self, key: Player) -> BoxFuture<'static, Result<Vec<String>, Refused>>;
}

/// With which key, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Player {
    /// Whose key it is.
    pub org: OrgId,
    /// Which.
    pub key: KeyId,
    /// Where the person is.
    pub address: IpAddr,
}

/// A request to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// With which key.
    pub player: Player,
    /// In which dialect.
    pub dialect: ApiDialect,
    /// The model and whether to stream, where the dialect's path says that.
    pub path: Option<(String, bool)>,
    /// The body as it is sent.
    pub body: Bytes,
}

/// Why a key may ask for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// HTTP status, as a client with the key would get it.
    pub status: u16,
    /// In words.
    pub message: String,
}
