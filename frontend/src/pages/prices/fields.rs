//! The inputs for a price: rates, prices for long prompts, and the same again for each service tier.

use leptos::prelude::*;

use super::figures::{PriceTexts, Problems, RateTexts, ScheduleTexts, TIERS};
use crate::{
    core::{
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
    },
    ui::{
        button::Button,
        field::TextField,
        icon::{Glyph, Icon},
    },
};

/// Texts that are typed into.
#[derive(Clone, Copy)]
pub(crate) struct RateFields {
    input: RwSignal<String>,
    output: RwSignal<String>,
    cache_read: RwSignal<String>,
    cache_write_5m: RwSignal<String>,
    cache_write_1h: RwSignal<String>,
    reasoning: RwSignal<String>,
}

#[derive(Clone, Copy)]
struct LongFields {
    /// Stays the same when another one is taken away.
    id: u32,
    above: RwSignal<String>,
    rates: RateFields,
}

#[derive(Clone, Copy)]
pub(crate) struct ScheduleFields {
    rates: RateFields,
    long: RwSignal<Vec<LongFields>>,
    next: RwSignal<u32>,
}

/// The whole price.
#[derive(Clone, Copy)]
pub(crate) struct PriceFields {
    pub(crate) standard: ScheduleFields,
    pub(crate) tiers: [ScheduleFields; 3],
    pub(crate) web_search: RwSignal<String>,
}

/// Where errors beside the fields come from.
#[derive(Clone, Copy)]
pub(crate) struct Errors {
    pub(crate) submission: Submission,
    pub(crate) problems: RwSignal<Problems>,
}

impl Errors {
    /// What is wrong with a field. What this page finds comes first: the server has not seen it.
    pub(crate) fn at(self, path: String) -> Signal<Option<String>> {
        let i18n = use_i18n();
        Signal::derive(move || {
            let here = self.problems.with(|p| p.get(&path).map(|p| p.message(i18n.get_locale()).to_owned()));
            here.or_else(|| {
                self.submission.error.with(|e| e.as_ref().and_then(|e| e.field(&path).map(str::to_owned)))
            })
        })
    }
}

impl RateFields {
    fn new(texts: &RateTexts) -> Self {
        let field = |text: &String| RwSignal::new(text.clone());
        Self {
            input: field(&texts.input),
            output: field(&texts.output),
            cache_read: field(&texts.cache_read),
            cache_write_5m: field(&texts.cache_write_5m),
            cache_write_1h: field(&texts.cache_write_1h),
            reasoning: field(&texts.reasoning),
        }
    }

    fn texts(self) -> RateTexts {
        RateTexts {
            input: self.input.get(),
            output: self.output.get(),
            cache_read: self.cache_read.get(),
            cache_write_5m: self.cache_write_5m.get(),
            cache_write_1h: self.cache_write_1h.get(),
            reasoning: self.reasoning.get(),
        }
    }
}

impl ScheduleFields {
    fn new(texts: &ScheduleTexts) -> Self {
        let fields = Self {
            rates: RateFields::new(&texts.rates),
            long: RwSignal::new(Vec::new()),
            next: RwSignal::new(0),
        };
        for (above, rates) in &texts.long {
            fields.add(above, rates);
        }
        fields
    }

    fn add(self, above: &str, rates: &RateTexts) {
        let id = self.next.get_untracked();
        self.next.set(id + 1);
        let one = LongFields { id, above: RwSignal::new(above.to_owned()), rates: RateFields::new(rates) };
        self.long.update(|long| long.push(one));
    }

    fn texts(self) -> ScheduleTexts {
        let long = self.long.get();
        ScheduleTexts {
            rates: self.rates.texts(),
            long: long.into_iter().map(|l| (l.above.get(), l.rates.texts())).collect(),
        }
    }
}

impl PriceFields {
    pub(crate) fn new(texts: &PriceTexts) -> Self {
        Self {
            standard: ScheduleFields::new(&texts.standard),
            tiers: [0, 1, 2].map(|i| ScheduleFields::new(&texts.tiers[i])),
            web_search: RwSignal::new(texts.web_search.clone()),
        }
    }

    /// What is typed. Runs the surrounding effect again whenever that changes.
    pub(crate) fn texts(self) -> PriceTexts {
        PriceTexts {
            standard: self.standard.texts(),
            tiers: self.tiers.map(ScheduleFields::texts),
            web_search: self.web_search.get(),
        }
    }
}

