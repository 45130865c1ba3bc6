//! Talking to a provider's issuer on behalf of a person who authorises an account, and later to keep it authorised.
//!
//! [`TokenClient`] is the token endpoint: codes, device codes and refresh tokens become [`Tokens`], and refusals a
//! [`GrantError`] that says whether the grant is over, with the issuer's own words kept. [`Issuer`] is whom to ask, and as
//! which client. [`Asked`] makes the address that a person authorises at, [`Returned`] reads what they come back with, and
//! [`Authorised`] is what came of it.

mod assertion;
mod authorise;
mod authorised;
mod call;
mod device;
pub(crate) mod identity;
mod issuer;
mod reading;
mod returned;
pub mod token;

pub use authorise::{Asked, challenge, random};
pub use authorised::{Authorised, Brought};
pub use call::DEADLINE;
pub use device::{Device, DeviceCodes, Polled};
pub use identity::Identified;
pub use issuer::{Issuer, NoIssuer};
pub use returned::{BadReturn, Returned};
pub use token::{Asking, Code, GrantError, TokenClient, Tokens};
