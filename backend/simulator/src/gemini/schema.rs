//! The provider's own subset of JSON Schema, and JSON Schema itself where it is taken.

use crate::check::{Checked, Node, rule};

const FIELDS: [&str; 23] = [
    "anyOf",
    "default",
    "description",
    "enum",
    "example",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "nullable",
    "pattern",
    "properties",
    "propertyOrdering",
    "required",
    "title",
    "type",
    "prefixItems",
];

const TYPES: [&str; 8] =
    ["TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"];

pub(super) fn schema(node: &Node<'_>) -> Checked {
    node.known(&FIELDS)?;
    node.texts(&["description", "format", "pattern", "title"])?;
    node.booleans(&["nullable"])?;
    let kind = match node.field("type") {
        Some(kind) if kind.value.is_array() => {
            return rule(
                &kind.at,
                format!("Invalid value at '{}': Proto field is not repeating, cannot start list.", kind.at),
            );
        }
        Some(kind) => {
            // Enumerations are read in either case.
            let upper = kind.text()?.to_ascii_uppercase();
            if !TYPES.contains(&upper.as_str()) {
                return kind.one_of(&TYPES).map(|_| ());
            }
            upper
        }
        None => String::new(),
    };
    let wrong = |field: &str, why: &str| {
        let at = format!("{}.{field}", node.at);
        rule(&at, format!("* GenerateContentRequest.{at}: {why}\n"))
    };
    if let Some(values) = node.field("enum") {
        values.list()?.iter().try_for_each(|value| value.text().map(|_| ()))?;
        if kind != "STRING" {
            return wrong("enum", "only allowed for STRING type");
        }
    }
    if kind == "STRING" && node.value["format"].as_str().is_some_and(|f| !["enum", "date-time"].contains(&f))
    {
        return wrong("format", "only 'enum' and 'date-time' are supported for STRING type");
    }
    match (kind.as_str(), node.field("items")) {
        ("ARRAY", None) if node.field("prefixItems").is_none() => return wrong("items", "missing field."),
        (_, Some(items)) if kind == "ARRAY" => schema(&items)?,
        (_, Some(_)) => return wrong("items", "field predicate failed: $type == Type.ARRAY"),
        _ => {}
    }
    let properties = node.field("properties");
    if let Some(properties) = &properties {
        for (_, property) in properties.members()? {
            schema(&property)?;
        }
    }
    if let Some(required) = node.field("required") {
        for (n, name) in required.list()?.iter().enumerate() {
            let name = name.text()?;
            if properties.as_ref().is_none_or(|own| own.present(name).is_none()) {
                return wrong(&format!("required[{n}]"), "property is not defined");
            }
        }
    }
    for list in ["anyOf", "prefixItems"] {
        for one in node.field(list).map(|node| node.list()).transpose()?.unwrap_or_default() {
            schema(&one)?;
        }
    }
    Ok(())
}

/// Any JSON Schema that is an object; names are not looked at.
pub(super) fn json_schema(node: &Node<'_>) -> Checked {
    node.object().map(|_| ())
}
