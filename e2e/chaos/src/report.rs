//! What is printed: one table for limits, one for the ledger.

use crate::{
    events::Kind as Happening,
    guards::Guarded,
    measure::Kind,
    press::Pressed,
    truth::{Found, some, usd},
    world::Scope,
};
use chrono::TimeDelta;
use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

/// One run of B5.
pub(crate) struct Limit {
    pub(crate) scope: Scope,
    pub(crate) kind: Kind,
    pub(crate) limit: i128,
    pub(crate) used: i128,
    /// Of a limit by the minute: the time in which `used` was.
    pub(crate) window: Option<TimeDelta>,
    pub(crate) clients: usize,
    pub(crate) pressed: Pressed,
    pub(crate) took: Duration,
}

impl Limit {
    /// What was not as promised.
    pub(crate) fn problems(&self) -> Vec<String> {
        let (mut problems, name) = (Vec::new(), format!("{} of a {}", self.kind.name(), self.scope.name()));
        if self.used > self.limit {
            problems.push(format!("{name}: {} of {} used", self.used, self.limit));
        }
        if self.used * 100 < self.limit * 95 {
            problems.push(format!("{name}: only {} of {} could be used", self.used, self.limit));
        }
        if self.kind == Kind::Concurrency && self.pressed.waiting > 0 {
            problems.push(format!("{name}: {} never served", self.pressed.waiting));
        }
        problems.extend(some(&format!("{name}: neither served nor refused"), &self.pressed.others));
        // A machine that is too busy for the time that checking a limit may take says so, and is asked again.
        if self.pressed.unavailable * 100 > self.pressed.marks.len() {
            problems.push(format!("{name}: {} answers of 503", self.pressed.unavailable));
        }
        problems
    }
}

/// B5.
pub(crate) fn limits_table(lines: &[Limit], found: &Found, refusals: &BTreeMap<String, usize>) -> String {
    let mut out = String::from(
        "\nB5: as many requests at once under one limit over three instances, by the simulator's figures.\n\n\
         | of | limit | allowed | used | overspent | utilisation | clients | served | refusals | 503 | any | took |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for line in lines {
        let amount = |n: i128| line.kind.amount(n);
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {:.1} s |",
            line.scope.name(),
            line.kind.name(),
            amount(line.limit),
            amount(line.used),
            amount((line.used - line.limit).max(0)),
            percent(line.used, line.limit),
            line.clients,
            line.pressed.served,
            line.pressed.refused,
            line.pressed.unavailable,
            line.window.map_or_else(|| "–".to_owned(), |w| format!("{:.2} s", w.as_seconds_f64())),
            line.took.as_secs_f64(),
        );
    }
    for (said, count) in refusals {
        let _ = writeln!(out, "\n{count} × 503: {said}");
    }
    let _ = writeln!(
        out,
        "\n{} of {} attempts reached the provider: {} lost, {} double, sum difference {}",
        found.reached,
        found.attempts,
        found.lost.len(),
        found.double.len(),
        usd(found.difference)
    );
    out
}

/// A share, rounded down.
pub(crate) fn percent(part: i128, whole: i128) -> String {
    let per_mille = if whole > 0 { part * 1000 / whole } else { 0 };
    format!("{}.{} %", per_mille / 10, per_mille % 10)
}

/// How many of a hundred calls must have been finished, or the rest says nothing.
const FINISHED: usize = 80;

/// One part of B6.
pub(crate) struct Event {
    pub(crate) kind: Happening,
    pub(crate) found: Found,
    /// The limits that were pressed meanwhile.
    pub(crate) guards: Vec<Guarded>,
    /// How long after the event nothing was open any more, or what still was.
    pub(crate) gone: Result<Duration, String>,
    /// How many calls were asked and answered while Postgres was away.
    pub(crate) served: Option<usize>,
    /// What answers of 503 said.
    pub(crate) refusals: BTreeMap<String, usize>,
    /// What does not add up.
    pub(crate) differences: Vec<String>,
}

