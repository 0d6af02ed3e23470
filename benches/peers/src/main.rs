//! Pools of other crates against batis-pool, interleaved in one process: get and return of connections that do nothing.
//! `cargo run --release --manifest-path benches/peers/Cargo.toml [-- --quick]`

mod pools;

use std::future::Future;
use std::io::{self, Write as _};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use batis_benches::measure::{Plan, measure};
use batis_benches::{Subject, Work, report};
use tokio::runtime::Runtime;

fn main() -> io::Result<()> {
    let plan = if std::env::args().any(|a| a == "--quick") { Plan::QUICK } else { Plan::FULL };
    let mut out = io::stdout();
    writeln!(out, "medians of {} interleaved rounds; the ratio is to the first row of each table", plan.rounds)?;
    for mut work in [work("one task, 32 connections", 1, 32), work("32 tasks on 4 connections, yielding", 32, 4)] {
        report::table(&mut out, &measure(&mut work, plan))?;
    }
    Ok(())
}

/// One turn of a pool: get, yield if others wait too, return.
trait Turn: Clone + Send + 'static {
    fn turn(&self, yielding: bool) -> impl Future<Output = ()> + Send;
}

fn work(name: &'static str, tasks: u64, size: usize) -> Work {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let rt = Rc::new(runtime.expect("a runtime can be made"));
    let subjects = vec![
        subject("batis-pool", &rt, tasks, rt.block_on(pools::batis(size))),
        subject("deadpool", &rt, tasks, pools::deadpool(size)),
        subject("bb8", &rt, tasks, rt.block_on(pools::bb8(size))),
        subject("mobc", &rt, tasks, pools::mobc(size)),
        subject("fast_pool", &rt, tasks, pools::fast_pool(size)),
        subject("tokio Semaphore + Mutex", &rt, tasks, pools::Plain::new(size)),
    ];
    Work { name, subjects }
}

fn subject<T: Turn>(name: &'static str, rt: &Rc<Runtime>, tasks: u64, pool: T) -> Subject {
    let rt = Rc::clone(rt);
    Subject::new(name, move |n| rt.block_on(run(&rt, tasks, n.div_ceil(tasks), &pool)))
}

async fn run<T: Turn>(rt: &Runtime, tasks: u64, share: u64, pool: &T) -> Duration {
    let start = Instant::now();
    let running: Vec<_> = (0..tasks)
        .map(|_| {
            let pool = pool.clone();
            rt.spawn(async move {
                for _ in 0..share {
                    pool.turn(tasks > 1).await;
                }
            })
        })
        .collect();
    for task in running {
        task.await.expect("no task panics");
    }
    start.elapsed()
}

/// Shared by the pools whose handle is no cheap clone.
type Shared<T> = Arc<T>;
