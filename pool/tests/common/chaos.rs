//! A storm over a pool of connections, generic over the database: tasks and threads that commit, cancel, forget their
//! transactions, panic and run away, while an operator evicts, suspends and kills.
#![allow(unreachable_pub)]
// The cancels are the test.
#![allow(clippy::disallowed_methods)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use batis_dbc::{Connection, DataSource, Lease, TransactionOptions, block as drive};
use batis_pool::{ConnectionManager, Pool};

type ConnectionPool = Pool<ConnectionManager>;

/// What the storm is like.
pub struct Weather {
    pub tasks: u64,
    pub threads: u64,
    pub lasts: Duration,
    /// What an operator does to the server now and then, through a connection of its own: kill the others', restart it.
    pub strike: Box<dyn Fn() + Send>,
}

/// What it left behind, beside what the pool can be asked.
#[derive(Debug)]
pub struct Aftermath {
    /// Rows that must be there: their commit was answered.
    pub committed: u64,
    /// Commits whose answer was lost; their rows may be there.
    pub unknown: u64,
    /// Loans that were asked for and got.
    pub served: u64,
    /// Panics while holding a connection.
    pub panics: u64,
}

#[derive(Default)]
struct Tally {
    committed: AtomicU64,
    unknown: AtomicU64,
    served: AtomicU64,
    panics: AtomicU64,
    over: AtomicBool,
}

/// Small and the same everywhere.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

const INSERT: &str = "insert into storm (n) values (1)";

async fn commit(connection: &mut Connection, tally: &Tally) -> batis_dbc::Result<()> {
    let mut transaction = connection.transaction().await?;
    transaction.execute(INSERT, ()).await?;
    // Dropped in the middle of it, nobody knows.
    tally.unknown.fetch_add(1, Ordering::SeqCst);
    let done = transaction.commit().await;
    if done.is_ok() {
        tally.committed.fetch_add(1, Ordering::SeqCst);
        tally.unknown.fetch_sub(1, Ordering::SeqCst);
    }
    done
}

/// One deed with a connection. Errors are part of the weather.
async fn deed(lease: &mut Lease, kind: u64, tally: &Tally) {
    match kind {
        0..=3 => drop(commit(lease, tally).await),
        4 | 5 => drop(lease.query_one("select count(*) from storm", ()).await),
        6 => {
            // Left open: the pool rolls it back.
            if lease.begin(&TransactionOptions::new()).await.is_ok() {
                let _ = lease.execute(INSERT, ()).await;
            }
        }
        _ => {
            let _ = lease.begin(&TransactionOptions::new()).await;
            tally.panics.fetch_add(1, Ordering::SeqCst);
            std::panic::panic_any(EXPECTED);
        }
    }
}

const EXPECTED: &str = "part of the storm";

async fn task(pool: ConnectionPool, tally: Arc<Tally>, seed: u64) {
    let mut dice = Dice(seed);
    while !tally.over.load(Ordering::SeqCst) {
        let (kind, patience) = (dice.throw(64).min(7 + dice.throw(8)), dice.throw(2000));
        let work = async {
            let mut lease = pool.connection().await.ok()?;
            tally.served.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            match kind {
                8 => drop(lease.detach()),
                9..=14 => tokio::task::yield_now().await,
                kind => deed(&mut lease, kind, &tally).await,
            }
            Some(())
        };
        // A third of all is cancelled somewhere on the way.
        let _ = tokio::time::timeout(Duration::from_micros(patience), work).await;
        tokio::task::yield_now().await;
    }
}

fn thread(pool: &ConnectionPool, tally: &Tally, seed: u64) {
    let mut dice = Dice(seed);
    while !tally.over.load(Ordering::SeqCst) {
        let deadline = Instant::now() + Duration::from_micros(dice.throw(20_000));
        let Ok(mut lease) = pool.connection_blocking(Some(deadline)) else { continue };
        tally.served.fetch_add(1, Ordering::SeqCst);
        let kind = dice.throw(24).min(7);
        let _ = catch_unwind(AssertUnwindSafe(|| {
            let _ = drive(None, None, async {
                deed(&mut lease, kind.min(6), tally).await;
                Ok(())
            });
            if kind == 7 && dice.throw(4) == 0 {
                tally.panics.fetch_add(1, Ordering::SeqCst);
                std::panic::panic_any(EXPECTED);
            }
            drop(lease);
        }));
    }
}

