//! Network addresses: the lists of where a key may be used from, and who is calling when proxies stand in between.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    str::FromStr,
};

/// The most networks in one list.
pub const MAX_NETWORKS: usize = 100;

/// A network in CIDR notation. An address alone is the network of that address. IPv4 addresses that are written as IPv6
/// (`::ffff:10.0.0.1`) are IPv4 addresses, and so are the networks of such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(ipnet::IpNet);

/// A text that is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an address nor a network such as 10.1.0.0/16 or 2001:db8::/32")]
pub struct BadNetwork(pub String);

impl Network {
    /// Whether an address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadNetwork(text.chars().take(60).collect());
        let text = text.trim();
        let net = match text.parse::<ipnet::IpNet>() {
            Ok(net) => net.trunc(),
            Err(_) => text.parse::<IpAddr>().map_err(|_| bad())?.to_canonical().into(),
        };
        let mapped = match net {
            ipnet::IpNet::V6(six) if six.prefix_len() >= 96 => {
                six.addr().to_ipv4_mapped().map(|four| (four, six.prefix_len() - 96))
            }
            _ => None,
        };
        Ok(Self(match mapped {
            Some((four, length)) => ipnet::IpNet::new(four.into(), length).map_err(|_| bad())?,
            None => net,
        }))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() { self.0.addr().fmt(f) } else { self.0.fmt(f) }
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Where a key may be used from. An empty `allow` allows all; `deny` wins over `allow`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AddressRules {
    /// Networks of which one must contain the address, unless there are none.
    pub allow: Vec<Network>,
    /// Networks of which none may contain it.
    pub deny: Vec<Network>,
}

impl AddressRules {
    /// Whether nothing is ruled.
    pub fn is_empty(&self) -> bool {
        self.allow.is_empty() && self.deny.is_empty()
    }

    /// Whether the address may use the key.
    pub fn permits(&self, address: IpAddr) -> bool {
        let any = |networks: &[Network]| networks.iter().any(|n| n.contains(address));
        (self.allow.is_empty() || any(&self.allow)) && !any(&self.deny)
    }
}

/// The proxies in front of us whose word on who is calling is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

impl TrustedProxies {
    /// These networks.
    pub fn new(networks: Vec<Network>) -> Self {
        Self(networks)
    }

    /// Who is calling. `peer` is at the other end of the connection; the headers are the values of `x-forwarded-for`
    /// and `forwarded` (RFC 7239), each in the order in which they came. They are read from their end, where proxies
    /// write, through trusted hops only: what a client wrote into them itself is never reached. `forwarded` is read
    /// only where there is no `x-forwarded-for`, so that a proxy that writes the one need not clear the other.
    pub fn client<'a>(
        &self,
        peer: IpAddr,
        x_forwarded_for: impl DoubleEndedIterator<Item = &'a [u8]>,
        forwarded: impl DoubleEndedIterator<Item = &'a [u8]>,
    ) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.trusts(client) {
            return client;
        }
        // Piece by piece: what a client has put before must not make the proxy's own part unreadable.
        let pieces =
            |value: &'a [u8]| value.rsplit(|byte| *byte == b',').map(|p| std::str::from_utf8(p).ok());
        let mut hops = x_forwarded_for.rev().flat_map(pieces).map(|piece| piece.and_then(address)).peekable();
        if hops.peek().is_some() {
            self.walk(&mut client, hops);
        } else {
            let hops = forwarded.rev().flat_map(pieces);
            self.walk(&mut client, hops.map(|element| element.and_then(forwarded_for).and_then(address)));
        }
        client
    }

    /// Goes back hop by hop while the one that told of the next is trusted. What cannot be read ends it there.
    fn walk(&self, client: &mut IpAddr, hops: impl Iterator<Item = Option<IpAddr>>) {
        for hop in hops {
            let Some(hop) = hop.filter(|_| self.trusts(*client)) else { return };
            *client = hop;
        }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|n| n.contains(address))
    }
}

/// An address as proxies write it: alone, with a port, or IPv6 in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let parsed = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|s| s.ip()))?;
    // 0.0.0.0 is nobody's; a header that says so says nothing.
    (parsed != IpAddr::V4(Ipv4Addr::UNSPECIFIED)).then(|| parsed.to_canonical())
}

/// The value of `for=` in one element of `forwarded`.
fn forwarded_for(element: &str) -> Option<&str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"'))
    })
}

#[cfg(test)]
mod tests;
