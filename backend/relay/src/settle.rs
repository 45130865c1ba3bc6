//! How a request ended, and the figures that its row is made of.

mod offered;

use causeway_dialect::usage::{Reading, TokenCounts as Metered};
use causeway_domain::{
    AccountId, Factor, KeyId, Nanos, OrgId, RequestId, TokenCounts, UserId,
    price::{ServiceTier, Snapshot},
    provider::Provider,
};
use causeway_store::ledger::{FailedAttempt, Outcome, Revision, UsageEvent};
use chrono::DateTime;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, cell::RefCell, sync::Arc};

/// What a hold remembers of its request: enough to write the row without the instance that made it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Draft {
    /// Organisation.
    pub org: OrgId,
    /// API key.
    pub key: KeyId,
    /// Member.
    pub user: Option<UserId>,
    /// Dialect of the client.
    pub dialect: Cow<'static, str>,
    /// Model.
    pub model: String,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// Short form of the User-Agent.
    pub client: String,
    /// The client that it was recognised as; empty = none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub client_id: String,
    /// What rules could read of it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub client_facts: String,
    /// Input tokens as estimated from the body: what is billed when the provider never said.
    pub input: u64,
    /// The most input it can have.
    #[serde(default)]
    pub max_input: u64,
    /// The most output that was asked for.
    pub max_output: u64,
    /// Whether the body bounds the input. Otherwise what is reported at the beginning need not be all.
    #[serde(default)]
    pub bounded: bool,
    /// Whether the worst case was reserved, so that a limit holds whatever happens.
    #[serde(default)]
    pub strict: bool,
    /// The accounts it may have gone to, in the order they were offered.
    #[serde(with = "offered")]
    pub candidates: Vec<DraftCandidate>,
}

/// One of the accounts.
#[derive(Clone, Debug)]
pub(crate) struct DraftCandidate {
    /// Which.
    pub account: AccountId,
    /// The model that it is asked for, where that is not the one of the request's own name.
    pub model: Option<String>,
    /// Its provider.
    pub provider: Provider,
    /// The price there.
    pub price: Arc<Snapshot>,
    /// What is charged for a dollar of cost there.
    pub factor: Factor,
    /// The most that it can cost there.
    pub worst: Nanos,
}

/// The end of a request in figures: what a settled hold carries in Redis.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Status told to the client; 0 = it left before.
    pub status: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether any figure is ours and not the provider's.
    pub estimated: bool,
    /// Tokens.
    pub tokens: TokenCounts,
    /// Searches that the provider made on its own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub web_searches: u32,
    /// The tier it was served at, as the provider says.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tier: ServiceTier,
    /// Whether the provider has told what the input was.
    #[serde(default)]
    pub input_reported: bool,
    /// Whether a sweeper made these, for an instance that died.
    #[serde(default, skip_serializing_if = "is_default")]
    pub swept: bool,
    /// At the provider's price.
    pub cost: Nanos,
    /// Charged to the key.
    pub charged: Nanos,
    /// Milliseconds until the first byte of the answer.
    #[serde(default, skip_serializing_if = "is_default")]
    pub first_byte_ms: Option<u32>,
    /// Milliseconds until the end.
    pub duration_ms: u32,
    /// The provider's own id.
    #[serde(default, skip_serializing_if = "is_default")]
    pub upstream_request_id: Option<String>,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "is_default")]
    pub error: Option<String>,
    /// Earlier attempts that may be billed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailedAttempt>,
}

/// Whether a field says nothing that its absence would not say: most fields of most requests, each of which Redis would keep.
fn is_default<T: Default + PartialEq>(field: &T) -> bool {
    *field == T::default()
}

/// As it is kept in Redis. What a draft says is held for as long as its request runs: it has no room to spare.
pub(crate) fn text(of: &impl Serialize) -> serde_json::Result<String> {
    thread_local! {
        /// Of both there is one for every request: they are written where there is room.
        static ROOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    ROOM.with_borrow_mut(|room| {
        room.clear();
        serde_json::to_writer(&mut *room, of)?;
        str::from_utf8(room).map(str::to_owned).map_err(serde::ser::Error::custom)
    })
}

/// How a request ended, as seen by the stage that ended it.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    /// Status told to the client.
    pub status: u16,
    /// How.
    pub outcome: Outcome,
    /// What the meter read; `None` if there was no answer to read.
    pub reading: Option<Reading>,
    /// Nobody is charged for it: every account that was tried has failed.
    pub free: bool,
    /// What went wrong.
    pub error: Option<String>,
}

impl Ending {
    /// No account answered.
    pub(crate) fn failed(status: StatusCode, error: String) -> Self {
        Self {
            status: status.as_u16(),
            outcome: Outcome::UpstreamError,
            reading: None,
            free: true,
            error: Some(error),
        }
    }
}

