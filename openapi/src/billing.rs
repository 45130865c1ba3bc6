//! What an organisation has paid and used: its balance, the ledger of its credits, statements by month.

use crate::secret::Secret;
use causeway_domain::{CreditKind, KeyId, Nanos, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Credits, and what is left of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Balance {
    /// Whether the organisation pays in advance. If so its requests are refused when nothing is left; if not, the figures
    /// are for information.
    pub prepaid: bool,
    /// All credits ever given, less what was paid back.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "150.00"))]
    pub credits_usd: Nanos,
    /// Charged over the organisation's whole life, as far as it is settled; a second or two behind.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "103.182"))]
    pub charged_usd: Nanos,
    /// Held by requests that are still running, at most what they will be charged; `null` where that is not asked or not
    /// known.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "0.42"))]
    pub reserved_usd: Option<Nanos>,
    /// Credits less what is charged.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "46.818"))]
    pub balance_usd: Nanos,
}

/// An entry in the ledger of credits. Entries are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct CreditEntry {
    /// Identifier.
    pub id: Uuid,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// What it is for.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::CreditKind))]
    pub kind: CreditKind,
    /// How much; below zero takes back.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "50.00"))]
    pub amount_usd: Nanos,
    /// Why.
    #[cfg_attr(feature = "schemas", schema(example = "Invoice 2026-117"))]
    pub note: String,
    /// Who wrote it.
    pub actor: CreditActor,
    /// First characters of the code that was redeemed.
    #[cfg_attr(feature = "schemas", schema(example = "7K3QW"))]
    pub code: Option<String>,
}

/// Who wrote an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct CreditActor {
    /// `user` (who redeemed a code), `operator`, `cli` or `system`.
    #[cfg_attr(feature = "schemas", schema(example = "operator"))]
    pub kind: String,
    /// The person, where there is one.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<Uuid>))]
    pub id: Option<UserId>,
    /// Name of the person; empty where there is none.
    #[cfg_attr(feature = "schemas", schema(example = "Grace Hopper"))]
    pub name: String,
}

/// A code to redeem.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RedeemCode {
    /// The code, in any case, with or without dashes.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "7K3QW-0M8ZD-XR41T-5HBVN-92CJE"))]
    pub code: Secret,
}

/// What a code gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Redeemed {
    /// The entry that was written.
    pub entry: CreditEntry,
    /// The balance with it.
    pub balance: Balance,
}

/// The months of which there are statements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct StatementMonths {
    /// Newest first; the first one is not over.
    #[cfg_attr(feature = "schemas", schema(example = json!(["2026-11", "2026-10"])))]
    pub months: Vec<String>,
}

/// A month's statement: opening + credits − usage = closing, and the closing balance is the next month's opening one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Statement {
    /// The month.
    #[cfg_attr(feature = "schemas", schema(example = "2026-11"))]
    pub month: String,
    /// The time zone in which it begins and ends.
    #[cfg_attr(feature = "schemas", schema(example = "Europe/Berlin"))]
    pub time_zone: String,
    /// When it began.
    pub from: DateTime<Utc>,
    /// When it ended, or will.
    pub to: DateTime<Utc>,
    /// Whether it is over. Requests that began before its end may still be settled for some minutes.
    pub complete: bool,
    /// Whether the organisation pays in advance, now. If it does not, `usage_usd` is what is to be paid.
    pub prepaid: bool,
    /// Balance at its beginning.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "20.00"))]
    pub opening_usd: Nanos,
    /// Sum of the entries.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "50.00"))]
    pub credits_usd: Nanos,
    /// Sum of what was charged.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "23.182"))]
    pub usage_usd: Nanos,
    /// Balance at its end.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "46.818"))]
    pub closing_usd: Nanos,
    /// What the providers asked for that usage; only for administrators, else `null`.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "21.40"))]
    pub cost_usd: Option<Nanos>,
    /// What was credited, oldest first.
    pub entries: Vec<CreditEntry>,
    /// What was used, by key and model.
    pub lines: Vec<StatementLine>,
}

/// What one key used of one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct StatementLine {
    /// The key.
    #[cfg_attr(feature = "schemas", schema(value_type = Uuid))]
    pub key_id: KeyId,
    /// Its name; empty when it is gone.
    #[cfg_attr(feature = "schemas", schema(example = "Ada's laptop"))]
    pub key_name: String,
    /// The model.
    #[cfg_attr(feature = "schemas", schema(example = "claude-haiku-4-5"))]
    pub model: String,
    /// Requests that reached a provider.
    #[cfg_attr(feature = "schemas", schema(example = 120))]
    pub requests: u64,
    /// Input tokens outside any prompt cache.
    #[cfg_attr(feature = "schemas", schema(example = 40210))]
    pub input_tokens: u64,
    /// Output tokens.
    #[cfg_attr(feature = "schemas", schema(example = 9100))]
    pub output_tokens: u64,
    /// Input tokens read from a prompt cache.
    #[cfg_attr(feature = "schemas", schema(example = 812000))]
    pub cache_read_tokens: u64,
    /// Input tokens written to a prompt cache.
    #[cfg_attr(feature = "schemas", schema(example = 60100))]
    pub cache_write_tokens: u64,
    /// Charged for it.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "3.20"))]
    pub charged_usd: Nanos,
    /// What the provider asked for it; only for administrators, else `null`.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "2.91"))]
    pub cost_usd: Option<Nanos>,
}

/// In which form to read a statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct StatementQuery {
    /// `json` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(inline))]
    pub format: Option<StatementFormat>,
}

/// A form of a statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StatementFormat {
    /// A [`Statement`].
    #[default]
    Json,
    /// A table whose column `amount_usd` sums to the closing balance: opening balance, entries, usage as negative amounts.
    Csv,
}
