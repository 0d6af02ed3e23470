//! Get and return, with connections that do nothing: on threads, in tasks, with fewer connections than users.

use std::convert::Infallible;
use std::sync::Mutex;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use batis_pool::{Blocking, BlockingManager, Pool};
use tokio::runtime::Runtime;

use crate::{Subject, Work};

const SIZE: usize = 32;

pub(super) fn all() -> Vec<Work> {
    vec![
        on_threads("pool get + return, 1 thread", 1, SIZE),
        on_threads("pool get + return, 2 threads", 2, SIZE),
        on_threads("pool get + return, 4 threads on 2 connections", 4, 2),
        on_threads("pool get + return, 8 threads on 4 connections", 8, 4),
        one_task(),
        many_tasks(),
    ]
}

/// Makes connections that do nothing.
struct Nothing;

impl BlockingManager for Nothing {
    type Item = u64;
    type Error = Infallible;
    fn connect(&self) -> Result<u64, Infallible> {
        Ok(7)
    }
}

impl r2d2::ManageConnection for Nothing {
    type Connection = u64;
    type Error = std::io::Error;
    fn connect(&self) -> Result<u64, std::io::Error> {
        Ok(7)
    }
    fn is_valid(&self, _: &mut u64) -> Result<(), std::io::Error> {
        Ok(())
    }
    fn has_broken(&self, _: &mut u64) -> bool {
        false
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

fn ours(size: usize) -> Pool<Blocking<Nothing>> {
    let size = u32::try_from(size).expect("pools are small");
    let pool = Pool::builder(Blocking(Nothing)).max_size(size).build().expect("the configuration is right");
    // All connections are there before the clock starts.
    let all: Vec<_> = (0..size).map(|_| pool.get_blocking().expect("nothing fails")).collect();
    drop(all);
    pool
}

/// `n` turns shared by threads that start together.
fn together(threads: usize, n: u64, turn: impl Fn() + Send + Sync) -> Duration {
    let share = n.div_ceil(threads as u64);
    if threads == 1 {
        let start = Instant::now();
        (0..share).for_each(|_| turn());
        return start.elapsed();
    }
    let (begin, turn) = (Barrier::new(threads + 1), &turn);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                begin.wait();
                (0..share).for_each(|_| turn());
            });
        }
        begin.wait();
        Instant::now()
    })
    .elapsed()
}

fn on_threads(name: &'static str, threads: usize, size: usize) -> Work {
    let mutex = Arc::new(Mutex::new((0..SIZE as u64).collect::<Vec<_>>()));
    let r2d2 = r2d2::Pool::builder()
        .max_size(u32::try_from(size).expect("pools are small"))
        .test_on_check_out(false)
        .build(Nothing);
    let r2d2 = r2d2.expect("nothing fails");
    let batis = ours(size);
    let mut subjects = vec![
        Subject::new("batis-pool", move |n| {
            together(threads, n, || drop(batis.get_blocking().expect("nothing fails")))
        }),
        Subject::new("r2d2", move |n| together(threads, n, || drop(r2d2.get().expect("nothing fails")))),
    ];
    // A bare stack does not wait, so it is a floor only where nobody has to.
    if threads <= size {
        let floor = Subject::new("Mutex<Vec>", move |n| {
            together(threads, n, || {
                let item = mutex.lock().expect("no panic").pop().expect("enough for all");
                mutex.lock().expect("no panic").push(item);
            })
        });
        subjects.insert(0, floor);
    }
    Work { name, subjects }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime can be made")
}

fn deadpool(size: usize) -> deadpool::managed::Pool<Nothing> {
    deadpool::managed::Pool::builder(Nothing).max_size(size).build().expect("the configuration is right")
}

fn one_task() -> Work {
    let (rt, batis) = (super::driver::runtime(), ours(SIZE));
    let (other_rt, deadpool) = (super::driver::runtime(), deadpool(SIZE));
    let subjects = vec![
        Subject::new("batis-pool", move |n| {
            rt.block_on(async {
                let start = Instant::now();
                for _ in 0..n {
                    drop(batis.get().await.expect("nothing fails"));
                }
                start.elapsed()
            })
        }),
        Subject::new("deadpool", move |n| {
            other_rt.block_on(async {
                let start = Instant::now();
                for _ in 0..n {
                    drop(deadpool.get().await.expect("nothing fails"));
                }
                start.elapsed()
            })
        }),
    ];
    Work { name: "pool get + return in a task", subjects }
}

/// 32 tasks on 4 connections, yielding while they hold one.
fn many_tasks() -> Work {
    const TASKS: u64 = 32;
    let (rt, batis) = (runtime(), ours(4));
    let (other_rt, deadpool) = (runtime(), deadpool(4));
    let subjects = vec![
        Subject::new("batis-pool", move |n| {
            rt.block_on(async {
                let start = Instant::now();
                let tasks: Vec<_> = (0..TASKS)
                    .map(|_| {
                        let pool = batis.clone();
                        rt.spawn(async move {
                            for _ in 0..n.div_ceil(TASKS) {
                                let held = pool.get().await.expect("nothing fails");
                                tokio::task::yield_now().await;
                                drop(held);
                            }
                        })
                    })
                    .collect();
                for task in tasks {
                    task.await.expect("no task panics");
                }
                start.elapsed()
            })
        }),
        Subject::new("deadpool", move |n| {
            other_rt.block_on(async {
                let start = Instant::now();
                let tasks: Vec<_> = (0..TASKS)
                    .map(|_| {
                        let pool = deadpool.clone();
                        other_rt.spawn(async move {
                            for _ in 0..n.div_ceil(TASKS) {
                                let held = pool.get().await.expect("nothing fails");
                                tokio::task::yield_now().await;
                                drop(held);
                            }
                        })
                    })
                    .collect();
                for task in tasks {
                    task.await.expect("no task panics");
                }
                start.elapsed()
            })
        }),
    ];
    Work { name: "pool: 32 tasks on 4 connections", subjects }
}
