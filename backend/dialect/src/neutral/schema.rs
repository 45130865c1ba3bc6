//! JSON schemas as each provider takes them.
//!
//! Anthropic and OpenAI take nearly all of JSON Schema, and get it as it came except for what they refuse at the top.
//! Gemini takes a subset of OpenAPI's: references are put in their places (to a bound, so that a schema that contains
//! itself ends), `const` becomes `enum`, a list of types `nullable` or `anyOf`, and keywords that it does not know go.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::{Map, Value, json};

/// How deep references are followed.
const DEEPEST: usize = 16;

/// How large a schema may become before no reference is followed any more: they can multiply.
const LARGEST: usize = 2_000;

/// How many types a value may have; JSON Schema knows seven.
const MOST_TYPES: usize = 8;

/// How much references may repeat in one request, in bytes.
#[derive(Debug)]
pub struct Repeats(usize);

impl Repeats {
    /// For a request of so many bytes.
    pub const fn of(bytes: usize) -> Self {
        Self((1 << 20) + bytes / 2)
    }

    /// Whether this may be written once more.
    fn allow(&mut self, schema: &Value) -> bool {
        let left = self.0.checked_sub(weight(schema));
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// About how many bytes a schema is written with.
fn weight(schema: &Value) -> usize {
    16 + match schema {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(weight).sum(),
        Value::Object(map) => map.iter().map(|(name, value)| name.len() + weight(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

/// An empty object's schema.
pub const EMPTY: &str = r#"{"type":"object","properties":{}}"#;

/// The keywords of Gemini's schema, in the order in which they are written.
const KEYWORDS: [&str; 19] = [
    "type",
    "format",
    "title",
    "description",
    "nullable",
    "enum",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
    "items",
    "properties",
    "required",
    "propertyOrdering",
];

/// Those of them that mean what they mean elsewhere, and need no second look.
const KEPT: [&str; 12] = [
    "title",
    "description",
    "nullable",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
];

/// Whether the schema is one of an object, which is all that OpenAI and Anthropic take.
pub fn is_object(schema: &str) -> bool {
    let Ok(Value::Object(map)) = serde_json::from_str(schema) else { return false };
    match map.get("type") {
        Some(Value::String(kind)) => kind.eq_ignore_ascii_case("object"),
        Some(_) => false,
        None => map.contains_key("properties") || map.contains_key("$ref"),
    }
}

/// As OpenAI and Anthropic take it: an object with properties and, for Anthropic, without alternatives at the top.
pub fn for_object<'s>(schema: &'s str, alternatives: bool) -> Cow<'s, str> {
    let Some(members) = crate::scan::Members::read(schema) else { return Cow::Borrowed(EMPTY) };
    let has = |name| members.get(name).is_some();
    let refused = !alternatives && ["anyOf", "oneOf", "allOf"].into_iter().any(has);
    let object = members.str("type").is_some_and(|kind| kind == "object");
    if object && !refused && (has("properties") || has("$ref")) {
        return Cow::Borrowed(schema);
    }
    let Ok(Value::Object(mut map)) = serde_json::from_str(schema) else { return Cow::Borrowed(EMPTY) };
    if !alternatives {
        for name in ["anyOf", "oneOf", "allOf"] {
            map.shift_remove(name);
        }
    }
    map.insert("type".to_owned(), json!("object"));
    map.entry("properties").or_insert_with(|| json!({}));
    Cow::Owned(Value::Object(map).to_string())
}

/// As Gemini takes it; `None` for an object without properties, which it takes only as no schema at all.
pub fn for_gemini(schema: &str, repeats: &mut Repeats) -> Option<String> {
    let root: Value = serde_json::from_str(schema).ok()?;
    let mut cleaner = Cleaner { root: &root, left: LARGEST, repeats };
    let clean = cleaner.schema(&root, 0);
    let empty = clean.get("type") == Some(&json!("OBJECT")) && clean.get("properties").is_none();
    (!empty).then(|| Value::Object(clean).to_string())
}

struct Cleaner<'s> {
    root: &'s Value,
    left: usize,
    repeats: &'s mut Repeats,
}

impl Cleaner<'_> {
    fn schema(&mut self, schema: &Value, depth: usize) -> Map<String, Value> {
        let Value::Object(from) = schema else { return Map::new() };
        self.left = self.left.saturating_sub(1);
        if let Some(target) = from.get("$ref").and_then(Value::as_str) {
            let root = self.root;
            let found = target.strip_prefix('#').and_then(|path| root.pointer(path));
            let more = depth < DEEPEST && self.left > 0;
            let Some(found) = found.filter(|found| more && self.repeats.allow(found)) else {
                return any_object();
            };
            let mut clean = self.schema(found, depth + 1);
            if let Some(text) = from.get("description") {
                clean.insert("description".to_owned(), text.clone());
            }
            return in_order(clean);
        }
        let mut clean = Map::new();
        self.kind(from, &mut clean, depth);
        for name in KEPT {
            if let Some(value) = from.get(name) {
                clean.insert(name.to_owned(), value.clone());
            }
        }
        self.choices(from, &mut clean, depth);
        self.inside(from, &mut clean, depth);
        in_order(clean)
    }

    /// `type`, which may be a list, and `format` as far as it goes with it.
    fn kind(&mut self, from: &Map<String, Value>, clean: &mut Map<String, Value>, depth: usize) {
        let named: Vec<String> = match from.get("type") {
            Some(Value::String(kind)) => vec![kind.to_ascii_uppercase()],
            Some(Value::Array(kinds)) => {
                let mut named = Vec::new();
                // Each once: what is inside is written for each, and that at every depth.
                for kind in kinds.iter().filter_map(Value::as_str).map(str::to_ascii_uppercase) {
                    if named.len() < MOST_TYPES && !named.contains(&kind) {
                        named.push(kind);
                    }
                }
                named
            }
            _ if from.contains_key("properties") => vec!["OBJECT".to_owned()],
            _ if from.contains_key("items") => vec!["ARRAY".to_owned()],
            _ if strings(from).is_some() => vec!["STRING".to_owned()],
            _ => Vec::new(),
        };
        let kinds: Vec<&String> = named.iter().filter(|kind| *kind != "NULL").collect();
        if kinds.len() < named.len() {
            clean.insert("nullable".to_owned(), json!(true));
        }
        match kinds[..] {
            [] => {}
            [kind] => {
                clean.insert("type".to_owned(), json!(kind));
                let format = from.get("format").and_then(Value::as_str);
                let known: &[&str] = match kind.as_str() {
                    "STRING" => &["date-time", "enum"],
                    "INTEGER" => &["int32", "int64"],
                    "NUMBER" => &["float", "double"],
                    _ => &[],
                };
                if let Some(format) = format.filter(|format| known.contains(format)) {
                    clean.insert("format".to_owned(), json!(format));
                }
            }
            _ => {
                let one = |kind: &&String| {
                    let inside: &[&str] = match kind.as_str() {
                        "ARRAY" => &["items"],
                        "OBJECT" => &["properties", "required"],
                        _ => &[],
                    };
                    let mut one = Map::from_iter([kind_of(kind)]);
                    let known =
                        inside.iter().filter_map(|name| Some(((*name).to_owned(), from.get(*name)?.clone())));
                    one.extend(known);
                    Value::Object(self.schema(&Value::Object(one), depth + 1))
                };
                let kinds = kinds.iter().map(one).collect();
                clean.insert("anyOf".to_owned(), Value::Array(kinds));
            }
        }
    }

    /// `enum`, `const`, `anyOf`, `oneOf`, `allOf`.
    fn choices(&mut self, from: &Map<String, Value>, clean: &mut Map<String, Value>, depth: usize) {
        if let Some(words) = strings(from)
            && clean.get("type") == Some(&json!("STRING"))
        {
            clean.insert("enum".to_owned(), words);
        }
        if let Some(Value::Array(list)) = from.get("anyOf").or_else(|| from.get("oneOf")) {
            let (nulls, others): (Vec<&Value>, Vec<&Value>) =
                list.iter().partition(|one| one.get("type").and_then(Value::as_str).is_some_and(is_null));
            if !nulls.is_empty() {
                clean.insert("nullable".to_owned(), json!(true));
            }
            let mut others: Vec<_> = others.into_iter().map(|one| self.schema(one, depth + 1)).collect();
            if let [only] = &mut others[..] {
                for (name, value) in std::mem::take(only) {
                    clean.entry(name).or_insert(value);
                }
            } else if !others.is_empty() {
                clean.insert("anyOf".to_owned(), others.into_iter().map(Value::Object).collect());
            }
        }
        if let Some(Value::Array(list)) = from.get("allOf") {
            for one in list {
                merge(clean, self.schema(one, depth + 1));
            }
        }
    }

    /// `properties`, `required`, `propertyOrdering` and `items`.
    fn inside(&mut self, from: &Map<String, Value>, clean: &mut Map<String, Value>, depth: usize) {
        // What belongs to one of several types stands with that one.
        if clean.contains_key("anyOf") && !clean.contains_key("type") {
            return;
        }
        if let Some(Value::Object(properties)) = from.get("properties")
            && !properties.is_empty()
        {
            let own: Map<_, _> = properties
                .iter()
                .map(|(name, schema)| (name.clone(), Value::Object(self.schema(schema, depth + 1))))
                .collect();
            merge(clean, Map::from_iter([("properties".to_owned(), Value::Object(own))]));
        }
        for name in ["required", "propertyOrdering"] {
            if let Some(Value::Array(_)) = from.get(name) {
                merge(clean, Map::from_iter([(name.to_owned(), from[name].clone())]));
            }
            let known = clean.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
            if let Some(Value::Array(list)) = clean.get_mut(name) {
                list.retain(|name| name.as_str().is_some_and(|name| known.contains_key(name)));
                if list.is_empty() {
                    clean.shift_remove(name);
                }
            }
        }
        if clean.get("type") == Some(&json!("ARRAY")) {
            let items = from.get("items").filter(|items| items.is_object());
            let items = items.map_or_else(Map::new, |items| self.schema(items, depth + 1));
            let items = if items.is_empty() { Map::from_iter([kind_of("STRING")]) } else { items };
            clean.insert("items".to_owned(), Value::Object(items));
        }
    }
}

/// The same however it was put together, without what does not go with its type; `anyOf` last.
fn in_order(mut schema: Map<String, Value>) -> Map<String, Value> {
    for (name, kind) in [("items", "ARRAY"), ("enum", "STRING")] {
        if schema.get("type") != Some(&json!(kind)) {
            schema.shift_remove(name);
        }
    }
    let mut ordered: Map<_, _> =
        KEYWORDS.iter().filter_map(|name| schema.shift_remove_entry(*name)).collect();
    ordered.append(&mut schema);
    ordered
}

fn is_null(kind: &str) -> bool {
    kind.eq_ignore_ascii_case("null")
}

fn kind_of(kind: &str) -> (String, Value) {
    ("type".to_owned(), json!(kind))
}

fn any_object() -> Map<String, Value> {
    Map::from_iter([kind_of("OBJECT")])
}

/// The words of an `enum` or `const`; `None` where one is no string, which Gemini has no way to say.
fn strings(from: &Map<String, Value>) -> Option<Value> {
    let list = match (from.get("enum"), from.get("const")) {
        (Some(Value::Array(list)), _) => list.clone(),
        (None, Some(only)) => vec![only.clone()],
        _ => return None,
    };
    let words: Vec<Value> = list.into_iter().filter(|word| !word.is_null()).collect();
    (!words.is_empty() && words.iter().all(Value::is_string)).then_some(Value::Array(words))
}

/// What one schema says, added to another: lists and properties grow, everything else is kept.
fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (name, value) in from {
        match (into.get_mut(&name), value) {
            (Some(Value::Object(known)), Value::Object(more)) => {
                for (name, value) in more {
                    known.entry(name).or_insert(value);
                }
            }
            (Some(Value::Array(known)), Value::Array(more)) if name != "anyOf" && name != "enum" => {
                let mut seen: HashSet<String> = known.iter().map(Value::to_string).collect();
                known.extend(more.into_iter().filter(|one| seen.insert(one.to_string())));
            }
            (Some(_), _) => {}
            (None, value) => {
                into.insert(name, value);
            }
        }
    }
}

/// A schema of Gemini's as everybody else's: types in lower case, `nullable` as a type, counts as numbers.
pub fn from_gemini(schema: &str) -> Option<String> {
    let mut root: Value = serde_json::from_str(schema).ok()?;
    common(&mut root);
    Some(root.to_string())
}

fn common(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    for name in ["propertyOrdering", "example"] {
        map.shift_remove(name);
    }
    let nullable = map.shift_remove("nullable") == Some(json!(true));
    if let Some(Value::String(kind)) = map.get_mut("type") {
        let kind = kind.to_ascii_lowercase();
        let kind = if nullable { json!([kind, "null"]) } else { json!(kind) };
        map.insert("type".to_owned(), kind);
    }
    if map.get("format") == Some(&json!("enum")) {
        map.shift_remove("format");
    }
    for (name, value) in map.iter_mut() {
        match (name.as_str(), &mut *value) {
            ("items", inner) => common(inner),
            ("properties", Value::Object(inner)) => inner.values_mut().for_each(common),
            ("anyOf", Value::Array(inner)) => inner.iter_mut().for_each(common),
            (name, Value::String(count)) if name.starts_with("min") || name.starts_with("max") => {
                if let Ok(count) = count.parse::<u64>() {
                    *value = json!(count);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
