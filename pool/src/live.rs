//! The part of the configuration that can be changed while the pool runs.

use std::time::Duration;

use crate::clock::millis;
use crate::config::{PoolConfig, Settings};
use crate::error::PoolError;
use crate::sync::{AtomicU32, AtomicU64, Mutex, Ordering};

/// Changes to a running pool, for [`Pool::reconfigure`](crate::Pool::reconfigure): what is not set stays. The rules and
/// units are those of the setters of the same names on [`Builder`](crate::Builder).
///
/// ```
/// use std::time::Duration;
/// # use batis_pool::{Blocking, BlockingManager, Changes, Pool, PoolError};
/// # struct Numbers;
/// # impl BlockingManager for Numbers {
/// #     type Item = u32;
/// #     type Error = std::convert::Infallible;
/// #     fn connect(&self) -> Result<u32, Self::Error> { Ok(7) }
/// # }
/// # fn main() -> Result<(), PoolError> {
/// # let pool = Pool::builder(Blocking(Numbers)).build()?;
/// pool.reconfigure(Changes::new().max_size(20).min_idle(5).idle_timeout(Duration::from_secs(60)))?;
/// assert_eq!(pool.config().max_size(), 20);
/// let wrong = pool.reconfigure(Changes::new().max_size(0)).unwrap_err();
/// assert!(wrong.to_string().contains("allowed is 1 to 65535"));
/// assert_eq!(pool.config().max_size(), 20);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "they are made by `Pool::reconfigure`"]
#[doc(alias = "HikariConfigMXBean")]
pub struct Changes(Settings);

impl Changes {
    /// No changes.
    pub fn new() -> Self {
        Changes::default()
    }

    /// The most connections. Fewer than there are: the idle ones beyond are closed now, those in use when they come back.
    #[doc(alias = "setMaximumPoolSize")]
    pub fn max_size(mut self, connections: u32) -> Self {
        self.0.max_size = Some(connections);
        self
    }

    /// How many connections to keep idle.
    #[doc(alias = "setMinimumIdle")]
    pub fn min_idle(mut self, connections: u32) -> Self {
        self.0.min_idle = Some(connections);
        self
    }

    /// How long `get` waits; for those who ask from now on.
    #[doc(alias = "setConnectionTimeout")]
    pub fn connection_timeout(mut self, timeout: Duration) -> Self {
        self.0.connection_timeout = Some(timeout);
        self
    }

    /// How long a check may take.
    #[doc(alias = "setValidationTimeout")]
    pub fn validation_timeout(mut self, timeout: Duration) -> Self {
        self.0.validation_timeout = Some(timeout);
        self
    }

    /// How long a connection beyond `min_idle` may lie idle.
    #[doc(alias = "setIdleTimeout")]
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.0.idle_timeout = Some(timeout);
        self
    }

    /// How old connections may become that are made from now on.
    #[doc(alias = "setMaxLifetime")]
    pub fn max_lifetime(mut self, lifetime: Duration) -> Self {
        self.0.max_lifetime = Some(lifetime);
        self
    }

    /// How often an idle connection is checked.
    #[doc(alias = "setKeepaliveTime")]
    pub fn keepalive_interval(mut self, interval: Duration) -> Self {
        self.0.keepalive_interval = Some(interval);
        self
    }

    /// After how long a borrowed connection is reported; for those that are out already, too.
    #[doc(alias = "setLeakDetectionThreshold")]
    pub fn leak_detection_threshold(mut self, threshold: Duration) -> Self {
        self.0.leak_detection_threshold = Some(threshold);
        self
    }

    fn over(self, before: Settings) -> Settings {
        let Changes(new) = self;
        Settings {
            max_size: new.max_size.or(before.max_size),
            min_idle: new.min_idle.or(before.min_idle),
            connection_timeout: new.connection_timeout.or(before.connection_timeout),
            validation_timeout: new.validation_timeout.or(before.validation_timeout),
            idle_timeout: new.idle_timeout.or(before.idle_timeout),
            max_lifetime: new.max_lifetime.or(before.max_lifetime),
            keepalive_interval: new.keepalive_interval.or(before.keepalive_interval),
            leak_detection_threshold: new.leak_detection_threshold.or(before.leak_detection_threshold),
            ..before
        }
    }
}

