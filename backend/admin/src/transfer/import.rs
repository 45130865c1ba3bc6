//! Reading requests back in: line by line, some hundred in one transaction, each once however often the file is read.
//!
//! What a line lacks or has wrong refuses that line and no other; the report names it. A request that the log has already
//! stays as it is. An import that breaks off half-way has written whole batches, and is simply started again.

use super::{
    check::{self, checked, identified},
    lines::{LONGEST, Line, Lines},
};
use crate::error::ApiError;
use causeway_domain::{AccountId, KeyId, Nanos, OrgId, UserId};
use causeway_openapi::{ImportRefusal, ImportReport, UsageRecord};
use causeway_store::{
    Store, TenantTx,
    hold::{self, ScopeId},
    ledger::{self, Found, UsageEvent},
    references,
};
use chrono::{DateTime, Utc};
use futures_util::{Stream, TryStreamExt};
use std::{
    collections::{BTreeSet, HashSet},
    pin::pin,
};
use uuid::Uuid;

/// Requests in one transaction.
const BATCH: usize = 500;

/// Refusals that are told one by one.
const TOLD: usize = 100;

/// How much is read at most.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Bytes.
    pub bytes: u64,
    /// Lines.
    pub lines: u64,
}

/// Imports a file into an organisation, or only looks. The report is filled as far as it got, also when this fails.
pub async fn import<E>(
    store: &Store,
    org: OrgId,
    file: impl Stream<Item = Result<bytes::Bytes, E>>,
    bounds: Bounds,
    report: &mut ImportReport,
) -> Result<(), ApiError> {
    let mut file = pin!(file);
    let mut import = Import { store, org, seen: HashSet::new(), report };
    let (mut lines, mut found, mut bytes) = (Lines::default(), Vec::new(), 0_u64);
    loop {
        let piece = file.try_next().await;
        let piece =
            piece.map_err(|_| ApiError::Malformed("the file ended before it was complete".to_owned()))?;
        match &piece {
            Some(piece) => {
                bytes = bytes.saturating_add(piece.len() as u64);
                lines.push(piece, &mut found);
            }
            None => found.extend(lines.finish()),
        }
        if bytes > bounds.bytes || import.report.read + found.len() as u64 > bounds.lines {
            return Err(ApiError::TooLarge);
        }
        while found.len() >= BATCH || (piece.is_none() && !found.is_empty()) {
            let rest = found.split_off(found.len().min(BATCH));
            import.batch(std::mem::replace(&mut found, rest)).await?;
        }
        if piece.is_none() {
            return Ok(());
        }
    }
}

struct Import<'a> {
    store: &'a Store,
    org: OrgId,
    /// Ids that an earlier line had: a dry run finds none of them in the log.
    seen: HashSet<Uuid>,
    report: &'a mut ImportReport,
}

impl Import<'_> {
    async fn batch(&mut self, lines: Vec<Line>) -> Result<(), ApiError> {
        let now = Utc::now();
        let told = self.report.refusals.len();
        let mut records: Vec<(u64, UsageRecord)> = Vec::with_capacity(lines.len());
        for (line, text) in lines {
            self.report.read += 1;
            let Some(text) = text else {
                self.refuse(line, "", format!("is longer than {} KiB", LONGEST / 1024));
                continue;
            };
            match check::read(&text) {
                Err((field, reason)) => self.refuse(line, &field, reason),
                Ok(record) => match identified(&record, now) {
                    Err((field, reason)) => self.refuse(line, field, reason),
                    Ok(()) => records.push((line, record)),
                },
            }
        }
        let known = self.references(&records).await?;
        let (mut places, mut events) = (Vec::new(), Vec::new());
        for (line, record) in records {
            match checked(self.org, record, &known) {
                Err((field, reason)) => self.refuse(line, field, reason),
                Ok(event) if !self.seen.insert(event.request.0) => self.report.present += 1,
                Ok(event) => {
                    places.push(line);
                    events.push(event);
                }
            }
        }
        let write = !self.report.dry_run;
        let found = ledger::add_missing(&self.store.jobs, self.org, &events, write).await?;
        for ((line, event), found) in places.into_iter().zip(&events).zip(found) {
            match found {
                Found::Added => self.added(event),
                Found::Present => self.report.present += 1,
                Found::Taken => self.refuse(line, "request_id", "is taken by another request".to_owned()),
            }
        }
        if write {
            self.forget(&events).await?;
        }
        // In the order of the file: some are found before the database is asked, some after.
        self.report.refusals[told..].sort_by_key(|refusal| refusal.line);
        self.report.refusals.truncate(TOLD);
        Ok(())
    }

    async fn references(&self, records: &[(u64, UsageRecord)]) -> Result<references::References, ApiError> {
        let keys: BTreeSet<KeyId> = records.iter().map(|(_, r)| r.key_id).collect();
        let accounts: BTreeSet<AccountId> = records.iter().map(|(_, r)| r.account_id).collect();
        let users: BTreeSet<UserId> = records.iter().filter_map(|(_, r)| r.member_id).collect();
        let mut tx = TenantTx::begin(&self.store.app, self.org, None).await?;
        Ok(references::known(&mut tx, &keys, &accounts, &users).await?)
    }

    /// Totals in Redis lack what was added. Those of rows that were there already are loaded anew as well: an earlier
    /// attempt may have broken off between Postgres and here.
    async fn forget(&self, events: &[UsageEvent]) -> Result<(), ApiError> {
        let keys: BTreeSet<KeyId> = events.iter().map(|e| e.key).collect();
        let users: BTreeSet<UserId> = events.iter().filter_map(|e| e.user).collect();
        let accounts: BTreeSet<AccountId> = events.iter().map(|e| e.account).collect();
        let own = (!events.is_empty()).then_some(ScopeId::Organisation);
        let scopes = keys.into_iter().map(ScopeId::Key).chain(users.into_iter().map(ScopeId::Member));
        let scopes = scopes.chain(accounts.into_iter().map(ScopeId::Account)).chain(own);
        for scope in scopes {
            hold::forget(&self.store.cache, self.org, scope).await?;
        }
        Ok(())
    }

    fn added(&mut self, event: &UsageEvent) {
        let report = &mut *self.report;
        let at: DateTime<Utc> = event.started_at;
        report.added += 1;
        report.added_usd = Nanos::saturating_add(report.added_usd, event.charged);
        report.from = Some(report.from.map_or(at, |from| from.min(at)));
        report.to = Some(report.to.map_or(at, |to| to.max(at)));
    }

    fn refuse(&mut self, line: u64, field: &str, reason: String) {
        self.report.refused += 1;
        // Of a batch that has more than are told, the first are picked at its end.
        if self.report.refusals.len() < TOLD + BATCH {
            self.report.refusals.push(ImportRefusal { line, field: field.to_owned(), reason });
        }
    }
}
