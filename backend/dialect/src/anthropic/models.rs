//! The model list in Anthropic's shape, and the query that pages through it.

use bytes::Bytes;
use serde::Serialize;

use crate::models::{BadLimit, Cursor, Model, UnknownCursor, page};

/// The page a query asks for; names and values come decoded. Unknown names are ignored.
pub fn cursor<'a>(query: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Cursor, BadLimit> {
    let mut cursor = Cursor::default();
    for (name, value) in query {
        match name {
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=1000).contains(limit));
                cursor.limit = limit.ok_or_else(|| BadLimit::new("limit", value))?;
            }
            "after_id" if !value.is_empty() => cursor.after_id = Some(value.to_owned()),
            "before_id" if !value.is_empty() => cursor.before_id = Some(value.to_owned()),
            _ => {}
        }
    }
    Ok(cursor)
}

#[derive(Serialize)]
struct Entry<'a> {
    r#type: &'static str,
    id: &'a str,
    display_name: &'a str,
    created_at: &'a str,
}

#[derive(Serialize)]
struct List<'a> {
    data: Vec<Entry<'a>>,
    has_more: bool,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
}

fn entry<'a>(model: &Model<'a>) -> Entry<'a> {
    Entry { r#type: "model", id: model.id, display_name: model.display_name, created_at: model.created_at }
}

/// The body of `GET /v1/models`. `models` are in the order in which they are to be shown, newest first.
pub fn list(models: &[Model<'_>], cursor: &Cursor) -> Result<Bytes, UnknownCursor> {
    let (page, has_more) = page(models, cursor)?;
    let body = List {
        data: page.iter().map(entry).collect(),
        has_more,
        first_id: page.first().map(|model| model.id),
        last_id: page.last().map(|model| model.id),
    };
    // Strings always serialize.
    Ok(serde_json::to_vec(&body).unwrap_or_default().into())
}

/// The body of `GET /v1/models/{id}`.
pub fn one(model: &Model<'_>) -> Bytes {
    serde_json::to_vec(&entry(model)).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::models::tests::MODEL;

    fn page(query: &[(&str, &str)]) -> String {
        let models: Vec<_> = ["a", "b", "c", "d", "e"].map(|id| Model { id, ..MODEL }).to_vec();
        let body = list(&models, &cursor(query.iter().copied()).unwrap()).unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let ids: Vec<_> =
            body["data"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
        format!("{} {} {} {}", ids.join(""), body["has_more"], body["first_id"], body["last_id"])
    }

    #[test]
    fn pages_are_cut_as_the_query_says() {
        assert_eq!(page(&[]), r#"abcde false "a" "e""#);
        assert_eq!(page(&[("limit", "2")]), r#"ab true "a" "b""#);
        assert_eq!(page(&[("limit", "2"), ("after_id", "b")]), r#"cd true "c" "d""#);
        assert_eq!(page(&[("limit", "2"), ("after_id", "d")]), r#"e false "e" "e""#);
        assert_eq!(page(&[("after_id", "e")]), " false null null");
        assert_eq!(page(&[("limit", "2"), ("before_id", "d")]), r#"bc true "b" "c""#);
        assert_eq!(page(&[("limit", "1000"), ("beta", "true")]), r#"abcde false "a" "e""#);
    }

    #[test]
    fn impossible_pages_are_refused() {
        for limit in ["0", "1001", "-1", "x", ""] {
            assert!(cursor([("limit", limit)]).is_err());
        }
        let cursor = cursor([("after_id", "z")]).unwrap();
        let error = list(&[], &cursor).unwrap_err();
        assert_eq!(error.to_string(), "`after_id` names no model in this list: z");
    }

    #[test]
    fn a_model_is_written_in_anthropics_shape() {
        insta::assert_snapshot!(String::from_utf8(one(&MODEL).to_vec()).unwrap());
        insta::assert_snapshot!(
            String::from_utf8(list(&[MODEL], &Cursor::default()).unwrap().to_vec()).unwrap()
        );
    }
}
