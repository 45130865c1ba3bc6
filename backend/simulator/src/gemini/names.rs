//! Two spellings of every name: `systemInstruction` and `system_instruction` are the same field. Names that are the
//! caller's own (arguments, properties, schemas in JSON) are left as they are.

use serde_json::{Map, Value};

/// Every field in the spelling of the reference.
pub(super) fn camel(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(camel).collect(),
        Value::Object(fields) => {
            let named = |(name, value): (&String, &Value)| {
                let name = camel_name(name);
                let value = match (name.as_str(), value) {
                    ("args" | "response" | "labels" | "default" | "example" | "responseJsonSchema", _)
                    | ("parametersJsonSchema", _) => value.clone(),
                    ("properties", Value::Object(own)) => Value::Object(
                        own.iter().map(|(name, value)| (name.clone(), camel(value))).collect::<Map<_, _>>(),
                    ),
                    _ => camel(value),
                };
                (name, value)
            };
            Value::Object(fields.iter().map(named).collect())
        }
        plain => plain.clone(),
    }
}

fn camel_name(name: &str) -> String {
    let mut words = name.split('_').filter(|word| !word.is_empty());
    // `$schema` and `_x` are no field in either spelling, and must be told as they came.
    if !name.contains('_') || name.starts_with('_') {
        return name.to_owned();
    }
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        out.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        out.extend(letters);
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_respelt_and_the_callers_own_names_are_not() {
        let given = json!({"system_instruction": {"parts": [{"function_call": {"args": {"my_arg": 1}}}]},
            "tools": [{"function_declarations": [{"parameters": {"properties": {"a_b": {"min_items": "1"}}}}]}]});
        let wanted = json!({"systemInstruction": {"parts": [{"functionCall": {"args": {"my_arg": 1}}}]},
            "tools": [{"functionDeclarations": [{"parameters": {"properties": {"a_b": {"minItems": "1"}}}}]}]});
        assert_eq!(camel(&given), wanted);
    }
}
