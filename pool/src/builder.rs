//! How a pool is made.

use std::fmt;
use std::time::{Duration, Instant};

use crate::bag::Bag;
use crate::clock::Clock;
use crate::config::{PoolConfig, Settings};
use crate::error::PoolError;
use crate::manager::Manager;
use crate::pool::{Inner, Pool};
use crate::shared::{Shared, Watchers};
use crate::spawn::{Spawner, ThreadSpawner};
use crate::sync::{Arc, AtomicU64, Ordering};
use crate::timer::{Parking, Timer, block_on};
use crate::watch::{PoolHooks, PoolMetrics};
use crate::{filler, housekeeper, timekeeper};

/// Builds a [`Pool`]; from [`Pool::builder`]. Every property has HikariCP's default and rule; a value that breaks its rule
/// is an error of [`build`](Builder::build) that quotes it, never corrected in silence.
#[must_use = "it becomes a pool with `build`"]
#[doc(alias = "HikariConfig")]
pub struct Builder<M: Manager> {
    manager: M,
    settings: Settings,
    clock: Clock,
    background: Background,
    watchers: Watchers<M::Item>,
}

/// Who works in the background.
enum Background {
    Chosen,
    Given(Arc<dyn Spawner>),
    None,
}

impl<M: Manager> Builder<M> {
    pub(crate) fn new(manager: M) -> Self {
        Builder {
            manager,
            settings: Settings::default(),
            clock: Clock::monotonic(),
            background: Background::Chosen,
            watchers: Watchers { metrics: None, hooks: None },
        }
    }

