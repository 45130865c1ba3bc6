//! Upstream accounts: what is known of each kind of provider, where requests may be sent, and the sealing of
//! credentials. It talks to issuers ([`oauth`]), and neither picks an account nor sends a request: the relay plans, and
//! sends.

pub mod address;
pub mod args;
pub mod catalogue;
pub mod credential;
pub mod files;
pub mod master;
pub mod oauth;
pub mod outbound;
pub mod proxy;
pub mod refresh;
pub mod rotation;
pub mod rules;
pub mod sealing;
pub mod signing;
pub mod tls;

pub use address::{AddressPolicy, BadBaseUrl, BaseUrl};
pub use args::AccountsArgs;
pub use catalogue::{BadPreset, Catalogue, Preset};
pub use credential::{AuthHeader, BadKey, Credential, Presented, ServiceAccountKey};
pub use master::{BadMasterKey, MasterKey};
pub use proxy::{Proxy, ProxyError};
pub use refresh::Refresher;
pub use sealing::{Binding, SealError, SealingKey, SecretPlace};
pub use signing::Signer;
