//! Settings of upstream accounts.

use crate::AddressPolicy;
use ipnet::IpNet;

/// Which private networks may be sent to.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct AccountsArgs {
    /// Private networks that upstream accounts may point to, as CIDR separated by commas, such as
    /// 10.1.0.0/16,192.168.7.20/32. Plain http is accepted there too. Everything private is refused otherwise.
    #[arg(long, env = "UPSTREAM_ALLOW_PRIVATE", value_delimiter = ',')]
    pub upstream_allow_private: Vec<IpNet>,
}

impl AccountsArgs {
    /// Where requests may be sent. A demo may also send to this machine over plain http.
    pub fn addresses(&self, demo: bool) -> AddressPolicy {
        AddressPolicy::new(self.upstream_allow_private.clone(), demo)
    }
}