    /// The name that errors and threads bear. Default: `pool-` and a number.
    #[doc(alias = "setPoolName")]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.name = Some(Arc::from(name.into()));
        self
    }

    /// The most connections, in use and idle together: 1 to 65535, and within the manager's own limit. Default: 10, or
    /// that limit.
    #[doc(alias = "setMaximumPoolSize")]
    pub fn max_size(mut self, connections: u32) -> Self {
        self.settings.max_size = Some(connections);
        self
    }

    /// How many connections to keep idle, 0 to `max_size`. Default: `max_size`, a pool of fixed size, which answers
    /// sudden demand best.
    #[doc(alias = "setMinimumIdle")]
    pub fn min_idle(mut self, connections: u32) -> Self {
        self.settings.min_idle = Some(connections);
        self
    }

    /// How long `get` waits at most: at least 250 ms, or zero for ever. Also how long one attempt to connect may take.
    /// Default: 30 s.
    #[doc(alias = "setConnectionTimeout")]
    pub fn connection_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connection_timeout = Some(timeout);
        self
    }

    /// How long a check of an idle connection may take: at least 250 ms and below `connection_timeout`. Default: 5 s, or
    /// half of `connection_timeout` if that is less.
    #[doc(alias = "setValidationTimeout")]
    pub fn validation_timeout(mut self, timeout: Duration) -> Self {
        self.settings.validation_timeout = Some(timeout);
        self
    }

    /// How long a connection beyond `min_idle` may lie idle before it is closed: at least 10 s and at least 1 s below
    /// `max_lifetime`, or zero for ever. Without effect while `min_idle` equals `max_size`. Default: 10 min.
    #[doc(alias = "setIdleTimeout")]
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.settings.idle_timeout = Some(timeout);
        self
    }

    /// How old a connection may become: at least 30 s, or zero for ever. Up to 2.5 % less, so that not all end together; a
    /// connection in use is not taken away. Set it below the limits of server and network. Default: 30 min.
    #[doc(alias = "setMaxLifetime")]
    pub fn max_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.max_lifetime = Some(lifetime);
        self
    }

    /// How often an idle connection is checked, so that neither the server nor a firewall forgets it: at least 30 s and
    /// below `max_lifetime`, or zero for never. Up to 10 % less. It does not count as use: `idle_timeout` runs on.
    /// Default: off.
    #[doc(alias = "setKeepaliveTime")]
    pub fn keepalive_interval(mut self, interval: Duration) -> Self {
        self.settings.keepalive_interval = Some(interval);
        self
    }

    /// After how long a borrowed connection is reported as leaked, once, with the place where it was asked for and who did:
    /// at least 2 s and at most `max_lifetime`, or zero for never. While it is on, each loan allocates to note the thread
    /// and task. Told to [`PoolMetrics::leaked`] and as a `tracing` event. Default: off.
    #[doc(alias = "setLeakDetectionThreshold")]
    pub fn leak_detection_threshold(mut self, threshold: Duration) -> Self {
        self.settings.leak_detection_threshold = Some(threshold);
        self
    }

    /// For how long [`start`](Builder::start) tries to make a first connection before it fails; it tries once at least.
    /// Zero: it tries once and starts anyway, unless the connection is made and does not pass its check. ([`build`](Builder::build)
    /// never tries, as HikariCP with a negative value.) Default: 1 ms, which is one attempt.
    #[doc(alias = "setInitializationFailTimeout")]
    pub fn initialization_fail_timeout(mut self, timeout: Duration) -> Self {
        self.settings.initialization_fail_timeout = Some(timeout);
        self
    }

    /// Who is told of loans, returns, connects and leaks, in figures. Costs some 100 ns a turn for reading a fine clock.
    /// Default: nobody.
    #[doc(alias = "setMetricsTrackerFactory")]
    #[doc(alias = "setMetricRegistry")]
    pub fn metrics(mut self, metrics: impl PoolMetrics) -> Self {
        self.watchers.metrics = Some(Arc::new(metrics));
        self
    }

    /// Who is called at the turns of a connection's life, with the connection. Default: nobody.
    pub fn hooks(mut self, hooks: impl PoolHooks<M::Item>) -> Self {
        self.watchers.hooks = Some(Arc::new(hooks));
        self
    }

    /// For how long after its last use a connection is lent without a check; zero checks each time it is lent. Default:
    /// 500 ms.
    pub fn alive_bypass(mut self, window: Duration) -> Self {
        self.settings.alive_bypass = Some(window);
        self
    }

    /// How long settling or closing a connection may take in the background, at least 250 ms; then it is dropped.
    /// Default: 5 s.
    pub fn settle_timeout(mut self, timeout: Duration) -> Self {
        self.settings.settle_timeout = Some(timeout);
        self
    }

    /// How often the housekeeper comes by, at least every 100 ms. Default: 30 s.
    pub fn housekeeping_period(mut self, period: Duration) -> Self {
        self.settings.housekeeping_period = Some(period);
        self
    }

    /// Who works in the background. Default: threads of the pool's own ([`ThreadSpawner`]) for a manager that
    /// [works in the call](Manager::works_inline); for others the tokio runtime in which `build` is called.
    pub fn spawner(mut self, spawner: impl Spawner) -> Self {
        self.background = Background::Given(Arc::new(spawner));
        self
    }

    /// Works without any background: who calls `get` connects, and idle connections are retired only when they come up in
    /// `get` or by [`Pool::housekeep`]. For managers that [work in the call](Manager::works_inline), in small blocking
    /// programs: with no one to keep the time, an async `get` looks at its deadline only when something else wakes it.
    pub fn without_spawner(mut self) -> Self {
        self.background = Background::None;
        self
    }

    /// The clock that tells ages; tests give one that they move. Default: the system's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Checks the configuration and starts the pool. It returns at once; `min_idle` connections are made in the
    /// background. [`start`](Builder::start) looks first whether the database answers.
    ///
    /// # Errors
    /// [`PoolErrorKind::Config`](crate::PoolErrorKind::Config), if a value breaks its rule or there is no one to work in
    /// the background.
    pub fn build(self) -> Result<Pool<M>, PoolError> {
        let pool = self.assemble()?;
        launch(&pool);
        Ok(pool)
    }

    /// [`build`](Builder::build), after a first connection was made and checked: a wrong address or password is told at
    /// once, as [`initialization_fail_timeout`](Builder::initialization_fail_timeout) says.
    ///
    /// # Errors
    /// As [`build`](Builder::build), and [`PoolErrorKind::Connect`](crate::PoolErrorKind::Connect) with the connect error.
    pub async fn start(self) -> Result<Pool<M>, PoolError> {
        let pool = self.assemble()?;
        probe(&pool, pool.inner.shared.timer()).await?;
        launch(&pool);
        Ok(pool)
    }

    /// [`start`](Builder::start) for a plain thread, which is parked meanwhile.
    ///
    /// # Errors
    /// As there.
    pub fn start_blocking(self) -> Result<Pool<M>, PoolError> {
        let pool = self.assemble()?;
        let parking = Parking::new();
        block_on(&parking, probe(&pool, Timer::Parking(&parking)))?;
        launch(&pool);
        Ok(pool)
    }

    fn assemble(self) -> Result<Pool<M>, PoolError> {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let config = self.settings.clone().resolve(number, self.manager.limit())?;
        let spawner = choose(self.background, self.manager.works_inline(), &config)?;
        let size = config.max_size;
        let config = (self.settings, config);
        let shared = Arc::new(Shared::new(number, config, self.clock, self.manager, spawner, self.watchers));
        let bag = Arc::new(Bag::new(size, &shared));
        Ok(Pool::new(bag, shared))
    }
}

