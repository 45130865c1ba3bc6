//! Rules queued ahead: which of the next requests get which script.

use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::{Deserialize, Deserializer, Serialize};

use super::Script;
use crate::draw::Draw;

/// A script and the requests it is for. Conditions that are absent hold; the first rule that fits is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// Only requests with this upstream key (SigV4: this access key id; token endpoints: this client id).
    pub key: Option<String>,
    /// Only requests of this account, whichever of its access tokens they come with.
    pub subject: Option<String>,
    /// Only requests for this model.
    pub model: Option<String>,
    /// Only requests with this tag (token endpoints: this grant type, such as `refresh_token`).
    pub tag: Option<String>,
    /// Only requests whose path ends so, such as `/count_tokens`. Token endpoints want to be named: `/oauth/token`.
    pub path: Option<String>,
    /// Only this share of them, drawn per request.
    pub percent: Option<u8>,
    /// For so many requests, then the rule is gone; none is for ever.
    pub times: Option<u32>,
    /// What happens: an object, or text as in [`Script::parse`].
    #[serde(deserialize_with = "script")]
    pub script: Script,
}

impl Rule {
    /// For the next request, whatever it is.
    #[must_use]
    pub fn once(script: Script) -> Self {
        Self { times: Some(1), script, ..Self::default() }
    }

    /// For every request with this upstream key.
    #[must_use]
    pub fn on_key(key: &str, script: Script) -> Self {
        Self { key: Some(key.to_owned()), script, ..Self::default() }
    }

    /// For every request of this account, whichever of its access tokens it comes with.
    #[must_use]
    pub fn on_subject(subject: &str, script: Script) -> Self {
        Self { subject: Some(subject.to_owned()), script, ..Self::default() }
    }

    /// For every call of this grant type at a token endpoint whose path ends so.
    #[must_use]
    pub fn on_token(path: &str, grant_type: &str, script: Script) -> Self {
        let (path, tag) = (Some(path.to_owned()), Some(grant_type.to_owned()));
        Self { path, tag, script, ..Self::default() }
    }

    /// For so many requests, then it is gone.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }
}

/// What is known of a request when its rule is looked up.
pub(crate) struct Subject<'a> {
    pub(crate) key: Option<&'a str>,
    pub(crate) subject: Option<&'a str>,
    pub(crate) model: Option<&'a str>,
    pub(crate) tag: Option<&'a str>,
    pub(crate) path: &'a str,
}

#[derive(Default)]
pub(crate) struct Queue {
    rules: Mutex<Vec<Rule>>,
    /// Spares the lock while there is no rule, which is always in a benchmark.
    armed: AtomicBool,
    /// Tags for which something has gone wrong that was to go wrong once.
    failed: Mutex<HashSet<String>>,
}

impl Queue {
    /// What is left of a script when it has gone wrong once for this tag.
    pub(crate) fn once(&self, script: Script, tag: Option<&str>) -> Script {
        if !script.once {
            return script;
        }
        let tag = tag.unwrap_or_default().to_owned();
        let first = self.failed.lock().unwrap_or_else(PoisonError::into_inner).insert(tag);
        if first { script } else { script.well() }
    }

    pub(crate) fn push(&self, rule: Rule) {
        self.rules().push(rule);
        self.armed.store(true, Ordering::Release);
    }

    pub(crate) fn clear(&self) {
        self.rules().clear();
        self.armed.store(false, Ordering::Release);
    }

    pub(crate) fn list(&self) -> Vec<Rule> {
        self.rules().clone()
    }

    /// The script of the first rule that fits, used up by one.
    pub(crate) fn take(&self, subject: &Subject<'_>, draw: &mut Draw) -> Option<Script> {
        self.first(|rule| fits(rule, subject, draw))
    }

    /// The same for what only a rule that names the path is meant for.
    pub(crate) fn take_named(&self, subject: &Subject<'_>, draw: &mut Draw) -> Option<Script> {
        self.first(|rule| rule.path.is_some() && fits(rule, subject, draw))
    }

    fn first(&self, fits: impl FnMut(&Rule) -> bool) -> Option<Script> {
        if !self.armed.load(Ordering::Acquire) {
            return None;
        }
        let mut rules = self.rules();
        let at = rules.iter().position(fits)?;
        let script = rules[at].script.clone();
        if let Some(times) = &mut rules[at].times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                rules.remove(at);
                self.armed.store(!rules.is_empty(), Ordering::Release);
            }
        }
        Some(script)
    }

    fn rules(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fits(rule: &Rule, subject: &Subject<'_>, draw: &mut Draw) -> bool {
    let same = |want: &Option<String>, is: Option<&str>| want.as_deref().is_none_or(|want| is == Some(want));
    same(&rule.key, subject.key)
        && same(&rule.subject, subject.subject)
        && same(&rule.model, subject.model)
        && same(&rule.tag, subject.tag)
        && rule.path.as_deref().is_none_or(|end| subject.path.ends_with(end))
        && rule.percent.is_none_or(|percent| draw.chance(percent))
}

fn script<'de, D: Deserializer<'de>>(from: D) -> Result<Script, D::Error> {
    match serde_json::Value::deserialize(from)? {
        serde_json::Value::String(text) => Script::parse(&text).map_err(serde::de::Error::custom),
        object => serde_json::from_value(object).map_err(serde::de::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(key: &str) -> Subject<'_> {
        let model = Some("claude-sonnet-5");
        Subject { key: Some(key), subject: None, model, tag: None, path: "/v1/messages" }
    }

    #[test]
    fn a_rule_is_used_as_often_as_it_says() {
        let queue = Queue::default();
        queue.push(serde_json::from_str(r#"{"times": 2, "script": "status=529"}"#).unwrap());
        let mut draw = Draw::new(1, 1);
        let statuses: Vec<_> = (0..3).map(|_| queue.take(&subject("a"), &mut draw).is_some()).collect();
        assert_eq!(statuses, [true, true, false]);
    }

    #[test]
    fn what_goes_wrong_once_goes_well_for_the_next_request_with_the_same_tag() {
        let queue = Queue::default();
        let script = Script::parse("cut=reset,events=3,once").unwrap();
        let asked = |tag| queue.once(script.clone(), Some(tag));
        assert!(asked("a").cut.is_some());
        assert_eq!((asked("a").cut, asked("a").events), (None, Some(3)));
        assert!(asked("b").cut.is_some());
    }

    #[test]
    fn a_rule_for_a_key_leaves_other_keys_alone() {
        let queue = Queue::default();
        queue.push(Rule::on_key("a", Script::parse("status=429").unwrap()));
        let mut draw = Draw::new(1, 1);
        assert!(queue.take(&subject("b"), &mut draw).is_none());
        assert!(queue.take(&subject("a"), &mut draw).is_some());
        assert!(queue.take(&subject("a"), &mut draw).is_some());
    }

    #[test]
    fn a_rule_without_a_path_is_not_used_up_where_the_path_must_be_named() {
        let queue = Queue::default();
        queue.push(Rule::once(Script::parse("status=529").unwrap()));
        queue.push(Rule::on_token("/messages", "x", Script::parse("status=503").unwrap()));
        let mut draw = Draw::new(1, 1);
        let tagged = Subject { tag: Some("x"), ..subject("a") };
        assert_eq!(queue.take_named(&tagged, &mut draw).unwrap().refuse.unwrap().status, 503);
        assert_eq!(queue.take(&tagged, &mut draw).unwrap().refuse.unwrap().status, 529);
    }
}
