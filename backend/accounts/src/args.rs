//! Settings of upstream accounts.

use crate::{AddressPolicy, BadPreset, Catalogue};
use ipnet::IpNet;
use std::path::PathBuf;

/// Which providers there are, and which private networks may be sent to.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct AccountsArgs {
    /// Private networks that upstream accounts may point to, as CIDR separated by commas, such as
    /// 10.1.0.0/16,192.168.7.20/32. Plain http is accepted there too. Everything private is refused otherwise.
    #[arg(long, env = "UPSTREAM_ALLOW_PRIVATE", value_delimiter = ',')]
    pub upstream_allow_private: Vec<IpNet>,

    /// A JSON file with providers of your own, or changes of those that are known, read at start: an object of presets by
    /// name, in the form of backend/accounts/providers. The operator's page changes them while the server runs.
    #[arg(long, env = "PROVIDERS_FILE")]
    pub providers_file: Option<PathBuf>,
}

impl AccountsArgs {
    /// The providers that are known without the database.
    pub fn catalogue(&self) -> Result<Catalogue, BadPreset> {
        self.providers_file.as_deref().map_or_else(Catalogue::shipped, Catalogue::with_file)
    }

    /// Where requests may be sent. A demo may also send to this machine over plain http.
    pub fn addresses(&self, demo: bool) -> AddressPolicy {
        AddressPolicy::new(self.upstream_allow_private.clone(), demo)
    }
}
