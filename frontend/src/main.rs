//! The web admin: a single-page application on the admin API, mounted at `/web/`.
//!
//! `core` talks and knows, `ui` draws, `shell` frames, `pages` put them together, one folder for each area.
//! Nothing here decides what is allowed: the server does, and the pages only leave out what would be refused.

#![allow(unreachable_pub, reason = "the component macro makes its property types `pub`")]

mod app;
mod core;
mod pages;
mod shell;
mod ui;

fn main() {
    #[cfg(target_arch = "wasm32")]
    mount();
}

#[cfg_attr(
    not(target_arch = "wasm32"),
    allow(
        dead_code,
        reason = "only a browser has what it mounts in, and machine code of all pages takes a minute to make"
    )
)]
fn mount() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(app::App);
}
