//! The page that a browser ends at after an issuer. It has no script, names nothing that was not just said, and can be closed.

use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

/// Nothing is loaded, nothing is framed, nothing is sent.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}\
    code{display:block;padding:.75rem;border:1px solid;border-radius:.4rem;overflow-wrap:anywhere;user-select:all}";

/// What it says.
pub(super) enum Said {
    /// Authorised, as this person.
    Authorized(String),
    /// The issuer's error and its words.
    Refused(String, String),
    /// Another browser than the one that began: this is to be pasted there.
    Elsewhere(String),
    /// Nothing can come of it any more, and why.
    Over(&'static str),
    /// No such state.
    Unknown,
    /// Something of ours.
    Broken,
}

/// The page, in the language that the browser prefers.
pub(super) fn page(said: &Said, languages: &str) -> Response {
    let zh = languages.trim_start().to_ascii_lowercase().starts_with("zh");
    let pick = |en: &'static str, zh_text: &'static str| if zh { zh_text } else { en };
    let close = pick(
        "You can close this window and go back to where you began.",
        "您可以关闭此窗口，回到开始授权的页面。",
    );
    let again = pick("Go back to where you began, and begin again.", "请回到开始授权的页面重新开始。");
    let (status, title, text) = match said {
        Said::Authorized(who) => {
            let text = format!("<p id=\"who\"><strong>{}</strong></p><p>{close}</p>", escape(who));
            (StatusCode::OK, pick("Authorised", "已授权"), text)
        }
        Said::Refused(code, words) => {
            let lead = pick("The provider says:", "提供商返回：");
            let (code, words) = (escape(code), escape(words));
            let text = format!("<p>{lead}</p><p role=\"alert\"><b>{code}</b> {words}</p><p>{again}</p>");
            (StatusCode::OK, pick("Not authorised", "未授权"), text)
        }
        Said::Elsewhere(code) => {
            let lead = pick(
                "This is not the window in which the authorisation was begun. If it was you who began it, copy this code and paste it there:",
                "此窗口不是开始授权的窗口。如果授权是由您本人开始的，请复制下面的代码并粘贴到那里：",
            );
            let warning = pick(
                "If somebody sent you the link, close this window: with the code they would use your account.",
                "如果链接是别人发给您的，请关闭此窗口：对方得到代码后就能使用您的账户。",
            );
            let text =
                format!("<p>{lead}</p><p><code id=\"code\">{}</code></p><p>{warning}</p>", escape(code));
            (StatusCode::OK, pick("Almost there", "就差一步"), text)
        }
        Said::Over(why) => {
            let text = format!("<p role=\"alert\">{}</p><p>{again}</p>", escape(why));
            (StatusCode::CONFLICT, pick("Not authorised", "未授权"), text)
        }
        Said::Unknown => {
            let lead = pick(
                "No authorisation was begun with this address, or it is long over.",
                "没有与此地址对应的授权，或授权早已过期。",
            );
            let text = format!("<p role=\"alert\">{lead}</p><p>{again}</p>");
            (StatusCode::BAD_REQUEST, pick("Not authorised", "未授权"), text)
        }
        Said::Broken => {
            let lead = pick(
                "Something went wrong here, and not at the provider; the log of the server says more.",
                "出错的是本服务而不是提供商；详情请查看服务器日志。",
            );
            let text = format!("<p role=\"alert\">{lead}</p><p>{again}</p>");
            (StatusCode::INTERNAL_SERVER_ERROR, pick("Not authorised", "未授权"), text)
        }
    };
    let language = pick("en", "zh");
    let html = format!(
        "<!doctype html><html lang=\"{language}\"><meta charset=\"utf-8\"><title>{title} · Causeway</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><link rel=\"icon\" href=\"data:,\"><style>{STYLE}</style>\
         <main><h1>{title}</h1>{text}</main></html>"
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (status, headers, Html(html)).into_response()
}

/// Somebody else's words, as text.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if c.is_control() => {}
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuers_words_never_become_part_of_the_page() {
        assert_eq!(escape("<b onclick='x'>&\"\u{7}"), "&lt;b onclick=&#39;x&#39;&gt;&amp;&quot;");
    }
}
