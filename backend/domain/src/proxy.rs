//! How an account's requests leave: straight, or through a proxy of the organisation's.

use crate::ProxyId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// What a proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// HTTP/1.1 with `CONNECT`.
    Http,
    /// The same inside TLS.
    Https,
    /// SOCKS version 5 (RFC 1928); names are looked up by the proxy.
    Socks5,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Http, Self::Https, Self::Socks5];

    /// As stored and as in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5 => "socks5",
        }
    }
}

impl FromStr for Scheme {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|scheme| scheme.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not one of http, https and socks5"))
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an account or a pool says of its way: `"inherit"`, `"direct"`, or the id of a proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Choice {
    /// Nothing: an account asks its pools, and these the organisation.
    #[default]
    Inherit,
    /// Straight to the provider, whatever the organisation says.
    Direct,
    /// Through this one.
    Through(ProxyId),
}

impl Choice {
    /// From the two columns.
    pub fn stored(proxy: Option<ProxyId>, direct: bool) -> Self {
        match proxy {
            Some(id) => Self::Through(id),
            None if direct => Self::Direct,
            None => Self::Inherit,
        }
    }

    /// The proxy, if it names one.
    pub const fn proxy(self) -> Option<ProxyId> {
        match self {
            Self::Through(id) => Some(id),
            Self::Inherit | Self::Direct => None,
        }
    }

    /// Whether it says to go straight.
    pub const fn is_direct(self) -> bool {
        matches!(self, Self::Direct)
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inherit => f.write_str("inherit"),
            Self::Direct => f.write_str("direct"),
            Self::Through(id) => id.fmt(f),
        }
    }
}

impl FromStr for Choice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "inherit" => Ok(Self::Inherit),
            "direct" => Ok(Self::Direct),
            id => id.parse().map(Self::Through).map_err(|_| "must be inherit, direct or the id of a proxy"),
        }
    }
}

impl Serialize for Choice {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Choice {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_one_word_or_an_id_and_nothing_else() {
        let id = "\"019a0000-0000-7000-8000-0000000000ff\"";
        for text in ["\"inherit\"", "\"direct\"", id] {
            let choice: Choice = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&choice).unwrap(), text);
            assert_eq!(Choice::stored(choice.proxy(), choice.is_direct()), choice);
        }
        for bad in ["\"\"", "\"Direct\"", "null", "7", "\"none\""] {
            assert!(serde_json::from_str::<Choice>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn schemes_are_written_as_they_are_read() {
        for scheme in Scheme::ALL {
            assert_eq!(scheme.as_str().parse(), Ok(scheme));
            assert_eq!(serde_json::to_value(scheme).unwrap(), scheme.as_str());
        }
        assert!("socks4".parse::<Scheme>().is_err());
    }
}
