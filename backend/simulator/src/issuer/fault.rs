//! What an issuer can do wrong.

use serde::{Deserialize, Serialize};

/// Something that is wrong until it is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssuerFault {
    /// Everything answers 503.
    Outage,
    /// The discovery document is of another issuer.
    OtherDiscovery,
    /// The person says no.
    Denied,
    /// The answer to the browser says that another issuer gave it.
    OtherIssParameter,
    /// The token endpoint refuses the code.
    CodeRefused,
    /// The ID token is of another issuer.
    OtherIssuer,
    /// It is for another client.
    OtherAudience,
    /// It is for us and another client, to whom it was issued.
    OtherParty,
    /// Its nonce is another one.
    OtherNonce,
    /// It has no nonce.
    NoNonce,
    /// Its time is over.
    Expired,
    /// It was issued an hour from now.
    FromTheFuture,
    /// It is signed by a key that is not published.
    UnknownKey,
    /// Its signature does not fit.
    BadSignature,
    /// It is not signed at all.
    Unsigned,
    /// It is signed with the client's secret instead of a key.
    SignedWithSecret,
    /// It is of another access token.
    OtherAccessToken,
    /// Userinfo is about somebody else.
    OtherUserinfo,
}
