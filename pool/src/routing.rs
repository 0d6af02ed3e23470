//! Several pools behind one data source: a primary with its stand-ins for writes, replicas for reads.

use std::any::Any;
use std::fmt;
use std::panic::Location;
use std::time::{Duration, Instant};

use batis_dbc::driver::{Driver, Mode};
use batis_dbc::{DataSource, DataSourceInfo, Lease, Op, Result, SqlError, Url};

use crate::clock::Clock;
use crate::connection_manager::ConnectionManager;
use crate::error::PoolError;
use crate::pool::Pool;
use crate::sync::{Arc, Ordering, PlainUsize};
use crate::take::Found;

mod member;
mod sticky;

use member::Member;
use sticky::Sticky;

/// A pool that can be a member.
type Connections = Pool<ConnectionManager>;

/// A [`DataSource`] over several pools of one database: writes go to the primary, or to the first of its stand-ins that
/// answers; reads, through [`reads`](RoutingDataSource::reads), go to the replicas in turn, and to the primary when no
/// replica answers.
///
/// A member whose pool cannot connect is left out for a pause, which doubles from failure to failure (1 s to 30 s by
/// default). Then one borrower tries it again, and when that works it is back: fail-back needs nobody. A pool that is merely
/// exhausted is not down: reads go to the next member then, writes wait.
///
/// As a data source itself it is the writes. Clones are the same data source. What runs in a transaction stays on the
/// connection where it began, as always.
///
/// (Spring has `AbstractRoutingDataSource` for this, pgjdbc `targetServerType`.)
#[derive(Clone)]
#[doc(alias = "AbstractRoutingDataSource")]
pub struct RoutingDataSource {
    inner: Arc<Inner>,
    sticky: Option<Arc<Sticky>>,
}

struct Inner {
    info: DataSourceInfo,
    clock: Clock,
    primaries: Vec<Arc<Member>>,
    replicas: Vec<Arc<Member>>,
    turn: PlainUsize,
    reads_use_primary: bool,
    attempt_timeout: Duration,
}

/// Builds a [`RoutingDataSource`]: [`RoutingDataSource::builder`].
#[derive(Debug)]
#[must_use = "it becomes a data source with `build`"]
pub struct RoutingBuilder {
    clock: Clock,
    primaries: Vec<Connections>,
    replicas: Vec<Connections>,
    reads_use_primary: bool,
    attempt_timeout: Duration,
    pauses: (Duration, Duration),
}

impl RoutingBuilder {
    /// Adds a stand-in for the primary, asked after those before it. It must accept writes when the primary does not
    /// answer: batis promotes nobody.
    pub fn standby(mut self, pool: Connections) -> Self {
        self.primaries.push(pool);
        self
    }

    /// Adds a replica for reads.
    pub fn replica(mut self, pool: Connections) -> Self {
        self.replicas.push(pool);
        self
    }

    /// Whether reads go to the primary when no replica answers. Default: yes.
    pub fn reads_use_primary(mut self, yes: bool) -> Self {
        self.reads_use_primary = yes;
        self
    }

    /// How long one member may take while there is another to ask; the last one has its pool's `connection_timeout`.
    /// Default: 1 s.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// For how long a member that failed is left out: the first time, and at most. Default: 1 s and 30 s.
    pub fn probe_pause(mut self, first: Duration, longest: Duration) -> Self {
        self.pauses = (first, longest.max(first));
        self
    }

    /// The clock that tells the pauses; tests give one that they move. Default: the system's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The data source.
    #[must_use]
    pub fn build(self) -> RoutingDataSource {
        let pauses = self.pauses;
        let members =
            |pools: Vec<Connections>| pools.into_iter().map(|pool| Arc::new(Member::new(pool, pauses))).collect();
        let info = self.primaries.first().map(|pool| pool.info().clone());
        let inner = Inner {
            info: info.unwrap_or_else(|| DataSourceInfo::new("routing", "")),
            clock: self.clock,
            primaries: members(self.primaries),
            replicas: members(self.replicas),
            turn: PlainUsize::new(0),
            reads_use_primary: self.reads_use_primary,
            attempt_timeout: self.attempt_timeout,
        };
        RoutingDataSource { inner: Arc::new(inner), sticky: None }
    }
}

impl RoutingDataSource {
    /// Begins with the pool of the primary.
    pub fn builder(primary: Connections) -> RoutingBuilder {
        RoutingBuilder {
            clock: Clock::monotonic(),
            primaries: vec![primary],
            replicas: Vec::new(),
            reads_use_primary: true,
            attempt_timeout: Duration::from_secs(1),
            pauses: (Duration::from_secs(1), Duration::from_secs(30)),
        }
    }

