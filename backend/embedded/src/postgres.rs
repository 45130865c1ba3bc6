//! The private Postgres: made by initdb, reached through a Unix socket only, with passwords of its own.
//!
//! Its superuser is used here alone, to make the login role and the database. Everything else, migrations included,
//! connects as `causeway`, which owns its database and may make roles and databases but is bound by row-level security.

use crate::{
    keeper::Service,
    layout::Layout,
    process::{self, Launch, Process},
    programs::{self, PostgresPrograms},
    secrets::Secrets,
    user,
};
use anyhow::{Context, Result, bail};
use nix::{sys::signal::Signal, unistd::Pid};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::{fs, path::PathBuf, time::Duration};

/// "Fast": open transactions are rolled back, what was committed is flushed.
pub(crate) const STOP: Signal = Signal::SIGINT;
const SUPERUSER: &str = "causeway_superuser";
/// Names the socket; nothing listens on this port.
const PORT: u16 = 5432;

/// A Postgres in a directory of ours.
pub(crate) struct Postgres {
    programs: PostgresPrograms,
    layout: Layout,
    data: PathBuf,
    superuser_password: SecretString,
    password: SecretString,
    durable: bool,
}

impl Postgres {
    /// Finds the programs, and makes the data directory at the first start.
    pub(crate) async fn prepare(layout: &Layout, secrets: &Secrets, durable: bool) -> Result<Self> {
        let data = data_dir(layout);
        let written_by = match fs::read_to_string(data.join("PG_VERSION")) {
            Ok(version) => Some(
                version.trim().parse().with_context(|| format!("reading {}/PG_VERSION", data.display()))?,
            ),
            Err(_) => None,
        };
        let postgres = Self {
            programs: programs::postgres(written_by)?,
            layout: layout.clone(),
            data,
            superuser_password: secrets.postgres_superuser.clone(),
            password: secrets.postgres.clone(),
            durable,
        };
        if written_by.is_none() {
            postgres.init().await?;
        }
        Ok(postgres)
    }

