//! Comma-separated values as spreadsheets read them (RFC 4180, in UTF-8 with a mark that says so).
//!
//! A spreadsheet takes a text that begins with `=`, `+`, `-` or `@` for a formula and runs it; names, models and errors come
//! from outside. Such texts get an apostrophe in front, which spreadsheets take for "this is text". Numbers do not.

use serde_json::Value;

/// Without it, Excel reads UTF-8 as something else.
const MARK: char = '\u{feff}';

/// Writes the first line of a file.
pub(crate) fn heading(to: &mut String, columns: &[&str]) {
    to.push(MARK);
    to.push_str(&columns.join(","));
    to.push_str("\r\n");
}

/// Writes the values of an object as a line, in their order. What is no plain value is written as JSON.
pub(crate) fn line(to: &mut String, object: &Value) {
    for (i, value) in object.as_object().into_iter().flat_map(|o| o.values()).enumerate() {
        if i > 0 {
            to.push(',');
        }
        match value {
            Value::Null => {}
            Value::String(text) => field(to, text),
            Value::Bool(_) | Value::Number(_) => to.push_str(&value.to_string()),
            Value::Array(_) | Value::Object(_) => field(to, &value.to_string()),
        }
    }
    to.push_str("\r\n");
}

fn field(to: &mut String, text: &str) {
    let guarded = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number(text);
    let quoted = text.contains([',', '"', '\r', '\n']) || text != text.trim();
    if quoted {
        to.push('"');
    }
    if guarded {
        to.push('\'');
    }
    if quoted {
        to.push_str(&text.replace('"', "\"\""));
        to.push('"');
    } else {
        to.push_str(text);
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(value: &Value) -> String {
        let mut text = String::new();
        line(&mut text, &json!({ "a": value }));
        text.trim_end_matches("\r\n").to_owned()
    }

    #[test]
    fn formulas_become_text_and_numbers_stay_numbers() {
        for (value, expected) in [
            ("=1+1", "'=1+1"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            ("-2+3", "'-2+3"),
            ("@SUM(A1:A2)", "'@SUM(A1:A2)"),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("\tx", "\"'\tx\""),
            ("-12.5", "-12.5"),
            ("0.000000001", "0.000000001"),
            ("2026-11-20", "2026-11-20"),
        ] {
            assert_eq!(written(&json!(value)), expected);
        }
    }

    #[test]
    fn separators_quotes_and_line_breaks_stay_inside_their_field() {
        assert_eq!(written(&json!("a,b")), "\"a,b\"");
        assert_eq!(written(&json!("say \"so\"\r\nnow")), "\"say \"\"so\"\"\r\nnow\"");
        assert_eq!(written(&json!(" a")), "\" a\"");
        assert_eq!(written(&json!(null)), "");
        assert_eq!(written(&json!({"input": 1})), "\"{\"\"input\"\":1}\"");
    }
}
