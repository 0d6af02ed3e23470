//! Why there is no connection.

use std::error::Error;
use std::fmt;
use std::panic::Location;
use std::time::Duration;

use crate::stats::PoolStats;
use crate::sync::Arc;
use crate::watch::Holder;

/// A cause that several borrowers may be told of: the last connect failure.
pub(crate) type Cause = Arc<dyn Error + Send + Sync>;

/// Why a pool could not be built or did not lend. One pointer wide.
///
/// HikariCP throws `SQLTransientConnectionException` for a timeout and `SQLException` for a closed pool.
#[doc(alias = "SQLTransientConnectionException")]
pub struct PoolError(Box<Repr>);

struct Repr {
    kind: PoolErrorKind,
    message: String,
    /// What to do about it.
    hint: Option<&'static str>,
    stats: Option<PoolStats>,
    source: Option<Cause>,
    holders: Vec<Holder>,
}

/// How many holders the message names.
const NAMED: usize = 3;

/// The kind of a [`PoolError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PoolErrorKind {
    /// Nothing became free in time. [`PoolError::stats`] says how full the pool was; the source is the last connect
    /// failure, if connecting has failed since it last succeeded. Also: the pool stayed suspended.
    Timeout,
    /// The pool was closed; or it was made before this process was forked off the one that made it; or the runtime on
    /// which it works in the background has ended, and it has nothing left to lend.
    Closed,
    /// Connecting failed: in [`start`](crate::Builder::start) or [`prewarm`](crate::Pool::prewarm), or in a pool whose
    /// borrowers connect by themselves (one without a spawner).
    Connect,
    /// The configuration breaks a rule, which the message quotes.
    Config,
}

impl PoolError {
    pub(crate) fn timeout(
        pool: &str,
        waited: Duration,
        stats: PoolStats,
        asked_at: Option<&Location<'_>>,
        source: Option<Cause>,
        holders: Vec<Holder>,
    ) -> Self {
        let hint = if source.is_some() {
            "connecting fails, see the cause"
        } else if stats.active == stats.max_size {
            "all are in use: hold each for less time, return it before asking for a second, or raise max_size"
        } else {
            "connecting takes longer than that: wait longer, raise min_idle, or see whether the pool's runtime is blocked"
        };
        let place = asked_at.map(|at| format!(", asked for at {at}")).unwrap_or_default();
        let mut message = format!("no connection became free within {waited:?}: pool `{pool}` ({stats}){place}");
        let named: Vec<String> = holders.iter().take(NAMED).map(Holder::to_string).collect();
        if !named.is_empty() {
            message.push_str(&format!("; held {}", named.join(", ")));
        }
        if holders.len() > NAMED {
            message.push_str(&format!(", and {} more", holders.len() - NAMED));
        }
        let kind = PoolErrorKind::Timeout;
        PoolError(Box::new(Repr { kind, message, hint: Some(hint), stats: Some(stats), source, holders }))
    }

    fn plain(kind: PoolErrorKind, message: String, hint: Option<&'static str>) -> Self {
        PoolError(Box::new(Repr { kind, message, hint, stats: None, source: None, holders: Vec::new() }))
    }

    pub(crate) fn suspended(pool: &str, waited: Duration, stats: PoolStats) -> Self {
        let message = format!("pool `{pool}` is suspended, and was not resumed within {waited:?} ({stats})");
        let mut error = PoolError::plain(PoolErrorKind::Timeout, message, Some("`resume` lets borrowers in again"));
        error.0.stats = Some(stats);
        error
    }

    pub(crate) fn closed(pool: &str) -> Self {
        let hint = "`close` was called: call it when nobody asks any more, or make another pool";
        PoolError::plain(PoolErrorKind::Closed, format!("pool `{pool}` is closed"), Some(hint))
    }

    pub(crate) fn foreign(pool: &str) -> Self {
        let message =
            format!("pool `{pool}` was made before this process was forked, and its connections are the parent's");
        PoolError::plain(PoolErrorKind::Closed, message, Some("make a pool in the child"))
    }

    pub(crate) fn forsaken(pool: &str) -> Self {
        let message = format!("pool `{pool}` can make no connection: the runtime on which it was built has ended");
        let hint =
            "build a pool in each runtime (each `#[tokio::test]` is one), or give it a `spawner` that lives longer";
        PoolError::plain(PoolErrorKind::Closed, message, Some(hint))
    }

    pub(crate) fn connect(pool: &str, source: Cause) -> Self {
        let message = format!("pool `{pool}` could not connect");
        let mut error = PoolError::plain(PoolErrorKind::Connect, message, Some("see the cause"));
        error.0.source = Some(source);
        error
    }

    pub(crate) fn config(message: String) -> Self {
        PoolError::plain(PoolErrorKind::Config, message, None)
    }

    /// Why, without the hint.
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    pub(crate) fn hint(&self) -> Option<&'static str> {
        self.0.hint
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> PoolErrorKind {
        self.0.kind
    }

    /// Nothing became free in time.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.0.kind == PoolErrorKind::Timeout
    }

    /// The pool was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.kind == PoolErrorKind::Closed
    }

    /// How full the pool was when the time was up; only for a timeout. The one who gave up is counted among the waiting.
    #[must_use]
    pub fn stats(&self) -> Option<&PoolStats> {
        self.0.stats.as_ref()
    }

    /// Who held the connections when the time was up, the longest first; only for a timeout.
    #[must_use]
    pub fn holders(&self) -> &[Holder] {
        &self.0.holders
    }

    /// What the manager said when connecting failed; the same as [`source`](Error::source), in a form that can be shared.
    #[must_use]
    pub fn cause(&self) -> Option<&Arc<dyn Error + Send + Sync>> {
        self.0.source.as_ref()
    }
}

impl fmt::Display for PoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        match self.0.hint {
            Some(hint) => write!(f, "; hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for PoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Repr { kind, message, source, .. } = &*self.0;
        f.debug_struct("PoolError").field("kind", kind).field("message", message).field("source", source).finish()
    }
}

impl Error for PoolError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0.source {
            Some(cause) => Some(&**cause),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pointer_wide() {
        assert_eq!(size_of::<Result<(), PoolError>>(), size_of::<usize>());
    }

    fn timeout(active: u32, source: Option<Cause>) -> String {
        let stats = PoolStats { max_size: 10, total: active, active, waiting: 3, ..PoolStats::default() };
        let error =
            PoolError::timeout("main", Duration::from_secs(30), stats, Some(Location::caller()), source, vec![]);
        let text = error.to_string();
        let (before, rest) = text.split_once("asked for at ").expect("the place");
        let (_, after) = rest.split_once("; ").expect("the advice");
        format!("{before}asked for at HERE; {after}")
    }

    #[test]
    fn a_timeout_says_how_full_the_pool_was_and_what_to_do() {
        assert_eq!(
            timeout(10, None),
            "no connection became free within 30s: pool `main` (total=10, active=10, idle=0, waiting=3, max=10), asked for \
             at HERE; hint: all are in use: hold each for less time, return it before asking for a second, or raise max_size"
        );
        assert_eq!(
            timeout(0, Some(Arc::new(std::io::Error::other("refused")))),
            "no connection became free within 30s: pool `main` (total=0, active=0, idle=0, waiting=3, max=10), asked for \
             at HERE; hint: connecting fails, see the cause"
        );
        assert!(
            timeout(1, None).ends_with(
                "; hint: connecting takes longer than that: wait longer, raise min_idle, or see whether the pool's runtime is blocked"
            )
        );
    }
}
