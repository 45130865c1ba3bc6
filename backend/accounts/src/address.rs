//! Where requests may be sent. A person who may add an account must not be able to reach what only this server can:
//! its own network, its cloud's metadata, itself.
//!
//! A base URL is checked when it is entered, for what can be told from the text. What its name resolves to is checked
//! by [`AddressPolicy::permits`] at every connect, because names can change what they point to.

use ipnet::IpNet;
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};
use url::{Host, Url};

/// Which addresses may be connected to.
#[derive(Clone, Debug, Default)]
pub struct AddressPolicy {
    private: Arc<[IpNet]>,
    demo: bool,
}

/// A base URL in its one spelling: no trailing slash, no `/v1`, nothing after the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// Why a base URL is not accepted, in words for the person who entered it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadBaseUrl(pub &'static str);

impl AddressPolicy {
    /// Public addresses, these private networks, and in a demo this machine.
    pub fn new(private: Vec<IpNet>, demo: bool) -> Self {
        Self { private: private.into(), demo }
    }

    /// Whether a connection to this address may be made.
    pub fn permits(&self, ip: IpAddr) -> bool {
        let ip = unwrapped(ip);
        !is_metadata(ip) && (is_public(ip) || self.permits_plain(ip))
    }

    /// Whether this address may be spoken to without TLS: only what was explicitly allowed.
    pub fn permits_plain(&self, ip: IpAddr) -> bool {
        let ip = unwrapped(ip);
        let listed = self.private.iter().any(|net| net.contains(&ip));
        !is_metadata(ip) && (listed || (self.demo && ip.is_loopback()))
    }

