//! Pools of other crates against batis-pool, interleaved in one process: get and return of connections that do nothing.
//! `scripts/bench pool` calls it. `cargo run --release --manifest-path benches/peers/Cargo.toml [-- [--quick] [--json FILE]]`; to the
//! file the figures are added. `--real-time` measures the waits of tasks alone, and only at real-time priority.

mod blocking;
mod machine;
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
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use measure::{Plan, measure};
use subject::{Subject, Work};
use tokio::runtime::Runtime;
use tokio::task::yield_now;

fn main() -> io::Result<()> {
    let mut args = std::env::args().skip(1);
    let (mut plan, mut json, mut real_time) = (Plan::FULL, None, false);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => plan = Plan::QUICK,
            "--json" => json = args.next(),
            "--real-time" => real_time = true,
            other => return Err(io::Error::other(format!("unknown argument `{other}`"))),
        }
    }
    if real_time && !machine::is_real_time() {
        return Err(io::Error::other("not at real-time priority: `scripts/bench pool --real-time` asks for it"));
    }
    let mut out = io::stdout();
    let rt = Rc::new(runtime());
    if !real_time {
        turns(&mut out, &rt, plan, json)?;
        waits::threads::measure(&mut out, plan.rounds)?;
    }
    waits::tasks::measure(&mut out, &rt, plan.rounds)
}

/// What a turn costs.
fn turns(out: &mut impl Write, rt: &Rc<Runtime>, plan: Plan, json: Option<String>) -> io::Result<()> {
    let mut json = json.map(|file| std::fs::File::options().create(true).append(true).open(file)).transpose()?;
    writeln!(out, "medians of interleaved rounds; the ratio is to the first row of each table")?;
    let works = [
        blocking::work("get + return, one thread, 32 connections", 1, 32),
        blocking::work("get + return, two threads, 32 connections", 2, 32),
        blocking::work("get + return, 8 threads on 4 connections", 8, 4),
        work("get + return, one task, 32 connections", rt, 1, 32),
        work("get + return, 32 tasks on 4 connections, yielding", rt, 32, 4),
        blocking::sizes(),
    ];
    for mut work in works {
        let figures = measure(&mut work, plan);
        report::table(out, &figures)?;
        if let Some(json) = &mut json {
            report::json_lines(json, &figures)?;
        }
    }
    Ok(())
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime can be made")
}

/// A pool of tasks. What it lends goes back when it is dropped.
trait Gets: Clone + Send + 'static {
    fn held(&self) -> impl Future<Output = impl Send> + Send;
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

async fn run<T: Gets>(rt: &Runtime, tasks: u64, share: u64, pool: &T) -> Duration {
    let start = Instant::now();
    let running: Vec<_> = (0..tasks)
        .map(|_| {
            let pool = pool.clone();
            rt.spawn(async move {
                for _ in 0..share {
                    let held = pool.held().await;
                    if tasks > 1 {
                        yield_now().await;
                    }
                    drop(held);
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
