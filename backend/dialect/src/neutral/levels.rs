//! How much is thought: levels, budgets in tokens, and Claude's own judgement, each read as the others.
//!
//! | level | budget written | budgets read as it | Gemini level |
//! |---|---|---|---|
//! | none | 0 | 0 | minimal |
//! | minimal | 1,024 | to 1,024 | minimal |
//! | low | 4,096 | to 4,096 | low |
//! | medium | 12,288 | to 16,384 | medium |
//! | high | 24,576 | all above | high |
//! | xhigh, max | 32,768 | none | high |

/// A level in OpenAI's words, and Claude's `max` above them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// Not at all.
    None,
    /// As little as there is.
    Minimal,
    /// Little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
    /// More.
    XHigh,
    /// All there is.
    Max,
}

const NAMES: [(&str, Effort, u64); 7] = [
    ("none", Effort::None, 0),
    ("minimal", Effort::Minimal, 1_024),
    ("low", Effort::Low, 4_096),
    ("medium", Effort::Medium, 12_288),
    ("high", Effort::High, 24_576),
    ("xhigh", Effort::XHigh, 32_768),
    ("max", Effort::Max, 32_768),
];

impl Effort {
    /// From its name, in any case: Gemini shouts.
    pub fn named(name: &str) -> Option<Self> {
        let known = NAMES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
        known.map(|(_, effort, _)| *effort)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        NAMES[self as usize].0
    }

    const fn budget(self) -> u64 {
        NAMES[self as usize].2
    }
}

/// How much is to be thought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// As much as the model thinks right.
    Own,
    /// By level.
    Level(Effort),
    /// By tokens; zero is none.
    Budget(u64),
}

/// What a request says about thinking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thinking {
    /// How much.
    pub amount: Amount,
    /// Whether thoughts, or a summary, are to be in the answer.
    pub shown: bool,
}

impl Thinking {
    /// Not at all.
    pub const fn is_off(self) -> bool {
        matches!(self.amount, Amount::Level(Effort::None) | Amount::Budget(0))
    }

    /// As a level; `None` leaves it to the model.
    pub const fn level(self) -> Option<Effort> {
        match self.amount {
            Amount::Own => None,
            Amount::Level(effort) => Some(effort),
            Amount::Budget(0) => Some(Effort::None),
            Amount::Budget(..=1_024) => Some(Effort::Minimal),
            Amount::Budget(..=4_096) => Some(Effort::Low),
            Amount::Budget(..=16_384) => Some(Effort::Medium),
            Amount::Budget(_) => Some(Effort::High),
        }
    }

    /// As tokens; `None` leaves it to the model.
    pub const fn budget(self) -> Option<u64> {
        match self.amount {
            Amount::Own => None,
            Amount::Level(effort) => Some(effort.budget()),
            Amount::Budget(tokens) => Some(tokens),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_survive_the_way_through_a_budget() {
        for (name, effort, budget) in NAMES.into_iter().take(5) {
            assert_eq!((Effort::named(name), effort.name(), effort.budget()), (Some(effort), name, budget));
            let back = Thinking { amount: Amount::Budget(budget), shown: true };
            assert_eq!(back.level(), Some(effort));
        }
        assert_eq!(Effort::named("HIGH"), Some(Effort::High));
        assert_eq!(Effort::named("dynamic"), None);
    }
}
