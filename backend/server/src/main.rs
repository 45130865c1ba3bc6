//! The binary `causeway`: reads the settings, wires the crates together, runs them and stops them in order.
//!
//! No rule of the product lives here. What a request does is in `relay` and `admin`, what is stored in `store`.

// Whether the future of a connection may be sent is looked for down to the sockets of Redis and Postgres.
#![recursion_limit = "256"]

mod cli;
mod commands;
mod config;
mod demo;
mod gauges;
mod http;
mod jobs;
mod keys;
mod playground;
mod prices;
mod providers;
mod server;
mod shutdown;
mod telemetry;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::read();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    match runtime.block_on(cli.run()) {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

/// One message for a person: what was being done, and why it did not work.
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("causeway: {error:#}");
    ExitCode::FAILURE
}
