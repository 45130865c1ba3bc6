//! The program `causeway-simulator`: the library's simulator until Ctrl-C or SIGTERM.

use causeway_simulator::Args;
use clap::Parser as _;
use tokio::{runtime::Builder, signal};

fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let args = Args::parse();
    let mut runtime =
        if args.threads <= 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    if args.threads > 1 {
        runtime.worker_threads(args.threads);
    }
    runtime.enable_all().build()?.block_on(causeway_simulator::run(args, asked_to_stop()))
}

async fn asked_to_stop() {
    let Ok(mut terminate) = signal::unix::signal(signal::unix::SignalKind::terminate()) else {
        let _ = signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
