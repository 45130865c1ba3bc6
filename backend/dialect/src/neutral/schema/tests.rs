use proptest::prelude::*;

use super::*;

fn gemini(schema: &str) -> String {
    cleaned(schema).unwrap_or_default()
}

fn cleaned(schema: &str) -> Option<String> {
    for_gemini(schema, &mut Repeats::of(schema.len()))
}

#[test]
fn references_are_put_in_their_places_and_a_circle_ends() {
    let schema = r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/A","description":"here"}},"$defs":{"A":{"type":"string","description":"there"}}}"##;
    assert_eq!(
        gemini(schema),
        r#"{"type":"OBJECT","properties":{"a":{"type":"STRING","description":"here"}}}"#
    );
    let circle = r##"{"type":"object","properties":{"next":{"$ref":"#"},"other":{"$ref":"#"}}}"##;
    assert!(gemini(circle).len() < 500_000);
}

#[test]
fn what_is_written_does_not_outgrow_what_was_sent() {
    // The same type twice at each of forty depths would be a million million schemas.
    let (open, close) = (r#"{"type":["array","array"],"items":"#.repeat(40), "}".repeat(40));
    assert!(gemini(&format!(r#"{open}{{"type":"string"}}{close}"#)).len() < 2_000);
    let types = r#"{"type":["string","STRING","number","null","null"]}"#;
    assert_eq!(gemini(types), r#"{"nullable":true,"anyOf":[{"type":"STRING"},{"type":"NUMBER"}]}"#);
    // A long text that is named a thousand times.
    let (text, long) = (r##"{"$ref":"#/$defs/a"}"##, "x".repeat(100_000));
    let properties: Vec<String> = (0..1_000).map(|n| format!(r#""p{n}":{text}"#)).collect();
    let schema = format!(
        r#"{{"type":"object","properties":{{{}}},"$defs":{{"a":{{"type":"string","description":"{long}"}}}}}}"#,
        properties.join(",")
    );
    let mut repeats = Repeats::of(schema.len());
    let first = for_gemini(&schema, &mut repeats).unwrap();
    assert!(first.len() < 2_000_000 && first.contains(&long), "{}", first.len());
    // What one schema has used up the next of the same request has not.
    let second = for_gemini(&schema, &mut repeats).unwrap();
    assert!(!second.contains(&long) && second.contains(r#""p999":{"type":"OBJECT"}"#));
}

#[test]
fn what_gemini_cannot_say_is_said_otherwise_or_goes() {
    for (schema, wanted) in [
        (r#"{"type":["string","null"],"format":"uri"}"#, r#"{"type":"STRING","nullable":true}"#),
        (r#"{"const":"x"}"#, r#"{"type":"STRING","enum":["x"]}"#),
        (r#"{"type":"integer","enum":[1,2],"format":"int32"}"#, r#"{"type":"INTEGER","format":"int32"}"#),
        (r#"{"type":["string","number"]}"#, r#"{"anyOf":[{"type":"STRING"},{"type":"NUMBER"}]}"#),
        (r#"{"anyOf":[{"type":"null"},{"type":"boolean"}]}"#, r#"{"type":"BOOLEAN","nullable":true}"#),
        (r#"{"type":"array"}"#, r#"{"type":"ARRAY","items":{"type":"STRING"}}"#),
        (
            r#"{"$schema":"s","type":"object","additionalProperties":false,"properties":{"a":{"type":"string","default":"x"}},"required":["a","z"]}"#,
            r#"{"type":"OBJECT","properties":{"a":{"type":"STRING"}},"required":["a"]}"#,
        ),
        (
            r#"{"allOf":[{"properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"type":"string"}},"required":["b"]}]}"#,
            r#"{"type":"OBJECT","properties":{"a":{"type":"STRING"},"b":{"type":"STRING"}},"required":["a","b"]}"#,
        ),
    ] {
        assert_eq!(gemini(schema), wanted, "{schema}");
    }
    assert_eq!(cleaned(r#"{"type":"object","properties":{}}"#), None);
}

#[test]
fn objects_get_what_openai_and_anthropic_insist_on() {
    let whole = r#"{ "type":"object", "properties":{ } }"#;
    assert_eq!(for_object(whole, false), whole, "untouched");
    assert_eq!(for_object("{}", true), EMPTY);
    assert_eq!(for_object("nonsense", true), EMPTY);
    let any = r#"{"anyOf":[{"required":["a"]}],"type":"object","properties":{"a":{}}}"#;
    assert_eq!(for_object(any, true), any);
    assert_eq!(for_object(any, false), r#"{"type":"object","properties":{"a":{}}}"#);
    assert!(is_object(any) && !is_object(r#"{"type":"ARRAY"}"#) && !is_object("7"));
}

#[test]
fn a_schema_of_geminis_is_read_as_everybody_elses() {
    let schema = r#"{"type":"OBJECT","properties":{"a":{"type":"ARRAY","minItems":"1","items":{"type":"STRING","format":"enum","enum":["x"],"nullable":true}}},"propertyOrdering":["a"]}"#;
    assert_eq!(
        from_gemini(schema).unwrap(),
        r#"{"type":"object","properties":{"a":{"type":"array","minItems":1,"items":{"type":["string","null"],"enum":["x"]}}}}"#
    );
}

/// Schemas, mostly: any JSON may stand where a schema should.
fn schemas() -> impl Strategy<Value = Value> {
    let kinds = prop::sample::select(vec!["string", "integer", "object", "array", "null", "STRING", "odd"]);
    let leaf = prop_oneof![
        kinds.clone().prop_map(|kind| json!({ "type": kind })),
        prop::collection::vec(kinds, 0..3).prop_map(|kinds| json!({ "type": kinds, "default": 1 })),
        Just(json!({"$ref": "#/properties/a"})),
        Just(json!({"$ref": "#"})),
        Just(json!({"enum": ["a", null]})),
        Just(json!({"const": 1})),
        Just(json!(true)),
        Just(json!({"type": "string", "format": "uri", "minLength": 1})),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| json!({
                "type": "object", "properties": {"a": a, "b": b}, "required": ["a", "c"], "additionalProperties": false
            })),
            inner.clone().prop_map(|items| json!({"type": "array", "items": items})),
            prop::collection::vec(inner.clone(), 0..3).prop_map(|list| json!({ "anyOf": list })),
            prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|list| json!({ "oneOf": list, "type": "object" })),
            prop::collection::vec(inner, 0..3).prop_map(|list| json!({ "allOf": list })),
        ]
    })
}

proptest! {
    #[test]
    fn a_clean_schema_stays_as_it_is(schema in schemas()) {
        if let Some(clean) = cleaned(&schema.to_string()) {
            prop_assert_eq!(cleaned(&clean), Some(clean));
        }
        let object = for_object(&schema.to_string(), false).into_owned();
        prop_assert_eq!(for_object(&object, false), object.clone());
    }
}
