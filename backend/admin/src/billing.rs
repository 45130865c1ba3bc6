//! What the organisation has paid and used.

use causeway_domain::UserId;
use causeway_openapi::{Balance, CreditActor, CreditEntry};
use causeway_store::credits;

pub(crate) mod balance;
pub(crate) mod entries;
pub(crate) mod redeem;
pub(crate) mod statement;
pub(crate) mod statements;

/// As the API shows it.
pub(crate) fn shown_balance(balance: &credits::Balance) -> Balance {
    Balance {
        prepaid: balance.prepaid,
        credits_usd: balance.credits,
        charged_usd: balance.charged,
        reserved_usd: None,
        balance_usd: balance.left(),
    }
}

/// As the API shows it.
pub(crate) fn shown_entry(entry: credits::Entry) -> CreditEntry {
    CreditEntry {
        id: entry.id,
        at: entry.at,
        kind: entry.kind,
        amount_usd: entry.amount,
        note: entry.note,
        actor: CreditActor {
            kind: entry.actor_kind,
            id: entry.actor_id.map(UserId),
            name: entry.actor_name.unwrap_or_default(),
        },
        code: entry.code_hint,
    }
}
