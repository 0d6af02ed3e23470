//! The configuration of a pool: properties, defaults, rules.

use std::fmt::Display;
use std::time::Duration;

use crate::error::PoolError;
use crate::sync::Arc;

const SECOND: Duration = Duration::from_secs(1);
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(250);
const SHORTEST_IDLE: Duration = Duration::from_secs(10);
const SHORTEST_LIFE: Duration = Duration::from_secs(30);
const SHORTEST_LEAK: Duration = Duration::from_secs(2);
const SHORTEST_PERIOD: Duration = Duration::from_millis(100);
const MOST: u32 = 65_535;

/// The checked configuration of a pool at one moment, from [`Pool::config`](crate::Pool::config). Cheap to clone.
///
/// The setters, with the rules and defaults, are on [`Builder`](crate::Builder); what can be changed while the pool runs
/// is on [`Changes`](crate::Changes), everything else is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[doc(alias = "HikariConfig")]
pub struct PoolConfig {
    pub(crate) name: Arc<str>,
    pub(crate) max_size: u32,
    pub(crate) min_idle: u32,
    pub(crate) connection_timeout: Duration,
    pub(crate) validation_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) max_lifetime: Duration,
    pub(crate) keepalive_interval: Duration,
    pub(crate) leak_detection_threshold: Duration,
    pub(crate) initialization_fail_timeout: Duration,
    pub(crate) alive_bypass: Duration,
    pub(crate) settle_timeout: Duration,
    pub(crate) housekeeping_period: Duration,
}

/// What was set; the rest follows from it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) max_size: Option<u32>,
    pub(crate) min_idle: Option<u32>,
    pub(crate) connection_timeout: Option<Duration>,
    pub(crate) validation_timeout: Option<Duration>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) max_lifetime: Option<Duration>,
    pub(crate) keepalive_interval: Option<Duration>,
    pub(crate) leak_detection_threshold: Option<Duration>,
    pub(crate) initialization_fail_timeout: Option<Duration>,
    pub(crate) alive_bypass: Option<Duration>,
    pub(crate) settle_timeout: Option<Duration>,
    pub(crate) housekeeping_period: Option<Duration>,
}

impl Settings {
    /// Fills in the defaults and checks every rule. An explicit value that breaks a rule is an error; a default gives
    /// way to what was set beside it.
    ///
    /// `limit` is the manager's own; where there is one, items are kept for good by default.
    pub(crate) fn resolve(mut self, number: u64, limit: Option<u32>) -> Result<PoolConfig, PoolError> {
        let max_size = self.max_size.unwrap_or(10.min(limit.unwrap_or(10)));
        rule((1..=MOST).contains(&max_size), "max_size", max_size, "1 to 65535 (HikariCP would use 10)")?;
        if let Some(limit) = limit {
            let allowed = format!("at most {limit}, since more make no sense for what is pooled here");
            rule(max_size <= limit, "max_size", max_size, &allowed)?;
            self.idle_timeout.get_or_insert(Duration::ZERO);
            self.max_lifetime.get_or_insert(Duration::ZERO);
        }
        let min_idle = self.min_idle.unwrap_or(max_size);
        rule(min_idle <= max_size, "min_idle", min_idle, "0 to max_size (HikariCP would use max_size)")?;
        let connection_timeout = self.connection_timeout.unwrap_or(30 * SECOND);
        rule(
            off_or_least(connection_timeout, SHORTEST_TIMEOUT),
            "connection_timeout",
            Shown(connection_timeout),
            "0 (wait for ever) or at least 250ms (HikariCP would use 30s)",
        )?;
        let max_lifetime = self.max_lifetime.unwrap_or(1800 * SECOND);
        rule(
            off_or_least(max_lifetime, SHORTEST_LIFE),
            "max_lifetime",
            Shown(max_lifetime),
            "0 (for ever) or at least 30s (HikariCP would use 30min)",
        )?;
        let settle_timeout = self.settle_timeout.unwrap_or(5 * SECOND);
        rule(settle_timeout >= SHORTEST_TIMEOUT, "settle_timeout", Shown(settle_timeout), "at least 250ms")?;
        let housekeeping_period = self.housekeeping_period.unwrap_or(30 * SECOND);
        rule(
            housekeeping_period >= SHORTEST_PERIOD,
            "housekeeping_period",
            Shown(housekeeping_period),
            "at least 100ms",
        )?;
        Ok(PoolConfig {
            name: self.name.unwrap_or_else(|| Arc::from(format!("pool-{number}"))),
            max_size,
            min_idle,
            connection_timeout,
            validation_timeout: validation_timeout(self.validation_timeout, connection_timeout)?,
            idle_timeout: idle_timeout(self.idle_timeout, max_lifetime, min_idle < max_size)?,
            max_lifetime,
            keepalive_interval: keepalive_interval(self.keepalive_interval, max_lifetime)?,
            leak_detection_threshold: leak_threshold(self.leak_detection_threshold, max_lifetime)?,
            initialization_fail_timeout: self.initialization_fail_timeout.unwrap_or(Duration::from_millis(1)),
            alive_bypass: self.alive_bypass.unwrap_or(Duration::from_millis(500)),
            settle_timeout,
            housekeeping_period,
        })
    }
}

fn off_or_least(value: Duration, least: Duration) -> bool {
    value.is_zero() || value >= least
}