fn operator(pool: &ConnectionPool, weather: &Weather, tally: &Tally) {
    let (begun, mut dice) = (Instant::now(), Dice(0x5EED));
    while begun.elapsed() < weather.lasts {
        match dice.throw(6) {
            0 => pool.soft_evict(),
            1 => pool.evict_idle(),
            2 => {
                pool.suspend();
                std::thread::sleep(Duration::from_millis(2));
                pool.resume();
            }
            3 => pool.retain(|_, _| dice.throw(2) == 0),
            _ => (weather.strike)(),
        }
        std::thread::sleep(Duration::from_millis(dice.throw(40)));
        assert!(pool.stats().total <= pool.max_size());
    }
    tally.over.store(true, Ordering::SeqCst);
}

/// The storm. The table `storm (n)` must be there, and empty. Call it inside of no runtime.
pub fn storm(pool: &ConnectionPool, runtime: &tokio::runtime::Runtime, weather: &Weather) -> Aftermath {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload().downcast_ref::<&str>() != Some(&EXPECTED) {
            before(panic);
        }
    }));
    let tally = Arc::new(Tally::default());
    let over = Arc::clone(&tally);
    let tasks: Vec<_> = (1..=weather.tasks)
        .map(|seed| {
            let (pool, tally) = (pool.clone(), Arc::clone(&tally));
            // Each panic ends a task; another takes its place.
            runtime.spawn(async move {
                let mut turn = 0;
                while !tally.over.load(Ordering::SeqCst) {
                    turn += 1;
                    let one = task(pool.clone(), Arc::clone(&tally), seed * 7919 + turn);
                    let _ = tokio::task::spawn(one).await;
                }
            })
        })
        .collect();
    std::thread::scope(|scope| {
        for seed in 1..=weather.threads {
            let tally = &tally;
            scope.spawn(move || thread(pool, tally, seed * 104_729));
        }
        operator(pool, weather, &over);
    });
    runtime.block_on(async {
        for task in tasks {
            let _ = task.await;
        }
    });
    let count = |of: &AtomicU64| of.load(Ordering::SeqCst);
    Aftermath {
        committed: count(&tally.committed),
        unknown: count(&tally.unknown),
        served: count(&tally.served),
        panics: count(&tally.panics),
    }
}

/// What must hold afterwards, of any database. `look` is called when all connections have come home.
pub fn inspect(pool: &ConnectionPool, runtime: &tokio::runtime::Runtime, aftermath: &Aftermath, look: impl FnOnce()) {
    crate::until("what was in flight is settled", || {
        let stats = pool.stats();
        stats.active == 0 && stats.waiting == 0
    });
    assert!(pool.stats().total <= pool.max_size());
    // All later gets are served, as many at once as there may be; and nobody sees what was not committed.
    let all: Vec<_> = (0..pool.max_size()).map(|_| pool.get_blocking().expect("one for each")).collect();
    assert_eq!(pool.stats().active, pool.max_size());
    drop(all);
    look();
    let rows: i64 = runtime.block_on(async {
        let mut lease = pool.connection().await.expect("the pool lends");
        lease.query_one("select count(*) from storm", ()).await.expect("the table is there").get(0).expect("a number")
    });
    let rows = u64::try_from(rows).expect("no negative count");
    assert!(
        (aftermath.committed..=aftermath.committed + aftermath.unknown).contains(&rows),
        "{rows} rows after {aftermath:?}"
    );
    assert!(pool.closed_blocking(Duration::from_secs(60)), "no connection is leaked: {}", pool.stats());
}
