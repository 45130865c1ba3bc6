//! The integration tests: a real relay, a real Postgres with a database for each test, a real Redis, and the
//! simulator as the provider. They are told where the stores are by `DATABASE_URL` and `REDIS_URL`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what fails here fails the test")]

mod alone;
mod app;
mod clients;
mod clouds;
mod compact;
mod dialects;
mod failover;
mod failover_table;
mod faults;
mod keys;
mod ledger;
mod limits;
mod messages;
mod outages;
mod playground;
mod pools;
mod prices;
mod proxies;
mod records;
mod recovery;
mod redirects;
mod redis;
mod refreshing;
mod refusals;
mod rotation;
mod routes;
mod scopes;
mod sessions;
mod square;
mod suffix;
mod suspended;
mod websocket;
mod websocket_bounds;
mod websocket_ends;
mod websocket_refusals;
mod websocket_session;