    /// Runs initdb beside the final place and renames, so that an interrupted one is never taken for data.
    async fn init(&self) -> Result<()> {
        let fresh = self.data.with_extension("new");
        if self.data.exists() {
            bail!("{} exists but is not a Postgres data directory; move it away", self.data.display());
        }
        if fresh.exists() {
            fs::remove_dir_all(&fresh).with_context(|| format!("removing {}", fresh.display()))?;
        }
        let user = self.layout.user.as_ref();
        user::make_dir(&fresh, 0o700, user)?;
        let password_file = self.layout.sockets.join("initdb-password");
        crate::secrets::write_private(&password_file, self.superuser_password.expose_secret())?;
        user::give(&password_file, user)?;
        let log = self.layout.log("initdb");
        let mut arguments: Vec<String> = [
            "--encoding=UTF8",
            "--locale=C",
            "--auth-local=scram-sha-256",
            "--auth-host=scram-sha-256",
            "--username=causeway_superuser",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.push(format!("--pwfile={}", password_file.display()));
        arguments.push(format!("--pgdata={}", fresh.display()));
        if !self.durable {
            arguments.push("--no-sync".to_owned());
        }
        let launch = Launch {
            program: &self.programs.initdb,
            arguments,
            directory: &self.layout.sockets,
            log: &log,
            user,
        };
        let status = launch.command()?.kill_on_drop(true).status().await.context("running initdb");
        let _ = fs::remove_file(&password_file);
        if !status?.success() {
            bail!("initdb failed. It said:\n{}", process::log_tail(&log));
        }
        fs::rename(&fresh, &self.data).with_context(|| format!("making {}", self.data.display()))
    }

    /// Makes the login role and the database, and sets the password anew. May be repeated.
    pub(crate) async fn ensure_database(&self) -> Result<()> {
        let mut connection = self.connect().await?;
        let version: i32 = sqlx::query_scalar("select current_setting('server_version_num')::int")
            .fetch_one(&mut connection)
            .await?;
        let exists: bool =
            sqlx::query_scalar("select exists (select from pg_roles where rolname = 'causeway')")
                .fetch_one(&mut connection)
                .await?;
        let verb = if exists { "alter" } else { "create" };
        // A password cannot be a parameter of this statement; ours are hexadecimal digits.
        let password = self.password.expose_secret();
        let role = format!(
            "{verb} role causeway login nosuperuser nobypassrls createdb createrole password '{password}'"
        );
        connection.execute(AssertSqlSafe(role)).await.context("making the database role")?;
        if version >= 160_000 {
            // Since 16 whoever creates a role may grant it but not take it, unless this says so.
            connection.execute("alter role causeway set createrole_self_grant = 'set, inherit'").await?;
        }
        let exists: bool =
            sqlx::query_scalar("select exists (select from pg_database where datname = 'causeway')")
                .fetch_one(&mut connection)
                .await?;
        if !exists {
            connection
                .execute("create database causeway owner causeway")
                .await
                .context("making the database")?;
        }
        connection.close().await?;
        Ok(())
    }

    /// A killed postmaster whose parent is gone as well stays a zombie where no init waits for it, as in most
    /// containers. Postgres takes that for alive and would never start again.
    fn clear_lock_of_the_dead(&self) {
        let lock = self.data.join("postmaster.pid");
        if fs::read_to_string(&lock).is_ok_and(|text| first_line(&text).is_some_and(process::is_zombie)) {
            tracing::warn!("removing {}, whose process is dead but still listed", lock.display());
            let _ = fs::remove_file(lock);
        }
    }

    async fn connect(&self) -> Result<PgConnection> {
        let options = PgConnectOptions::new_without_pgpass()
            .socket(&self.layout.sockets)
            .port(PORT)
            .username(SUPERUSER)
            .password(self.superuser_password.expose_secret())
            .database("postgres")
            .ssl_mode(PgSslMode::Disable);
        Ok(tokio::time::timeout(Duration::from_secs(5), PgConnection::connect_with(&options)).await??)
    }
}

impl Service for Postgres {
    fn name(&self) -> &'static str {
        "Postgres"
    }

    fn spawn(&self) -> Result<Process> {
        self.clear_lock_of_the_dead();
        let mut arguments =
            vec!["-D".to_owned(), self.data.display().to_string(), "-p".into(), PORT.to_string()];
        let sockets =
            format!("unix_socket_directories={}", quoted(&self.layout.sockets.display().to_string()));
        let mut settings = vec![
            "listen_addresses=",
            &sockets,
            "unix_socket_permissions=0700",
            "max_connections=200",
            "cluster_name=causeway",
            "timezone=UTC",
            "log_timezone=UTC",
        ];
        if !self.durable {
            settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"]);
        }
        arguments.extend(settings.into_iter().flat_map(|s| ["-c".to_owned(), s.to_owned()]));
        Launch {
            program: &self.programs.postgres,
            arguments,
            directory: &self.layout.sockets,
            log: &self.layout.log("postgres"),
            user: self.layout.user.as_ref(),
        }
        .spawn()
    }

    fn survivor(&self) -> Option<Pid> {
        survivor(&self.layout)
    }

    async fn answers(&self) -> Result<()> {
        self.connect().await?.close().await?;
        Ok(())
    }

    fn stop_signal(&self) -> Signal {
        STOP
    }

    fn last_words(&self) -> String {
        process::log_tail(&self.layout.log("postgres"))
    }
}

/// A Postgres of this installation that is running already.
pub(crate) fn survivor(layout: &Layout) -> Option<Pid> {
    let data = data_dir(layout);
    let file = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    process::survivor(first_line(&file)?, &data.display().to_string())
}

fn first_line(pid_file: &str) -> Option<i32> {
    pid_file.lines().next()?.trim().parse().ok()
}

fn data_dir(layout: &Layout) -> PathBuf {
    layout.state.join("postgres")
}

/// The setting is a list, whose elements are quoted like identifiers.
fn quoted(path: &str) -> String {
    format!("\"{}\"", path.replace('"', "\"\""))
}