/// The changeable values, read one by one without a lock; durations in milliseconds.
#[derive(Debug)]
pub(crate) struct Live {
    now: Mutex<(Settings, PoolConfig)>,
    max_size: AtomicU32,
    min_idle: AtomicU32,
    connection_timeout: AtomicU64,
    validation_timeout: AtomicU64,
    idle_timeout: AtomicU64,
    max_lifetime: AtomicU64,
    keepalive_interval: AtomicU64,
    leak_detection_threshold: AtomicU64,
}

impl Live {
    pub(crate) fn new(settings: Settings, config: PoolConfig) -> Self {
        let live = Live {
            now: Mutex::new((settings, config.clone())),
            max_size: AtomicU32::new(0),
            min_idle: AtomicU32::new(0),
            connection_timeout: AtomicU64::new(0),
            validation_timeout: AtomicU64::new(0),
            idle_timeout: AtomicU64::new(0),
            max_lifetime: AtomicU64::new(0),
            keepalive_interval: AtomicU64::new(0),
            leak_detection_threshold: AtomicU64::new(0),
        };
        live.store(&config);
        live
    }

    fn store(&self, config: &PoolConfig) {
        let duration = |to: &AtomicU64, value: Duration| to.store(millis(value), Ordering::Relaxed);
        self.max_size.store(config.max_size, Ordering::Relaxed);
        self.min_idle.store(config.min_idle, Ordering::Relaxed);
        duration(&self.connection_timeout, config.connection_timeout);
        duration(&self.validation_timeout, config.validation_timeout);
        duration(&self.idle_timeout, config.idle_timeout);
        duration(&self.max_lifetime, config.max_lifetime);
        duration(&self.keepalive_interval, config.keepalive_interval);
        duration(&self.leak_detection_threshold, config.leak_detection_threshold);
    }

    pub(crate) fn config(&self) -> PoolConfig {
        self.now.lock().1.clone()
    }

    /// Changes all or nothing; `then` runs before another change can begin.
    pub(crate) fn change(
        &self,
        changes: Changes,
        number: u64,
        limit: Option<u32>,
        then: impl FnOnce(&PoolConfig),
    ) -> Result<(), PoolError> {
        let mut now = self.now.lock();
        let settings = changes.over(now.0.clone());
        let config = settings.clone().resolve(number, limit)?;
        self.store(&config);
        then(&config);
        *now = (settings, config);
        Ok(())
    }

    pub(crate) fn max_size(&self) -> u32 {
        self.max_size.load(Ordering::Relaxed)
    }

    pub(crate) fn min_idle(&self) -> u32 {
        self.min_idle.load(Ordering::Relaxed)
    }

    /// `None`: for ever.
    pub(crate) fn connection_timeout(&self) -> Option<Duration> {
        Some(Duration::from_millis(self.connection_timeout.load(Ordering::Relaxed))).filter(|time| !time.is_zero())
    }

    pub(crate) fn validation_timeout(&self) -> Duration {
        Duration::from_millis(self.validation_timeout.load(Ordering::Relaxed))
    }

    pub(crate) fn idle_timeout(&self) -> u64 {
        self.idle_timeout.load(Ordering::Relaxed)
    }

    pub(crate) fn max_lifetime(&self) -> u64 {
        self.max_lifetime.load(Ordering::Relaxed)
    }

    pub(crate) fn keepalive_interval(&self) -> u64 {
        self.keepalive_interval.load(Ordering::Relaxed)
    }

    pub(crate) fn leak_detection_threshold(&self) -> u64 {
        self.leak_detection_threshold.load(Ordering::Relaxed)
    }
}
