//! A connection pool for threads and tasks at once: HikariCP's guarantees, without a lock on the way in or out.
//!
//! It pools anything that a [`Manager`] makes. Database connections are one case of it: a pool of [`ConnectionManager`]
//! is a [`DataSource`](batis_dbc::DataSource), which is all that the mapper knows.
//!
//! ```
//! use batis_pool::{Blocking, BlockingManager, Pool};
//!
//! struct Numbers(std::sync::atomic::AtomicU32);
//!
//! impl BlockingManager for Numbers {
//!     type Item = u32;
//!     type Error = std::convert::Infallible;
//!
//!     fn connect(&self) -> Result<u32, Self::Error> {
//!         Ok(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
//!     }
//! }
//!
//! # fn main() -> Result<(), batis_pool::PoolError> {
//! let pool = Pool::builder(Blocking(Numbers(0.into()))).max_size(2).build()?;
//! let number = pool.get_blocking()?; // in a task: pool.get().await?
//! println!("{} of {}", *number, pool.stats());
//! drop(number); // goes back
//! # Ok(())
//! # }
//! ```
//!
//! # A take, a return, a wait
//!
//! The connections lie in slots at fixed places. Each slot has a state of its own, and every move is one
//! compare-and-set on it: `Idle -> InUse` takes, `InUse -> Idle` returns.
//!
//! ```text
//!   take                                                      put back
//!
//!   1. the slots this thread returned last --found--> lend    InUse -> Idle --done--> that was all
//!          |                                                       |
//!   2. all slots, from a place of its own  --found--> lend       marked: a waiter wants it
//!          |                                                       |
//!   3. stand in line (first come, first served)                hand it over to the first in line; it never becomes
//!      look at all slots once more         --found--> lend    idle in between. Nobody there any more: Idle
//!      and mark those that are in use
//!      tell the filler
//!      sleep ----- handed a slot -------------------> lend
//!            `---- time is up, or the pool closes --> error
//!
//!                                         background
//!      filler:       waiting > idle, or idle < min_idle  ->  connect (one at a time) -> put back
//!                    failed -> pause 10 ms, 20 ms, .. 5 s
//!      housekeeper:  every 30 s: too old, or idle for too long beyond min_idle  ->  close
//!                    idle and due for keepalive -> check;  out for too long -> report
//! ```
//!
//! - **Steps 1 and 2 take no lock, allocate nothing, start no timer** and write to nothing but the slot: borrowers on
//!   different processors do not slow each other down. A return is one compare-and-set.
//! - **A waiter is a waker**, be it a parked thread or a task; both stand in one line. One that is cancelled or out of
//!   time leaves; had it been handed a connection in that moment, the next in line gets it.
//! - **Borrowers never connect**: a connection that comes back serves them sooner than one that is made for them, and
//!   then the one that is no longer wanted is not made. (A pool [without a spawner](Builder::without_spawner) is the
//!   exception.)
//! - **A connection is checked** before it is lent if it lay idle for more than 500 ms.
//!
//! # Who cleans up
//!
//! The guard's destructor asks the manager, which decides without waiting ([`GiveBack`]): `Ready`, it goes back at once;
//! `Settle`, something is still in flight and a background task ends it while the slot stays reserved; `Discard`, it is
//! closed. A guard dropped by a panic is closed unasked.
//!
//! # What one costs
//!
//! A slot is one allocation of 128 bytes plus 16 (256 plus 16 with an item larger than 16 bytes), made when the pool is
//! built, also for connections that are never made; a pool has about 5 KB beside them. A waiter is one allocation of 64
//! bytes, its future another of at most 640; one timer serves all tasks that wait.
//!
//! # Watching it
//!
//! [`Pool::stats`], [`Pool::holders`] and [`Pool::health`] tell how it is; [`PoolMetrics`] and [`PoolHooks`] are told what
//! happens. A borrower whose time is up learns who holds the connections, since when and from where, and why none could be
//! made.
//!
//! # Several pools
//!
//! [`RoutingDataSource`] puts a primary, its stand-ins and replicas behind one data source, and has the preset of one
//! writer and several readers for SQLite files.
//!
//! # Features
//!
//! `tokio` (default): [`TokioSpawner`]; without it, background work is done by the pool's own threads ([`ThreadSpawner`])
//! or by a [`Spawner`] of yours. `metrics`: `MetricsFacade`, OpenTelemetry's names through the crate `metrics`. `tracing`:
//! events of target `batis_pool`.

#![deny(unsafe_code)]

mod bag;
mod bell;
mod builder;
mod clock;
mod config;
mod connection_manager;
mod control;
mod data_source;
mod error;
mod event;
#[cfg(feature = "metrics")]
mod facade;
mod filler;
mod fork;
mod give_back;
mod guard;
mod health;
mod housekeeper;
mod lifetime;
mod line;
mod live;
mod local;
mod manager;
mod pool;
mod retire;
mod routing;
mod shared;
mod spawn;
mod stats;
mod sync;
mod take;
mod timekeeper;
mod timer;
mod waiter;
mod waits;
mod watch;

#[cfg(any(loom, test))]
#[doc(hidden)]
pub mod model;

pub use builder::Builder;
pub use clock::Clock;
pub use config::PoolConfig;
pub use connection_manager::{ConnectionManager, Credentials, Verdict};
pub use control::ItemAge;
pub use error::{PoolError, PoolErrorKind};
#[cfg(feature = "metrics")]
pub use facade::MetricsFacade;
pub use guard::Pooled;
pub use health::{Health, HealthCheck};
pub use live::Changes;
pub use manager::{Blocking, BlockingManager, GiveBack, Manager};
pub use pool::{Pool, WeakPool};
pub use routing::{Reads, RoutingBuilder, RoutingDataSource};
#[cfg(feature = "tokio")]
pub use spawn::TokioSpawner;
pub use spawn::{BoxFuture, Spawner, ThreadSpawner};
pub use stats::PoolStats;
pub use watch::{Evicted, Holder, PoolHooks, PoolMetrics};