    /// The preset for SQLite files: one connection that writes, so that no writer meets "database is locked", and `readers`
    /// connections that only read (at least 1). Readers never wait for the writer in WAL mode, the driver's default.
    ///
    /// # Errors
    /// If the URL is wrong, or names a private database in memory, which only one connection can see.
    pub fn single_writer(driver: Arc<dyn Driver>, url: Url, mode: Mode, readers: u32) -> Result<Self> {
        if driver.connection_limit(&url).is_some() {
            return Err(SqlError::url("a private database in memory has no readers beside its one connection")
                .hint("name a file, or use `cache=shared`"));
        }
        let pool = |manager: ConnectionManager, size: u32, name: &str| {
            Pool::builder(manager).max_size(size).name(name).build().map_err(|error| SqlError::url(error.to_string()))
        };
        let writer = pool(ConnectionManager::new(Arc::clone(&driver), url.clone(), mode)?, 1, "writer")?;
        let readers = pool(ConnectionManager::new(driver, url, mode)?.read_only(true), readers, "readers")?;
        Ok(Self::builder(writer).replica(readers).reads_use_primary(false).build())
    }

    /// The same data source for reads: a view, cheap to make.
    #[must_use]
    pub fn reads(&self) -> Reads {
        Reads { inner: Arc::clone(&self.inner), sticky: self.sticky.clone() }
    }

    /// A view of its own whose [`reads`](RoutingDataSource::reads) see its writes: while a connection of its writing side is out,
    /// and for `window` after it came back, they go where writes go, since a replica may lag behind. Longer than the lag, mostly
    /// some seconds. Views know nothing of each other's writes: make one for each user, session or request. Cheap to make;
    /// a loan of the writing side costs an allocation.
    pub fn sticky(&self, window: Duration) -> Self {
        let sticky = Sticky::new(self.inner.clock.clone(), window);
        RoutingDataSource { inner: Arc::clone(&self.inner), sticky: Some(sticky) }
    }

    fn route(&self) -> Vec<Arc<Member>> {
        self.inner.writes()
    }

    fn written(&self) -> Option<Arc<Sticky>> {
        self.sticky.clone()
    }

    /// The members with their pools, the primary first, and whether each is in use now or left out after a failure.
    pub fn members(&self) -> impl Iterator<Item = (&Pool<ConnectionManager>, bool)> {
        let all = self.inner.primaries.iter().chain(&self.inner.replicas);
        all.map(|member| (&member.pool, member.is_up()))
    }

    /// Closes all its pools.
    pub fn close(&self) {
        self.members().for_each(|(pool, _)| pool.close());
    }
}

/// The reading side of a [`RoutingDataSource`].
#[derive(Clone)]
pub struct Reads {
    inner: Arc<Inner>,
    sticky: Option<Arc<Sticky>>,
}

impl Reads {
    fn route(&self) -> Vec<Arc<Member>> {
        match &self.sticky {
            Some(sticky) if sticky.holds() => self.inner.writes(),
            _ => self.inner.reading(),
        }
    }

    /// Nothing is written through it.
    #[allow(clippy::unused_self)] // the writing side's name for the other answer
    fn written(&self) -> Option<Arc<Sticky>> {
        None
    }
}

/// Notes a connection for writes.
fn noted(sticky: Option<Arc<Sticky>>, lease: Lease) -> Lease {
    match sticky {
        Some(sticky) => sticky.lent(lease),
        None => lease,
    }
}

