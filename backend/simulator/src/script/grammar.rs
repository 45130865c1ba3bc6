//! Scripts as text: `key=value` pairs with commas between, short enough for a header or an end-user id.

use http::HeaderName;

use super::{Cut, CutHow, ErrorEvent, Omit, Pause, Refusal, Script, Shape};

/// A script that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("simulator script: {0:?} is not understood")]
pub struct ScriptError(String);

impl Script {
    /// Read `key=value` pairs with `,` or `;` between them. `at@n` gives a position, flags need no value:
    ///
    /// - shape: `tag=x` `shape=text|thinking|tools|full` `events=64` `interval=20` `per_packet=24` `piece=5`
    ///   `text_bytes=5000000` `ping_every=4` `crlf` `gzip` `repeat_usage=true` `usage_every=8`
    /// - figures: `in=` `out=` `reasoning=` `cache_read=` `cache_5m=` `cache_1h=` `late_in=` `tier=priority`
    /// - refusals: `status=429` `retry_after=3` `error=rate_limit_error` `message=…` `header=name:value` `html`
    /// - faults: `delay=500` `pause=2000@5` `cut=reset` `cut=reset@5` `cut=close@5` `cut=end@5`
    ///   `error_event=overloaded_error@0` `garbage=3` `bad_utf8=3` `omit=stop|usage|both` `once`
    ///
    /// # Errors
    /// Names the first pair that is not understood.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        let mut script = Self::default();
        script.apply(text)?;
        Ok(script)
    }

    /// The same, on top of what is there.
    ///
    /// # Errors
    /// Names the first pair that is not understood; the pairs before it have been applied.
    pub fn apply(&mut self, text: &str) -> Result<(), ScriptError> {
        text.split([',', ';']).map(str::trim).filter(|pair| !pair.is_empty()).try_for_each(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, "true"));
            self.set(key.trim(), value.trim()).ok_or_else(|| ScriptError(pair.to_owned()))
        })
    }

    fn set(&mut self, key: &str, value: &str) -> Option<()> {
        match key {
            "tag" => self.tag = Some(value.to_owned()),
            "shape" => self.shape = Some(shape(value)?),
            "events" => self.events = Some(number(value)?),
            "interval" | "interval_ms" => self.interval_ms = number(value)?,
            "per_packet" => self.per_packet = Some(number(value)?),
            "piece" => self.piece_bytes = Some(number(value)?),
            "text_bytes" => self.text_bytes = Some(number(value)?),
            "ping_every" => self.ping_every = Some(number(value)?),
            "crlf" => self.crlf = number(value)?,
            "gzip" => self.gzip = number(value)?,
            "repeat_usage" => self.repeat_usage = Some(number(value)?),
            "usage_every" => self.usage_every = Some(number(value)?),
            "tier" => self.tier = Some(word(value)?),
            "in" => self.tokens.input = Some(number(value)?),
            "out" => self.tokens.output = Some(number(value)?),
            "reasoning" => self.tokens.reasoning = Some(number(value)?),
            "cache_read" => self.tokens.cache_read = Some(number(value)?),
            "cache_5m" => self.tokens.cache_write_5m = Some(number(value)?),
            "cache_1h" => self.tokens.cache_write_1h = Some(number(value)?),
            "late_in" => self.tokens.late_input = number(value)?,
            "status" => self.refusal().status = number(value).filter(|s| (200..=599).contains(s))?,
            "retry_after" => self.refusal().retry_after = Some(number(value)?),
            "error" => self.refusal().kind = Some(value.to_owned()),
            "message" => self.refusal().message = Some(value.to_owned()),
            "header" => {
                let (name, value) = value.split_once(':')?;
                name.parse::<HeaderName>().ok()?;
                self.refusal().headers.push((name.to_owned(), value.trim().to_owned()));
            }
            "html" => self.refusal().html = number(value)?,
            "delay" | "delay_ms" => self.delay_ms = number(value)?,
            "pause" => {
                let (ms, after) = value.split_once('@')?;
                self.pause = Some(Pause { after: number(after)?, ms: number(ms)? });
            }
            "cut" => self.cut = Some(cut(value)?),
            "error_event" => {
                let (kind, after) = value.split_once('@').unwrap_or((value, "0"));
                self.error_event = Some(ErrorEvent { after: number(after)?, kind: kind.to_owned() });
            }
            "garbage" => self.garbage_after = Some(number(value)?),
            "bad_utf8" => self.bad_utf8_after = Some(number(value)?),
            "omit" => self.omit = Some(omit(value)?),
            "once" => self.once = number(value)?,
            _ => return None,
        }
        Some(())
    }

    fn refusal(&mut self) -> &mut Refusal {
        self.refuse.get_or_insert_with(|| Refusal { status: 500, ..Refusal::default() })
    }
}

impl std::str::FromStr for Script {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Self, ScriptError> {
        Self::parse(text)
    }
}

/// The script inside a longer text, as `sim:status=529`: the text before it and the pairs. It ends at white space, a
/// quote or a backslash, because an end-user id may be JSON.
pub(crate) fn marker(text: &str) -> Option<(&str, &str)> {
    let (before, rest) = text.split_once("sim:")?;
    let end = rest.find([' ', '\t', '\n', '"', '\\']).unwrap_or(rest.len());
    Some((before.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()), &rest[..end]))
}

fn number<T: std::str::FromStr>(value: &str) -> Option<T> {
    value.parse().ok()
}

fn word(value: &str) -> Option<String> {
    let plain = !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    plain.then(|| value.to_owned())
}

fn shape(value: &str) -> Option<Shape> {
    Some(match value {
        "text" => Shape::Text,
        "thinking" => Shape::Thinking,
        "tools" => Shape::Tools,
        "full" => Shape::Full,
        _ => return None,
    })
}

fn cut(value: &str) -> Option<Cut> {
    let (how, after) = match value.split_once('@') {
        Some((how, after)) => (how, Some(number(after)?)),
        None => (value, None),
    };
    let how = match how {
        "reset" => CutHow::Reset,
        "close" => CutHow::Close,
        "end" => CutHow::End,
        _ => return None,
    };
    Some(Cut { how, after })
}

fn omit(value: &str) -> Option<Omit> {
    Some(match value {
        "stop" => Omit::Stop,
        "usage" => Omit::Usage,
        "both" => Omit::Both,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_json_say_the_same() {
        let text = Script::parse("status=429,retry_after=3,header=x-a: b;pause=200@4,cut=reset@5,gzip,out=7")
            .unwrap();
        let json = serde_json::json!({
            "refuse": {"status": 429, "retry_after": 3, "headers": [["x-a", "b"]]},
            "pause": {"after": 4, "ms": 200}, "cut": {"how": "reset", "after": 5}, "gzip": true,
            "tokens": {"output": 7},
        });
        assert_eq!(text, serde_json::from_value(json).unwrap());
    }

    #[test]
    fn a_pair_that_is_not_understood_is_named() {
        assert_eq!(
            Script::parse("events=3,speed=9").unwrap_err().to_string(),
            r#"simulator script: "speed=9" is not understood"#
        );
        assert!(Script::parse("status=99").is_err());
        assert!(Script::parse("cut=sideways@3").is_err());
    }

    #[test]
    fn a_marker_is_found_inside_a_model_name_and_inside_json() {
        assert_eq!(marker("claude-sonnet-5+sim:status=529"), Some(("claude-sonnet-5", "status=529")));
        assert_eq!(marker(r#"{"device_id":"sim:tag=a,crlf","x":1}"#).unwrap().1, "tag=a,crlf");
        assert_eq!(marker("user_ab12"), None);
    }
}
