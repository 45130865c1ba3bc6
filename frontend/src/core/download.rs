//! Files. Those that the server makes are fetched with the access token, which an address cannot carry, and handed to the browser to be
//! saved. The browser keeps a large one on disk.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::error::ApiError;

/// A file, and the name that the server gives it.
pub(crate) struct File {
    pub(crate) name: String,
    blob: web_sys::Blob,
}

impl File {
    /// Reads an answer to its end.
    pub(super) async fn read(answer: gloo_net::http::Response) -> Result<Self, ApiError> {
        let status = answer.status();
        let disposition = answer.headers().get("content-disposition").unwrap_or_default();
        let name = named(&disposition).unwrap_or("causeway").to_owned();
        let raw: web_sys::Response = answer.into();
        let unreadable = |_: JsValue| ApiError::Unreadable(status);
        // What breaks off half-way is no file.
        let blob =
            JsFuture::from(raw.blob().map_err(unreadable)?).await.map_err(|_| ApiError::Unreachable)?;
        Ok(Self { name, blob: blob.dyn_into().map_err(unreadable)? })
    }

    /// A text that is already here.
    pub(crate) fn of_text(name: String, kind: &str, text: &str) -> Option<Self> {
        let options = web_sys::BlobPropertyBag::new();
        options.set_type(kind);
        let parts = js_sys::Array::of1(&JsValue::from_str(text));
        let blob = web_sys::Blob::new_with_str_sequence_and_options(&parts, &options).ok()?;
        Some(Self { name, blob })
    }

    /// Lets the browser save it as it saves what is downloaded.
    pub(crate) fn save(&self) {
        let Ok(address) = web_sys::Url::create_object_url_with_blob(&self.blob) else { return };
        if let Ok(Ok(link)) =
            document().create_element("a").map(JsCast::dyn_into::<web_sys::HtmlAnchorElement>)
        {
            link.set_href(&address);
            link.set_download(&self.name);
            link.click();
        }
        // The download has begun by then, and holds what it needs.
        set_timeout(
            move || {
                let _ = web_sys::Url::revoke_object_url(&address);
            },
            std::time::Duration::from_secs(60),
        );
    }
}

/// The name in `attachment; filename="…"`.
fn named(disposition: &str) -> Option<&str> {
    let name = disposition.split_once("filename=\"")?.1.split_once('"')?.0;
    (!name.is_empty() && !name.contains(['/', '\\'])).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_what_the_server_calls_it() {
        assert_eq!(
            named("attachment; filename=\"requests-a-2026-11-20.csv\""),
            Some("requests-a-2026-11-20.csv")
        );
        for odd in ["attachment", "attachment; filename=\"\"", "attachment; filename=\"../../x\""] {
            assert_eq!(named(odd), None, "{odd}");
        }
    }
}