/// Begins the background work.
fn launch<M: Manager>(pool: &Pool<M>) {
    let Inner { bag, shared } = &*pool.inner;
    if let Some(spawner) = &shared.spawner {
        spawner.spawn(Box::pin(filler::run(Arc::downgrade(bag), Arc::clone(shared))));
        spawner.spawn(Box::pin(housekeeper::run(Arc::downgrade(bag), Arc::clone(shared))));
        spawner.spawn(Box::pin(timekeeper::run(Arc::clone(shared))));
    }
}

/// Tries to connect, for as long as the configuration says.
async fn probe<M: Manager>(pool: &Pool<M>, timer: Timer<'_>) -> Result<(), PoolError> {
    let shared = &pool.inner.shared;
    let patience = shared.live.config().initialization_fail_timeout;
    let begun = Instant::now();
    let mut pause = Duration::from_millis(10);
    loop {
        let (cause, made) = match pool.inner.first(timer).await {
            Ok(()) => return Ok(()),
            Err(failed) => failed,
        };
        if patience.is_zero() && !made {
            return Ok(());
        }
        // No time for another pause is no time for another attempt.
        if begun.elapsed() + pause > patience {
            return Err(PoolError::connect(&shared.name, cause));
        }
        shared.rest(timer, pause).await;
        pause = (2 * pause).min(Duration::from_secs(1));
    }
}

fn choose(background: Background, inline: bool, config: &PoolConfig) -> Result<Option<Arc<dyn Spawner>>, PoolError> {
    match background {
        Background::Given(spawner) => Ok(Some(spawner)),
        Background::None if inline => Ok(None),
        Background::None => Err(PoolError::config(
            "a pool without a spawner needs a manager that works in the call; this one waits".to_owned(),
        )),
        Background::Chosen if inline => Ok(Some(Arc::new(ThreadSpawner::new(config.name())))),
        Background::Chosen => current().map(Some),
    }
}

#[cfg(feature = "tokio")]
fn current() -> Result<Arc<dyn Spawner>, PoolError> {
    match crate::spawn::TokioSpawner::current() {
        Some(spawner) => Ok(Arc::new(spawner)),
        None => Err(no_runtime()),
    }
}

#[cfg(not(feature = "tokio"))]
fn current() -> Result<Arc<dyn Spawner>, PoolError> {
    Err(no_runtime())
}

fn no_runtime() -> PoolError {
    PoolError::config(
        "who works in the background? build the pool inside a tokio runtime (feature `tokio`), or give it a spawner"
            .to_owned(),
    )
}

impl<M: Manager> fmt::Debug for Builder<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("settings", &self.settings).finish_non_exhaustive()
    }
}