    /// Checks and straightens a base URL.
    pub fn base_url(&self, text: &str) -> Result<BaseUrl, BadBaseUrl> {
        let mut url = Url::parse(text.trim())
            .map_err(|_| BadBaseUrl("is not a URL such as https://api.example.com"))?;
        let plain = match url.scheme() {
            "https" => false,
            "http" => true,
            _ => return Err(BadBaseUrl("must begin with https://")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadBaseUrl("must not contain a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BadBaseUrl("must not contain ? or #"));
        }
        let literal = match url.host() {
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            Some(Host::Domain(name)) if name == "localhost" || name.ends_with(".localhost") => {
                Some(IpAddr::V4(Ipv4Addr::LOCALHOST))
            }
            Some(Host::Domain(_)) => None,
            None => return Err(BadBaseUrl("has no host")),
        };
        if literal.is_some_and(|ip| !self.permits(ip)) {
            return Err(BadBaseUrl("points into a private network; UPSTREAM_ALLOW_PRIVATE can allow it"));
        }
        // A name may turn out to be in a network that was allowed; that is seen when it is connected to.
        let may_be_plain = literal.map_or(!self.private.is_empty(), |ip| self.permits_plain(ip));
        if plain && !may_be_plain {
            return Err(BadBaseUrl(
                "must begin with https://; plain http is only for networks in UPSTREAM_ALLOW_PRIVATE",
            ));
        }
        let path = url.path().trim_end_matches('/');
        let path = path.strip_suffix("/v1").unwrap_or(path).trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(BaseUrl(url))
    }
}

impl BaseUrl {
    /// One that was checked when it was stored.
    pub fn stored(text: &str) -> Result<Self, BadBaseUrl> {
        Url::parse(text).map(Self).map_err(|_| BadBaseUrl("is not a URL"))
    }

    /// Scheme, host and port: what a credential is bound to.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Whether connections are made without TLS.
    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The address of `path`, which begins with a slash and may have a query.
    pub fn join(&self, path: &str) -> String {
        format!("{self}{path}")
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// The address that is really meant: IPv4 in its IPv6 disguises (mapped, NAT64, 6to4).
fn unwrapped(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = ip else { return ip };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let v4 = |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => v4(g, h),
        (0x2002, ..) => v4(b, c),
        _ => ip,
    }
}

/// Where clouds hand out the credentials of the machine. Never allowed, whatever the settings say.
fn is_metadata(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            matches!(ip.octets(), [169, 254, 169, 254] | [169, 254, 170, 2] | [100, 100, 100, 200])
        }
        IpAddr::V6(ip) => ip == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    }
}

/// The registries of special addresses (RFC 6890 and what was added since), as of 2026.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !matches!(
            ip.octets(),
            [0 | 10 | 127, ..]
                | [100, 64..=127, ..]
                | [169, 254, ..]
                | [172, 16..=31, ..]
                | [192, 0, 0 | 2, _]
                | [192, 88, 99, _]
                | [192, 168, ..]
                | [198, 18 | 19, ..]
                | [198, 51, 100, _]
                | [203, 0, 113, _]
                | [224..=255, ..]
        ),
        IpAddr::V6(ip) => {
            let [a, b, ..] = ip.segments();
            // Global unicast without Teredo and other protocol assignments, and without documentation.
            (a & 0xe000) == 0x2000
                && !(a == 0x2001 && (b < 0x200 || b == 0xdb8))
                && !(a == 0x3fff && b < 0x1000)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(private: &[&str], demo: bool) -> AddressPolicy {
        AddressPolicy::new(private.iter().map(|n| n.parse().unwrap()).collect(), demo)
    }

    #[test]
    fn what_only_this_server_can_reach_is_refused_in_every_disguise() {
        let policy = policy(&[], false);
        for refused in [
            "127.0.0.1",
            "10.0.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "100.64.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(!policy.permits(refused.parse().unwrap()), "{refused}");
        }
        for permitted in
            ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"]
        {
            assert!(policy.permits(permitted.parse().unwrap()), "{permitted}");
            assert!(!policy.permits_plain(permitted.parse().unwrap()), "{permitted}");
        }
    }

    #[test]
    fn a_listed_network_is_allowed_but_never_the_metadata_address() {
        let policy = policy(&["10.1.0.0/16", "169.254.0.0/16"], false);
        assert!(
            policy.permits("10.1.2.3".parse().unwrap())
                && policy.permits_plain("::ffff:10.1.2.3".parse().unwrap())
        );
        assert!(!policy.permits("10.2.0.1".parse().unwrap()));
        assert!(!policy.permits("169.254.169.254".parse().unwrap()));
    }

    #[test]
    fn base_urls_have_one_spelling() {
        let policy = policy(&[], false);
        for (text, expected) in [
            ("https://api.anthropic.com", "https://api.anthropic.com"),
            (" https://API.anthropic.com:443/ ", "https://api.anthropic.com"),
            ("https://api.example.com/v1/", "https://api.example.com"),
            ("https://api.example.com/anthropic//", "https://api.example.com/anthropic"),
            ("https://api.example.com:8443/a/v1", "https://api.example.com:8443/a"),
        ] {
            assert_eq!(policy.base_url(text).unwrap().to_string(), expected);
        }
        let base = policy.base_url("https://api.example.com:8443/a").unwrap();
        assert_eq!(base.origin(), "https://api.example.com:8443");
        assert_eq!(base.join("/v1/models"), "https://api.example.com:8443/a/v1/models");
    }

    #[test]
    fn base_urls_that_lead_astray_are_refused() {
        let policy = policy(&[], false);
        for text in [
            "",
            "api.anthropic.com",
            "ftp://a.example",
            "http://api.example.com",
            "https://user:pw@api.example.com",
            "https://api.example.com?x=1",
            "https://api.example.com#x",
            "https://127.0.0.1",
            "https://[::1]",
            "https://localhost",
            "https://0x7f000001",
            "https://2130706433",
            "http://127.0.0.1:9000",
        ] {
            assert!(policy.base_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_demo_may_speak_plainly_to_this_machine_and_to_nothing_else() {
        let policy = policy(&[], true);
        assert!(
            policy.base_url("http://127.0.0.1:9000").is_ok()
                && policy.base_url("http://localhost:9000").is_ok()
        );
        assert!(
            policy.base_url("http://10.0.0.1").is_err() && policy.base_url("http://example.com").is_err()
        );
        assert!(!policy.permits("10.0.0.1".parse().unwrap()));
    }
}