fn validation_timeout(set: Option<Duration>, connection_timeout: Duration) -> Result<Duration, PoolError> {
    let Some(timeout) = set else {
        let half = if connection_timeout.is_zero() { Duration::MAX } else { connection_timeout / 2 };
        return Ok(half.min(5 * SECOND));
    };
    rule(
        timeout >= SHORTEST_TIMEOUT && (connection_timeout.is_zero() || timeout < connection_timeout),
        "validation_timeout",
        Shown(timeout),
        "at least 250ms and below connection_timeout (HikariCP would use 5s)",
    )?;
    Ok(timeout)
}

/// Zero (never) where it cannot matter: with a fixed number of connections, or when the lifetime ends first.
fn idle_timeout(set: Option<Duration>, max_lifetime: Duration, shrinks: bool) -> Result<Duration, PoolError> {
    let idle = set.unwrap_or(600 * SECOND);
    let ends_first = max_lifetime.is_zero() || idle.saturating_add(SECOND) <= max_lifetime;
    if set.is_some() {
        rule(
            off_or_least(idle, SHORTEST_IDLE),
            "idle_timeout",
            Shown(idle),
            "0 (never) or at least 10s (HikariCP would use 10min)",
        )?;
        rule(
            idle.is_zero() || ends_first,
            "idle_timeout",
            Shown(idle),
            "at least 1s below max_lifetime (HikariCP would turn it off)",
        )?;
    }
    Ok(if shrinks && ends_first { idle } else { Duration::ZERO })
}

fn keepalive_interval(set: Option<Duration>, max_lifetime: Duration) -> Result<Duration, PoolError> {
    let Some(interval) = set else { return Ok(Duration::ZERO) };
    rule(
        off_or_least(interval, SHORTEST_LIFE),
        "keepalive_interval",
        Shown(interval),
        "0 (off) or at least 30s (HikariCP would turn it off)",
    )?;
    rule(
        interval.is_zero() || max_lifetime.is_zero() || interval < max_lifetime,
        "keepalive_interval",
        Shown(interval),
        "below max_lifetime (HikariCP would turn it off)",
    )?;
    Ok(interval)
}

fn leak_threshold(set: Option<Duration>, max_lifetime: Duration) -> Result<Duration, PoolError> {
    let Some(threshold) = set else { return Ok(Duration::ZERO) };
    rule(
        off_or_least(threshold, SHORTEST_LEAK),
        "leak_detection_threshold",
        Shown(threshold),
        "0 (off) or at least 2s (HikariCP would turn it off)",
    )?;
    rule(
        max_lifetime.is_zero() || threshold <= max_lifetime,
        "leak_detection_threshold",
        Shown(threshold),
        "at most max_lifetime (HikariCP would turn it off)",
    )?;
    Ok(threshold)
}

fn rule(holds: bool, name: &str, value: impl Display, rule: &str) -> Result<(), PoolError> {
    if holds {
        return Ok(());
    }
    Err(PoolError::config(format!("{name} = {value} is out of range; allowed is {rule}")))
}

struct Shown(Duration);

impl Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl PoolConfig {
    /// The name that errors, metrics and threads bear.
    #[must_use]
    #[doc(alias = "getPoolName")]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The most connections there will be.
    #[must_use]
    #[doc(alias = "getMaximumPoolSize")]
    pub fn max_size(&self) -> u32 {
        self.max_size
    }

    /// How many connections are kept idle.
    #[must_use]
    #[doc(alias = "getMinimumIdle")]
    pub fn min_idle(&self) -> u32 {
        self.min_idle
    }

    /// How long a borrower waits; zero: for ever.
    #[must_use]
    #[doc(alias = "getConnectionTimeout")]
    pub fn connection_timeout(&self) -> Duration {
        self.connection_timeout
    }

    /// How long a check of an idle connection may take.
    #[must_use]
    #[doc(alias = "getValidationTimeout")]
    pub fn validation_timeout(&self) -> Duration {
        self.validation_timeout
    }

    /// How long a connection beyond `min_idle` may lie idle; zero: for ever.
    #[must_use]
    #[doc(alias = "getIdleTimeout")]
    pub fn idle_timeout(&self) -> Duration {
        self.idle_timeout
    }

    /// How long a connection lives; zero: for ever.
    #[must_use]
    #[doc(alias = "getMaxLifetime")]
    pub fn max_lifetime(&self) -> Duration {
        self.max_lifetime
    }

    /// How often an idle connection is checked so that it stays alive; zero: never.
    #[must_use]
    #[doc(alias = "getKeepaliveTime")]
    pub fn keepalive_interval(&self) -> Duration {
        self.keepalive_interval
    }

    /// After how long a borrowed connection is reported as leaked; zero: never.
    #[must_use]
    #[doc(alias = "getLeakDetectionThreshold")]
    pub fn leak_detection_threshold(&self) -> Duration {
        self.leak_detection_threshold
    }

    /// For how long [`Builder::start`](crate::Builder::start) tries to connect; zero: once, and starts anyway.
    #[must_use]
    #[doc(alias = "getInitializationFailTimeout")]
    pub fn initialization_fail_timeout(&self) -> Duration {
        self.initialization_fail_timeout
    }

    /// How long after its last use a connection is lent without a check.
    #[must_use]
    pub fn alive_bypass(&self) -> Duration {
        self.alive_bypass
    }

    /// How long settling, and closing, may take in the background.
    #[must_use]
    pub fn settle_timeout(&self) -> Duration {
        self.settle_timeout
    }

    /// How often the housekeeper comes by.
    #[must_use]
    pub fn housekeeping_period(&self) -> Duration {
        self.housekeeping_period
    }
}
