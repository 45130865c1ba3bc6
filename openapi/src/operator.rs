//! What the operator of the installation sees and decides: organisations with their plans and credits, and codes.

use crate::{
    billing::Balance, entering::Suspended, invitations::SentInvitation, patch::given, secret::Secret,
};
use causeway_domain::{CreditKind, Multiplier, Nanos, OrgId, Plan};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// An organisation as the operator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Tenant {
    /// Identifier.
    #[cfg_attr(feature = "schemas", schema(value_type = Uuid))]
    pub id: OrgId,
    /// Name as shown.
    #[cfg_attr(feature = "schemas", schema(example = "Analytical Engines"))]
    pub name: String,
    /// Name in addresses.
    #[cfg_attr(feature = "schemas", schema(example = "analytical-engines"))]
    pub slug: String,
    /// Whether its requests are served.
    pub status: TenantStatus,
    /// Why and since when they are not; `null` while they are.
    pub suspended: Option<Suspended>,
    /// IANA time zone in which its months begin.
    #[cfg_attr(feature = "schemas", schema(example = "Europe/Berlin"))]
    pub time_zone: String,
    /// What it is allowed. What is absent is unlimited.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Plan))]
    pub plan: Plan,
    /// What it has of what the plan counts.
    pub in_use: PlanUse,
    /// What it is charged for a dollar of cost.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "1.2"))]
    pub multiplier: Multiplier,
    /// The same at some providers, where it is not a dollar. The product of both is charged.
    #[cfg_attr(feature = "schemas", schema(value_type = BTreeMap<String, String>, example = json!({"anthropic": "0.9"})))]
    pub provider_multipliers: BTreeMap<String, Multiplier>,
    /// Its credits.
    pub balance: Balance,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Whether an organisation's requests are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TenantStatus {
    /// They are.
    Active,
    /// They are refused, and running ones end; people can still sign in and read why.
    Suspended,
}

/// What an organisation has of what its plan counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PlanUse {
    /// Members.
    #[cfg_attr(feature = "schemas", schema(example = 4))]
    pub members: u64,
    /// API keys.
    #[cfg_attr(feature = "schemas", schema(example = 11))]
    pub keys: u64,
    /// Upstream accounts.
    #[cfg_attr(feature = "schemas", schema(example = 2))]
    pub accounts: u64,
}

/// Which organisations to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct TenantQuery {
    /// Part of the name or slug, in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Rows on a page, 1–200; 50 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(minimum = 1, maximum = 200, example = 50))]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// An organisation to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateTenant {
    /// Name as shown, 1–100 characters.
    #[cfg_attr(
        feature = "schemas",
        schema(example = "Analytical Engines", min_length = 1, max_length = 100)
    )]
    pub name: String,
    /// E-mail address of its first owner, who is invited where nobody has an account with it.
    #[cfg_attr(feature = "schemas", schema(example = "ada@example.com", max_length = 254))]
    pub owner_email: String,
    /// IANA time zone in which it counts its days; UTC when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = "Europe/Berlin"))]
    pub time_zone: Option<String>,
}

/// An organisation that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct CreatedTenant {
    /// The organisation.
    #[serde(flatten)]
    pub tenant: Tenant,
    /// The invitation of its first owner, where nobody had an account with that address; `null` where somebody had, who
    /// owns it from now on.
    pub owner_invitation: Option<SentInvitation>,
}

/// A change of what an organisation is allowed and charged. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct UpdateTenant {
    /// Name as shown, 1–100 characters.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = "Analytical Engines"))]
    pub name: Option<String>,
    /// Suspends it, or serves it again.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false))]
    pub status: Option<TenantStatus>,
    /// Why it is suspended, 1–500 characters, as its people are told; needed with `status: suspended`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(
        feature = "schemas",
        schema(nullable = false, example = "Invoice 2026-117 is unpaid", max_length = 500)
    )]
    pub suspended_reason: Option<String>,
    /// Its plan, all of it anew.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<crate::schema::Plan>))]
    pub plan: Option<Plan>,
    /// What it is charged for a dollar of cost, from "0" to "100" with four decimals.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<String>, example = "1.2"))]
    pub multiplier: Option<Multiplier>,
    /// The same at some providers, all of them anew.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<BTreeMap<String, String>>, example = json!({"anthropic": "0.9"})))]
    pub provider_multipliers: Option<BTreeMap<String, Multiplier>>,
    /// `false` ends prepaid: the organisation then uses without bound of credits, and its entries stay. It begins with the
    /// next entry.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = false))]
    pub prepaid: Option<bool>,
}

