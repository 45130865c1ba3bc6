//! What anybody may know about this installation before signing in.

use serde::{Deserialize, Serialize};

/// This installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Instance {
    /// Version of the server.
    #[cfg_attr(feature = "schemas", schema(example = "0.1.0"))]
    pub version: String,
    /// The address under which clients reach it, without a trailing slash.
    #[cfg_attr(feature = "schemas", schema(example = "https://causeway.example.com"))]
    pub public_url: String,
    /// Whether it runs as a demo, with a simulated provider.
    pub demo: bool,
    /// Whether it waits for its first person.
    pub setup_required: bool,
    /// Whether it sends mail. Where it does not, links are shown to whoever may hand them over.
    pub mail: bool,
}