impl Event {
    /// What was not as promised.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let found = &self.found;
        for (what, list) in [
            ("lost", &found.lost),
            ("double", &found.double),
            ("a row without a call", &found.stray),
            ("unequal", &found.unequal),
            ("sums", &self.differences),
        ] {
            problems.extend(some(what, list));
        }
        if found.difference != 0 {
            problems.push(format!("finished calls differ by {}", usd(found.difference)));
        }
        for guard in self.guards.iter().filter(|guard| guard.used > guard.limit) {
            let amount = |n| guard.kind.amount(n);
            problems.push(format!(
                "{} of a {}: {} of {} used",
                guard.kind.name(),
                guard.scope.name(),
                amount(guard.used),
                amount(guard.limit)
            ));
        }
        if let Err(open) = &self.gone {
            problems.push(format!("still open: {open}"));
        }
        if found.finished * 100 < found.calls * FINISHED {
            problems.push(format!("only {} of {} calls were finished", found.finished, found.calls));
        }
        if self.served == Some(0) {
            problems.push("nothing was served meanwhile".to_owned());
        }
        if matches!(self.kind, Happening::Load | Happening::Postgres) && found.unavailable > 0 {
            problems.push(format!("{} requests were answered with 503", found.unavailable));
        }
        problems.into_iter().map(|problem| format!("{}: {problem}", self.kind.name())).collect()
    }
}

/// B6.
pub(crate) fn events_table(events: &[Event]) -> String {
    let mut out = String::from(
        "\nB6: the ledger against the simulator's.\n\n\
         | event | attempts | 503 | resting | calls | reached | sent again | noted for it | finished | failed | lost | double | stray | unequal | sum difference | estimated | \
         above | interrupted | above | sums off | gone after | |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n",
    );
    for event in events {
        let found = &event.found;
        let counts =
            [found.attempts, found.unavailable, found.resting, found.calls, found.reached, found.again];
        let _ = write!(out, "| {} |", event.kind.name());
        for count in counts {
            let _ = write!(out, " {count} |");
        }
        let (noted, billed) = found.given_up;
        let _ = write!(out, " {} of {} billed |", usd(noted), usd(billed));
        for count in [
            found.finished,
            found.failed,
            found.lost.len(),
            found.double.len(),
            found.stray.len(),
            found.unequal.len(),
        ] {
            let _ = write!(out, " {count} |");
        }
        let cells = [
            usd(found.difference),
            found.estimated.to_string(),
            usd(found.surplus),
            found.interrupted.to_string(),
            usd(found.interrupted_surplus),
            event.differences.len().to_string(),
            event.gone.as_ref().map_or_else(|_| "never".to_owned(), |d| format!("{:.1} s", d.as_secs_f64())),
            if event.problems().is_empty() { "as promised".to_owned() } else { "NOT AS PROMISED".to_owned() },
        ];
        let _ = writeln!(out, " {} |", cells.join(" | "));
    }
    for (event, served) in events.iter().filter_map(|event| Some((event, event.served?))) {
        let _ = writeln!(out, "\n{}: {served} calls were asked and answered meanwhile.", event.kind.name());
    }
    for event in events {
        for (said, count) in &event.refusals {
            let _ = writeln!(out, "\n{}: {count} × 503: {said}", event.kind.name());
        }
    }
    out.push_str(
        "\nLimits that were pressed meanwhile.\n\n| event | of | limit | allowed | used | overspent | utilisation |\n\
         |---|---|---|--:|--:|--:|--:|\n",
    );
    for (event, guard) in events.iter().flat_map(|event| event.guards.iter().map(move |guard| (event, guard)))
    {
        let Guarded { scope, kind, limit, used } = guard;
        let over = kind.amount((used - limit).max(0));
        let (name, limit_name, allowed) = (event.kind.name(), kind.name(), kind.amount(*limit));
        let share = percent(*used, *limit);
        let _ = writeln!(
            out,
            "| {name} | {} | {limit_name} | {allowed} | {} | {over} | {share} |",
            scope.name(),
            kind.amount(*used)
        );
    }
    out
}
