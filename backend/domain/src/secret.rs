//! The form of the secrets we issue. Making randomness and hashing live where they are used; the form is a rule.

/// Every API key begins with this, so that a leaked one can be recognised by scanners, and so that of several
/// credentials in one request ours can be told from a placeholder.
pub const KEY_PREFIX: &str = "cw_";

/// Every API token of the admin API begins with this; it is no key, and a key is no token.
pub const TOKEN_PREFIX: &str = "cwt_";

/// How much of a token is kept readable: the prefix and eight characters.
pub const TOKEN_SHOWN_CHARS: usize = 12;

/// Characters after the prefix: 43 of base62 are 256 bits.
pub const KEY_RANDOM_CHARS: usize = 43;

/// How much of a key is kept readable, to recognise it in a list: the prefix and eight characters.
pub const KEY_SHOWN_CHARS: usize = 11;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Makes a key from random bytes. Bytes that would bias the choice (≥ 248) are passed over, so give it plenty;
/// `None` when the bytes did not suffice.
pub fn key_from_random(bytes: &[u8]) -> Option<String> {
    from_random(KEY_PREFIX, bytes)
}

/// The same for a token of the admin API.
pub fn token_from_random(bytes: &[u8]) -> Option<String> {
    from_random(TOKEN_PREFIX, bytes)
}

fn from_random(prefix: &str, bytes: &[u8]) -> Option<String> {
    let mut secret = String::with_capacity(prefix.len() + KEY_RANDOM_CHARS);
    secret.push_str(prefix);
    let fair = bytes.iter().filter(|b| **b < 248).map(|b| char::from(ALPHABET[usize::from(*b % 62)]));
    secret.extend(fair.take(KEY_RANDOM_CHARS));
    (secret.len() == prefix.len() + KEY_RANDOM_CHARS).then_some(secret)
}

/// Whether a text has the form of a key of ours.
pub fn looks_like_key(text: &str) -> bool {
    text.strip_prefix(KEY_PREFIX)
        .is_some_and(|rest| rest.len() == KEY_RANDOM_CHARS && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_keys_have_the_form_that_is_recognised() {
        let key = key_from_random(&[7; 64]).unwrap();
        assert!(looks_like_key(&key), "{key}");
        assert!(!looks_like_key("cw_short") && !looks_like_key("sk-ant-api03-xxxxxxxx"));
    }

    #[test]
    fn a_token_is_told_from_a_key() {
        let token = token_from_random(&[7; 64]).unwrap();
        assert!(token.starts_with(TOKEN_PREFIX) && !looks_like_key(&token), "{token}");
    }

    #[test]
    fn too_little_fair_randomness_makes_no_key() {
        assert_eq!(key_from_random(&[255; 64]), None);
        assert_eq!(key_from_random(&[1; 42]), None);
    }
}
