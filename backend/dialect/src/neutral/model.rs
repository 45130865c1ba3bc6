//! What a model refuses that others of its provider take, told by its name: providers answer 400 where older models took
//! the field, and list nowhere which do. A name that is not known here is taken for one of the older kind.
//!
//! | models | take no |
//! |---|---|
//! | Claude from 4.6 on, and Mythos | budget for thinking: they judge by themselves, by `output_config.effort` |
//! | Claude from 4.7 on, and Mythos | `temperature`, `top_p`, `top_k` |
//! | OpenAI's o series and GPT from 5 on, but for `-chat` | `temperature`, `top_p` |

/// What is to be known of a model before it is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manners {
    /// It judges by itself how much it thinks, and refuses budgets.
    pub adaptive: bool,
    /// Fields that it refuses, by its own dialects' names.
    pub without: &'static [&'static str],
}

const SAMPLING: &[&str] = &["temperature", "top_p", "top_k"];

/// What a model's name says of it. Platforms put words of their own around the name.
pub fn manners(model: &str) -> Manners {
    if let Some((_, name)) = model.rsplit_once("claude-") {
        let version = if name.starts_with("mythos") { (5, 0) } else { version(name) };
        return Manners {
            adaptive: version >= (4, 6),
            without: if version >= (4, 7) { SAMPLING } else { &[] },
        };
    }
    let name = model.rsplit('/').next().unwrap_or(model);
    let series = |prefix: &str| {
        let rest = name.strip_prefix(prefix)?;
        rest[..digits(rest)].parse::<u32>().ok()
    };
    let reasons = series("gpt-").is_some_and(|number| number >= 5) || series("o").is_some();
    Manners { adaptive: false, without: if reasons && !name.contains("-chat") { SAMPLING } else { &[] } }
}

/// The first number in a name and the one right behind it, as in `opus-4-7` and `3-5-sonnet-20241022`. Dates are none.
fn version(name: &str) -> (u32, u32) {
    let mut words = name.split(['-', '.', '@', ':', '+']).map(|word| match word.len() {
        1 | 2 => word.parse().ok(),
        _ => None,
    });
    let major = words.find_map(|number| number).unwrap_or(0);
    (major, words.next().flatten().unwrap_or(0))
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_a_claude_the_less_it_takes() {
        for (name, adaptive, sampling) in [
            ("claude-3-5-sonnet-20241022", false, true),
            ("claude-haiku-4-5-20251001", false, true),
            ("claude-haiku-4-5@20251001", false, true),
            ("us.anthropic.claude-haiku-4-5-20251001-v1:0", false, true),
            ("claude-opus-4-20250514", false, true),
            ("claude-sonnet-4-6", true, true),
            ("claude-opus-4-7", true, false),
            ("us.anthropic.claude-opus-5-v1:0", true, false),
            ("anthropic/claude-haiku-5-5", true, false),
            ("claude-opus-5-5+sim:status=529", true, false),
            ("claude-mythos-preview", true, false),
            ("claude-instant", false, true),
        ] {
            let known = manners(name);
            assert_eq!((known.adaptive, known.without.is_empty()), (adaptive, sampling), "{name}");
        }
    }

    #[test]
    fn models_of_openai_that_reason_are_not_told_how_to_draw_words() {
        for name in ["gpt-5.5", "openai/gpt-5-mini", "gpt-6", "o3", "o4-mini"] {
            assert!(manners(name).without.contains(&"temperature"), "{name}");
        }
        for name in
            ["gpt-4.1", "gpt-4o", "gpt-5-chat", "gpt-oss-120b", "omni", "qwen-turbo", "gemini-2.5-pro"]
        {
            assert_eq!(manners(name), Manners::default(), "{name}");
        }
    }
}