impl Inner {
    /// Who is asked, in order: those that are up or due for a probe, then the others, as a last resort.
    fn route(&self, candidates: Vec<Arc<Member>>) -> Vec<Arc<Member>> {
        let now = self.clock.now();
        let (mut route, mut down): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|member| member.is_due(now));
        route.append(&mut down);
        route
    }

    fn writes(&self) -> Vec<Arc<Member>> {
        self.route(self.primaries.clone())
    }

    fn reading(&self) -> Vec<Arc<Member>> {
        let mut candidates = self.replicas.clone();
        if !candidates.is_empty() {
            let first = self.turn.fetch_add(1, Ordering::Relaxed) % candidates.len();
            candidates.rotate_left(first);
        }
        if self.reads_use_primary || candidates.is_empty() {
            candidates.extend(self.primaries.iter().cloned());
        }
        self.route(candidates)
    }

    /// How long the one at this place of the route may take; `None`: as its pool says.
    fn patience(&self, place: usize, route: &[Arc<Member>]) -> Option<Duration> {
        (place + 1 < route.len()).then_some(self.attempt_timeout)
    }

    /// Notes how an attempt ended; `Err`: not to be tried elsewhere.
    fn judge(&self, member: &Member, error: PoolError, reads: bool) -> std::result::Result<PoolError, PoolError> {
        let has_none = error.stats().is_none_or(|stats| stats.active + stats.idle == 0);
        if error.cause().is_some() && has_none || error.is_closed() {
            member.failed(self.clock.now());
            return Ok(error);
        }
        if reads { Ok(error) } else { Err(error) }
    }

    fn told(&self, last: Option<(Arc<Member>, PoolError)>) -> SqlError {
        match last {
            Some((member, error)) => member.pool.lends_nothing(error),
            None => SqlError::url(format!("data source `{}` has no members", self.info.name)),
        }
    }

    /// The first member if its pool has a connection at once: the usual case, without a future.
    fn at_once(&self, route: &[Arc<Member>], at: crate::take::Place) -> Option<Lease> {
        let member = route.first()?;
        match member.pool.fast(at) {
            Found::Fresh(pooled) => {
                member.worked();
                Some(pooled.into())
            }
            // Put back: the slow way takes it again and checks it.
            Found::Stale(hold) => {
                hold.put_back();
                None
            }
            Found::Nothing => None,
        }
    }

    async fn lend(self: Arc<Self>, route: Vec<Arc<Member>>, reads: bool, at: crate::take::Place) -> Result<Lease> {
        let mut last = None;
        for (place, member) in route.iter().enumerate() {
            if !member.may_try(self.clock.now()) && place + 1 < route.len() {
                continue;
            }
            let timeout = self.patience(place, &route).or(member.pool.connection_timeout());
            match member.pool.slow(None, timeout, at).await {
                Ok(pooled) => {
                    member.worked();
                    return Ok(pooled.into());
                }
                Err(error) => match self.judge(member, error, reads || place + 1 == route.len()) {
                    Ok(error) => last = Some((Arc::clone(member), error)),
                    Err(error) => return self.wait_for(member, error, timeout, at).await,
                },
            }
        }
        Err(self.told(last))
    }

    /// An exhausted primary: what is left of its own patience.
    async fn wait_for(
        &self,
        member: &Member,
        error: PoolError,
        waited: Option<Duration>,
        at: crate::take::Place,
    ) -> Result<Lease> {
        let (Some(all), Some(waited)) = (member.pool.connection_timeout(), waited) else {
            return Err(member.pool.lends_nothing(error));
        };
        let left = all.saturating_sub(waited);
        let lent = member.pool.slow(None, Some(left), at).await;
        lent.map(Lease::from).map_err(|error| member.pool.lends_nothing(error))
    }

    fn lend_blocking(
        &self,
        route: &[Arc<Member>],
        reads: bool,
        deadline: Option<Instant>,
        at: crate::take::Place,
    ) -> Result<Lease> {
        let mut last = None;
        let left = || deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        for (place, member) in route.iter().enumerate() {
            if !member.may_try(self.clock.now()) && place + 1 < route.len() {
                continue;
            }
            let own = member.pool.connection_timeout();
            // An exhausted primary is waited for; so the short attempt is for those that cannot connect.
            let short = self.patience(place, route).filter(|_| reads || member.pool.is_failing());
            let timeout = [left(), short.or(own)].into_iter().flatten().min();
            match member.pool.get_blocking_at(|| timeout, at) {
                Ok(pooled) => {
                    member.worked();
                    return Ok(pooled.into());
                }
                Err(error) => match self.judge(member, error, reads || place + 1 == route.len()) {
                    Ok(error) => last = Some((Arc::clone(member), error)),
                    Err(error) => return Err(member.pool.lends_nothing(error)),
                },
            }
        }
        Err(self.told(last))
    }
}

impl Connections {
    /// Whether it has no connection and could not make one when it tried last.
    fn is_failing(&self) -> bool {
        let stats = self.stats();
        self.is_closed() || stats.idle + stats.active == 0
    }
}

macro_rules! data_source {
    ($name:ident, $reads:literal) => {
        impl DataSource for $name {
            #[track_caller]
            fn connection(&self) -> Op<'_, Result<Lease>> {
                let at = Some(Location::caller()).filter(|at| at.file() != file!());
                let (route, written) = (self.route(), self.written());
                match self.inner.at_once(&route, at) {
                    Some(lease) => Op::ready(Ok(noted(written, lease))),
                    None => {
                        let lent = Arc::clone(&self.inner).lend(route, $reads, at);
                        Op::boxed(async { lent.await.map(|lease| noted(written, lease)) })
                    }
                }
            }

            #[track_caller]
            fn connection_blocking(&self, deadline: Option<Instant>) -> Result<Lease> {
                let at = Some(Location::caller()).filter(|at| at.file() != file!());
                let lent = self.inner.lend_blocking(&self.route(), $reads, deadline, at);
                lent.map(|lease| noted(self.written(), lease))
            }

            fn info(&self) -> &DataSourceInfo {
                &self.inner.info
            }

            fn origin(&self) -> Option<Arc<dyn Any + Send + Sync>> {
                Some(Arc::clone(&self.inner) as Arc<dyn Any + Send + Sync>)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let members = self.inner.primaries.iter().chain(&self.inner.replicas);
                f.debug_list().entries(members.map(|member| (member.pool.name(), member.is_up()))).finish()
            }
        }
    };
}

data_source!(RoutingDataSource, false);
data_source!(Reads, true);
