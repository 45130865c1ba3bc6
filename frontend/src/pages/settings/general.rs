//! Name, time zone, and when weeks and days begin.

use causeway_openapi::{Organization, UpdateOrganization};
use chrono::Weekday;
use js_sys::{Array, Function, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

use super::requests::Save;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{Locale, t_string, td_string, text, use_i18n},
    },
    ui::{
        field::{SelectField, TextField},
        notice::Failure,
        page::Card,
        toast::use_toasts,
    },
};

/// The card.
#[component]
pub(super) fn General(org: Organization, may_write: bool) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let name = RwSignal::new(org.name);
    let zone = RwSignal::new(org.time_zone.clone());
    let week = RwSignal::new(org.week_start.to_string());
    let day = RwSignal::new(org.day_start);
    let zones = Signal::stored(time_zones(org.time_zone));
    let weeks = Signal::derive(move || {
        let locale = i18n.get_locale();
        (1..=7_u8).map(|n| (n.to_string(), weekday(n, locale).to_owned())).collect::<Vec<_>>()
    });
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let change = UpdateOrganization {
            name: Some(name.get_untracked().trim().to_owned()),
            time_zone: Some(zone.get_untracked()),
            week_start: week.get_untracked().parse().ok(),
            day_start: Some(day.get_untracked()),
            ..UpdateOrganization::default()
        };
        submission.run(async move { api.change_organization(change).await }, move |_| {
            toasts.good(t_string!(i18n, settings.saved_toast));
        });
    };
    view! {
        <Card title=text!(i18n, settings.general)>
            <form on:submit=send>
                <fieldset class="flex flex-col gap-4" disabled=!may_write>
                    <Failure error=submission.error fields=&["name", "time_zone", "week_start", "day_start"]/>
                    <div class="grid gap-4 sm:grid-cols-2">
                        <TextField
                            label=text!(i18n, settings.name)
                            value=name
                            required=true
                            error=submission.field("name")
                            testid="organization-name"
                        />
                        <SelectField
                            label=text!(i18n, settings.time_zone)
                            hint=text!(i18n, settings.time_zone_hint)
                            value=zone
                            options=zones
                            error=submission.field("time_zone")
                            testid="time-zone"
                        />
                        <SelectField
                            label=text!(i18n, settings.week_start)
                            value=week
                            options=weeks
                            error=submission.field("week_start")
                            testid="week-start"
                        />
                        <TextField
                            label=text!(i18n, settings.day_start)
                            hint=text!(i18n, settings.day_start_hint)
                            value=day
                            required=true
                            error=submission.field("day_start")
                            testid="day-start"
                        />
                    </div>
                    <Save submission may_write testid="save-general"/>
                </fieldset>
            </form>
        </Card>
    }
}

/// The zones that the browser knows, with the one in use.
fn time_zones(current: String) -> Vec<(String, String)> {
    let known = || -> Option<Array> {
        let list: Function = Reflect::get(&intl()?, &"supportedValuesOf".into()).ok()?.dyn_into().ok()?;
        list.call1(&JsValue::UNDEFINED, &"timeZone".into()).ok()?.dyn_into().ok()
    };
    let mut zones: Vec<String> =
        known().map(|list| list.iter().filter_map(|zone| zone.as_string()).collect()).unwrap_or_default();
    for zone in ["UTC".to_owned(), current] {
        if !zones.contains(&zone) {
            zones.push(zone);
        }
    }
    zones.sort_unstable();
    zones.into_iter().map(|zone| (zone.clone(), zone)).collect()
}

/// The browser's `Intl`, of which the bindings know only the classes.
fn intl() -> Option<JsValue> {
    Reflect::get(&js_sys::global(), &"Intl".into()).ok()
}

/// The name of a day of the week, 1 = Monday.
fn weekday(number: u8, locale: Locale) -> &'static str {
    match Weekday::try_from(number.saturating_sub(1)).unwrap_or(Weekday::Mon) {
        Weekday::Mon => td_string!(locale, settings.monday),
        Weekday::Tue => td_string!(locale, settings.tuesday),
        Weekday::Wed => td_string!(locale, settings.wednesday),
        Weekday::Thu => td_string!(locale, settings.thursday),
        Weekday::Fri => td_string!(locale, settings.friday),
        Weekday::Sat => td_string!(locale, settings.saturday),
        Weekday::Sun => td_string!(locale, settings.sunday),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_are_named_from_monday_on() {
        assert_eq!((weekday(1, Locale::en), weekday(7, Locale::en)), ("Monday", "Sunday"));
    }
}
