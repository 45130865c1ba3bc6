use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;

const WANTED: [&str; 3] = ["model", "stream", "max_tokens"];

fn refusal(body: &[u8]) -> ScanError {
    object(body, &WANTED).unwrap_err()
}

#[test]
fn wanted_members_are_found_and_typed() {
    let body = br#" { "x":[{"model":"inner"}], "model" : "a\"b" , "stream":true,"max_tokens":18446744073709551615 } "#;
    let fields = object(body, &WANTED).unwrap();
    assert_eq!(fields.get("model").unwrap().str().unwrap(), "a\"b");
    assert_eq!(fields.get("model").unwrap().raw(), r#""a\"b""#);
    assert_eq!(fields.get("stream").unwrap().bool(), Some(true));
    assert_eq!(fields.get("max_tokens").unwrap().u64(), Some(u64::MAX));
    assert_eq!((fields.object().open, fields.object().close), (1, body.len() - 2));
}

#[test]
fn escaped_keys_are_unescaped_before_they_are_compared() {
    let fields = object(br#"{"\u006dodel":"a"}"#, &WANTED).unwrap();
    assert_eq!(fields.get("model").unwrap().str().unwrap(), "a");
    assert!(matches!(
        refusal(br#"{"model":"a","mod\u0065l":"b"}"#),
        ScanError::Duplicate { field: "model", at: 13 }
    ));
}

#[test]
fn case_variants_of_wanted_keys_are_refused_by_name() {
    for key in ["Model", "MODEL", r"\u004dodel"] {
        let error = refusal(format!("{{\"{key}\":1}}").as_bytes());
        assert!(matches!(error, ScanError::CaseVariant { field: "model", at: 1, .. }), "{error}");
    }
    let kelvin = refusal("{\"max_to\u{212a}ens\":1}".as_bytes());
    assert!(matches!(kelvin, ScanError::CaseVariant { field: "max_tokens", .. }));
    let long_s = refusal("{\"\u{17f}tream\":1}".as_bytes());
    assert_eq!(long_s.to_string(), "`\u{17f}tream` at byte 1 is not a known field: write it as `stream`");
}

#[test]
fn keys_nobody_asked_for_may_repeat() {
    assert!(object(br#"{"x":1,"x":2,"X":3}"#, &WANTED).is_ok());
}

#[test]
fn a_providers_repeated_key_is_read_as_the_last_one() {
    let fields = lenient(br#"{"model":"a","model":"b","Model":"c"}"#, &WANTED).unwrap();
    assert_eq!(fields.get("model").unwrap().str().unwrap(), "b");
}

#[test]
fn refusals_name_the_byte() {
    assert_eq!(refusal(b""), ScanError::NotAnObject);
    assert_eq!(refusal(b"[1]"), ScanError::NotAnObject);
    assert_eq!(refusal(b"\xef\xbb\xbf{}"), ScanError::NotAnObject);
    assert_eq!(refusal(b"{} x"), ScanError::Syntax { at: 3, expected: "the end of the body" });
    assert_eq!(refusal(b"{\"a\":1,}"), ScanError::Syntax { at: 7, expected: "a key in double quotes" });
    assert_eq!(refusal(b"{\"a\":01}"), ScanError::Syntax { at: 6, expected: "`,` or `}`" });
    assert_eq!(refusal(b"{\"a\":[1,]}"), ScanError::Syntax { at: 8, expected: "a value" });
    assert_eq!(refusal(b"{\"a\":[}"), ScanError::Syntax { at: 6, expected: "a value" });
    assert_eq!(refusal(b"{\"a\":\"\n\"}"), ScanError::Syntax { at: 6, expected: "the end of a string" });
    assert_eq!(refusal(b"{\"a\":\"\\x\"}"), ScanError::Syntax { at: 7, expected: "an escape" });
    assert_eq!(refusal(b"{\"a\":\"\xff\"}"), ScanError::Utf8 { at: 6 });
    assert_eq!(refusal("{\"a\":\"é".as_bytes().split_last().unwrap().1), ScanError::Utf8 { at: 6 });
}

#[test]
fn nesting_is_allowed_up_to_the_limit_and_not_beyond() {
    let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    assert!(object(nested(127).as_bytes(), &WANTED).is_ok());
    assert_eq!(refusal(nested(128).as_bytes()), ScanError::TooDeep { at: 132 });
    let objects = format!("{}1{}", "{\"a\":".repeat(128), "}".repeat(128));
    assert!(object(objects.as_bytes(), &WANTED).is_ok());
}

#[test]
fn lone_surrogates_inside_are_left_to_the_provider() {
    let fields = object(br#"{"x":"\ud800","\udfff":1,"model":"\ud83d"}"#, &WANTED).unwrap();
    assert_eq!(fields.get("model").unwrap().str(), None);
}

#[test]
fn numbers_are_whole_or_nothing() {
    for text in ["-1", "1.0", "1e3", "\"1\"", "null", "18446744073709551616"] {
        let body = format!("{{\"max_tokens\":{text}}}");
        assert_eq!(object(body.as_bytes(), &WANTED).unwrap().get("max_tokens").unwrap().u64(), None);
    }
}

#[test]
fn every_string_member_at_any_depth_is_shown() {
    let mut seen = Vec::new();
    let body = br#"{"a":"1","b":[{"c":"2","d":["no"],"e":3},"no"],"f":{"g":{"h":"4"},"i":"5"}}"#;
    object_with(body, &[], |key, value| {
        seen.push(format!("{}={}", String::from_utf8_lossy(key), String::from_utf8_lossy(value)));
    })
    .unwrap();
    assert_eq!(seen, ["a=1", "c=2", "h=4", "i=5"]);
}

#[test]
fn string_ends_are_found_at_every_distance() {
    for length in 0..300 {
        let text = format!("{}\"tail\\", "é".repeat(length / 2) + &"x".repeat(length % 2));
        assert_eq!(string_end(text.as_bytes(), 0), Ok(text.find('"').unwrap()));
        let control = format!("{}\u{1f}\"", "x".repeat(length));
        assert!(string_end(control.as_bytes(), 0).is_err());
    }
}

#[test]
fn words_are_recognised_through_escapes() {
    assert!(text_is(b"file", "file"));
    assert!(text_is(br"\u0066ile", "file"));
    assert!(!text_is(br"\u0066il", "file"));
    assert!(!text_is(b"files", "file"));
}

/// JSON as somebody might write it by hand: odd white space, escapes, repeated keys.
fn json() -> impl Strategy<Value = String> {
    let space = prop_oneof![4 => Just(""), 1 => Just(" "), 1 => Just("\n\t"), 1 => Just("\r ")];
    let text = prop_oneof![
        3 => "[a-z ]{0,80}".prop_map(|s| format!("\"{s}\"")),
        2 => any::<String>().prop_map(|s| serde_json::to_string(&s).unwrap()),
        1 => "(\\\\u[0-9a-fA-F]{4}|\\\\[nrtbf/\"\\\\]|x){0,6}".prop_map(|s| format!("\"{s}\"")),
    ];
    let key = prop_oneof![
        Just("\"model\"".to_owned()),
        Just("\"stream\"".to_owned()),
        Just("\"\\u006dodel\"".to_owned()),
        Just("\"Model\"".to_owned()),
        text.clone(),
    ];
    let leaf = prop_oneof![
        text,
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| format!("{n:e}")),
        prop_oneof![Just("true"), Just("false"), Just("null"), Just("-0"), Just("1.5E+9")]
            .prop_map(str::to_owned),
    ];
    let spaced = (leaf, space.clone(), space.clone()).prop_map(|(v, a, b)| format!("{a}{v}{b}"));
    let member_key = key.clone();
    let inner = spaced.prop_recursive(5, 48, 6, move |inner| {
        let member = (member_key.clone(), inner.clone()).prop_map(|(k, v)| format!("{k}:{v}"));
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec(member, 0..6).prop_map(|list| format!("{{{}}}", list.join(","))),
        ]
    });
    let member = (key, space, inner).prop_map(|(k, s, v)| format!("{k}{s}:{v}"));
    prop::collection::vec(member, 0..8).prop_map(|list| format!("{{{}}}", list.join(",")))
}

/// What serde_json makes of it: every top-level member in order, values as they are written.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut list = Vec::new();
                while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                    // A key with a lone surrogate is no String, and no wanted name either.
                    list.push((serde_json::from_str(key.get()).unwrap_or_default(), value));
                }
                Ok(Members(list))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

fn compare(body: &[u8]) {
    let ours = object(body, &WANTED);
    let theirs = serde_json::from_slice::<&RawValue>(body).ok().filter(|raw| raw.get().starts_with('{'));
    let Some(raw) = theirs else {
        assert!(ours.is_err(), "accepted what serde_json refuses: {}", String::from_utf8_lossy(body));
        return;
    };
    let Ok(Members(members)) = serde_json::from_str(raw.get()) else { panic!("not an object: {raw}") };
    match ours {
        Ok(fields) => {
            for name in WANTED {
                let with_name: Vec<_> = members.iter().filter(|(key, _)| key == name).collect();
                assert!(with_name.len() < 2 && !members.iter().any(|(k, _)| k != name && folded(k) == name));
                assert_eq!(with_name.first().map(|(_, raw)| raw.get()), fields.get(name).map(|v| v.raw()));
                if let Some((_, raw)) = with_name.first() {
                    let value = fields.get(name).unwrap();
                    assert_eq!(value.str().map(|s| s.into_owned()), serde_json::from_str(raw.get()).ok());
                    assert_eq!(value.bool(), serde_json::from_str(raw.get()).ok());
                    assert_eq!(
                        value.u64(),
                        serde_json::from_str(raw.get()).ok().filter(|_| raw.get() != "-0")
                    );
                }
            }
        }
        Err(ScanError::Duplicate { field, .. }) => {
            assert!(members.iter().filter(|(key, _)| key == field).count() > 1);
        }
        Err(ScanError::CaseVariant { field, .. }) => {
            assert!(members.iter().any(|(key, _)| key != field && folded(key) == field));
        }
        Err(error) => panic!("refused what serde_json accepts: {error}: {}", String::from_utf8_lossy(body)),
    }
}

fn folded(key: &str) -> String {
    key.replace('\u{17f}', "s").replace('\u{212a}', "k").to_ascii_lowercase()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn agrees_with_serde_json_on_json(body in json()) {
        compare(body.as_bytes());
    }

    #[test]
    fn agrees_with_serde_json_on_damaged_json(
        body in json(),
        at in any::<prop::sample::Index>(),
        byte in prop_oneof![any::<u8>(), prop::sample::select(b"{}[]\",:\\0-e.\x00\x1f\x20u".to_vec())],
        cut in any::<bool>(),
    ) {
        let mut bytes = body.into_bytes();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        compare(&bytes);
    }

    #[test]
    fn agrees_with_serde_json_on_soup(body in "[{}\\[\\]\",:\\\\0-9eE.+\\-tfn a]{0,40}") {
        compare(format!("{{{body}").as_bytes());
        compare(body.as_bytes());
    }
}
