//! What is looked at: read from the address, and written back to it.

use causeway_domain::Role;
use causeway_openapi::{UsageBreakdown, UsageDimension, UsageFilter, UsageStep};
use chrono::NaiveDate;
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    core::{
        api::use_api,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
        routes,
        session::use_session,
    },
    ui::{
        field::{SelectField, TextField},
        tabs::Tabs,
    },
};

/// Ranges that are offered, in days; the first is the usual one.
const RANGES: [u16; 4] = [30, 7, 1, 365];

/// The longest range that is shown by hours, and by days.
const MOST_HOURS: i64 = 31;
const MOST_DAYS: i64 = 400;

/// Everything that the address says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct View {
    /// By what the table is split; `None` is time.
    pub(super) dimension: Option<UsageDimension>,
    pub(super) wanted: Option<UsageStep>,
    pub(super) filter: UsageFilter,
}

impl View {
    /// What an address asks for. What cannot be read is left out: an old link still shows something.
    pub(super) fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| get(name).filter(|text| !text.is_empty());
        let date = |name: &str| text(name).and_then(|text| text.parse::<NaiveDate>().ok());
        let (from, to) = (date("from"), date("to"));
        let days = text("days").and_then(|days| days.parse().ok()).filter(|days| RANGES.contains(days));
        let word = |name: &str| text(name).map(serde_json::Value::String);
        Self {
            dimension: match text("by").as_deref() {
                Some("time") => None,
                _ => Some(word("by").and_then(|w| serde_json::from_value(w).ok()).unwrap_or_default()),
            },
            wanted: word("step").and_then(|w| serde_json::from_value(w).ok()),
            filter: UsageFilter {
                from: from.filter(|_| to.is_some()),
                to: to.filter(|to| from.is_some_and(|from| from <= *to)),
                days: if from.is_some() && to.is_some() { None } else { days.or(Some(RANGES[0])) },
                key_id: text("key_id").and_then(|id| id.parse().ok()),
                member_id: text("member_id").and_then(|id| id.parse().ok()),
                account_id: text("account_id").and_then(|id| id.parse().ok()),
                model: text("model"),
                provider: text("provider"),
                client_id: text("client_id"),
            },
        }
    }

    fn days(&self) -> i64 {
        match (self.filter.from, self.filter.to) {
            (Some(from), Some(to)) => (to - from).num_days() + 1,
            _ => self.filter.days.map_or(30, i64::from),
        }
    }

    /// The steps that the range can be shown in.
    pub(super) fn steps(&self) -> Vec<UsageStep> {
        let all = [(UsageStep::Hour, MOST_HOURS), (UsageStep::Day, MOST_DAYS), (UsageStep::Month, i64::MAX)];
        all.into_iter().filter(|(_, most)| self.days() <= *most).map(|(step, _)| step).collect()
    }

    /// The step that was chosen, or the one that makes a readable chart.
    pub(super) fn step(&self) -> UsageStep {
        let usual = match self.days() {
            ..3 => UsageStep::Hour,
            3..93 => UsageStep::Day,
            _ => UsageStep::Month,
        };
        self.wanted.filter(|step| self.steps().contains(step)).unwrap_or(usual)
    }
}

