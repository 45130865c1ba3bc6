//! Checking input: all fields are looked at, so that a person hears of everything at once.

use crate::{auth::strength, checks::schedule::Schedule, error::ApiError};
use causeway_accounts::Catalogue;
use causeway_domain::{
    CreditKind, Limits, Nanos, Plan,
    model::{MAX_MODEL_CHARS, ModelPolicy},
    price::{Rates, ServiceTier},
    provider::Provider,
};
use causeway_openapi::{FieldError, LongContextFigures, PriceFigures};
use causeway_store::credits::MAX_CREDIT;
use std::ops::RangeInclusive;

/// Collects the fields that are not accepted.
#[derive(Default)]
pub(crate) struct Check(Vec<FieldError>);

/// The dearest price that is accepted: a million dollars per million tokens, far from where sums overflow.
const DEAREST: Nanos = Nanos(1_000_000 * causeway_domain::money::PER_DOLLAR);

impl Check {
    /// Notes that a field is not accepted.
    pub(crate) fn refuse(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldError { field: field.to_owned(), message: message.into() });
    }

    /// Notes it unless `accepted`.
    pub(crate) fn require(&mut self, accepted: bool, field: &str, message: &str) {
        if !accepted {
            self.refuse(field, message);
        }
    }

    /// A provider that is known here.
    pub(crate) fn provider(&mut self, field: &str, provider: Provider, catalogue: &Catalogue) {
        if catalogue.get(provider).is_none() {
            self.refuse(field, format!("{provider} is not a provider that is known here"));
        }
    }

    /// A name or the like: without spaces around it, without control characters, of a certain length.
    pub(crate) fn text(&mut self, field: &str, text: &str, length: RangeInclusive<usize>) -> String {
        let text = text.trim();
        if !length.contains(&text.chars().count()) {
            self.refuse(field, format!("must have {} to {} characters", length.start(), length.end()));
        } else if text.chars().any(|c| c.is_control() && c != '\n') {
            self.refuse(field, "must not contain control characters");
        }
        text.to_owned()
    }

    /// Five fields of cron, as they are kept; `None` when it is none.
    pub(crate) fn schedule(&mut self, field: &str, text: &str) -> Option<String> {
        match Schedule::parse(text) {
            Ok(_) => Some(text.split_whitespace().collect::<Vec<_>>().join(" ")),
            Err(words) => {
                self.refuse(field, words);
                None
            }
        }
    }

    /// Something that a mail could be sent to; whether it arrives is not ours to know.
    pub(crate) fn email(&mut self, field: &str, email: &str) -> String {
        let email = email.trim();
        let parts = email.split_once('@');
        let good =
            parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
        let plain = !email.chars().any(|c| c.is_whitespace() || c.is_control());
        self.require(good && plain && email.chars().count() <= 254, field, "must be an e-mail address");
        email.to_owned()
    }

    /// A new password of a person of whom `own` is known, such as name and address.
    pub(crate) fn password(&mut self, field: &str, password: &str, own: &[&str]) {
        let length = password.chars().count();
        if !(10..=1024).contains(&length) {
            self.refuse(field, "must have 10 to 1024 characters");
        } else if strength::is_guessed_first(password, own) {
            self.refuse(
                field,
                "is one of those that are tried first: commonly used, found in breaches, a pattern, or close to your name; \
                 take a few words that nobody would put together",
            );
        }
    }

    /// Limits of a key.
    pub(crate) fn limits(&mut self, field: &str, limits: &Limits) {
        if let Err(bad) = limits.validate() {
            self.refuse(&format!("{field}.{}", bad.field), bad.problem);
        }
    }

    /// A plan.
    pub(crate) fn plan(&mut self, field: &str, plan: &Plan) {
        if let Err(bad) = plan.validate() {
            self.refuse(&format!("{field}.{}", bad.field), bad.problem);
        }
    }

    /// An amount of credit, which fits what it is for.
    pub(crate) fn credit(&mut self, field: &str, kind: CreditKind, amount: Nanos) {
        let (fits, message) = match kind {
            CreditKind::Adjustment => (amount != Nanos::ZERO, "must not be 0"),
            CreditKind::Refund => (amount < Nanos::ZERO, "must be below 0: a refund is paid back"),
            CreditKind::Credit | CreditKind::Redeem => (amount > Nanos::ZERO, "must be above 0"),
        };
        self.require(fits, field, message);
        let bounds = -MAX_CREDIT..=MAX_CREDIT;
        self.require(bounds.contains(&amount), field, "must be at most 9007199.25 dollars");
    }

    /// Patterns of model names.
    pub(crate) fn models(&mut self, field: &str, models: &ModelPolicy) {
        for (name, patterns) in [("allow", &models.allow), ("deny", &models.deny)] {
            let field = format!("{field}.{name}");
            self.require(patterns.len() <= 100, &field, "must have at most 100 patterns");
            let good = |p: &String| {
                (1..=MAX_MODEL_CHARS).contains(&p.chars().count())
                    && !p.chars().any(|c| c.is_whitespace() || c.is_control())
            };
            self.require(
                patterns.iter().all(good),
                &field,
                "must have patterns of 1 to 200 characters without spaces",
            );
        }
    }

    /// A price.
    pub(crate) fn price(&mut self, field: &str, price: &PriceFigures) {
        let at = |name: &str| if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
        self.rates(|name| at(name), &price.rates());
        self.amount(&at("web_search"), price.web_search.map_or(0, |n| n.0));
        self.long_context(&at("long_context"), &price.long_context);
        for (name, tier) in &price.tiers {
            let place = at(&format!("tiers.{name}"));
            self.require(*name != ServiceTier::Standard, &place, "is the price itself and no tier beside it");
            self.rates(|name| format!("{place}.{name}"), &tier.rates());
            self.long_context(&format!("{place}.long_context"), &tier.long_context);
        }
    }

    fn long_context(&mut self, field: &str, long: &[LongContextFigures]) {
        for (i, above) in long.iter().enumerate() {
            self.rates(|name| format!("{field}[{i}].{name}"), &above.rates());
        }
        let sizes: Vec<_> = long.iter().map(|t| t.above_tokens).collect();
        let ascending = sizes.windows(2).all(|pair| pair[0] < pair[1]);
        let message = "must have at most 8 sizes above 0, in ascending order";
        self.require(ascending && sizes.len() <= 8 && !sizes.contains(&0), field, message);
    }

    /// Rates. What was absent has been filled in by what follows from `input`, and is only refused along with it.
    fn rates(&mut self, at: impl Fn(&str) -> String, rates: &Rates) {
        self.amount(&at("input"), rates.input);
        self.amount(&at("output"), rates.output);
        let usual = Rates::with_defaults(rates.input, rates.output, None, None, None);
        for (name, amount, usual) in [
            ("cache_read", rates.cache_read, usual.cache_read),
            ("cache_write_5m", rates.cache_write_5m, usual.cache_write_5m),
            ("cache_write_1h", rates.cache_write_1h, usual.cache_write_1h),
            ("reasoning", rates.reasoning.unwrap_or(rates.output), rates.output),
        ] {
            if amount != usual {
                self.amount(&at(name), amount);
            }
        }
    }

    fn amount(&mut self, field: &str, nanos: i64) {
        let message = "must be between 0 and 1000000 dollars per million tokens, or per search";
        self.require((Nanos::ZERO..=DEAREST).contains(&Nanos(nanos)), field, message);
    }

    /// The name of a model, or a pattern of names.
    pub(crate) fn model(&mut self, field: &str, model: &str) -> String {
        let model = self.text(field, model, 1..=MAX_MODEL_CHARS);
        self.require(!model.contains(char::is_whitespace), field, "must not contain spaces");
        model
    }

    /// Fails when anything was refused.
    pub(crate) fn done(self) -> Result<(), ApiError> {
        if self.0.is_empty() { Ok(()) } else { Err(ApiError::Invalid(self.0)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_field_is_named_at_once() {
        let mut check = Check::default();
        check.text("name", "  ", 1..=100);
        check.email("email", "ada@@example.com");
        check.password("password", "short", &[]);
        check.models("models", &ModelPolicy { allow: vec!["a b".into()], deny: vec!["a\0".into()] });
        let Err(ApiError::Invalid(errors)) = check.done() else { panic!("accepted") };
        let fields: Vec<_> = errors.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, ["name", "email", "password", "models.allow", "models.deny"]);
    }

    #[test]
    fn good_input_comes_back_without_the_spaces_around_it() {
        let mut check = Check::default();
        assert_eq!(check.text("name", " 研究所 ", 1..=100), "研究所");
        assert_eq!(check.email("email", " ada@example.com "), "ada@example.com");
        assert!(check.done().is_ok());
    }

    #[test]
    fn negative_and_absurd_prices_are_refused_by_their_path() {
        let mut check = Check::default();
        let tier = serde_json::from_str(
            r#"{"input":"1","output":"1","long_context":[{"above_tokens":0,"input":"-1","output":"2000000"}],
                "tiers":{"standard":{"input":"1","output":"1"},
                         "flex":{"input":"1","output":"1","cache_read":"-0.1",
                                 "long_context":[{"above_tokens":9,"input":"1","output":"-1"}]}}}"#,
        );
        check.price("default_price", &tier.unwrap());
        let Err(ApiError::Invalid(errors)) = check.done() else { panic!("accepted") };
        let fields: Vec<_> = errors.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "default_price.long_context[0].input",
                "default_price.long_context[0].output",
                "default_price.long_context",
                "default_price.tiers.standard",
                "default_price.tiers.flex.cache_read",
                "default_price.tiers.flex.long_context[0].output",
            ]
        );
    }
}
