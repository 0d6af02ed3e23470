//! What one turn costs: a connection taken and returned, by a thread and in a task.
//!
//! `cargo run --release -p batis-pool --example turn`

use std::convert::Infallible;
use std::hint::black_box;
use std::time::Instant;

use batis_pool::{Blocking, BlockingManager, Pool};

const TURNS: u32 = 1_000_000;

struct Nothing;

impl BlockingManager for Nothing {
    type Item = Box<u64>;
    type Error = Infallible;

    fn connect(&self) -> Result<Box<u64>, Infallible> {
        Ok(Box::new(0))
    }
}

/// The median of nine runs, in nanoseconds a turn.
fn median(mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..9)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1e9 / f64::from(TURNS)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    for size in [10, 1000] {
        let pool = Pool::builder(Blocking(Nothing)).max_size(size).build()?;
        while pool.stats().idle < size {
            std::thread::yield_now();
        }
        let blocking = median(|| {
            (0..TURNS).for_each(|_| {
                black_box(pool.get_blocking().is_ok());
            });
        });
        let trying = median(|| {
            (0..TURNS).for_each(|_| {
                black_box(pool.try_get().is_some());
            });
        });
        println!("{size:>5} connections: get_blocking {blocking:5.1} ns, try_get {trying:5.1} ns");
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build()?;
        let task = median(|| {
            let pool = pool.clone();
            let turns = async move {
                for _ in 0..TURNS {
                    {
                        black_box(pool.get().await.is_ok());
                    };
                }
            };
            let _ = runtime.block_on(runtime.spawn(turns));
        });
        let threads = median(|| {
            std::thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        (0..TURNS).for_each(|_| {
                            black_box(pool.get_blocking().is_ok());
                        });
                    });
                }
            });
        });
        println!("{:>5}              get in a task {task:5.1} ns, two threads at once {threads:5.1} ns each", "");
    }
    Ok(())
}
