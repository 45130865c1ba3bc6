//! Turns `locales/<language>/<area>.json` into the typed `i18n` module.
//!
//! Uses the parser and code generator of leptos_i18n directly: its own build crate would pull in the whole ICU
//! data exporter, which we have no use for. A key that one language lacks is an error here, not an English
//! word in a Chinese page.

use std::{error::Error, fs, path::PathBuf};

use leptos_i18n_parser::parse_locales::{
    options::{Config, ParseOptions},
    parse_locales,
};
use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

const AREAS: &[&str] = &[
    "common",
    "shell",
    "auth",
    "join",
    "dashboard",
    "accounts",
    "account_import",
    "onboarding",
    "keys",
    "tokens",
    "limits",
    "members",
    "settings",
    "sso",
    "my_key",
    "requests",
    "usage",
    "pools",
    "model_routes",
    "clients",
    "playground",
    "providers",
    "proxies",
    "share",
    "prices",
    "profile",
    "billing",
    "operator",
    "installation",
    "audit",
    "connect",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=locales");

    let config = Config::new("en")?
        .add_locale("zh")?
        .add_namespaces(AREAS.iter().copied())?
        .parse_options(ParseOptions::new().interpolate_display(true));
    let parsed = parse_locales(None, config)?;

    let problems: Vec<String> = parsed
        .diag
        .errors()
        .iter()
        .map(ToString::to_string)
        .chain(parsed.diag.warnings().iter().map(ToString::to_string))
        .collect();
    if !problems.is_empty() {
        return Err(problems.join("\n").into());
    }

    let code = leptos_i18n_codegen::gen_code(&parsed, None, false, None, false)?;
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::write(out.join("i18n.rs"), in_lines(code))?;
    Ok(())
}

/// The code with an end of a line now and then. Whenever the compiler or clippy want to know in which column something is, they
/// count the characters of its line: in a single line of three million that is most of their time.
fn in_lines(code: TokenStream) -> String {
    fn write(tokens: TokenStream, code: &mut String) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Brace => ("{\n", "}\n"),
                        Delimiter::Bracket => ("[", "] "),
                        Delimiter::Parenthesis => ("(", ") "),
                        Delimiter::None => (" ", " "),
                    };
                    code.push_str(open);
                    write(group.stream(), code);
                    code.push_str(close);
                }
                TokenTree::Punct(mark) => {
                    code.push(mark.as_char());
                    match (mark.as_char(), mark.spacing()) {
                        (';' | ',', _) => code.push('\n'),
                        (_, Spacing::Alone) => code.push(' '),
                        (_, Spacing::Joint) => {}
                    }
                }
                TokenTree::Ident(_) | TokenTree::Literal(_) => {
                    code.push_str(&token.to_string());
                    code.push(' ');
                }
            }
        }
    }
    let mut lines = String::new();
    write(code, &mut lines);
    lines
}
