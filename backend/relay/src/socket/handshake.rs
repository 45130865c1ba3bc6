//! The beginning of a WebSocket (RFC 6455, section 4.2).

use crate::{body::RelayBody, error::RelayError};
use bytes::Bytes;
use http::{Request, Response, header};
use tokio_tungstenite::tungstenite::{Error, error::ProtocolError, handshake::server};

/// The answer that opens it. Extensions and subprotocols are not taken up, whatever the client offers.
pub(super) fn accept<B>(request: &Request<B>) -> Result<Response<RelayBody>, RelayError> {
    server::create_response_with_body(request, || RelayBody::full(Bytes::new())).map_err(|error| {
        let upgrade = request.headers().get(header::UPGRADE).and_then(|value| value.to_str().ok());
        let wanted = upgrade.is_some_and(|value| value.trim().eq_ignore_ascii_case("websocket"));
        match error {
            Error::Protocol(ProtocolError::MissingConnectionUpgradeHeader) if wanted => {
                invalid("connection", "a WebSocket needs the header connection: upgrade")
            }
            Error::Protocol(ProtocolError::MissingSecWebSocketKey) if wanted => {
                invalid("sec-websocket-key", "a WebSocket needs the header sec-websocket-key")
            }
            _ => RelayError::UpgradeRequired { offered: true },
        }
    })
}

fn invalid(field: &'static str, message: &str) -> RelayError {
    RelayError::BadRequest { code: "invalid_upgrade", field: Some(field), message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    fn asked(pairs: &[(&'static str, &'static str)]) -> Result<StatusCode, (u16, &'static str)> {
        let mut request = Request::new(());
        for (name, value) in pairs {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        accept(&request)
            .map(|response| response.status())
            .map_err(|error| (error.status().as_u16(), error.reason()))
    }

    #[test]
    fn an_upgrade_is_taken_whole_or_refused_by_what_is_missing() {
        let whole = [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        assert_eq!(asked(&whole), Ok(StatusCode::SWITCHING_PROTOCOLS));
        assert_eq!(asked(&[]), Err((426, "upgrade_required")));
        assert_eq!(asked(&whole[..2]), Err((426, "upgrade_required")), "which version it speaks is told");
        assert_eq!(asked(&whole[1..]), Err((400, "invalid_upgrade")));
        assert_eq!(asked(&whole[..3]), Err((400, "invalid_upgrade")));
    }
}