/// The dialect's counts as the domain's: the two crates know nothing of each other.
pub(crate) fn tokens(m: &Metered) -> TokenCounts {
    TokenCounts {
        input: m.input,
        output: m.output,
        cache_read: m.cache_read,
        cache_write_5m: m.cache_write_5m,
        cache_write_1h: m.cache_write_1h,
        reasoning: m.reasoning,
    }
}

impl DraftCandidate {
    /// The tier, and the bucket for so much input, that cost most of what was reserved for: so that a row of which nothing
    /// was told adds up like any other.
    fn dearest(&self, input: u64, output: u64) -> (Nanos, ServiceTier, TokenCounts) {
        let rest = TokenCounts { output, reasoning: output, ..TokenCounts::default() };
        let buckets = [
            TokenCounts { input, ..rest },
            TokenCounts { cache_write_5m: input, ..rest },
            TokenCounts { cache_write_1h: input, ..rest },
        ];
        let every = ServiceTier::ALL.into_iter().flat_map(|tier| buckets.map(|tokens| (tier, tokens)));
        let priced = every.map(|(tier, tokens)| (self.price.cost(&tokens, tier), tier, tokens));
        let within = priced.filter(|(cost, ..)| *cost <= self.worst).max_by_key(|(cost, ..)| *cost);
        within.unwrap_or((self.worst, ServiceTier::Standard, buckets[0]))
    }
}

impl Draft {
    /// The figures of a request that was sent to the provider.
    ///
    /// An answer with an error status costs nothing. Without any answer the input may have been read and billed, so
    /// it is counted at its estimate; where limits are strict, at the most that it can be. An answer in one piece is made
    /// before its first byte comes: where the rest of it is not waited for, or does not come, it is counted the most that it
    /// can be as well.
    pub(crate) fn figures(&self, candidate: usize, ending: &Ending) -> Figures {
        let figures = self.seen(candidate, ending);
        match &ending.reading {
            _ if ending.free => figures,
            None if self.stream => self.at_most(candidate, figures, 0),
            None => self.at_most(candidate, figures, self.max_output),
            Some(reading) => {
                let given_up = matches!(
                    ending.outcome,
                    Outcome::ClientLeft | Outcome::UpstreamError | Outcome::UpstreamCut
                );
                let unfinished = !reading.output_final && reading.unmetered.is_none() && ending.status < 400;
                if given_up && unfinished && !self.stream && reading.error.is_none() {
                    self.at_most(candidate, figures, self.max_output)
                } else {
                    figures
                }
            }
        }
    }

    /// By what was seen of an answer.
    fn seen(&self, candidate: usize, ending: &Ending) -> Figures {
        let answered_with_error = ending.free || (ending.reading.is_some() && ending.status >= 400);
        let (counts, estimated) = match &ending.reading {
            _ if answered_with_error => (TokenCounts::default(), false),
            Some(reading) => {
                let settled = reading.settled(causeway_dialect::usage::Fallback {
                    input: self.input,
                    max_output: self.max_output,
                });
                (tokens(&settled.counts), settled.estimated)
            }
            None => (TokenCounts { input: self.input, ..Default::default() }, true),
        };
        let searches = ending.reading.as_ref().filter(|_| !answered_with_error).map_or(0, |r| r.web_searches);
        let chosen = self.candidates.get(candidate);
        let told = ending.reading.as_ref().and_then(|r| r.service_tier.as_deref());
        let tier = ServiceTier::reported(told);
        let cost = chosen
            .map_or(Nanos::ZERO, |c| c.price.cost(&counts, tier).saturating_add(c.price.searches(searches)));
        Figures {
            status: ending.status,
            outcome: ending.outcome,
            estimated,
            tokens: counts,
            web_searches: u32::try_from(searches).unwrap_or(u32::MAX),
            tier,
            input_reported: ending.reading.as_ref().is_some_and(|r| r.input_reported),
            swept: false,
            cost,
            charged: chosen.map_or(Factor::ONE, |c| c.factor).charge(cost),
            first_byte_ms: None,
            duration_ms: 0,
            upstream_request_id: None,
            error: ending.error.clone(),
            failed: Vec::new(),
        }
    }

    /// What an account may bill for an attempt that failed, of which so much was read.
    pub(crate) fn attempt(&self, candidate: usize, reading: Option<&Reading>) -> Option<FailedAttempt> {
        let ending = Ending {
            status: 200,
            outcome: Outcome::UpstreamError,
            reading: reading.cloned(),
            free: false,
            error: None,
        };
        let account = self.candidates.get(candidate)?.account;
        let Figures { cost, estimated, .. } = self.figures(candidate, &ending);
        (cost > Nanos::ZERO).then_some(FailedAttempt { account, cost, estimated })
    }

