//! Passwords: argon2id, off the async threads, and few at a time, because each one takes 19 MiB and a core.

use crate::error::ApiError;
use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use std::sync::Arc;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Hashes that may be computed at once.
const AT_ONCE: usize = 2;

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct Passwords {
    gate: Arc<Semaphore>,
    /// Of no password that anybody knows; what a person who does not exist is compared with.
    nobody: Arc<str>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl Passwords {
    /// Prepares; computes one hash.
    pub fn new() -> Self {
        let nobody = compute(&hex::encode(rand::random::<[u8; 32]>())).unwrap_or_default();
        Self { gate: Arc::new(Semaphore::new(AT_ONCE)), nobody: nobody.into() }
    }

    /// The PHC form of a password's hash.
    pub async fn hash(&self, password: &str) -> Result<String, ApiError> {
        let password = Zeroizing::new(password.to_owned());
        self.run(move || compute(&password)).await?
    }

    /// Whether the password fits. Takes the same time when there is no hash, so that nobody learns who exists.
    pub async fn fits(&self, password: &str, hash: Option<&str>) -> Result<bool, ApiError> {
        let password = Zeroizing::new(password.to_owned());
        let known = hash.is_some();
        let hash = hash.map_or_else(|| Arc::clone(&self.nobody), Arc::from);
        let fits = self
            .run(move || {
                let hash = PasswordHash::new(&hash).map_err(|e| ApiError::internal(e.to_string()))?;
                Ok::<_, ApiError>(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
            })
            .await??;
        Ok(fits && known)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
        let permit = Arc::clone(&self.gate).acquire_owned().await.map_err(ApiError::internal)?;
        tokio::task::spawn_blocking(move || {
            // Held by the work and not by the call: a caller who hangs up does not make room for the next.
            let _permit = permit;
            work()
        })
        .await
        .map_err(ApiError::internal)
    }
}

fn compute(password: &str) -> Result<String, ApiError> {
    let hash: Result<PasswordHash, _> = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|e| ApiError::internal(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_and_nobodys_fits_none() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse").await.unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(passwords.fits("correct horse", Some(&hash)).await.unwrap());
        assert!(!passwords.fits("wrong horse", Some(&hash)).await.unwrap());
        assert!(!passwords.fits("correct horse", None).await.unwrap());
    }
}
