//! Calls that the admin API makes to the outside, to addresses that a tenant has chosen: never into networks that only
//! this server can reach. Names are looked up here, and only addresses that may be connected to are handed on, so that
//! a name cannot change its mind between the check and the connection. Redirects are not followed.

use causeway_accounts::AddressPolicy;
use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use std::{
    error::Error,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

/// A client for one errand. `plain` is whether it speaks without TLS, which fewer addresses allow. An address in the URL
/// itself is not looked up: it is for the caller to check it with [`AddressPolicy::base_url`].
pub(crate) fn client(addresses: &AddressPolicy, plain: bool, deadline: Duration) -> reqwest::Result<Client> {
    Client::builder()
        .dns_resolver(Arc::new(Policy { addresses: addresses.clone(), plain }))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .connect_timeout(deadline)
        .timeout(deadline)
        .build()
}

/// Whether a call failed because the name leads to where nothing may be sent.
pub(crate) fn is_refused(error: &reqwest::Error) -> bool {
    let mut source: Option<&dyn Error> = Some(error);
    while let Some(cause) = source {
        if cause.is::<Refused>() {
            return true;
        }
        source = cause.source();
    }
    false
}

/// Looks names up and keeps only the addresses that may be connected to.
struct Policy {
    addresses: AddressPolicy,
    plain: bool,
}

/// None of the addresses may be connected to.
#[derive(Debug, thiserror::Error)]
#[error("no address of this name may be connected to")]
struct Refused;

impl Resolve for Policy {
    fn resolve(&self, name: Name) -> Resolving {
        let (addresses, plain) = (self.addresses.clone(), self.plain);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let may = |ip: IpAddr| if plain { addresses.permits_plain(ip) } else { addresses.permits(ip) };
            let permitted: Vec<SocketAddr> = found.filter(|a| may(a.ip())).collect();
            if permitted.is_empty() {
                return Err(Refused.into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}
