//! Each pool with a manager whose connections do nothing.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use batis_pool::{Blocking, BlockingManager};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::yield_now;

use crate::{Shared, Turn, run};

/// Makes connections that do nothing.
#[derive(Debug)]
pub(crate) struct Nothing;

impl BlockingManager for Nothing {
    type Item = u64;
    type Error = Infallible;
    fn connect(&self) -> Result<u64, Infallible> {
        Ok(7)
    }
}

impl deadpool::managed::Manager for Nothing {
    type Type = u64;
    type Error = Infallible;
    async fn create(&self) -> Result<u64, Infallible> {
        Ok(7)
    }
    async fn recycle(
        &self,
        _: &mut u64,
        _: &deadpool::managed::Metrics,
    ) -> deadpool::managed::RecycleResult<Infallible> {
        Ok(())
    }
}

impl bb8::ManageConnection for Nothing {
    type Connection = u64;
    type Error = Infallible;
    async fn connect(&self) -> Result<u64, Infallible> {
        Ok(7)
    }
    async fn is_valid(&self, _: &mut u64) -> Result<(), Infallible> {
        Ok(())
    }
    fn has_broken(&self, _: &mut u64) -> bool {
        false
    }
}

#[async_trait::async_trait]
impl mobc::Manager for Nothing {
    type Connection = u64;
    type Error = std::io::Error;
    async fn connect(&self) -> Result<u64, std::io::Error> {
        Ok(7)
    }
    async fn check(&self, connection: u64) -> Result<u64, std::io::Error> {
        Ok(connection)
    }
}

impl fast_pool::Manager for Nothing {
    type Connection = u64;
    type Error = String;
    async fn connect(&self) -> Result<u64, String> {
        Ok(7)
    }
    async fn check(&self, _: &mut u64) -> Result<(), String> {
        Ok(())
    }
}

/// A turn of a pool whose `get` is an async method.
macro_rules! turn {
    ($pool:ty) => {
        impl Turn for $pool {
            async fn turn(&self, yielding: bool) {
                let Ok(held) = self.get().await else { unreachable!("connections cannot fail") };
                if yielding {
                    yield_now().await;
                }
                drop(held);
            }

            async fn timed(&self) -> Duration {
                let begun = Instant::now();
                let Ok(held) = self.get().await else { unreachable!("connections cannot fail") };
                let waited = begun.elapsed();
                yield_now().await;
                drop(held);
                waited
            }
        }
    };
}

/// Any of the pools, driven as a whole.
pub(crate) trait Any {
    fn run(&self, rt: &Runtime, tasks: u64, share: u64) -> Duration;
    fn waits(&self, rt: &Runtime, tasks: u64, share: u64) -> Vec<Duration>;
}

impl<T: Turn> Any for T {
    fn run(&self, rt: &Runtime, tasks: u64, share: u64) -> Duration {
        rt.block_on(run(rt, tasks, share, self))
    }

    fn waits(&self, rt: &Runtime, tasks: u64, share: u64) -> Vec<Duration> {
        let running: Vec<_> = (0..tasks)
            .map(|_| {
                let pool = self.clone();
                rt.spawn(async move {
                    let mut waits = Vec::new();
                    for _ in 0..share {
                        waits.push(pool.timed().await);
                    }
                    waits
                })
            })
            .collect();
        rt.block_on(async {
            let mut all = Vec::new();
            for task in running {
                all.append(&mut task.await.expect("no task panics"));
            }
            all
        })
    }
}

/// sqlx's pool cannot be had without a database: connections to a private one in memory each, which are only lent.
#[derive(Clone)]
pub(crate) struct Sqlx(sqlx::SqlitePool);

pub(crate) async fn sqlx(size: usize) -> Sqlx {
    let size = u32::try_from(size).expect("pools are small");
    let options = sqlx::sqlite::SqlitePoolOptions::new().max_connections(size).test_before_acquire(false);
    let pool = options.connect("sqlite::memory:").await.expect("nothing fails");
    let mut all = Vec::new();
    for _ in 0..size {
        all.push(pool.acquire().await.expect("nothing fails"));
    }
    drop(all);
    Sqlx(pool)
}

impl Sqlx {
    async fn get(&self) -> sqlx::Result<sqlx::pool::PoolConnection<sqlx::Sqlite>> {
        self.0.acquire().await
    }
}

turn!(Sqlx);

turn!(batis_pool::Pool<Blocking<Nothing>>);
turn!(deadpool::managed::Pool<Nothing>);
turn!(bb8::Pool<Nothing>);
turn!(mobc::Pool<Nothing>);
turn!(Shared<fast_pool::Pool<Nothing>>);

pub(crate) async fn batis(size: usize) -> batis_pool::Pool<Blocking<Nothing>> {
    let size = u32::try_from(size).expect("pools are small");
    let pool = batis_pool::Pool::builder(Blocking(Nothing)).max_size(size).build().expect("the configuration is right");
    pool.prewarm(size, Duration::from_secs(60)).await.expect("nothing fails");
    pool
}

pub(crate) fn deadpool(size: usize) -> deadpool::managed::Pool<Nothing> {
    deadpool::managed::Pool::builder(Nothing).max_size(size).build().expect("the configuration is right")
}

pub(crate) async fn bb8(size: usize) -> bb8::Pool<Nothing> {
    let size = u32::try_from(size).expect("pools are small");
    bb8::Pool::builder().max_size(size).test_on_check_out(false).build(Nothing).await.expect("nothing fails")
}

pub(crate) fn mobc(size: usize) -> mobc::Pool<Nothing> {
    let size = u64::try_from(size).expect("pools are small");
    mobc::Pool::builder().max_open(size).max_idle(size).test_on_check_out(false).build(Nothing)
}

pub(crate) fn fast_pool(size: usize) -> Shared<fast_pool::Pool<Nothing>> {
    let pool = fast_pool::Pool::new(Nothing);
    pool.set_max_open(u64::try_from(size).expect("pools are small"));
    Arc::new(pool)
}

/// What one writes by hand: a semaphore for the count and a stack for the connections.
#[derive(Clone)]
pub(crate) struct Plain {
    free: Arc<Semaphore>,
    items: Arc<Mutex<Vec<u64>>>,
}

impl Plain {
    pub(crate) fn new(size: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(size)), items: Arc::new(Mutex::new(vec![7; size])) }
    }
}

impl Turn for Plain {
    async fn timed(&self) -> Duration {
        let begun = Instant::now();
        let permit = self.free.acquire().await.expect("never closed");
        let item = self.items.lock().expect("no panic").pop().expect("one for each permit");
        let waited = begun.elapsed();
        yield_now().await;
        self.items.lock().expect("no panic").push(item);
        drop(permit);
        waited
    }

    async fn turn(&self, yielding: bool) {
        let permit = self.free.acquire().await.expect("never closed");
        let item = self.items.lock().expect("no panic").pop().expect("one for each permit");
        if yielding {
            yield_now().await;
        }
        self.items.lock().expect("no panic").push(item);
        drop(permit);
    }
}
