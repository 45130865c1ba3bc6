//! Settings of the admin API.

use crate::mail::MailArgs;
use ipnet::IpNet;

/// What the admin API needs to know about its surroundings.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct AdminArgs {
    /// Proxies whose `x-forwarded-for` is believed, as CIDR separated by commas. Failed sign-ins are counted and changes
    /// are logged by the address found this way; without it, everybody behind a proxy shares the proxy's.
    #[arg(long, env = "TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpNet>,

    /// Outgoing mail.
    #[command(flatten)]
    pub mail: MailArgs,
}
