//! The API's document as the tests read it: its operations, what an answer must look like, and where an identifier goes.

use http::Method;
use serde_json::{Map, Value, json};

/// The document.
pub(crate) struct Spec(Value);

/// An operation.
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// Below `/admin/v1`.
    pub(crate) path: String,
    pub(crate) parameters: Vec<Parameter>,
    /// Content type and schema.
    pub(crate) body: Option<(String, Value)>,
    responses: Map<String, Value>,
}

/// A parameter.
pub(crate) struct Parameter {
    pub(crate) name: String,
    /// `path`, `query` or `header`.
    pub(crate) place: String,
    pub(crate) required: bool,
    pub(crate) schema: Value,
    pub(crate) example: Value,
}

impl Operation {
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl Spec {
    pub(crate) fn new() -> Self {
        Self(serde_json::to_value(causeway_admin::openapi()).unwrap())
    }

    pub(crate) fn operations(&self) -> Vec<Operation> {
        let paths = self.0["paths"].as_object().unwrap().iter();
        let each = paths.flat_map(|(path, item)| {
            let item = item.as_object().unwrap().iter();
            item.map(move |(method, operation)| (path, method, operation))
        });
        each.map(|(path, method, operation)| Operation {
            method: method.to_uppercase().parse().unwrap(),
            path: path.strip_prefix("/admin/v1").unwrap().to_owned(),
            parameters: operation["parameters"].as_array().into_iter().flatten().map(parameter).collect(),
            body: operation["requestBody"]["content"]
                .as_object()
                .and_then(|content| content.iter().next())
                .map(|(kind, body)| (kind.clone(), body["schema"].clone())),
            responses: operation["responses"].as_object().unwrap().clone(),
        })
        .collect()
    }

    /// The schema itself, where it is a reference.
    pub(crate) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.resolve(self.0.pointer(&reference[1..]).unwrap()),
            None => schema,
        }
    }

    /// Whether the document knows of an answer: its status, its content type and the shape of its body.
    pub(crate) fn check(
        &self,
        operation: &Operation,
        status: u16,
        kind: Option<&str>,
        body: &[u8],
    ) -> Result<(), String> {
        let told = operation.responses.get(&status.to_string());
        let told = told.ok_or_else(|| format!("{status} is not documented"))?;
        let Some(content) = told["content"].as_object() else {
            let empty = body.is_empty();
            return if empty { Ok(()) } else { Err(format!("{status} has a body that is not documented")) };
        };
        let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let schema = content.get(kind).ok_or_else(|| format!("{status} as {kind:?} is not documented"))?;
        let documents: Vec<&[u8]> = match kind {
            "application/json" | "application/problem+json" => vec![body],
            // Of sums the document says no more than that there are lines.
            "application/x-ndjson" if self.resolve(&schema["schema"])["type"] == "string" => Vec::new(),
            "application/x-ndjson" => body.split(|b| *b == b'\n').filter(|line| !line.is_empty()).collect(),
            _ => Vec::new(),
        };
        for document in documents {
            let value = serde_json::from_slice(document).map_err(|e| format!("{status} is no JSON: {e}"))?;
            self.fits(&schema["schema"], &value, "").map_err(|e| format!("{status}: {e}"))?;
            if kind == "application/problem+json" && value["status"] != json!(status) {
                return Err(format!("{status} says of itself that it is {}", value["status"]));
            }
        }
        Ok(())
    }

    /// Whether a value is as the schema has it. Fields that the schema does not name are an error.
    pub(crate) fn fits(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let schema = self.resolve(schema);
        if let Some(choices) = schema["oneOf"].as_array() {
            let tries: Vec<_> = choices.iter().map(|choice| self.fits(choice, value, at)).collect();
            return match tries.iter().filter(|tried| tried.is_ok()).count() {
                1 => Ok(()),
                0 => tries.into_iter().next().unwrap_or(Ok(())),
                n => Err(format!("{at} fits {n} choices")),
            };
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let merged = self.merged(parts);
            return self.fits(&merged, value, at);
        }
        if let Some(choices) = schema["enum"].as_array()
            && !choices.contains(value)
        {
            return Err(format!("{at} is {value}, which is none of the names"));
        }
        self.has_type(schema, value, at)?;
        match value {
            Value::Object(fields) => self.object_fits(schema, fields, at),
            Value::Array(items) => {
                bounds(schema, "minItems", "maxItems", items.len() as f64, at)?;
                items
                    .iter()
                    .enumerate()
                    .try_for_each(|(i, item)| self.fits(&schema["items"], item, &format!("{at}[{i}]")))
            }
            Value::String(text) => {
                bounds(schema, "minLength", "maxLength", text.chars().count() as f64, at)?;
                if well_formed(schema["format"].as_str(), text) {
                    Ok(())
                } else {
                    Err(format!("{at} is {text:?}, which is no {}", schema["format"]))
                }
            }
            Value::Number(number) => {
                bounds(schema, "minimum", "maximum", number.as_f64().unwrap_or_default(), at)
            }
            _ => Ok(()),
        }
    }

    fn has_type(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let is = |kind: &str| match kind {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            _ => value.is_null(),
        };
        let good = match &schema["type"] {
            Value::String(kind) => is(kind),
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(is),
            _ => true,
        };
        if good { Ok(()) } else { Err(format!("{at} is {value}, and not {}", schema["type"])) }
    }

    fn object_fits(&self, schema: &Value, fields: &Map<String, Value>, at: &str) -> Result<(), String> {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                return Err(format!("{at}.{name} is missing"));
            }
        }
        let Some(known) = schema["properties"].as_object() else {
            let other = &schema["additionalProperties"];
            return match other {
                Value::Object(_) => fields
                    .iter()
                    .try_for_each(|(name, value)| self.fits(other, value, &format!("{at}.{name}"))),
                _ => Ok(()),
            };
        };
        for (name, value) in fields {
            let property = known.get(name).ok_or_else(|| format!("{at}.{name} is not documented"))?;
            self.fits(property, value, &format!("{at}.{name}"))?;
        }
        Ok(())
    }

    /// One object with the fields of all.
    fn merged(&self, parts: &[Value]) -> Value {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for part in parts {
            let part = self.resolve(part);
            let part = part["allOf"].as_array().map_or_else(|| part.clone(), |parts| self.merged(parts));
            properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
            required.extend(part["required"].as_array().cloned().unwrap_or_default());
        }
        json!({"type": "object", "properties": properties, "required": required})
    }

    /// The places of a body where an identifier goes, as JSON pointers; `0` is in a list.
    pub(crate) fn identifiers(&self, schema: &Value) -> Vec<String> {
        let schema = self.resolve(schema);
        let choices = ["oneOf", "allOf"].iter().filter_map(|key| schema[*key].as_array()).flatten();
        let mut found: Vec<String> = choices.flat_map(|choice| self.identifiers(choice)).collect();
        if schema["format"] == "uuid" {
            found.push(String::new());
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            found.extend(self.identifiers(property).into_iter().map(|rest| format!("/{name}{rest}")));
        }
        if schema["items"].is_object() {
            found.extend(self.identifiers(&schema["items"]).into_iter().map(|rest| format!("/0{rest}")));
        }
        found
    }
}

