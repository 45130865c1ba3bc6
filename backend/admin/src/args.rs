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

    /// Whether operators of the installation need a second factor for what operators do. Until they have set up an
    /// authenticator app, they can do nothing else there.
    #[arg(long, env = "OPERATORS_NEED_TOTP", value_parser = clap::builder::FalseyValueParser::new())]
    pub operators_need_totp: bool,

    /// Outgoing mail.
    #[command(flatten)]
    pub mail: MailArgs,

    /// Other origins whose pages may call the admin API with an access token, such as https://tools.example.com, separated
    /// by commas. None may by default. They never get to use the cookies, so they cannot sign anybody in.
    #[arg(long, env = "ADMIN_CORS_ORIGINS", value_delimiter = ',', value_parser = origin)]
    pub cors_origins: Vec<String>,
}

/// Scheme, host and perhaps a port, as browsers write them.
fn origin(text: &str) -> Result<String, String> {
    let expected = "must be scheme, host and perhaps a port, such as https://tools.example.com";
    let url = url::Url::parse(text.trim()).map_err(|_| expected)?;
    let plain = url.path() == "/" && url.query().is_none() && url.username().is_empty();
    if !(matches!(url.scheme(), "http" | "https") && url.has_host() && plain) {
        return Err(expected.to_owned());
    }
    Ok(url.origin().ascii_serialization())
}
