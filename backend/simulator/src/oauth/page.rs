//! The issuer's pages: plain HTML without scripts, so that a browser test and a person see the same.

use axum::{extract::Query, response::Html};
use serde::Deserialize;

use super::{OAuthAccount, authorize::Asked};
use crate::issuer::escape;

/// What the hosted redirect is given.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Given {
    code: String,
    state: String,
    error: String,
    error_description: String,
}

/// The hosted redirect: shows `code#state`, to be copied to where no redirect reaches.
pub(super) async fn paste(Query(given): Query<Given>) -> Html<String> {
    let Given { code, state, error, error_description } = &given;
    Html(if error.is_empty() {
        let both = escape(&format!("{code}#{state}"));
        let text =
            format!("<p>Paste this code where you came from:</p><p><code id=\"code\">{both}</code></p>");
        page("Almost there", &text)
    } else {
        problem(&format!("{error}: {error_description}"))
    })
}

/// The owner of one of these accounts is asked.
pub(super) fn consent(asked: &Asked, accounts: &[OAuthAccount], trouble: &str) -> String {
    let hidden = [
        ("response_type", &asked.response_type),
        ("client_id", &asked.client_id),
        ("redirect_uri", &asked.redirect_uri),
        ("scope", &asked.scope),
        ("state", &asked.state),
        ("code_challenge", &asked.code_challenge),
        ("code_challenge_method", &asked.code_challenge_method),
    ]
    .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value)))
    .concat();
    let text = format!(
        "<p role=\"alert\">{trouble}</p><form method=\"post\">{hidden}\
         <p>{} wants to use one of your accounts.</p>{}{BUTTONS}</form>",
        escape(&asked.client_id),
        choice(accounts)
    );
    page("Use an account of the simulator", &text)
}

/// The code of a device is asked for, and an account.
pub(super) fn activate(user_code: &str, accounts: &[OAuthAccount], trouble: &str) -> String {
    let text = format!(
        "<p role=\"alert\">{trouble}</p><form method=\"post\">\
         <p><label>Code shown by the device <input name=\"user_code\" value=\"{}\"></label></p>{}{BUTTONS}</form>",
        escape(user_code),
        choice(accounts)
    );
    page("Connect a device to the simulator", &text)
}

pub(super) fn done(text: &str) -> String {
    page("Done", &format!("<p>{}</p>", escape(text)))
}

pub(super) fn problem(text: &str) -> String {
    page("That did not work", &format!("<p role=\"alert\">{}</p>", escape(text)))
}

const BUTTONS: &str = "<button name=\"decision\" value=\"allow\">Allow</button> \
                       <button name=\"decision\" value=\"deny\">Deny</button>";

fn choice(accounts: &[OAuthAccount]) -> String {
    let one = |(at, account): (usize, &OAuthAccount)| {
        format!(
            "<p><label><input type=\"radio\" name=\"account\" value=\"{}\"{}> {} ({})</label></p>",
            escape(&account.id),
            if at == 0 { " checked" } else { "" },
            escape(&account.email),
            escape(&account.organisation),
        )
    };
    let accounts: String = accounts.iter().enumerate().map(one).collect();
    format!("<fieldset><legend>Account</legend>{accounts}</fieldset>")
}

fn page(title: &str, text: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><link rel=\"icon\" href=\"data:,\">\
         <main><h1>{title}</h1>{text}</main></html>"
    )
}
