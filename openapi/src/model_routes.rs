//! Model routes: what models are called here, and where each name leads.

use causeway_domain::{AccountId, provider::Provider, route::Kind};
use serde::{Deserialize, Serialize};

/// The model routes of an organisation, in the order in which they are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct ModelRoutes {
    /// Another one after every change: given back with a change, it is refused where somebody else was quicker.
    #[cfg_attr(feature = "schemas", schema(example = "5f70bf18a086007016e948b04aed3b82"))]
    pub version: String,
    /// The routes.
    pub items: Vec<ModelRoute>,
}

/// Model routes to take the place of those that there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SetModelRoutes {
    /// The `version` that the change was made from; absent replaces whatever is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(max_length = 64))]
    pub version: Option<String>,
    /// All routes, in their order, at most 200.
    #[cfg_attr(feature = "schemas", schema(max_items = 200))]
    pub items: Vec<ModelRoute>,
}

/// A model route. A name is looked up once: what an alias leads to is not looked up again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ModelRoute {
    /// What it does.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::ModelRouteKind))]
    pub kind: Kind,
    /// What it is about, 1–200 characters without spaces: a name, or a pattern with `*` of an alias or an exclusion; what
    /// names begin with, of a prefix.
    #[cfg_attr(feature = "schemas", schema(example = "best", min_length = 1, max_length = 200))]
    pub pattern: String,
    /// Where, at most 8, in the order in which they are asked. An alias and a mapping need one; a prefix and an exclusion
    /// without any are for all accounts.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(max_items = 8))]
    pub targets: Vec<RouteTarget>,
    /// Of an alias: whether the models that it leads to are also served by their own names. Of a prefix: whether its
    /// accounts also serve without it. An alias takes their place, and a prefix is the only way, when absent.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(default = false))]
    pub keep_original: bool,
}

/// Where a route applies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RouteTarget {
    /// Accounts of this provider only; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<crate::schema::Provider>))]
    pub provider: Option<Provider>,
    /// This account only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub account_id: Option<AccountId>,
    /// The model that an alias leads to, or what a mapping calls it there. Not of a prefix or an exclusion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(example = "claude-haiku-4-5", min_length = 1, max_length = 200))]
    pub model: Option<String>,
}
