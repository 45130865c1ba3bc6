//! Values for schemas: some that they allow, some at their edges, some that nobody should send.

use crate::{
    matrix::things::Things,
    spec::{Operation, Parameter, Spec},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The same luck every time (SplitMix64).
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64, operation: usize, round: usize) -> Self {
        let mut chance = Self(seed ^ ((operation as u64) << 32) ^ round as u64);
        chance.next();
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap_or(0)
    }

    pub(super) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Makes values up.
pub(super) struct Maker<'a> {
    pub(super) chance: Chance,
    /// Whether they may be what nobody should send.
    pub(super) wild: bool,
    /// What there is in the caller's organisation, and in another one.
    pub(super) own: &'a Things,
    pub(super) theirs: &'a Things,
}

/// What no text of the database can hold, in most of the ways that it gets somewhere.
const NULS: &[&str] = &["\0", "a\0b", "abc\0", "\u{1}"];

/// Days at the ends of calendars.
const DATES: &[&str] = &[
    "2026-13-45",
    "2026-02-30",
    "0000-01-01",
    "9999-12-31",
    "-4713-01-01",
    "+262142-12-31",
    "-262143-01-01",
];

/// Times at the ends of them, and such as clocks do not show.
const TIMES: &[&str] = &[
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "+262142-12-31T23:59:59Z",
    "-262143-01-01T00:00:00Z",
    "-4714-01-01T00:00:00Z",
    "2026-11-29T23:59:60Z",
    "2026-11-29T00:00:00+14:00",
    "2026-11-29",
];

/// Texts that have broken things before.
const TEXTS: &[&str] = &[
    "",
    " ",
    "\0",
    "a\0b",
    "\u{feff}",
    "\u{202e}abc",
    "😀",
    "'; drop table users; --",
    "%",
    "_%\\",
    "\\",
    "../../etc/passwd",
    "a\r\nset-cookie: b=c",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "null",
    "-1",
    "0",
    "0.0000000001",
    "-0.5",
    "1e999",
    "99999999999999999999999999",
    "9007199254740993",
    "NaN",
    "0000-00",
    "9999-12",
    "2026-11",
    "********************************************************************a",
    "255.255.255.255/33",
    "::/0",
    "::ffff:10.0.0.1/96",
    "http://127.0.0.1:9/",
    "http://[::1",
    "javascript:alert(1)",
    "xn--",
    "a@b@c",
    "\"a b\"@example.com",
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
];

/// Parts of a path or query as they stand there, most of them none.
const RAW: &[&str] = &["%00", "%", "%ff", "%2F", "%2e%2e", "a%00b", "%F0%9F%98%80", "%C0%80", "+", "*"];

