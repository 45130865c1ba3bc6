//! Figures beside their goals.

use serde::Serialize;
use std::fmt::Write as _;

/// A figure and its goal.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Verdict {
    what: String,
    goal: String,
    is: String,
    pub(crate) met: bool,
}

impl Verdict {
    /// No more than the goal.
    pub(crate) fn at_most(what: impl Into<String>, goal: f64, is: f64, decimals: usize) -> Self {
        let text = format!("≤ {}", number(goal, decimals));
        Self { what: what.into(), goal: text, is: number(is, decimals), met: is <= goal }
    }

    /// No less than the goal.
    pub(crate) fn at_least(what: impl Into<String>, goal: f64, is: f64, decimals: usize) -> Self {
        let text = format!("≥ {}", number(goal, decimals));
        Self { what: what.into(), goal: text, is: number(is, decimals), met: is >= goal }
    }

    /// As many as there should be.
    pub(crate) fn count(what: impl Into<String>, goal: u64, is: u64) -> Self {
        Self { what: what.into(), goal: goal.to_string(), is: is.to_string(), met: goal == is }
    }
}

/// All of them as a table.
pub(crate) fn table(verdicts: &[Verdict]) -> String {
    let mut out = String::from("| goal | | is | |\n|---|--:|--:|---|\n");
    for Verdict { what, goal, is, met } in verdicts {
        let _ = writeln!(out, "| {what} | {goal} | {is} | {} |", if *met { "met" } else { "NOT MET" });
    }
    out
}

/// With so many decimals; a dash for what was not measured.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    if value.is_finite() { format!("{value:.decimals$}") } else { String::from("–") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_meets_no_goal() {
        assert!(Verdict::at_most("x", 1.0, 1.0, 0).met && Verdict::at_least("x", 1.0, 1.0, 0).met);
        assert!(
            !Verdict::at_most("x", 1.0, f64::NAN, 0).met && !Verdict::at_least("x", 1.0, f64::NAN, 0).met
        );
        assert!(table(&[Verdict::at_most("x", 1.0, f64::NAN, 0)]).contains("| x | ≤ 1 | – | NOT MET |"));
    }
}