/// The part of an address that asks for something.
fn written(pairs: &[(&str, String)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .filter(|(_, text)| !text.trim().is_empty())
        .map(|(name, text)| format!("{name}={}", String::from(js_sys::encode_uri_component(text.trim()))))
        .collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// How the range is chosen.
#[derive(Clone, Copy, PartialEq)]
enum Range {
    Days(u16),
    Dates,
}

/// Range, split and filters.
#[component]
pub(super) fn Filters(looked_at: Memo<View>, step: RwSignal<Option<UsageStep>>) -> impl IntoView {
    let i18n = use_i18n();
    let navigate = use_navigate();
    let now = looked_at.get_untracked();
    let field = |text: Option<String>| RwSignal::new(text.unwrap_or_default());
    let key = field(now.filter.key_id.map(|id| id.to_string()));
    let member = field(now.filter.member_id.map(|id| id.to_string()));
    let account = field(now.filter.account_id.map(|id| id.to_string()));
    let provider = field(now.filter.provider.clone());
    let model = field(now.filter.model.clone());
    let client = field(now.filter.client_id.clone());
    let (from, to) =
        (field(now.filter.from.map(|d| d.to_string())), field(now.filter.to.map(|d| d.to_string())));
    let range = RwSignal::new(now.filter.days.map_or(Range::Dates, Range::Days));
    let dimension = RwSignal::new(now.dimension);

    // Typing settles first; a choice from a list goes through at once.
    let typed = leptos_use::signal_debounced(model, 350.0);
    Effect::new(move |earlier: Option<String>| {
        let dates = range.get() == Range::Dates;
        let word = |value: serde_json::Value| value.as_str().map(str::to_owned).unwrap_or_default();
        let search = written(&[
            (
                "days",
                match range.get() {
                    Range::Days(days) if days != RANGES[0] => days.to_string(),
                    _ => String::new(),
                },
            ),
            ("from", if dates { from.get() } else { String::new() }),
            ("to", if dates { to.get() } else { String::new() }),
            ("by", dimension.get().map_or("time".to_owned(), |d| word(serde_json::json!(d)))),
            ("step", step.get().map(|s| word(serde_json::json!(s))).unwrap_or_default()),
            ("key_id", key.get()),
            ("member_id", member.get()),
            ("account_id", account.get()),
            ("provider", provider.get()),
            ("client_id", client.get()),
            ("model", typed.get()),
        ]);
        if earlier.is_some_and(|earlier| earlier != search) {
            let options = NavigateOptions {
                resolve: false,
                replace: true,
                scroll: false,
                ..NavigateOptions::default()
            };
            navigate(&format!("{}{search}", routes::USAGE), options);
        }
        search
    });
    let narrowing = [key, member, account, provider, client, model];
    let active = Memo::new(move |_| narrowing.iter().any(|field| !field.get().is_empty()));
    let ranges = vec![
        (Range::Days(1), text!(i18n, usage.today)),
        (Range::Days(7), text!(i18n, usage.week)),
        (Range::Days(30), text!(i18n, usage.month)),
        (Range::Days(365), text!(i18n, usage.year)),
        (Range::Dates, text!(i18n, usage.dates)),
    ];
    let dimensions = vec![
        (Some(UsageDimension::Key), text!(i18n, usage.by_key)),
        (Some(UsageDimension::Member), text!(i18n, usage.by_member)),
        (Some(UsageDimension::Model), text!(i18n, usage.by_model)),
        (Some(UsageDimension::Account), text!(i18n, usage.by_account)),
        (Some(UsageDimension::Provider), text!(i18n, usage.by_provider)),
        (Some(UsageDimension::Client), text!(i18n, usage.by_client)),
        (None, text!(i18n, usage.by_time)),
    ];
    view! {
        <form class="mb-4 flex flex-col gap-3" role="search" on:submit=|event| event.prevent_default()>
            <div class="flex flex-wrap items-end gap-3">
                <Tabs label=text!(i18n, usage.range) value=range options=ranges testid="usage-range"/>
                <Show when=move || range.get() == Range::Dates>
                    <div class="flex items-end gap-2">
                        <TextField label=text!(i18n, usage.from) kind="date" value=from testid="usage-from"/>
                        <TextField label=text!(i18n, usage.to) kind="date" value=to testid="usage-to"/>
                    </div>
                </Show>
                <Tabs label=text!(i18n, usage.split) value=dimension options=dimensions testid="usage-by"/>
            </div>
            <div class="grid grid-cols-2 items-start gap-3 sm:grid-cols-3 lg:grid-cols-[repeat(6,1fr)_auto]">
                <Choices key member account provider client/>
                <TextField label=text!(i18n, usage.model) placeholder="claude-*" value=model mono=true testid="usage-model"/>
                <button
                    type="button"
                    class="btn btn-ghost self-end"
                    class:invisible=move || !active.get()
                    on:click=move |_| narrowing.iter().for_each(|field| field.set(String::new()))
                >
                    {t!(i18n, common.clear)}
                </button>
            </div>
        </form>
    }
}

/// The lists to choose from: what has been used in the last year, so that what was deleted can be chosen too.
#[component]
fn Choices(
    key: RwSignal<String>,
    member: RwSignal<String>,
    account: RwSignal<String>,
    provider: RwSignal<String>,
    client: RwSignal<String>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let used = move |by| {
        let filter = UsageFilter { days: Some(366), ..UsageFilter::default() };
        Query::new(move || api.usage_by(by, filter.clone()))
    };
    let (keys, members) = (used(UsageDimension::Key), used(UsageDimension::Member));
    let (accounts, providers) = (used(UsageDimension::Account), used(UsageDimension::Provider));
    let clients = used(UsageDimension::Client);
    let options = move |query: Query<UsageBreakdown>| {
        Signal::derive(move || {
            let mut rows: Vec<(String, String)> = query
                .data()
                .map(|data| data.rows)
                .unwrap_or_default()
                .into_iter()
                // What was not recognised has no name to be chosen by.
                .filter(|row| !row.key.is_empty())
                .map(|row| {
                    let nobody = row.key == uuid::Uuid::nil().to_string();
                    let label = match (row.label.is_empty(), nobody) {
                        (true, true) => t_string!(i18n, usage.nobody).to_owned(),
                        (true, false) => t_string!(i18n, common.deleted).to_owned(),
                        (false, _) => row.label,
                    };
                    (row.key, label)
                })
                .collect();
            rows.sort_by_cached_key(|(_, label)| label.to_lowercase());
            rows.insert(0, (String::new(), t_string!(i18n, common.all).to_owned()));
            rows
        })
    };
    let (key_options, member_options) = (options(keys), options(members));
    let (account_options, provider_options) = (options(accounts), options(providers));
    let client_options = options(clients);
    // A member sees only what is their own.
    let sees_others = Memo::new(move |_| session.member().is_some_and(|member| member.role != Role::Member));
    view! {
        <SelectField label=text!(i18n, usage.key) value=key options=key_options testid="usage-key"/>
        <Show when=move || sees_others.get()>
            <SelectField label=text!(i18n, usage.member) value=member options=member_options testid="usage-member"/>
        </Show>
        <SelectField label=text!(i18n, usage.account) value=account options=account_options testid="usage-account"/>
        <SelectField label=text!(i18n, usage.provider) value=provider options=provider_options testid="usage-provider"/>
        <SelectField label=text!(i18n, usage.client) value=client options=client_options testid="usage-client"/>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(pairs: &[(&str, &str)]) -> View {
        View::read(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn an_empty_address_shows_thirty_days_by_key() {
        let view = view(&[]);
        assert_eq!((view.dimension, view.filter.days), (Some(UsageDimension::Key), Some(30)));
        assert_eq!(view.step(), UsageStep::Day);
    }

    #[test]
    fn dates_count_only_as_a_pair_in_order() {
        let dated = view(&[("from", "2026-11-01"), ("to", "2026-11-20"), ("days", "7")]);
        assert_eq!((dated.filter.days, dated.days()), (None, 20));
        for pairs in [&[("from", "2026-11-01")][..], &[("from", "yesterday"), ("to", "2026-11-20")]] {
            let view = view(pairs);
            assert_eq!((view.filter.from, view.filter.to, view.filter.days), (None, None, Some(30)));
        }
    }

    #[test]
    fn a_step_that_the_range_is_too_long_for_gives_way() {
        let steps = |days: &str| view(&[("days", days), ("step", "hour")]).step();
        assert_eq!(
            [steps("1"), steps("7"), steps("30"), steps("365")],
            [UsageStep::Hour, UsageStep::Hour, UsageStep::Hour, UsageStep::Month]
        );
        assert_eq!(view(&[("by", "time")]).dimension, None);
        assert_eq!(view(&[("by", "colour")]).dimension, Some(UsageDimension::Key));
    }
}
