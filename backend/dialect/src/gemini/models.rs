//! The model list in Gemini's shape, and the query that pages through it. A page is named by the last model of the one
//! before.

use bytes::Bytes;
use serde::Serialize;

use crate::models::{BadLimit, Cursor, Model, UnknownCursor, page};

/// What a page has where the query does not say.
const USUAL: usize = 50;
/// More than this is given as this.
const MOST: usize = 1000;

/// The page a query asks for; names and values come decoded. Unknown names are ignored.
pub fn cursor<'a>(query: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Cursor, BadLimit> {
    let mut cursor = Cursor { limit: USUAL, ..Cursor::default() };
    for (name, value) in query {
        match name {
            "pageSize" | "page_size" => {
                let size: Option<usize> = value.parse().ok();
                let size = size.ok_or_else(|| BadLimit::new("pageSize", value))?;
                cursor.limit = if size == 0 { USUAL } else { size.min(MOST) };
            }
            "pageToken" | "page_token" if !value.is_empty() => cursor.after_id = Some(value.to_owned()),
            _ => {}
        }
    }
    Ok(cursor)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    name: String,
    version: &'a str,
    display_name: &'a str,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_token_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_token_limit: Option<u64>,
    supported_generation_methods: [&'static str; 3],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'a> {
    models: Vec<Entry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<&'a str>,
}

fn entry<'a>(model: &Model<'a>) -> Entry<'a> {
    Entry {
        name: format!("models/{}", model.id),
        version: "001",
        display_name: model.display_name,
        description: format!("Owned by {}", model.owned_by),
        input_token_limit: model.context,
        output_token_limit: model.max_output,
        supported_generation_methods: ["generateContent", "streamGenerateContent", "countTokens"],
    }
}

/// The body of `GET /v1beta/models`.
pub fn list(models: &[Model<'_>], cursor: &Cursor) -> Result<Bytes, UnknownCursor> {
    let (page, more) =
        page(models, cursor).map_err(|unknown| UnknownCursor { field: "pageToken", ..unknown })?;
    let next_page_token = page.last().filter(|_| more).map(|model| model.id);
    let body = List { models: page.iter().map(entry).collect(), next_page_token };
    // Strings and numbers always serialize.
    Ok(serde_json::to_vec(&body).unwrap_or_default().into())
}

/// The body of `GET /v1beta/models/{id}`.
pub fn one(model: &Model<'_>) -> Bytes {
    serde_json::to_vec(&entry(model)).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::tests::MODEL;

    #[test]
    fn a_model_is_written_in_geminis_shape() {
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        let cursor = Cursor { limit: 1, ..Cursor::default() };
        let other = Model { id: "n", context: None, max_output: None, ..MODEL };
        let list = list(&[MODEL, other], &cursor).unwrap();
        insta::assert_snapshot!(format!("{}\n{}\n{}", text(one(&MODEL)), text(one(&other)), text(list)));
    }

    #[test]
    fn pages_follow_each_other_by_their_tokens() {
        let models = ["a", "b", "c"].map(|id| Model { id, ..MODEL });
        let ids = |query: &[(&str, &str)]| {
            let body = list(&models, &cursor(query.iter().copied()).unwrap()).unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let names = body["models"].as_array().unwrap().iter();
            let names: Vec<_> =
                names.map(|model| model["name"].as_str().unwrap().replace("models/", "")).collect();
            (names.join(""), body["nextPageToken"].as_str().map(str::to_owned))
        };
        assert_eq!(ids(&[]), ("abc".to_owned(), None));
        assert_eq!(ids(&[("pageSize", "2")]), ("ab".to_owned(), Some("b".to_owned())));
        assert_eq!(ids(&[("pageSize", "2"), ("pageToken", "b")]), ("c".to_owned(), None));
        assert_eq!(ids(&[("pageSize", "9999"), ("key", "x")]), ("abc".to_owned(), None));
        assert!(cursor([("pageSize", "x")]).is_err());
        let error = list(&models, &cursor([("pageToken", "z")]).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "`pageToken` names no model in this list: z");
    }
}
