# Sourced by the scripts here: where tools are that a fresh installation has not put into PATH yet, and that SQL is
# checked against .sqlx instead of a database.
PATH="$PATH:${CARGO_HOME:-${HOME:-/root}/.cargo}/bin:/opt/homebrew/bin:/usr/local/bin:/usr/sbin"
SQLX_OFFLINE=true
export PATH SQLX_OFFLINE
