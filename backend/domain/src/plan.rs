//! What the operator of an installation allows an organisation.

use crate::limits::{BadLimit, Limits};
use serde::{Deserialize, Serialize};

/// A plan. What is absent is unlimited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// Members it may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<u32>,
    /// API keys it may have, deleted ones not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<u32>,
    /// Upstream accounts it may have, deleted ones not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accounts: Option<u32>,
    /// Requests, tokens and dollars; they hold beside the organisation's own limits, the tighter one of each.
    #[serde(skip_serializing_if = "Limits::is_empty")]
    pub limits: Limits,
}

impl Plan {
    /// Checks every figure. A count of zero is allowed: it stops anything new.
    pub fn validate(&self) -> Result<(), BadLimit> {
        self.limits.validate().map_err(|bad| BadLimit { field: format!("limits.{}", bad.field), ..bad })
    }
}
