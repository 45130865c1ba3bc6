use super::*;

const TABLE: &str = include_str!("../../../../docs/refusals.md");

/// Whether a row of the table that people read has this status and this code.
fn is_told(status: u16, code: &str) -> bool {
    TABLE.lines().any(|line| {
        let mut cells = line.split('|').skip(1);
        let (statuses, codes) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
        statuses.split(',').any(|cell| cell.trim() == status.to_string())
            && codes.contains(&format!("`{code}`"))
    })
}

fn limit(by: RefusedBy, prepaid: bool) -> RelayError {
    let refusal = Refusal { scope: 0, by, spent: 1, reserved: 0, limit: 1, retry_ms: Some(1000) };
    let hit = LimitHit { scope: "key", prepaid, waited: None, refusal, need: Nanos(1), need_tokens: 1 };
    RelayError::Limit(Box::new(hit))
}

#[test]
fn every_kind_of_refusal_is_in_the_table_that_people_read() {
    let total = WindowKind::Total;
    let text = String::new;
    let all = [
        RelayError::NotFound { method: text(), path: text() },
        RelayError::NoKey(""),
        RelayError::KeyRefused { code: crate::identify::SUSPENDED, message: text() },
        RelayError::Forbidden { code: "client_forbidden", message: text() },
        RelayError::BadRequest { code: "invalid_field", field: None, message: text() },
        RelayError::Unconvertible { field: text(), message: text() },
        RelayError::TooLarge { limit: 1 },
        RelayError::UpgradeRequired { offered: true },
        RelayError::UpgradeRequired { offered: false },
        RelayError::TooManySockets { scope: "key", limit: 1 },
        RelayError::ModelForbidden { model: text(), allowed: text() },
        RelayError::UnknownModel { model: text() },
        RelayError::NotServed(text()),
        RelayError::NoAccount(text()),
        RelayError::AccountsBusy(Vec::new()),
        RelayError::NoneLeft {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: DEAD,
            message: text(),
            retry: None,
        },
        RelayError::Unavailable(""),
        limit(RefusedBy::RequestsPerMinute, false),
        limit(RefusedBy::TokensPerMinute, false),
        limit(RefusedBy::Concurrency, false),
        limit(RefusedBy::Usd(total), false),
        limit(RefusedBy::Usd(total), true),
        limit(RefusedBy::Tokens(total), false),
        limit(RefusedBy::Requests(total), false),
    ];
    for error in all {
        let (status, code) = (error.status().as_u16(), error.reason());
        assert!(is_told(status, code), "docs/refusals.md has no row for {status} {code}");
    }
    assert!(!is_told(418, "invalid_field") && !is_told(400, "no_account"));
}
