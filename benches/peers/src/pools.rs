//! Each pool with a manager whose connections do nothing.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use batis_pool::{Blocking, BlockingManager};
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::waits::{self, Round};
use crate::{Gets, Shared, run};

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

/// A pool whose `get` is an async method.
macro_rules! gets {
    ($pool:ty) => {
        impl Gets for $pool {
            async fn held(&self) -> impl Send {
                self.get().await.unwrap_or_else(|_| unreachable!("connections cannot fail"))
            }
        }
    };
}

/// Any of the pools, driven as a whole.
pub(crate) trait Any {
    fn run(&self, rt: &Runtime, tasks: u64, share: u64) -> Duration;
    fn round(&self, rt: &Runtime, tasks: usize, share: usize) -> Round;
}

impl<T: Gets> Any for T {
    fn run(&self, rt: &Runtime, tasks: u64, share: u64) -> Duration {
        rt.block_on(run(rt, tasks, share, self))
    }

    fn round(&self, rt: &Runtime, tasks: usize, share: usize) -> Round {
        rt.block_on(waits::tasks::round(rt, tasks, share, self))
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

gets!(Sqlx);

gets!(batis_pool::Pool<Blocking<Nothing>>);
gets!(deadpool::managed::Pool<Nothing>);
gets!(bb8::Pool<Nothing>);
gets!(mobc::Pool<Nothing>);
gets!(Shared<fast_pool::Pool<Nothing>>);

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

/// What is given back when it is dropped, before the permit.
struct Lent<'a> {
    item: u64,
    items: &'a Mutex<Vec<u64>>,
    _permit: SemaphorePermit<'a>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.items.lock().expect("no panic").push(self.item);
    }
}

impl Gets for Plain {
    async fn held(&self) -> impl Send {
        let permit = self.free.acquire().await.expect("never closed");
        let item = self.items.lock().expect("no panic").pop().expect("one for each permit");
        Lent { item, items: &self.items, _permit: permit }
    }
}
