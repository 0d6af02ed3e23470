//! Pools for threads.

use std::sync::{Arc, Barrier, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use batis_pool::{Blocking, Pool};

use crate::pools::Nothing;
use crate::{Subject, Work};

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

/// What one writes by hand.
pub(crate) struct Stack(Mutex<Vec<u64>>, Condvar);

impl Stack {
    pub(crate) fn take(&self) -> u64 {
        let mut items = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(item) = items.pop() {
                return item;
            }
            items = self.1.wait(items).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(crate) fn put(&self, item: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(item);
        self.1.notify_one();
    }
}

/// One of each, filled.
pub(crate) struct Pools {
    pub(crate) batis: Pool<Blocking<Nothing>>,
    pub(crate) r2d2: r2d2::Pool<Nothing>,
    pub(crate) stack: Arc<Stack>,
}

pub(crate) fn pools(size: u32) -> Pools {
    let r2d2 = r2d2::Pool::builder().max_size(size).test_on_check_out(false).build(Nothing).expect("nothing fails");
    let stack = Arc::new(Stack(Mutex::new(vec![7; size as usize]), Condvar::new()));
    Pools { batis: filled(size), r2d2, stack }
}

fn filled(size: u32) -> Pool<Blocking<Nothing>> {
    let pool = Pool::builder(Blocking(Nothing)).max_size(size).build().expect("the configuration is right");
    pool.prewarm_blocking(size, Duration::from_secs(60)).expect("nothing fails");
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

pub(crate) fn work(name: &'static str, threads: usize, size: u32) -> Work {
    let Pools { batis, r2d2, stack } = pools(size);
    let subjects = vec![
        Subject::new("batis-pool", move |n| {
            together(threads, n, || drop(batis.get_blocking().expect("nothing fails")))
        }),
        Subject::new("r2d2", move |n| together(threads, n, || drop(r2d2.get().expect("nothing fails")))),
        Subject::new("Mutex<Vec> + Condvar", move |n| together(threads, n, || stack.put(stack.take()))),
    ];
    Work { name, subjects }
}

/// The cost must not grow with the pool.
pub(crate) fn sizes() -> Work {
    let of = |name, size| {
        let pool = filled(size);
        Subject::new(name, move |n| together(1, n, || drop(pool.get_blocking().expect("nothing fails"))))
    };
    let subjects = vec![of("10 connections", 10), of("100 connections", 100), of("1000 connections", 1000)];
    Work { name: "batis-pool on one thread, by size", subjects }
}
