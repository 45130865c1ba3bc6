//! Codes of authenticator apps (RFC 6238: SHA-1, six digits, 30 seconds, which is what every app understands), and
//! recovery codes for when the app is lost.

use crate::{error::ApiError, state::AdminState};
use causeway_domain::UserId;
use causeway_store::totp;
use chrono::Utc;
use qrcodegen::{QrCode, QrCodeEcc};
use std::fmt::Write;
use totp_rs::{Builder, Secret, Totp};

/// Bytes of the shared secret: as many as SHA-1 has.
const SECRET_BYTES: usize = 20;
/// Recovery codes that a person gets.
const RECOVERY_CODES: usize = 10;
/// Letters and digits that are not taken for each other. Each is five bits.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";
const ISSUER: &str = "Causeway";

/// What somebody has typed, by what it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Factor {
    /// Six digits.
    Totp,
    /// Anything else.
    RecoveryCode,
}

impl Factor {
    /// As the audit log has it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
        }
    }
}

/// A new shared secret.
pub(crate) fn new_secret() -> [u8; SECRET_BYTES] {
    rand::random()
}

/// The authenticator with this secret. The name of an account may not contain a colon, and is only shown.
pub(crate) fn authenticator(secret: &[u8], email: &str) -> Result<Totp, ApiError> {
    Builder::new()
        .with_secret(Secret::new(secret.into()))
        .with_issuer(Some(ISSUER))
        .with_account_name(email.replace(':', " "))
        .build()
        .map_err(|error| ApiError::internal(error.to_string()))
}

/// The time step that a code is of: this one, the one before or the one after.
pub(crate) fn step_of(authenticator: &Totp, code: &str) -> Option<i64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let plain = code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit());
    let now = u64::try_from(Utc::now().timestamp()).ok()?;
    authenticator.check(&code, now).filter(|_| plain).and_then(|step| i64::try_from(step).ok())
}

/// Takes a code of a person whose authenticator is in force, and uses it up. `None` when it is wrong.
pub(crate) async fn accept(
    state: &AdminState,
    user: UserId,
    email: &str,
    code: &str,
) -> Result<Result<Factor, Factor>, ApiError> {
    let db = &state.store.app;
    if code.chars().filter(|c| !c.is_whitespace()).all(|c| c.is_ascii_digit()) {
        let Some(found) = totp::find(db, user).await? else { return Ok(Err(Factor::Totp)) };
        let secret = state.sealing.open_authenticator(user, &found.sealed).map_err(ApiError::internal)?;
        let good = match step_of(&authenticator(&secret, email)?, code) {
            Some(step) => totp::use_step(db, user, step).await?,
            None => false,
        };
        return Ok(if good { Ok(Factor::Totp) } else { Err(Factor::Totp) });
    }
    let hash = state.sign_in.recovery_hash(user, &normal(code));
    let good = totp::use_recovery_code(db, user, &hash).await?;
    Ok(if good { Ok(Factor::RecoveryCode) } else { Err(Factor::RecoveryCode) })
}

/// Recovery codes as they are shown, and how they are stored.
pub(crate) fn new_recovery_codes(state: &AdminState, user: UserId) -> (Vec<String>, Vec<[u8; 32]>) {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code(rand::random())).collect();
    let hashes = codes.iter().map(|code| state.sign_in.recovery_hash(user, &normal(code))).collect();
    (codes, hashes)
}

/// Ten letters of fifty bits, in two groups.
fn recovery_code(random: u64) -> String {
    let letter = |i: u32| char::from(ALPHABET[usize::try_from(random >> (5 * i) & 31).unwrap_or(0)]);
    let group = |from: u32| (from..from + 5).map(letter).collect::<String>();
    format!("{}-{}", group(0), group(5))
}

/// As typed, without what people add.
fn normal(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// A picture of the address to scan: black on white whatever the page's colours, with the margin that scanners need.
pub(crate) fn qr_svg(text: &str) -> Result<String, ApiError> {
    const MARGIN: i32 = 4;
    let code = QrCode::encode_text(text, QrCodeEcc::Medium)
        .map_err(|error| ApiError::internal(error.to_string()))?;
    let size = code.size();
    let mut path = String::new();
    for y in 0..size {
        for x in (0..size).filter(|x| code.get_module(*x, y)) {
            // Writing to a string does not fail.
            let _ = write!(path, "M{},{}h1v1h-1z", x + MARGIN, y + MARGIN);
        }
    }
    let all = size + 2 * MARGIN;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {all} {all}\" shape-rendering=\"crispEdges\">\
         <rect width=\"{all}\" height=\"{all}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, the last six digits.
        let totp = authenticator(b"12345678901234567890", "ada@example.com").unwrap();
        assert_eq!(totp.generate(59).to_string(), "287082");
        assert_eq!(totp.generate(1_111_111_109).to_string(), "081804");
    }

    #[test]
    fn a_code_is_of_a_step_nearby_or_of_none() {
        let totp = authenticator(&new_secret(), "a:b@example.com").unwrap();
        let now = u64::try_from(Utc::now().timestamp()).unwrap();
        let spaced = totp.generate(now).to_string();
        let spaced = format!("{} {}", &spaced[..3], &spaced[3..]);
        let step = step_of(&totp, &spaced).unwrap();
        assert!((step - i64::try_from(now / 30).unwrap()).abs() <= 1);
        assert_eq!(step_of(&totp, &totp.generate(now - 120).to_string()), None);
        assert_eq!(step_of(&totp, ""), None);
    }

    #[test]
    fn recovery_codes_are_read_as_they_may_be_typed() {
        let code = recovery_code(rand::random());
        assert_eq!(code.len(), 11);
        assert_eq!(normal(&format!(" {} ", code.to_uppercase())), code.replace('-', ""));
        assert_ne!(recovery_code(1), recovery_code(2));
    }

    #[test]
    fn the_picture_is_an_svg_without_anything_that_runs() {
        let svg = qr_svg("otpauth://totp/Causeway:ada?secret=JBSWY3DPEHPK3PXP").unwrap();
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>") && !svg.contains("script"));
    }
}