/// An entry to be written. The first one makes the organisation prepaid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AddCredit {
    /// What it is for: `credit` (above zero), `refund` (paid back, below zero) or `adjustment` (either; say why).
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::CreditKind))]
    pub kind: CreditKind,
    /// How much, not zero; all entries of an organisation together are at most 9007199.25 dollars.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "50.00"))]
    pub amount_usd: Nanos,
    /// Why, at most 500 characters; needed for an adjustment. The organisation sees it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "schemas", schema(example = "Invoice 2026-117", max_length = 500))]
    pub note: String,
    /// Any text of 1–100 characters. The same entry sent again with the same key is not written again, and is answered like
    /// the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(example = "invoice-2026-117", min_length = 1, max_length = 100))]
    pub idempotency_key: Option<String>,
}

/// Codes to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateCodes {
    /// What each gives.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "25.00"))]
    pub amount_usd: Nanos,
    /// How many, 1–1000.
    #[cfg_attr(feature = "schemas", schema(example = 20, minimum = 1, maximum = 1000))]
    pub count: u32,
    /// By how many organisations each can be redeemed, 1–1000000; one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(example = 1, minimum = 1, maximum = 1000000))]
    pub uses: Option<u32>,
    /// Until when; for ever when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// What they are for, at most 500 characters. Only operators see it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "schemas", schema(example = "Conference in Lyon", max_length = 500))]
    pub note: String,
}

/// Codes that were made together and are alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct CodeBatch {
    /// Identifier.
    pub id: Uuid,
    /// What each gives.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "25.00"))]
    pub amount_usd: Nanos,
    /// By how many organisations each can be redeemed.
    #[cfg_attr(feature = "schemas", schema(example = 1))]
    pub uses: u32,
    /// Until when; `null` is for ever.
    pub expires_at: Option<DateTime<Utc>>,
    /// What they are for.
    #[cfg_attr(feature = "schemas", schema(example = "Conference in Lyon"))]
    pub note: String,
    /// How many.
    #[cfg_attr(feature = "schemas", schema(example = 20))]
    pub codes: u64,
    /// How often they were redeemed, together.
    #[cfg_attr(feature = "schemas", schema(example = 7))]
    pub redeemed: u64,
    /// How many were taken back.
    #[cfg_attr(feature = "schemas", schema(example = 0))]
    pub revoked: u64,
    /// Name of who made them; empty when they are gone.
    #[cfg_attr(feature = "schemas", schema(example = "Grace Hopper"))]
    pub created_by: String,
    /// When they were made.
    pub created_at: DateTime<Utc>,
}

/// Codes that were just made. They are stored only as hashes and can never be shown again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct MadeCodes {
    /// The batch.
    pub batch: CodeBatch,
    /// The codes.
    #[cfg_attr(feature = "schemas", schema(value_type = Vec<String>, example = json!(["7K3QW-0M8ZD-XR41T-5HBVN-92CJE"])))]
    pub codes: Vec<Secret>,
}

/// A code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Code {
    /// Identifier.
    pub id: Uuid,
    /// Its first characters, to recognise it by.
    #[cfg_attr(feature = "schemas", schema(example = "7K3QW"))]
    pub hint: String,
    /// How often it was redeemed.
    #[cfg_attr(feature = "schemas", schema(example = 1))]
    pub used: u32,
    /// When it was taken back; `null` when it was not.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Names of the organisations that redeemed it.
    #[cfg_attr(feature = "schemas", schema(example = json!(["Analytical Engines"])))]
    pub redeemed_by: Vec<String>,
}
