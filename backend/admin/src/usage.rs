//! Sums of usage: for the dashboard, for the usage page, and as files. Over days, hours and months of the organisation; a
//! member's own only.

use causeway_domain::Nanos;
use causeway_openapi::{UsageDimension, UsageFigures, UsageFilter};
use causeway_store::reports::{By, Filter, Sums};

pub(crate) mod breakdown;
pub(crate) mod export;
pub(crate) mod import;
mod range;
pub(crate) mod series;
pub(crate) mod summary;

/// As the API shows them.
fn figures(sums: &Sums) -> UsageFigures {
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    UsageFigures {
        requests: count(sums.requests),
        errors: count(sums.errors),
        input_tokens: count(sums.input_tokens),
        output_tokens: count(sums.output_tokens),
        cache_read_tokens: count(sums.cache_read_tokens),
        cache_write_5m_tokens: count(sums.cache_write_5m_tokens),
        cache_write_1h_tokens: count(sums.cache_write_1h_tokens),
        cost_usd: Nanos(sums.charged_nanos),
        provider_cost_usd: Nanos(sums.cost_nanos),
    }
}

fn sum<'a>(figures: impl Iterator<Item = &'a UsageFigures>) -> UsageFigures {
    figures.fold(UsageFigures::default(), UsageFigures::plus)
}

/// What the store is asked for: what the caller asks for, within what they may see.
fn narrowed(filter: &UsageFilter, sees: Option<causeway_domain::UserId>) -> Filter<'_> {
    Filter {
        sees,
        member: filter.member_id,
        key: filter.key_id,
        account: filter.account_id,
        model: filter.model.as_deref(),
        provider: filter.provider.as_deref(),
        client: filter.client_id.as_deref(),
    }
}

fn by(dimension: UsageDimension) -> By {
    match dimension {
        UsageDimension::Key => By::Key,
        UsageDimension::Member => By::Member,
        UsageDimension::Model => By::Model,
        UsageDimension::Account => By::Account,
        UsageDimension::Provider => By::Provider,
        UsageDimension::Client => By::Client,
    }
}
