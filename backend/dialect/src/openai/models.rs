//! The model list in OpenAI's shape, which has no pages.

use bytes::Bytes;
use serde::Serialize;

use crate::models::Model;

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    owned_by: &'a str,
}

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Entry<'a>>,
}

fn entry<'a>(model: &Model<'a>) -> Entry<'a> {
    Entry { id: model.id, object: "model", created: seconds(model.created_at), owned_by: model.owned_by }
}

/// The body of `GET /v1/models`.
pub fn list(models: &[Model<'_>]) -> Bytes {
    let body = List { object: "list", data: models.iter().map(entry).collect() };
    // Strings and numbers always serialize.
    serde_json::to_vec(&body).unwrap_or_default().into()
}

/// The body of `GET /v1/models/{id}`.
pub fn one(model: &Model<'_>) -> Bytes {
    serde_json::to_vec(&entry(model)).unwrap_or_default().into()
}

/// The day of an RFC 3339 time in seconds since 1970: nobody asks at what hour a model was released. Zero for what is
/// no date.
fn seconds(date: &str) -> i64 {
    let part = |range: std::ops::Range<usize>| date.get(range)?.parse::<i64>().ok();
    let (Some(year), Some(month), Some(day)) = (part(0..4), part(5..7), part(8..10)) else { return 0 };
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return 0;
    }
    // Years that begin in March have their odd day at the end; 719,468 days lie before 1970.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    (days - 719_468) * 86_400
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::tests::MODEL;

    #[test]
    fn a_model_is_written_in_openais_shape() {
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        insta::assert_snapshot!(format!("{}\n{}", text(one(&MODEL)), text(list(&[MODEL, MODEL]))));
        assert_eq!(text(list(&[])), r#"{"object":"list","data":[]}"#);
    }

    #[test]
    fn dates_become_seconds() {
        for (date, wanted) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_782_400),
            ("2025-08-07T00:00:00Z", 1_754_524_800),
            ("2026-03-01", 1_772_323_200),
            ("soon", 0),
            ("2026-13-01T00:00:00Z", 0),
            ("", 0),
        ] {
            assert_eq!(seconds(date), wanted, "{date}");
        }
    }
}
