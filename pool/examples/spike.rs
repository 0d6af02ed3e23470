//! Sudden demand: a pool with 5 idle connections and room for 50 is asked for 50 at once. Connecting takes 150 ms, the
//! work 2 ms. How many connections are there in the end, and how long did people wait?
//!
//! `cargo run --release -p batis-pool --example spike`
//!
//! HikariCP made this experiment famous: a pool that answers each waiter with a connect ends with forty connections that
//! nobody needs, made at the very moment when the database has most to do.

// Stands for the time that a server takes.
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use batis_pool::{Manager, Pool};

const CONNECT: Duration = Duration::from_millis(150);
const WORK: Duration = Duration::from_millis(2);
const IDLE: u32 = 5;
const MAX: u32 = 50;
const REQUESTS: u32 = 50;
const STEP: Duration = Duration::from_millis(10);

/// Counts the connections that were made, or are being made.
#[derive(Clone, Default)]
struct Slow(Arc<AtomicU32>);

impl Slow {
    fn count(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Manager for Slow {
    type Item = ();
    type Error = Infallible;

    async fn connect(&self) -> Result<(), Infallible> {
        self.0.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(CONNECT).await;
        Ok(())
    }
}

impl r2d2::ManageConnection for Slow {
    type Connection = ();
    type Error = std::io::Error;

    fn connect(&self) -> Result<(), std::io::Error> {
        self.0.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(CONNECT);
        Ok(())
    }

    fn is_valid(&self, (): &mut ()) -> Result<(), std::io::Error> {
        Ok(())
    }

    fn has_broken(&self, (): &mut ()) -> bool {
        false
    }
}

impl deadpool::managed::Manager for Slow {
    type Type = ();
    type Error = Infallible;

    async fn create(&self) -> Result<(), Infallible> {
        Manager::connect(self).await
    }

    async fn recycle(
        &self,
        (): &mut (),
        _: &deadpool::managed::Metrics,
    ) -> deadpool::managed::RecycleResult<Infallible> {
        Ok(())
    }
}

/// What came out for one pool.
struct Outcome {
    name: &'static str,
    connections: u32,
    median: Duration,
    worst: Duration,
    /// Connections and people still waiting, every `STEP`.
    timeline: Vec<(u32, u32)>,
}

/// Fifty requests at once; `ask` borrows, works and returns, and says how long it took until it had a connection.
async fn spike<F>(name: &'static str, slow: &Slow, mut ask: impl FnMut() -> F) -> Outcome
where
    F: Future<Output = Duration> + Send + 'static,
{
    let served = Arc::new(AtomicU32::new(0));
    let requests: Vec<_> = (0..REQUESTS)
        .map(|_| {
            let (request, served) = (ask(), Arc::clone(&served));
            tokio::spawn(async move {
                let waited = request.await;
                served.fetch_add(1, Ordering::SeqCst);
                waited
            })
        })
        .collect();
    let mut timeline = Vec::new();
    while served.load(Ordering::SeqCst) < REQUESTS {
        timeline.push((slow.count(), REQUESTS - served.load(Ordering::SeqCst)));
        tokio::time::sleep(STEP).await;
    }
    let mut waits = Vec::new();
    for request in requests {
        waits.push(request.await.unwrap_or_default());
    }
    waits.sort();
    // What was begun is counted, also where it ended after everybody was served.
    tokio::time::sleep(2 * CONNECT).await;
    timeline.push((slow.count(), 0));
    let (median, worst) = (waits[waits.len() / 2], waits[waits.len() - 1]);
    Outcome { name, connections: slow.count(), median, worst, timeline }
}

async fn batis() -> Result<Outcome, batis_pool::PoolError> {
    let slow = Slow::default();
    let pool = Pool::builder(slow.clone()).max_size(MAX).min_idle(IDLE).build()?;
    pool.prewarm(IDLE, Duration::from_secs(10)).await?;
    let outcome = spike("batis", &slow, || {
        let pool = pool.clone();
        async move {
            let begun = Instant::now();
            let held = pool.get().await;
            let waited = begun.elapsed();
            tokio::time::sleep(WORK).await;
            drop(held);
            waited
        }
    });
    Ok(outcome.await)
}

async fn deadpool() -> Result<Outcome, Box<dyn std::error::Error>> {
    let slow = Slow::default();
    let pool = deadpool::managed::Pool::<Slow>::builder(slow.clone()).max_size(MAX as usize).build()?;
    let mut warm = Vec::new();
    for _ in 0..IDLE {
        warm.push(pool.get().await?);
    }
    drop(warm);
    let outcome = spike("deadpool", &slow, || {
        let pool = pool.clone();
        async move {
            let begun = Instant::now();
            let held = pool.get().await;
            let waited = begun.elapsed();
            tokio::time::sleep(WORK).await;
            drop(held);
            waited
        }
    });
    Ok(outcome.await)
}

async fn r2d2() -> Result<Outcome, Box<dyn std::error::Error>> {
    let slow = Slow::default();
    // Its constructor waits until `min_idle` are there.
    let pool = r2d2::Pool::builder().max_size(MAX).min_idle(Some(IDLE)).test_on_check_out(false).build(slow.clone())?;
    let outcome = spike("r2d2", &slow, || {
        let pool = pool.clone();
        async move {
            let request = tokio::task::spawn_blocking(move || {
                let begun = Instant::now();
                let held = pool.get();
                let waited = begun.elapsed();
                std::thread::sleep(WORK);
                drop(held);
                waited
            });
            request.await.unwrap_or_default()
        }
    });
    Ok(outcome.await)
}

fn draw(outcome: &Outcome) {
    println!("\n{}: connections (#) and people waiting (.)", outcome.name);
    let bar = |count: u32, mark: &str| mark.repeat(count as usize);
    let mut last = None;
    for (step, (connections, waiting)) in outcome.timeline.iter().enumerate() {
        // A step in which nothing changed is not worth a line.
        if last != Some((*connections, *waiting)) {
            let at = STEP * u32::try_from(step).unwrap_or(u32::MAX);
            println!("{:>7} |{:<50}|{}", format!("{at:?}"), bar(*connections, "#"), bar(*waiting, "."));
        }
        last = Some((*connections, *waiting));
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build()?;
    let outcomes = runtime
        .block_on(async { Ok::<_, Box<dyn std::error::Error>>([batis().await?, r2d2().await?, deadpool().await?]) })?;
    println!(
        "{REQUESTS} requests at once, {IDLE} idle connections of at most {MAX}, connect {CONNECT:?}, work {WORK:?}\n"
    );
    println!("| pool     | connections in the end | median wait | worst wait |");
    println!("| -------- | ---------------------- | ----------- | ---------- |");
    for Outcome { name, connections, median, worst, .. } in &outcomes {
        println!("| {name:<8} | {connections:>22} | {median:>11.1?} | {worst:>10.1?} |");
    }
    outcomes.iter().for_each(draw);
    Ok(())
}
