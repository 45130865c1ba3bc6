//! Secrets of keys: drawn here, shown once, kept as a hash.

use causeway_domain::secret::{KEY_SHOWN_CHARS, key_from_random};
use sha2::{Digest, Sha256};

/// A secret that was just drawn.
pub(super) struct Drawn {
    /// What the client presents.
    pub(super) text: String,
    /// Its SHA-256.
    pub(super) hash: [u8; 32],
}

impl Drawn {
    /// Draws one. Twice the bytes that are needed: too few of them being fair has odds of one in 10²⁰ and more, and is
    /// drawn again.
    pub(super) fn new() -> Self {
        loop {
            if let Some(text) = key_from_random(&rand::random::<[u8; 96]>()) {
                let hash = Sha256::digest(text.as_bytes()).into();
                return Self { text, hash };
            }
        }
    }

    /// Its first characters, by which people know it.
    pub(super) fn prefix(&self) -> &str {
        self.text.get(..KEY_SHOWN_CHARS).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_domain::secret::looks_like_key;

    #[test]
    fn drawn_secrets_have_the_form_of_keys_and_differ() {
        let (one, two) = (Drawn::new(), Drawn::new());
        assert!(looks_like_key(&one.text) && looks_like_key(&two.text) && one.text != two.text);
        assert!(one.text.starts_with(one.prefix()) && one.prefix().len() == KEY_SHOWN_CHARS);
    }
}
