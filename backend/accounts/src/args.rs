//! Settings of upstream accounts.

use crate::{AddressPolicy, BadMasterKey, MasterKey};
use ipnet::IpNet;
use secrecy::SecretString;

/// The secret behind all sealing, and which private networks may be sent to.
#[derive(Clone, Debug, clap::Args)]
pub struct AccountsArgs {
    /// At least 32 random characters, such as the output of `openssl rand -hex 32`. Credentials are sealed and access
    /// tokens are signed with keys derived from it. Losing it loses the stored credentials.
    #[arg(long = "secret-key", env = "CAUSEWAY_SECRET_KEY", hide_env_values = true)]
    pub secret_key: Option<SecretString>,

    /// Private networks that upstream accounts may point to, as CIDR separated by commas, such as
    /// 10.1.0.0/16,192.168.7.20/32. Plain http is accepted there too. Everything private is refused otherwise.
    #[arg(long, env = "UPSTREAM_ALLOW_PRIVATE", value_delimiter = ',')]
    pub upstream_allow_private: Vec<IpNet>,
}

impl AccountsArgs {
    /// The secret, or which variable is missing and what it accepts.
    pub fn master_key(&self) -> Result<MasterKey, BadMasterKey> {
        MasterKey::parse(self.secret_key.as_ref())
    }

    /// Where requests may be sent. A demo may also send to this machine over plain http.
    pub fn addresses(&self, demo: bool) -> AddressPolicy {
        AddressPolicy::new(self.upstream_allow_private.clone(), demo)
    }
}
