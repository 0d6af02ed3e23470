//! Pools of other crates against batis-pool, interleaved in one process: get and return of connections that do nothing.
//! `scripts/bench pool` calls it. `cargo run --release --manifest-path benches/peers/Cargo.toml [-- [--quick] [--json FILE]]`; to the
//! file the figures are added.

mod blocking;
#[path = "../../src/measure.rs"]
mod measure;
mod pools;
#[path = "../../src/report.rs"]
mod report;
#[path = "../../src/subject.rs"]
#[allow(dead_code)]
mod subject;
mod waits;

use std::future::Future;
use std::io::{self, Write as _};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use measure::{Plan, measure};
use subject::{Subject, Work};
use tokio::runtime::Runtime;

fn main() -> io::Result<()> {
    let mut args = std::env::args().skip(1);
    let (mut quick, mut json) = (false, None);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => quick = true,
            "--json" => json = args.next(),
            other => return Err(io::Error::other(format!("unknown argument `{other}`"))),
        }
    }
    let mut json = json.map(|file| std::fs::File::options().create(true).append(true).open(file)).transpose()?;
    let plan = if quick { Plan::QUICK } else { Plan::FULL };
    let mut out = io::stdout();
    writeln!(out, "medians of interleaved rounds; the ratio is to the first row of each table")?;
    let rt = Rc::new(runtime());
    let works = [
        blocking::work("get + return, one thread, 32 connections", 1, 32),
        blocking::work("get + return, two threads, 32 connections", 2, 32),
        blocking::work("get + return, 8 threads on 4 connections", 8, 4),
        work("get + return, one task, 32 connections", &rt, 1, 32),
        work("get + return, 32 tasks on 4 connections, yielding", &rt, 32, 4),
        blocking::sizes(),
    ];
    for mut work in works {
        let figures = measure(&mut work, plan);
        report::table(&mut out, &figures)?;
        if let Some(json) = &mut json {
            report::json_lines(json, &figures)?;
        }
    }
    waits::threads(&mut out, if quick { 20_000 } else { 100_000 })?;
    waits::tasks(&mut out, &rt, if quick { 2_000 } else { 10_000 })
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime can be made")
}

/// One turn of a pool: get, yield if others wait too, return. How long it took to get.
trait Turn: Clone + Send + 'static {
    fn turn(&self, yielding: bool) -> impl Future<Output = ()> + Send;

    /// The same, and how long the wait was.
    fn timed(&self) -> impl Future<Output = Duration> + Send;
}

/// All the pools of tasks, under their names.
macro_rules! each_pool {
    ($rt:expr, $size:expr, $use_one:expr) => {{
        let mut use_one = $use_one;
        use_one("batis-pool", Box::new($rt.block_on(pools::batis($size))) as Box<dyn pools::Any>);
        use_one("deadpool", Box::new(pools::deadpool($size)));
        use_one("bb8", Box::new($rt.block_on(pools::bb8($size))));
        use_one("mobc", Box::new(pools::mobc($size)));
        use_one("fast_pool", Box::new(pools::fast_pool($size)));
        use_one("sqlx", Box::new($rt.block_on(pools::sqlx($size))));
        use_one("tokio Semaphore + Mutex", Box::new(pools::Plain::new($size)));
    }};
}
pub(crate) use each_pool;

fn work(name: &'static str, rt: &Rc<Runtime>, tasks: u64, size: usize) -> Work {
    let mut subjects = Vec::new();
    let mut add = |name, pool: Box<dyn pools::Any>| {
        let rt = Rc::clone(rt);
        subjects.push(Subject::new(name, move |n| pool.run(&rt, tasks, n.div_ceil(tasks))));
    };
    each_pool!(rt, size, |name, pool| add(name, pool));
    Work { name, subjects }
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
