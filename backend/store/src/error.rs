//! What can go wrong in a store.

/// Shorthand.
pub type StoreResult<T> = Result<T, StoreError>;

/// An error of Postgres or Redis, or a rule of the schema that a caller ran into.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No such row, or none that this organisation may see.
    #[error("not found")]
    NotFound,
    /// A unique or foreign key constraint was hit; the name is the constraint's.
    #[error("conflicts with {0}")]
    Conflict(String),
    /// A setting is missing or cannot be used.
    #[error("{variable} {problem}")]
    Setting {
        /// Environment variable.
        variable: &'static str,
        /// What is wrong and what is accepted.
        problem: String,
    },
    /// The database does not fit: migrations missing, a role that can bypass row-level security, too old a server.
    #[error("{0}")]
    Unfit(String),
    /// A stored value does not have the shape that the code expects.
    #[error("stored {what} cannot be read: {problem}")]
    Corrupt {
        /// Which value.
        what: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// Postgres.
    #[error("postgres: {0}")]
    Postgres(sqlx::Error),
    /// Redis.
    #[error("redis: {0}")]
    Redis(#[from] redis::RedisError),
}

impl StoreError {
    /// Reads a value that the schema says has a certain shape.
    pub fn corrupt(what: &'static str, problem: impl std::fmt::Display) -> Self {
        Self::Corrupt { what, problem: problem.to_string() }
    }

    /// Whether a store is away at the moment, as far as can be told: what to answer a person, 503 or 500.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Postgres(sqlx::Error::Database(d)) => {
                // 57P: shutting down or starting; 08: connection; 53: out of resources; 40: lost a race.
                d.code().is_some_and(|c| ["57P", "08", "53", "40"].iter().any(|class| c.starts_with(class)))
            }
            Self::Postgres(e) => matches!(
                e,
                sqlx::Error::Io(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::Tls(_)
            ),
            Self::Redis(_) => true,
            _ => false,
        }
    }

    /// What is wrong with a value that Postgres cannot take (SQLSTATE class 22), in words for whoever sent it.
    pub fn bad_value(&self) -> Option<&'static str> {
        let Self::Postgres(sqlx::Error::Database(error)) = self else { return None };
        match error.code()?.as_ref() {
            "22021" | "22P05" => Some("a text has a character that cannot be stored, such as NUL"),
            "22007" | "22008" => Some("a time is out of range"),
            "22003" => Some("a number is out of range"),
            code => code.starts_with("22").then_some("a value cannot be stored as it is"),
        }
    }

    /// Whether the data themselves are refused, so that trying again cannot help: SQLSTATE classes 22 (a value that
    /// does not fit) and 23 (a constraint), or a value that cannot be encoded. Everything else may pass: a server that
    /// restarts, fails over, is full, or is slow.
    pub fn is_bad_data(&self) -> bool {
        match self {
            Self::Postgres(sqlx::Error::Database(d)) => {
                d.code().is_some_and(|c| c.starts_with("22") || c.starts_with("23"))
            }
            Self::Postgres(sqlx::Error::Encode(_)) | Self::Corrupt { .. } => true,
            _ => false,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::Database(d) if d.is_unique_violation() || d.is_foreign_key_violation() => {
                Self::Conflict(d.constraint().unwrap_or("a constraint").to_owned())
            }
            _ => Self::Postgres(error),
        }
    }
}
