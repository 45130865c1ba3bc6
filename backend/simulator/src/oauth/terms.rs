//! What an issuer insists on and how long things last: the ways in which real ones differ.

use serde::{Deserialize, Serialize};

/// Everything that can be settled about the issuer. The default is a strict provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OAuthTerms {
    /// Client ids that are known. Empty: any.
    pub clients: Vec<String>,
    /// The secret that a client must know; public clients have none.
    pub client_secret: Option<String>,
    /// Addresses to which people may be sent back; those on a loopback address at any port. Empty: any.
    pub redirects: Vec<String>,
    /// The only kind of body that the token endpoint reads; any by default.
    pub body: Option<TokenBody>,
    /// Life of an access token, in seconds.
    pub access_seconds: u64,
    /// Whether it is told (`expires_in`).
    pub tells_life: bool,
    /// Life of a code.
    pub code_seconds: u64,
    /// Life of a device's codes.
    pub device_seconds: u64,
    /// How often a device may ask, in seconds.
    pub device_interval: u64,
    /// By how much longer a device that asked too soon must wait between its questions from then on.
    pub slow_down_seconds: u64,
    /// What a refresh does to the refresh token.
    pub rotation: Rotation,
    /// Whether the answer says which account it is (`account`, `organization`), besides the ID token.
    pub tells_account: bool,
    /// The Messages endpoints take access tokens only together with this value of `anthropic-beta`.
    pub beta: Option<String>,
}

/// What a refresh does to the refresh token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// Each refresh brings a new one, and using the old one again kills the grant.
    #[default]
    New,
    /// The answer has none: the old one stays good.
    Silent,
    /// The answer repeats the old one.
    Same,
}

/// How a request to the token endpoint is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenBody {
    /// An object.
    Json,
    /// A form.
    Form,
}

impl Default for OAuthTerms {
    fn default() -> Self {
        Self {
            clients: Vec::new(),
            client_secret: None,
            redirects: Vec::new(),
            body: None,
            access_seconds: 3600,
            tells_life: true,
            code_seconds: 60,
            device_seconds: 600,
            device_interval: 5,
            slow_down_seconds: 5,
            rotation: Rotation::New,
            tells_account: true,
            beta: None,
        }
    }
}

impl OAuthTerms {
    pub(super) fn knows(&self, client: &str) -> bool {
        !client.is_empty() && (self.clients.is_empty() || self.clients.iter().any(|known| known == client))
    }

    /// Whether people may be sent back there. RFC 8252: a program on the person's machine takes whatever port is free.
    pub(super) fn redirects_to(&self, address: &url::Url) -> bool {
        let portless = |address: &url::Url| {
            let mut address = address.clone();
            let loopback = matches!(address.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
            if loopback && address.scheme() == "http" {
                let _ = address.set_port(None);
            }
            address
        };
        let known = |known: &String| known.parse().is_ok_and(|known| portless(&known) == portless(address));
        self.redirects.is_empty() || self.redirects.iter().any(known)
    }
}
