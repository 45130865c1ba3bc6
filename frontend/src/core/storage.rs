//! The browser's local storage, for choices that are no secret (theme, language), and the tab's own, which ends with
//! the tab. Either may be forbidden or full, in which case what was kept lasts as long as the page.

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok()?
}

/// Whether this browser keeps nothing.
pub(crate) fn is_forbidden() -> bool {
    storage().is_none()
}

/// What was stored under a name.
pub(crate) fn get(name: &str) -> Option<String> {
    storage()?.get_item(name).ok()?
}

/// Forgets what was stored under a name.
pub(crate) fn remove(name: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(name);
    }
}

/// Stores a choice, where the browser lets us.
pub(crate) fn set(name: &str, value: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(name, value);
    }
}

fn tab() -> Option<web_sys::Storage> {
    web_sys::window()?.session_storage().ok()?
}

/// What was kept in this tab under a name.
pub(crate) fn in_tab(name: &str) -> Option<String> {
    tab()?.get_item(name).ok()?
}

/// Keeps something until the tab is closed, where the browser lets us.
pub(crate) fn set_in_tab(name: &str, value: &str) {
    if let Some(tab) = tab() {
        let _ = tab.set_item(name, value);
    }
}

/// Forgets what was kept in this tab under a name.
pub(crate) fn remove_in_tab(name: &str) {
    if let Some(tab) = tab() {
        let _ = tab.remove_item(name);
    }
}
