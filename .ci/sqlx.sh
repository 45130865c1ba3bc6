#!/usr/bin/env bash
# Writes down anew what the database says of each statement (.sqlx), so that building needs none.
# Run after changing a statement or a migration: make sqlx
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --quiet -p causeway-server
target/debug/causeway services -- bash -euc '
  target/debug/causeway migrate
  rm -rf .sqlx && mkdir .sqlx
  touch backend/store/src/lib.rs
  SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$PWD/.sqlx" cargo check --quiet -p causeway-store
'
git status --short .sqlx
