//! Settings of the admin API.

use crate::mail::MailArgs;
use causeway_domain::address::Network;

/// What the admin API needs to know about its surroundings.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct AdminArgs {
    /// Proxies whose `x-forwarded-for` (or, without one, `forwarded`) is believed, as addresses or CIDR separated by
    /// commas. API keys that are bound to addresses, failed sign-ins and the audit log go by the address found this way;
    /// without it, everybody behind a proxy shares the proxy's.
    #[arg(long, env = "TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<Network>,

    /// Outgoing mail.
    #[command(flatten)]
    pub mail: MailArgs,
}
