//! frontend
use leptos::prelude::*;
use leptos_router::components::{Router, Routes, Route};
use leptos_router::path;
#[allow(warnings, clippy::all)]
mod i18n { include!(concat!(env!("OUT_DIR"), "/i18n.rs")); }
#[component]
fn Hi() -> impl IntoView { let i18n = crate::i18n::i18n::use_i18n(); view!{ <p class="p-4 btn">{crate::i18n::i18n::t!(i18n, common.placeholder)}</p> } }
fn main() { console_error_panic_hook::set_once(); leptos::mount::mount_to_body(|| view!{ <i18n::i18n::I18nContextProvider><Router base="/web"><Routes fallback=|| "nf"><Route path=path!("/") view=Hi/></Routes></Router></i18n::i18n::I18nContextProvider>}); }