    /// All that the account which has the request in the end asks for: its answer, and attempts there that failed.
    pub(crate) fn asked(&self, candidate: usize, figures: &Figures) -> Nanos {
        let account = self.candidates.get(candidate).map(|c| c.account);
        let there = figures.failed.iter().filter(|attempt| Some(attempt.account) == account);
        there.fold(figures.cost, |sum, attempt| sum.saturating_add(attempt.cost))
    }

    /// The figures of a request whose instance died, from the last that it noted.
    ///
    /// What the provider billed after that nobody here can know. Where limits are strict the request counts at the most
    /// it can have cost: as much input as was reported, or could be, and as much output as it allowed. Otherwise a limit
    /// would be exceeded by whatever was under way when an instance died. The row says that it is estimated.
    pub(crate) fn orphaned(&self, candidate: usize, noted: Option<Figures>) -> Figures {
        let lost = || {
            let error = Some("the instance that served this died".to_owned());
            self.figures(
                candidate,
                &Ending { status: 0, outcome: Outcome::Interrupted, reading: None, free: false, error },
            )
        };
        let figures = Figures { swept: true, estimated: true, ..noted.unwrap_or_else(lost) };
        if !self.strict {
            return figures;
        }
        let error =
            Some("the instance that served this died; counted at the most it can have used".to_owned());
        Figures { error, ..self.at_most(candidate, figures, self.max_output) }
    }

    /// The most that it can have cost with so much output, where limits are strict: as much input as was reported, or could
    /// be.
    fn at_most(&self, candidate: usize, mut figures: Figures, output: u64) -> Figures {
        let Some(chosen) = self.candidates.get(candidate).filter(|_| self.strict) else { return figures };
        figures.estimated = true;
        figures.tokens.output = figures.tokens.output.max(output);
        // Reasoning may be the dearer part of the output.
        figures.tokens.reasoning = figures.tokens.output;
        figures.cost = if figures.input_reported && self.bounded {
            let searches = chosen.price.searches(u64::from(figures.web_searches));
            let at = |tier| (chosen.price.cost(&figures.tokens, tier).saturating_add(searches), tier);
            // Only what was reserved for: a tier that the request has ruled out is none that it was served at.
            let within = ServiceTier::ALL.into_iter().map(at).filter(|(cost, _)| *cost <= chosen.worst);
            let (cost, tier) = within.max_by_key(|(cost, _)| *cost).unwrap_or((chosen.worst, figures.tier));
            figures.tier = tier;
            cost
        } else {
            let input = self.max_input.max(figures.tokens.all_input());
            let (cost, tier, tokens) = chosen.dearest(input, figures.tokens.output);
            (figures.tier, figures.tokens) = (tier, tokens);
            // What comes by reference may have cost fees as well.
            if self.bounded { cost } else { chosen.worst }
        };
        figures.charged = chosen.factor.charge_at_most(figures.cost);
        figures
    }

    /// The model that one of the accounts is asked for.
    pub(crate) fn model_at(&self, candidate: usize) -> &str {
        self.candidates.get(candidate).and_then(|c| c.model.as_deref()).unwrap_or(&self.model)
    }

    /// The row.
    pub(crate) fn event(
        mut self,
        request: RequestId,
        candidate: usize,
        figures: Figures,
    ) -> Option<UsageEvent> {
        let chosen = (candidate < self.candidates.len()).then(|| self.candidates.swap_remove(candidate))?;
        Some(UsageEvent {
            request,
            org: self.org,
            rev: if figures.swept { Revision::Swept } else { Revision::Own },
            key: self.key,
            user: self.user,
            account: chosen.account,
            dialect: self.dialect.into_owned(),
            provider: chosen.provider.as_str().to_owned(),
            model: chosen.model.unwrap_or(self.model),
            stream: self.stream,
            status: figures.status,
            outcome: figures.outcome,
            estimated: figures.estimated,
            tokens: figures.tokens,
            web_searches: figures.web_searches,
            tier: figures.tier,
            cost: figures.cost,
            charged: figures.charged,
            factor: chosen.factor,
            price: chosen.price,
            started_at: DateTime::from_timestamp_millis(request.started_ms()).unwrap_or_default(),
            first_byte_ms: figures.first_byte_ms,
            duration_ms: figures.duration_ms,
            upstream_request_id: figures.upstream_request_id,
            client: self.client,
            client_id: self.client_id,
            client_facts: self.client_facts,
            error: figures.error,
            failed: figures.failed,
            five_hours: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests;
