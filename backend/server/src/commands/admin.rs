//! `causeway admin`: people, operators and credits, without the web admin. For machines that nobody sits at, and for forgotten passwords.

use anyhow::{Context, Result, anyhow, bail, ensure};
use causeway_admin::{
    console,
    people::{self, NewOwner},
};
use causeway_store::{AppDb, OperatorDb, StoreArgs};
use nix::sys::termios;
use secrecy::SecretString;
use std::{
    io::{BufRead, IsTerminal, Write, stderr, stdin},
    path::PathBuf,
    process::ExitCode,
};

const AWAY: &str = "connecting to Postgres (is `causeway up` or the database running?)";

/// Manage people, operators and credits
#[derive(Debug, clap::Args)]
pub(crate) struct AdminArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make an organisation with its owner
    Create {
        /// E-mail address of the owner.
        #[arg(long)]
        email: String,
        /// Name of the owner.
        #[arg(long)]
        name: String,
        /// Name of the organisation.
        #[arg(long)]
        org: String,
        /// IANA time zone in which the organisation counts its days; UTC when absent.
        #[arg(long)]
        time_zone: Option<String>,
        #[command(flatten)]
        how: How,
    },
    /// Give a person a new password and end their sessions
    ResetPassword {
        /// E-mail address of the person.
        #[arg(long)]
        email: String,
        #[command(flatten)]
        how: How,
    },
    /// Take away a person's second factor, when app and recovery codes are lost, and end their sessions
    DisableTotp {
        /// E-mail address of the person.
        #[arg(long)]
        email: String,
        #[command(flatten)]
        place: Place,
    },
    /// Add to an organisation's credits; the first credit makes it prepaid
    Credit {
        /// The organisation's name in addresses.
        #[arg(long)]
        org: String,
        /// Dollars such as 50 or 12.50; below zero takes back (--amount=-5).
        #[arg(long, allow_hyphen_values = true)]
        amount: String,
        /// Why. The organisation sees it.
        #[arg(long, default_value = "")]
        note: String,
        #[command(flatten)]
        place: Place,
    },
    /// Let a person run this installation: organisations, plans, credits, codes
    GrantOperator {
        /// E-mail address of the person.
        #[arg(long)]
        email: String,
        #[command(flatten)]
        place: Place,
    },
    /// Let a person no longer run this installation
    RevokeOperator {
        /// E-mail address of the person.
        #[arg(long)]
        email: String,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, clap::Args)]
struct How {
    /// Read the password from standard input instead of asking for it.
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    place: Place,
}

/// Where the database is.
#[derive(Debug, clap::Args)]
struct Place {
    /// Data directory of a running `causeway up`, instead of DATABASE_URL.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
}

pub(crate) async fn run(args: AdminArgs) -> Result<ExitCode> {
    match args.command {
        Command::Create { email, name, org, time_zone, how } => {
            let db = how.place.database().await?;
            let password = how.password()?;
            let owner = NewOwner {
                organization: &org,
                name: &name,
                email: &email,
                password: &password,
                time_zone: time_zone.as_deref(),
            };
            let created = people::create_owner(&db, owner).await.map_err(|error| anyhow!("{error}"))?;
            println!("{email} owns the organisation {org} ({})", created.org);
        }
        Command::ResetPassword { email, how } => {
            let db = how.place.database().await?;
            let password = how.password()?;
            people::reset_password(&db, &email, &password).await.map_err(|error| anyhow!("{error}"))?;
            println!("{email} has a new password and is signed out everywhere");
        }
        Command::DisableTotp { email, place } => {
            let db = place.database().await?;
            people::disable_totp(&db, &email).await.map_err(|error| anyhow!("{error}"))?;
            println!("{email} signs in with the password alone again and is signed out everywhere");
        }
        Command::Credit { org, amount, note, place } => {
            let db = place.operator().await?;
            let balance =
                console::credit(&db, &org, &amount, &note).await.map_err(|error| anyhow!("{error}"))?;
            println!("{org} has ${} left of ${} in credits", balance.left(), balance.credits);
        }
        Command::GrantOperator { email, place } => {
            set_operator(&place, &email, true).await?;
            println!("{email} is an operator of this installation");
        }
        Command::RevokeOperator { email, place } => {
            set_operator(&place, &email, false).await?;
            println!("{email} is no operator of this installation");
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn set_operator(place: &Place, email: &str, is_operator: bool) -> Result<()> {
    let db = place.operator().await?;
    console::set_operator(&db, email, is_operator).await.map_err(|error| anyhow!("{error}"))?;
    Ok(())
}

impl Place {
    async fn database(&self) -> Result<AppDb> {
        AppDb::connect(&self.url()?, 1).await.context(AWAY)
    }

    async fn operator(&self) -> Result<OperatorDb> {
        OperatorDb::connect(&self.url()?, 1).await.context(AWAY)
    }

    fn url(&self) -> Result<SecretString> {
        Ok(match &self.data {
            Some(data) => causeway_embedded::database_url_of(data)?,
            None => self.store.database_url()?,
        })
    }
}

impl How {
    fn password(&self) -> Result<String> {
        if self.password_stdin {
            return read_line();
        }
        if !stdin().is_terminal() {
            bail!("there is no terminal to ask for the password; use --password-stdin");
        }
        let password = ask("Password (at least 10 characters): ")?;
        ensure!(ask("The same again: ")? == password, "the two differ");
        Ok(password)
    }
}

fn ask(prompt: &str) -> Result<String> {
    eprint!("{prompt}");
    stderr().flush()?;
    let before = termios::tcgetattr(stdin()).context("preparing the terminal")?;
    let mut silent = before.clone();
    silent.local_flags.remove(termios::LocalFlags::ECHO);
    termios::tcsetattr(stdin(), termios::SetArg::TCSANOW, &silent)?;
    let line = read_line();
    termios::tcsetattr(stdin(), termios::SetArg::TCSANOW, &before)?;
    eprintln!();
    line
}

fn read_line() -> Result<String> {
    let mut line = String::new();
    stdin().lock().read_line(&mut line).context("reading the password")?;
    let line = line.trim_end_matches(['\r', '\n']);
    ensure!(!line.is_empty(), "the password is empty");
    Ok(line.to_owned())
}
