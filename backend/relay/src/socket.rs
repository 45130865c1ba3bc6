//! Responses over a WebSocket: `GET …/responses` becomes a connection over which a client asks for one answer after the
//! other, and gets each event of an answer as one text message.
//!
//! What its messages mean, and what a connection remembers so that the next one may say only what is new, is
//! [`causeway_dialect::responses::socket`]'s. Here they become requests: each goes the way of `POST …/responses` from the
//! start, with the headers, the key and the address of the upgrade. So each is judged by the policy in force, has its own
//! id, its own reservation and its own row, and may be served by any account in any dialect. Providers are asked over
//! HTTP; nothing here knows of accounts or money.
//!
//! One answer at a time: what is said meanwhile waits in line, as OpenAI's own server has it. An answer that fails is told
//! as an `error` event and the connection goes on; it ends where nothing that follows could be understood or would be
//! allowed. Bounds: connections of the instance and of each key, the size of a message, what is remembered and what waits
//! (both part of the memory for bodies), silence, and the age of a connection.

mod connection;
mod handshake;
mod head;
mod metered;
mod reply;
mod seats;
mod wire;

pub(crate) use seats::Sockets;

use crate::{Relay, body::RelayBody, error::RelayError, identify};
use causeway_dialect::Dialect;
use connection::Connection;
use head::Head;
use http::{Request, Response};
use hyper_util::rt::TokioIo;
use std::{net::IpAddr, sync::Arc, time::Duration};

/// How long a connection may take to be handed over once its upgrade was answered.
const HANDED_OVER_WITHIN: Duration = Duration::from_secs(10);

/// Opens one, for a key that may be used at this moment. From here on it lives in a task of its own.
pub(crate) async fn open<B>(
    relay: &Arc<Relay>,
    mut request: Request<B>,
    address: IpAddr,
) -> Result<Response<RelayBody>, RelayError> {
    relay.sockets.offered()?;
    let response = handshake::accept(&request)?;
    let caller = identify::caller(&relay.directory, request.headers(), request.uri(), address).await?;
    let (caller, _) = relay.current(caller).await?;
    identify::speaks(&caller.principal, Dialect::OpenaiResponses)?;
    let seat = relay.sockets.seat(caller.principal.key)?;
    let upgrade = hyper::upgrade::on(&mut request);
    let head = Head::of(request.headers(), request.uri(), address);
    let relay = relay.clone();
    seat.sockets().clone().spawn(async move {
        match tokio::time::timeout(HANDED_OVER_WITHIN, upgrade).await {
            Ok(Ok(stream)) => Connection::new(relay, TokioIo::new(stream), head, seat).await.run().await,
            Ok(Err(error)) => tracing::debug!(%error, "a WebSocket's client left before it was open"),
            Err(_) => tracing::debug!("a WebSocket was not handed over in time"),
        }
    });
    Ok(response)
}
