//! Lists are read page by page, by the place of the last row (keyset) and never by a page number.

use serde::{Deserialize, Serialize};

/// One page of a list, newest first unless the operation says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Pass as `cursor` to read on; `null` on the last page. Opaque.
    pub next_cursor: Option<String>,
}

/// Where to read on, and how much.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct ListQuery {
    /// Rows on a page, 1–200; 50 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(minimum = 1, maximum = 200, example = 50))]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