/// Everything of a price.
#[component]
pub(crate) fn PriceInputs(fields: PriceFields, errors: Errors) -> impl IntoView {
    let i18n = use_i18n();
    let tier = move |(name, schedule): (causeway_domain::price::ServiceTier, ScheduleFields)| {
        let used = schedule.rates.input.with_untracked(|t| !t.is_empty());
        let title = move || match name {
            causeway_domain::price::ServiceTier::Priority => t_string!(i18n, prices.tier_priority),
            causeway_domain::price::ServiceTier::Flex => t_string!(i18n, prices.tier_flex),
            causeway_domain::price::ServiceTier::Batch => t_string!(i18n, prices.tier_batch),
            causeway_domain::price::ServiceTier::Standard => t_string!(i18n, prices.tier_standard),
        };
        view! {
            <details class="rounded-box border border-base-300 px-4 py-3" open=used data-testid=format!("tier-{name}")>
                <summary class="cursor-pointer text-sm font-medium">{title}</summary>
                <p class="mt-2 text-xs text-base-content/70">{t!(i18n, prices.tier_hint)}</p>
                <div class="mt-4"><ScheduleInputs schedule errors prefix=format!("tiers.{name}.")/></div>
            </details>
        }
    };
    view! {
        <fieldset>
            <legend class="mb-3 text-sm font-semibold">{t!(i18n, prices.per_million)}</legend>
            <ScheduleInputs schedule=fields.standard errors prefix=String::new()/>
        </fieldset>
        <div class="flex flex-col gap-2">
            {TIERS.into_iter().zip(fields.tiers).map(tier).collect_view()}
        </div>
        <div class="sm:max-w-64">
            <TextField
                label=text!(i18n, prices.web_search)
                optional=text!(i18n, common.optional)
                value=fields.web_search
                prefix="$"
                placeholder="0.01"
                inputmode="decimal"
                error=errors.at("web_search".to_owned())
            />
        </div>
    }
}

#[component]
fn ScheduleInputs(schedule: ScheduleFields, errors: Errors, prefix: String) -> impl IntoView {
    let i18n = use_i18n();
    let prefix = StoredValue::new(prefix);
    let place = move |one: LongFields| {
        move || schedule.long.with(|long| long.iter().position(|l| l.id == one.id)).unwrap_or_default()
    };
    let remove = move |id: u32| schedule.long.update(|long| long.retain(|l| l.id != id));
    let shown = move |one: LongFields| {
        // Errors are looked up by the place at the time of building: taking one away forgets them anyway.
        let at = prefix.with_value(|p| format!("{p}long_context[{}].", place(one)()));
        view! {
            <div class="mt-4 rounded-box border border-base-300 p-4">
                <div class="mb-4 flex items-end justify-between gap-4">
                    <div class="sm:max-w-64">
                        <TextField
                            label=text!(i18n, prices.above)
                            value=one.above
                            placeholder="200000"
                            inputmode="numeric"
                            error=errors.at(format!("{at}above_tokens"))
                        />
                    </div>
                    <Button small=true on_press=move |()| remove(one.id) label=text!(i18n, prices.remove_long)>
                        <Glyph icon=Icon::Trash class="size-4"/>
                    </Button>
                </div>
                <RateInputs rates=one.rates errors prefix=at/>
            </div>
        }
    };
    view! {
        <RateInputs rates=schedule.rates errors prefix=prefix.get_value()/>
        <For each=move || schedule.long.get() key=|one| one.id children=shown/>
        <div class="mt-3">
            <Button small=true on_press=move |()| schedule.add("", &RateTexts::default())>
                <Glyph icon=Icon::Plus class="size-4"/>
                {t!(i18n, prices.add_long)}
            </Button>
        </div>
    }
}

#[component]
fn RateInputs(rates: RateFields, errors: Errors, prefix: String) -> impl IntoView {
    let i18n = use_i18n();
    let follows = text!(i18n, prices.follows);
    let main = prefix.is_empty();
    let at = |name: &str| errors.at(format!("{prefix}{name}"));
    let field = |label: Signal<String>, value, name: &'static str, required: bool, testid: &'static str| {
        let placeholder = if required { Signal::stored(String::new()) } else { follows };
        view! {
            <TextField label value prefix="$" placeholder inputmode="decimal" error=at(name) testid=testid/>
        }
    };
    let id = |name: &'static str| if main { name } else { "" };
    view! {
        <div class="grid grid-cols-2 gap-4 sm:grid-cols-3">
            {field(text!(i18n, prices.input), rates.input, "input", true, id("price-input"))}
            {field(text!(i18n, prices.output), rates.output, "output", true, id("price-output"))}
            {field(text!(i18n, prices.reasoning), rates.reasoning, "reasoning", false, id("price-reasoning"))}
            {field(text!(i18n, prices.cache_read), rates.cache_read, "cache_read", false, id("price-cache-read"))}
            {field(text!(i18n, prices.write_5m), rates.cache_write_5m, "cache_write_5m", false, id("price-write-5m"))}
            {field(text!(i18n, prices.write_1h), rates.cache_write_1h, "cache_write_1h", false, id("price-write-1h"))}
        </div>
    }
}
