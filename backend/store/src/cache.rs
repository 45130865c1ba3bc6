//! The connection to Redis, and the names of its keys.

use crate::{StoreError, StoreResult};
use causeway_domain::OrgId;
use deadpool_redis::{PoolError, Timeouts};
use redis::{
    IntoConnectionInfo,
    aio::{ConnectionManager, ConnectionManagerConfig},
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

/// Redis: one multiplexed connection for the hot path, re-established by itself, and a few others for what takes long.
#[derive(Clone)]
pub struct Cache {
    pub(crate) connection: ConnectionManager,
    bulk: deadpool_redis::Pool,
}

/// Connections for bulky answers, at most.
const BULK: usize = 4;

/// How long a bulky answer may take.
const BULK_WITHIN: Duration = Duration::from_secs(10);

impl Cache {
    /// Connects. Commands time out rather than hang: the hot path waits for exactly one of them.
    pub async fn connect(url: &SecretString) -> StoreResult<Self> {
        // One connection carries everything: small commands must not wait for an acknowledgement, and a peer that
        // is gone without a word must be noticed in seconds and not in a quarter of an hour.
        let keepalive =
            TcpKeepalive::new().with_time(Duration::from_secs(10)).with_interval(Duration::from_secs(5));
        let tcp = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive);
        #[cfg(target_os = "linux")]
        let tcp = tcp.set_user_timeout(Duration::from_secs(5));
        let address = url.expose_secret().into_connection_info()?.set_tcp_settings(tcp);
        let patience = Some(Duration::from_secs(2));
        let bulk = deadpool_redis::Pool::builder(deadpool_redis::Manager::new(address.clone())?)
            .max_size(BULK)
            .timeouts(Timeouts { wait: Some(BULK_WITHIN), create: patience, recycle: patience })
            .runtime(deadpool_redis::Runtime::Tokio1)
            .build()
            .map_err(|e| StoreError::Unfit(e.to_string()))?;
        let client = redis::Client::open(address)?;
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(Duration::from_secs(2)))
            .set_connection_timeout(Some(Duration::from_secs(2)))
            .set_number_of_retries(1);
        Ok(Self { connection: client.get_connection_manager_with_config(config).await?, bulk })
    }

    /// A connection for answers of many kilobytes, which reservations must not queue behind.
    pub(crate) async fn bulk(&self) -> StoreResult<deadpool_redis::Connection> {
        let mut connection = self.bulk.get().await.map_err(|error| match error {
            PoolError::Backend(error) => error.into(),
            other => StoreError::Redis((redis::ErrorKind::Io, "connecting", other.to_string()).into()),
        })?;
        connection.set_response_timeout(BULK_WITHIN);
        Ok(connection)
    }

    /// Whether Redis was started a moment ago, so that not everybody who uses it need have noticed.
    pub async fn just_started(&self) -> StoreResult<bool> {
        let info: String = redis::cmd("INFO").arg("server").query_async(&mut self.connection.clone()).await?;
        let uptime =
            info.lines().find_map(|line| line.strip_prefix("uptime_in_seconds:")?.trim().parse().ok());
        Ok(uptime.is_none_or(|seconds: u64| seconds < 5))
    }

    /// Whether Redis answers, is new enough and can be trusted not to evict counters.
    pub async fn check(&self) -> StoreResult<()> {
        let mut connection = self.connection.clone();
        let (info, memory): (String, String) = redis::pipe()
            .cmd("INFO")
            .arg("server")
            .cmd("INFO")
            .arg("memory")
            .query_async(&mut connection)
            .await?;
        let field = |text: &str, name: &str| {
            text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':').map(|v| v.trim().to_owned()))
        };
        let version = field(&info, "redis_version").unwrap_or_default();
        let major: u32 = version.split('.').next().and_then(|v| v.parse().ok()).unwrap_or(0);
        if major < 7 {
            return Err(StoreError::Unfit(format!("Redis 7 or newer is needed, this is {version:?}")));
        }
        match field(&memory, "maxmemory_policy").as_deref() {
            Some("noeviction") => Ok(()),
            other => Err(StoreError::Unfit(format!(
                "Redis must run with maxmemory-policy noeviction, or it may drop budgets; it has {}",
                other.unwrap_or("none")
            ))),
        }
    }
}

/// `cw:{sNN}:`: the hash tag keeps all keys of a shard on one slot of a Redis Cluster.
pub(crate) fn shard_prefix(shard: u8) -> String {
    format!("cw:{{s{shard:02}}}:")
}

/// Room for a tenant's prefix and the longest name of a scope.
const PREFIX_AND_SCOPE: usize = 80;

/// `cw:{sNN}:<organisation>:`: every key of a tenant begins with this.
pub(crate) fn tenant_prefix(org: OrgId) -> String {
    let mut text = String::with_capacity(PREFIX_AND_SCOPE);
    write_tenant_prefix(&mut text, org);
    text
}

/// The same behind what is there. By hand: every request's keys begin with it.
pub(crate) fn write_tenant_prefix(text: &mut String, org: OrgId) {
    let shard = org.shard();
    text.push_str("cw:{s");
    text.extend([char::from(b'0' + shard / 10 % 10), char::from(b'0' + shard % 10)]);
    text.push_str("}:");
    text.push_str(org.0.simple().encode_lower(&mut uuid::Uuid::encode_buffer()));
    text.push(':');
}
