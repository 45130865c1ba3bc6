//! Whether a password would be guessed first.
//!
//! The list is the one inside the crate zxcvbn: the thirty thousand most common passwords of published breaches, with
//! English words and names, looked at together with what people do to them (dates, keyboard rows, "p4ssw0rd", one more
//! digit). Nothing leaves the machine. What remains is what a throttled sign-in protects well enough.

use zxcvbn::{Score, zxcvbn};

/// More is not looked at: the estimate of a beginning is never above that of the whole, and long texts take long.
const LOOKED_AT: usize = 64;

/// Whether a password is one of the first million that somebody would try who knows `own`, such as the e-mail address.
pub(crate) fn is_guessed_first(password: &str, own: &[&str]) -> bool {
    let beginning: String = password.chars().take(LOOKED_AT).collect();
    let mut known = vec!["causeway".to_owned()];
    for text in own.iter().filter(|text| !text.is_empty()) {
        known.push((*text).to_owned());
        known.push(text.chars().filter(|c| c.is_alphanumeric()).collect());
        known.extend(text.split(['@', '.', ' ']).filter(|part| part.len() > 2).map(str::to_owned));
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    zxcvbn(&beginning, &known).score() < Score::Two
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_uses_is_guessed_first() {
        for bad in ["password1234", "qwertyuiop", "1234567890", "P4ssw0rd123", "aaaaaaaaaaaa", "causeway2026"]
        {
            assert!(is_guessed_first(bad, &[]), "{bad}");
        }
    }

    #[test]
    fn what_is_known_of_the_person_is_guessed_first() {
        let own = ["ada.lovelace@example.com", "Ada Lovelace"];
        assert!(is_guessed_first("adalovelace1", &own) && is_guessed_first("ada.lovelace@example.com", &own));
    }

    #[test]
    fn a_few_words_or_random_letters_are_not() {
        for good in [
            "correct horse battery staple",
            "another good password",
            "k3#vWq9z!x",
            "七个词语放在一起没有人会猜",
        ] {
            assert!(!is_guessed_first(good, &[]), "{good}");
        }
        // Long ones take no longer.
        assert!(is_guessed_first(&"é".repeat(900), &[]));
    }
}