impl Maker<'_> {
    fn goes_wild(&mut self) -> bool {
        self.wild && self.chance.one_in(5)
    }

    /// A value for a place in a body. `name` is that of the field.
    pub(super) fn value(&mut self, spec: &Spec, schema: &Value, name: &str) -> Value {
        let schema = spec.resolve(schema);
        if self.wild && self.chance.one_in(40) {
            return self.strange();
        }
        if let Some(choices) = schema["oneOf"].as_array() {
            let choice = self.chance.pick(choices);
            return self.value(spec, choice, name);
        }
        if let Some(choices) = schema["enum"].as_array() {
            return self.chance.pick(choices).clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => self.chance.pick(kinds).as_str().unwrap_or("null"),
            other => other.as_str().unwrap_or("null"),
        };
        match kind {
            "object" => self.object(spec, schema, name),
            "array" => {
                let most = schema["maxItems"].as_u64().unwrap_or(3).min(3);
                let least = schema["minItems"].as_u64().unwrap_or(0);
                let mut items = usize::try_from(least).unwrap_or(0) + self.chance.below(3);
                items = items.min(usize::try_from(most).unwrap_or(3));
                if self.wild && self.chance.one_in(20) {
                    items = 600;
                }
                (0..items).map(|_| self.value(spec, &schema["items"], name)).collect()
            }
            "string" => Value::String(self.text(schema, name)),
            "integer" | "number" => self.number(schema),
            "boolean" => json!(self.chance.one_in(2)),
            _ => Value::Null,
        }
    }

    fn object(&mut self, spec: &Spec, schema: &Value, of: &str) -> Value {
        let required: Vec<_> = schema["required"].as_array().into_iter().flatten().collect();
        let mut fields = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let is_required = required.iter().any(|r| *r == name);
            let is_given = is_required || (property["format"] == "password" && !self.wild);
            if if is_given { self.wild && self.chance.one_in(25) } else { !self.chance.one_in(3) } {
                continue;
            }
            fields.insert(name.clone(), self.value(spec, property, name));
        }
        if schema["additionalProperties"].is_object() {
            for _ in 0..self.chance.below(3) {
                let usual = if of == "tiers" { "priority" } else { "anthropic" };
                let name = if self.goes_wild() { *self.chance.pick(TEXTS) } else { usual }.to_owned();
                fields.insert(name, self.value(spec, &schema["additionalProperties"], ""));
            }
        }
        if self.wild && self.chance.one_in(15) {
            fields.insert(self.chance.pick(TEXTS).to_string(), json!(1));
        }
        Value::Object(fields)
    }

    fn number(&mut self, schema: &Value) -> Value {
        let (least, most) = (schema["minimum"].as_i64(), schema["maximum"].as_i64());
        if self.goes_wild() {
            let edges = [
                json!(least.unwrap_or(0) - 1),
                json!(most.unwrap_or(i64::from(i32::MAX)).saturating_add(1)),
                json!(i64::MIN),
                json!(i64::MAX),
                json!(u64::MAX),
                json!(1.5),
                json!(1e300),
                json!("1"),
            ];
            return self.chance.pick(&edges).clone();
        }
        let (least, example) = (least.unwrap_or(0), schema["example"].as_i64());
        if let (false, Some(example)) = (self.wild, example) {
            return json!(example);
        }
        let most = most.unwrap_or_else(|| example.unwrap_or(100).max(least));
        json!(*self.chance.pick(&[least, most, example.unwrap_or(least), i64::midpoint(least, most)]))
    }

    fn text(&mut self, schema: &Value, name: &str) -> String {
        if self.goes_wild() {
            let fitting = match schema["format"].as_str() {
                Some("date-time") => TIMES,
                Some("date") => DATES,
                _ => NULS,
            };
            return match self.chance.below(10) {
                // Not the same for everything, or what is somebody's password here would be an id in a log there.
                0 => name.chars().cycle().chain(std::iter::repeat('x')).take(5000).collect(),
                2..5 => self.chance.pick(fitting).to_string(),
                1 => "é".repeat(
                    schema["maxLength"].as_u64().map_or(300, |n| usize::try_from(n).unwrap_or(0) + 1),
                ),
                _ => self.chance.pick(TEXTS).to_string(),
            };
        }
        if schema["format"] == "uuid" {
            return self.identifier(name);
        }
        // What is looked up would be looked up in the world.
        match name {
            "host" => return "127.0.0.1".to_owned(),
            "issuer" | "base_url" | "url" => return "http://127.0.0.1:9".to_owned(),
            "expires_at" | "ends_at" | "from" => return self.own.get("tomorrow").to_owned(),
            "current_password" | "password" => return self.own.get("password").to_owned(),
            "api_key" => return "sk-ant-0123456789abcdef".to_owned(),
            "new_password" => return format!("{} again", self.own.get("password")),
            "token" if self.chance.one_in(2) => return self.own.get("invitation_secret").to_owned(),
            "token" => return self.own.get("link_secret").to_owned(),
            "claim" => return self.own.get("claim").to_owned(),
            "email" | "owner_email" => return format!("{}@fuzz.example", Uuid::now_v7()),
            "domain" => return format!("{}.example", Uuid::now_v7()),
            "code" if self.chance.one_in(2) => return self.own.get("code_text").to_owned(),
            "time_zone" => return "Europe/Zurich".to_owned(),
            "locale" => return "en".to_owned(),
            _ => {}
        }
        match schema["format"].as_str() {
            Some("date-time") => "2026-11-20T08:00:00Z".to_owned(),
            Some("date") => "2026-11-20".to_owned(),
            _ => schema["example"].as_str().map_or_else(|| "abc".to_owned(), str::to_owned),
        }
    }

    /// Of ours, of others, or of nobody.
    fn identifier(&mut self, name: &str) -> String {
        let kind = match name {
            "account_id" | "accounts" | "account_ids" | "active_account_id" => "account",
            "pools" | "pool_ids" => "pool",
            "default_proxy_id" => "proxy",
            "key_id" | "ids" => "key",
            "owner_id" | "member_id" | "actor_id" => "member",
            "organization_id" => "org",
            name => name,
        };
        let things = if self.wild && self.chance.one_in(3) { self.theirs } else { self.own };
        let known: Vec<_> = things.values().filter(|(_, value)| value.parse::<Uuid>().is_ok()).collect();
        let fitting = known.iter().find(|(known, _)| *known == kind);
        match fitting {
            Some((_, id)) if !self.wild || !self.chance.one_in(4) => (*id).to_owned(),
            _ => self.chance.pick(&known).1.to_owned(),
        }
    }

    /// As it stands in a path or query.
    pub(super) fn parameter(&mut self, spec: &Spec, operation: &Operation, told: &Parameter) -> String {
        if self.wild && self.chance.one_in(8) {
            return self.chance.pick(RAW).to_string();
        }
        let schema = spec.resolve(&told.schema);
        let mut name = told.name.as_str();
        if told.place == "path" {
            // The collection says what kind of thing it is.
            name = match operation.path.split('/').nth(1).unwrap_or_default() {
                "shares" => "share",
                "me" if operation.path.starts_with("/me/shares") => "share",
                "me" if operation.path.starts_with("/me/accounts") => "account",
                "accounts" => "account",
                "keys" => "key",
                "pools" => "pool",
                "proxies" => "proxy",
                "members" => "heir",
                "invitations" => "invitation",
                "registration-links" => "link",
                "registrations" => "registration",
                "requests" => "request",
                "tokens" => "token",
                "organization" => "announcement",
                "sso" | "auth" if told.name == "id" => "provider",
                "me" => "identity",
                "operator" if operation.path.starts_with("/operator/announcements") => "notice",
                "operator" if operation.path.starts_with("/operator/providers") => "upstream",
                "operator" if operation.path.ends_with("/write") => "lost",
                "operator" if operation.path.ends_with("/close") => "letter",
                "statements" => "month",
                _ => name,
            };
        }
        let own = self.own.values().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned());
        let value = match own {
            Some(value) if told.place == "path" && !(self.wild && self.chance.one_in(3)) => value,
            _ if told.example.is_string() && schema["format"].is_null() && !self.goes_wild() => {
                told.example.as_str().unwrap_or_default().to_owned()
            }
            _ => match self.value(spec, schema, name) {
                Value::String(text) => text,
                other => other.to_string(),
            },
        };
        // A part of a path that is empty is another path.
        if value.is_empty() && told.place == "path" { "%20".to_owned() } else { encoded(&value) }
    }

    /// Something else altogether.
    fn strange(&mut self) -> Value {
        let deep = (0..60).fold(json!(1), |inner, _| json!([inner]));
        let all = [
            json!(null),
            json!(true),
            json!([]),
            json!({}),
            json!(-1),
            json!(""),
            json!([[]]),
            json!({"a": {}}),
            deep,
        ];
        self.chance.pick(&all).clone()
    }

    /// A body that is perhaps no longer one.
    pub(super) fn spoiled(&mut self, mut body: Vec<u8>) -> Vec<u8> {
        if !self.wild || !self.chance.one_in(7) {
            return body;
        }
        match self.chance.below(8) {
            0 => body.truncate(body.len() / 2),
            1 => body.extend_from_slice(b"{}"),
            2 => body = [b"{\"name\":1,".as_slice(), body.get(1..).unwrap_or_default()].concat(),
            3 => body = "[".repeat(20_000).into_bytes(),
            4 => body = b"{\"name\":\"\\ud800\"}".to_vec(),
            5 => body = b"{\"name\":\"\xff\xfe\"}".to_vec(),
            6 => body.clear(),
            _ => body.extend(std::iter::repeat_n(b' ', 1024 * 1024)),
        }
        body
    }
}

/// With everything escaped that means something in an address.
pub(super) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}
