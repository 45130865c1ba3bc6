//! Members. They see themselves, all others everybody; roles and limits are for administrators to set, owners for owners.

use crate::{error::ApiError, guard::Caller};
use causeway_domain::{UserId, window::WindowKind};
use causeway_openapi::{Member, MemberUsage};
use causeway_store::{
    TenantTx,
    members::{self, Member as Stored, UsedToday},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

pub(crate) mod get;
pub(crate) mod limits;
pub(crate) mod list;
pub(crate) mod remove;
pub(crate) mod reset_link;
pub(crate) mod standing;
pub(crate) mod takeover;
pub(crate) mod totp;
pub(crate) mod transfer;
pub(crate) mod update;

/// As the API shows them, with what they have used today.
async fn view(tx: &mut TenantTx, caller: &Caller, rows: Vec<Stored>) -> Result<Vec<Member>, ApiError> {
    let now = Utc::now();
    let ids: Vec<UserId> = rows.iter().map(|m| m.id).collect();
    let today = caller.calendar.ends(WindowKind::Day, now);
    let today = today.and_then(|day| DateTime::from_timestamp_millis(day.start)).unwrap_or(now);
    let used = members::used(tx, &ids, today).await?;
    let shown = |member: Stored| {
        let used = used.get(&member.id).copied().unwrap_or_default();
        shown(member, used)
    };
    Ok(rows.into_iter().map(shown).collect())
}

/// The same for one.
async fn view_one(tx: &mut TenantTx, caller: &Caller, member: Stored) -> Result<Member, ApiError> {
    view(tx, caller, vec![member]).await?.pop().ok_or(ApiError::NotFound)
}

fn shown(member: Stored, used: UsedToday) -> Member {
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    Member {
        id: member.id,
        name: member.name,
        email: member.email,
        role: member.role,
        limits: member.limits,
        keys: count(member.keys),
        usage: MemberUsage {
            requests_today: count(used.requests),
            tokens_today: count(used.tokens),
            cost_usd_today: used.charged,
        },
        joined_at: member.joined_at,
    }
}

/// As the audit log keeps it.
fn audited(member: &Stored) -> Value {
    json!({"email": member.email, "role": member.role, "limits": member.limits})
}
