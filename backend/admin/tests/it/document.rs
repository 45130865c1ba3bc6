//! The OpenAPI document is complete.

use serde_json::Value;

fn operations() -> Vec<(String, Value)> {
    let document = serde_json::to_value(causeway_admin::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap().clone();
    let name = |path: &str, method: &str| format!("{} {path}", method.to_uppercase());
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(move |(method, op)| (name(path, method), op.clone()))
        })
        .collect()
}

#[test]
fn every_operation_has_an_id_a_summary_a_description_and_its_errors() {
    let mut ids = std::collections::BTreeSet::new();
    for (name, operation) in operations() {
        for field in ["operationId", "summary", "description"] {
            assert!(operation[field].as_str().is_some_and(|text| !text.is_empty()), "{name} has no {field}");
        }
        assert!(ids.insert(operation["operationId"].to_string()), "{name}: its id is taken");
        let responses = operation["responses"].as_object().unwrap();
        assert!(
            responses.keys().any(|s| s.starts_with('2') || s == "303") && responses.contains_key("500"),
            "{name}"
        );
        let guarded =
            operation["security"].as_array().is_some_and(|s| s.iter().any(|s| s.get("bearer").is_some()));
        assert_eq!(
            guarded,
            responses.contains_key("401")
                && responses.contains_key("403")
                && !name.contains("/auth/")
                && !name.contains("/join/"),
            "{name}"
        );
        let json = operation["requestBody"]["content"]["application/json"].is_object();
        assert_eq!(json, responses.contains_key("415"), "{name}");
        let names_a_thing = name.contains('{') && !name.contains("overrides");
        assert_eq!(names_a_thing, responses.contains_key("404") && !name.contains("overrides"), "{name}");
        for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400") {
            let problem = &response["content"]["application/problem+json"];
            assert_eq!(problem["example"]["status"].to_string(), *status, "{name}");
            assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem", "{name}");
        }
    }
}

#[test]
fn every_field_is_described_and_every_reference_leads_somewhere() {
    let document = serde_json::to_value(causeway_admin::openapi()).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            // Of something that can be null it stands beside the reference.
            let described =
                property["description"].is_string() || property["oneOf"][0]["description"].is_string();
            assert!(described, "{name}.{field} has no description");
        }
    }
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name} is not there");
    }
}
