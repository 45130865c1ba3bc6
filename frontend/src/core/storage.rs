//! The browser's local storage, for choices that are no secret (theme, language). It may be forbidden or full,
//! in which case a choice lasts as long as the page.

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
