//! Sums over days that are not 24 hours long, and over hours that do not begin with an hour of UTC.

use super::*;
use crate::{ledger, testing};
use causeway_domain::{OrgId, UserId, span::Step, window::Calendar};
use chrono_tz::Tz;
use uuid::Uuid;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Writes a request for each moment and sums them per span of the organisation.
async fn counted(zone: Tz, step: Step, day: &str, moments: Vec<DateTime<Utc>>) -> Vec<(String, i64)> {
    let day = day.parse().unwrap();
    let spans = Calendar { time_zone: zone, ..Default::default() }.spans(step, day, day);
    let mut edges: Vec<_> = spans.iter().map(|s| s.start).collect();
    edges.push(spans[spans.len() - 1].end);
    let (send, receive) = tokio::sync::oneshot::channel();
    testing::with_store(|store, _| async move {
        let org = OrgId(Uuid::now_v7());
        let (key, account) = (Uuid::now_v7().into(), Uuid::now_v7().into());
        let events: Vec<_> = moments.iter().map(|m| testing::event(org, key, account, *m)).collect();
        ledger::write(&store.jobs, &events).await.unwrap();
        let mut tx = TenantTx::begin(&store.app, org, None).await.unwrap();
        let sums = per_span(&mut tx, &edges, &Filter::default()).await.unwrap();
        send.send(sums.iter().map(|s| s.requests).collect::<Vec<_>>()).unwrap();
    })
    .await;
    let counts = receive.await.unwrap();
    spans.into_iter().zip(counts).map(|(span, count)| (span.label, count)).collect()
}

#[tokio::test]
async fn each_hour_of_a_day_of_25_has_its_own_requests() {
    let first = at("2026-10-24T22:00:00Z");
    let half_hours = (-1..51).map(|n| first + chrono::Duration::minutes(30 * n)).collect();
    let hours = counted(Tz::Europe__Berlin, Step::Hour, "2026-10-25", half_hours).await;
    assert_eq!(hours.len(), 25);
    assert!(hours.iter().all(|(_, count)| *count == 2), "{hours:?}");
}

#[tokio::test]
async fn a_day_of_23_hours_ends_where_the_next_one_begins() {
    let first = at("2026-03-28T23:00:00Z");
    let half_hours = (-1..47).map(|n| first + chrono::Duration::minutes(30 * n)).collect();
    let days = counted(Tz::Europe__Berlin, Step::Day, "2026-03-29", half_hours).await;
    assert_eq!(days, [("2026-03-29".to_owned(), 46)]);
}

#[tokio::test]
async fn hours_and_days_of_zones_at_30_and_45_minutes_are_exact() {
    for (zone, start) in
        [(Tz::Asia__Kolkata, "2026-11-19T18:30:00Z"), (Tz::Asia__Kathmandu, "2026-11-19T18:15:00Z")]
    {
        let start = at(start);
        let moments = vec![
            start - chrono::Duration::milliseconds(1),
            start,
            start + chrono::Duration::minutes(59),
            start + chrono::Duration::minutes(60),
            start + chrono::Duration::hours(24) - chrono::Duration::milliseconds(1),
            start + chrono::Duration::hours(24),
        ];
        let hours = counted(zone, Step::Hour, "2026-11-20", moments.clone()).await;
        let counts: Vec<_> = [0, 1, 23].map(|n: usize| hours[n].1).into();
        assert_eq!((hours.len(), counts), (24, vec![2, 1, 1]), "{zone}");
        let days = counted(zone, Step::Day, "2026-11-20", moments).await;
        assert_eq!(days[0].1, 4, "{zone}");
    }
}

#[tokio::test]
async fn every_split_has_the_same_sum_and_every_filter_narrows_it() {
    testing::with_store(|store, _| async move {
        let org = OrgId(Uuid::now_v7());
        let ids = || Uuid::now_v7();
        let (key, other, account, ada) = (ids().into(), ids().into(), ids().into(), UserId(ids()));
        let now = at("2026-11-20T10:00:00Z");
        let mut events: Vec<_> = (0..10).map(|_| testing::event(org, key, account, now)).collect();
        for (n, event) in events.iter_mut().enumerate() {
            if n < 4 {
                event.user = Some(ada);
            } else {
                event.key = other;
            }
            if n % 2 == 0 {
                event.model = "gpt-5_mini".to_owned();
            }
            event.charged = causeway_domain::Nanos(i64::try_from(n).unwrap());
        }
        events.push(testing::event(OrgId(ids()), key, account, now));
        ledger::write(&store.jobs, &events).await.unwrap();

        let (from, to) = (now, at("2026-11-20T10:15:00Z"));
        let mut tx = TenantTx::begin(&store.app, org, None).await.unwrap();
        let total = per_span(&mut tx, &[from, to], &Filter::default()).await.unwrap()[0];
        assert_eq!((total.requests, total.cost_nanos, total.charged_nanos), (10, 10_000_000_000, 45));
        for by in [By::Key, By::Member, By::Model, By::Account, By::Provider] {
            let parts = split(&mut tx, by, from, to, &Filter::default()).await.unwrap();
            let sum = |f: fn(&Sums) -> i64| parts.iter().map(|(.., sums)| f(sums)).sum::<i64>();
            assert_eq!((sum(|s| s.requests), sum(|s| s.charged_nanos)), (10, 45), "{by:?}");
            assert!(parts.windows(2).all(|w| w[0].2.charged_nanos >= w[1].2.charged_nanos), "{by:?}");
        }
        let members = split(&mut tx, By::Member, from, to, &Filter::default()).await.unwrap();
        assert_eq!(members[0].0, Uuid::nil().to_string());
        for (filter, requests) in [
            (Filter { sees: Some(ada), ..Default::default() }, 4),
            (Filter { member: Some(UserId(Uuid::nil())), ..Default::default() }, 6),
            (Filter { sees: Some(ada), member: Some(UserId(Uuid::nil())), ..Default::default() }, 0),
            (Filter { key: Some(other), ..Default::default() }, 6),
            (Filter { account: Some(AccountId(ids())), ..Default::default() }, 0),
            (Filter { model: Some("gpt-*"), ..Default::default() }, 5),
            (Filter { model: Some("gpt-5?mini"), ..Default::default() }, 0),
            (Filter { provider: Some("anthropic"), ..Default::default() }, 0),
        ] {
            let sums = per_span(&mut tx, &[from, to], &filter).await.unwrap()[0];
            assert_eq!(sums.requests, requests, "{filter:?}");
            let parts = split(&mut tx, By::Model, from, to, &filter).await.unwrap();
            assert_eq!(parts.iter().map(|(.., s)| s.requests).sum::<i64>(), requests, "{filter:?}");
        }
    })
    .await;
}