fn parameter(told: &Value) -> Parameter {
    let text = |field: &str| told[field].as_str().unwrap().to_owned();
    Parameter {
        name: text("name"),
        place: text("in"),
        required: told["required"] == json!(true),
        schema: told["schema"].clone(),
        example: told["example"].clone(),
    }
}

fn bounds(schema: &Value, least: &str, most: &str, is: f64, at: &str) -> Result<(), String> {
    let within = schema[least].as_f64().is_none_or(|least| is >= least)
        && schema[most].as_f64().is_none_or(|most| is <= most);
    if within { Ok(()) } else { Err(format!("{at} has {is}, out of bounds")) }
}

fn well_formed(format: Option<&str>, text: &str) -> bool {
    match format {
        Some("uuid") => uuid::Uuid::parse_str(text).is_ok(),
        Some("date-time") => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
        Some("date") => text.parse::<chrono::NaiveDate>().is_ok(),
        _ => true,
    }
}

#[test]
fn an_answer_that_the_document_does_not_tell_of_is_found() {
    let spec = Spec::new();
    let operations = spec.operations();
    let me = operations.iter().find(|o| o.name() == "GET /me/totp").unwrap();
    let json = Some("application/json");
    let good = json!({"enabled": false, "enabled_at": null, "recovery_codes_left": 0, "required": false});
    let check = |status, kind, body: &Value| spec.check(me, status, kind, body.to_string().as_bytes());
    assert_eq!(check(200, json, &good), Ok(()));
    for (field, value) in [
        ("enabled", json!("no")),
        ("recovery_codes_left", json!(-1)),
        ("enabled_at", json!("soon")),
        ("more", json!(1)),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        assert!(check(200, json, &bad).is_err(), "{bad}");
    }
    assert!(check(200, Some("text/plain"), &good).is_err() && check(418, json, &good).is_err());
    assert!(check(200, json, &json!({})).is_err());
    let batch = operations.iter().find(|o| o.name() == "PATCH /keys/batch").unwrap();
    let mut places = spec.identifiers(&batch.body.as_ref().unwrap().1);
    places.sort();
    assert_eq!(places, ["/change/account_id", "/change/owner_id", "/change/pool_ids/0", "/ids/0"]);
}
