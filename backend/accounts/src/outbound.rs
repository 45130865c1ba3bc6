//! Calls to the outside that are no relayed requests, to addresses that a tenant or an issuer has chosen: never into
//! networks that only this server can reach. Names are looked up here, and only addresses that may be connected to are
//! handed on, so that a name cannot change its mind between the check and the connection. Redirects are not followed.

use crate::{AddressPolicy, Proxy, ProxyError, address::Unreachable};
use reqwest::{
    Certificate, Client,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use std::{error::Error, io, sync::Arc, time::Duration};

/// A client for one errand, straight or through a proxy. `plain` is whether it speaks without TLS, which fewer addresses
/// allow. An address in the URL itself is not looked up: it is for the caller to check it with [`AddressPolicy::base_url`].
/// Through a proxy, names in URLs are looked up by the proxy, and only the proxy's own here.
pub fn client(
    addresses: &AddressPolicy,
    way: Option<&Proxy>,
    plain: bool,
    deadline: Duration,
) -> Result<Client, NoClient> {
    // Of a proxy it is known that it is spoken to, and by what.
    let plain = plain && way.is_none();
    let mut builder = Client::builder()
        .dns_resolver(Arc::new(Policy { addresses: addresses.clone(), plain }))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .connect_timeout(deadline)
        .timeout(deadline);
    if let Some(proxy) = way {
        builder = builder.proxy(proxy.for_client(addresses)?);
    }
    if !addresses.authorities().is_empty() {
        let all = addresses.authorities().iter().map(|one| Certificate::from_der(one));
        builder = builder.tls_certs_merge(all.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(builder.build()?)
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum NoClient {
    /// The proxy cannot be used.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// It cannot be made.
    #[error(transparent)]
    Client(#[from] reqwest::Error),
}

/// Whether a call failed because the name leads to where nothing may be sent.
pub fn is_refused(error: &reqwest::Error) -> bool {
    let mut source: Option<&dyn Error> = Some(error);
    while let Some(cause) = source {
        let within = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if within.is_some_and(|within| within.is::<Unreachable>()) {
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

impl Resolve for Policy {
    fn resolve(&self, name: Name) -> Resolving {
        let (addresses, plain) = (self.addresses.clone(), self.plain);
        Box::pin(async move {
            let permitted = addresses.resolve(name.as_str(), plain).await?;
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
