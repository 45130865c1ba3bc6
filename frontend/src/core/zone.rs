//! Moments in a time zone that is not the browser's: the organisation's days begin there. The browser knows the
//! zones, so that the page need not carry their tables.

use chrono::{DateTime, Utc};
use js_sys::{Date, Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use super::{
    format,
    i18n::{Locale, tag},
};

/// A moment in `zone`, to the minute, with the zone's name; in the browser's own zone where it does not know that one.
pub(crate) fn moment(at: DateTime<Utc>, zone: &str, locale: Locale) -> String {
    match in_zone(at, zone, locale) {
        Some(text) => format!("{text} ({zone})"),
        None => format::moment(at, locale),
    }
}

fn in_zone(at: DateTime<Utc>, zone: &str, locale: Locale) -> Option<String> {
    let options = Object::new();
    for (name, value) in [
        ("month", "short"),
        ("day", "numeric"),
        ("hour", "2-digit"),
        ("minute", "2-digit"),
        ("hourCycle", "h23"),
        ("timeZone", zone),
    ] {
        Reflect::set(&options, &name.into(), &value.into()).ok()?;
    }
    let date = Date::new(&JsValue::from_str(&at.to_rfc3339()));
    // Called by name, because an unknown zone throws.
    let write: Function = Reflect::get(&date, &"toLocaleString".into()).ok()?.dyn_into().ok()?;
    write.call2(&date, &tag(locale).into(), &options).ok()?.as_string()
}
