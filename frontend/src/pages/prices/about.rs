//! Which table it is: its version, its date, where it comes from, and whether a newer one was refused.

use causeway_openapi::PriceList;
use leptos::prelude::*;

use crate::{
    core::{
        format,
        i18n::{t, t_string, use_i18n},
        query::Query,
    },
    ui::{badge::Tone, notice::Notice},
};

/// A line about the table, and a box when an operator's file could not be used.
#[component]
pub(super) fn About(prices: Query<PriceList>) -> impl IntoView {
    let i18n = use_i18n();
    move || {
        let list = prices.data()?;
        let (version, date, read_at) = (list.version, list.date, list.read_at);
        let custom = list.custom;
        let named = move || {
            let version = version.clone().unwrap_or_else(|| "—".to_owned());
            let mut parts = vec![t_string!(i18n, prices.version, version = version)];
            parts.extend(date.map(|date| t_string!(i18n, prices.dated, date = date.to_string())));
            parts.push(match read_at {
                Some(at) if custom => {
                    t_string!(i18n, prices.own_file, moment = format::moment(at, i18n.get_locale()))
                }
                _ => t_string!(i18n, prices.shipped).to_owned(),
            });
            parts.join(" · ")
        };
        let source = list.source;
        Some(view! {
            <div class="mb-4 flex flex-col gap-3">
                {(!list.own_count).then(|| view! {
                    <div data-testid="prices-prepaid"><Notice tone=Tone::Info>{t!(i18n, prices.prepaid)}</Notice></div>
                })}
                {list.refused.map(|refused| view! {
                    <div data-testid="table-refused">
                        <Notice tone=Tone::Warning alert=true>
                            <p class="font-medium">
                                {t!(i18n, prices.refused, moment = move || format::moment(refused.at, i18n.get_locale()))}
                            </p>
                            <p class="mt-1 font-mono text-xs break-words">{refused.problem}</p>
                        </Notice>
                    </div>
                })}
                <p class="text-xs text-base-content/70" data-testid="price-table">
                    <span class="font-medium text-base-content">{named}</span>
                    <br/>
                    {t!(i18n, prices.source, source = source)}
                </p>
            </div>
        })
    }
}
