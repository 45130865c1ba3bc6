//! The far end, and the yardstick in front of it: the simulator, and nginx as a plain reverse proxy.

use anyhow::Result;
use causeway_rig::process::{self, Running};
use std::{fs, net::TcpStream, path::Path};

/// Starts the simulator: answers at once, and keeps only figures of each request.
pub(crate) fn simulator(program: &Path, port: u16, cores: Option<&str>, logs: &Path) -> Result<Running> {
    let log = logs.join("simulator.log");
    let listen = format!("127.0.0.1:{port}");
    let arguments = ["--listen", &listen, "--threads", "1", "--ledger", "figures", "--seed", "1"];
    let mut running = process::start(program, &arguments, &[], cores, &log)?;
    running.wait_for(&log, || TcpStream::connect(&listen).ok())?;
    Ok(running)
}

/// Starts nginx as somebody would who wants it fast: one worker, connections kept on both sides, no log, nothing
/// buffered; below `/large/` not even requests. What it does not do is anything else.
pub(crate) fn nginx(
    program: &Path,
    port: u16,
    upstream: u16,
    cores: Option<&str>,
    logs: &Path,
) -> Result<Running> {
    let home = fs::canonicalize(logs)?;
    let (home, config) = (home.display(), home.join("nginx.conf"));
    // Whatever the package's own file does is not read. By root, workers would be nobody and could not write here.
    let user = if nix::unistd::Uid::effective().is_root() { "user root;" } else { "" };
    fs::write(
        &config,
        format!(
            "daemon off; {user}
worker_processes 1;
worker_rlimit_nofile 16384;
pid {home}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  tcp_nodelay on;
  keepalive_timeout 300s;
  keepalive_requests 1000000000;
  client_body_temp_path {home}/nginx-body;
  proxy_temp_path {home}/nginx-proxy;
  fastcgi_temp_path {home}/nginx-fastcgi;
  uwsgi_temp_path {home}/nginx-uwsgi;
  scgi_temp_path {home}/nginx-scgi;
  client_max_body_size 64m;
  upstream provider {{
    server 127.0.0.1:{upstream};
    keepalive 1024;
    keepalive_requests 1000000000;
    keepalive_timeout 300s;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=8192;
    location /api/ {{
      proxy_pass http://provider/;
      proxy_http_version 1.1;
      proxy_set_header Connection \"\";
      proxy_buffering off;
    }}
    location /large/ {{
      proxy_pass http://provider/;
      proxy_http_version 1.1;
      proxy_set_header Connection \"\";
      proxy_buffering off;
      proxy_request_buffering off;
    }}
  }}
}}
"
        ),
    )?;
    let log = logs.join("nginx.log");
    let config = config.display().to_string();
    let mut running = process::start(program, &["-c", &config, "-e", "stderr"], &[], cores, &log)?;
    running.wait_for(&log, || TcpStream::connect(("127.0.0.1", port)).ok())?;
    Ok(running)
}
