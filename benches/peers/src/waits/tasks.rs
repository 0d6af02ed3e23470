//! 32 tasks on 4 connections that yield while they hold one.

use std::io::{self, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::Barrier;
use tokio::task::yield_now;

use super::{Round, Row, table};
use crate::{Gets, each_pool, pools};

const TASKS: usize = 32;
/// Gets of each task in a round.
const SHARE: usize = 1_000;

/// Measures, and prints the table.
pub(crate) fn measure(out: &mut impl Write, rt: &Rc<Runtime>, rounds: usize) -> io::Result<()> {
    let gets = TASKS * SHARE;
    writeln!(out, "\nwaits of {TASKS} tasks on 4 connections, {gets} gets a round")?;
    writeln!(
        out,
        "  no pool: of {TASKS} tasks that only yield, the longest time one was not run; as long as a round of batis-pool"
    )?;
    let mut rows = Vec::new();
    each_pool!(rt, 4, |name, pool: Box<dyn pools::Any>| {
        rows.push(Row::new(name, move || pool.round(rt, TASKS, SHARE)));
    });
    table(out, rounds, rows, |as_long| rt.block_on(longest_pause(rt, as_long)))
}

/// One round.
pub(crate) async fn round<T: Gets>(rt: &Runtime, tasks: usize, share: usize, pool: &T) -> Round {
    let (pool, served) = (pool.clone(), Arc::new(AtomicU64::new(0)));
    let begun = Instant::now();
    let all = together(rt, tasks, || {
        let (pool, served) = (pool.clone(), Arc::clone(&served));
        async move {
            let (mut waits, mut passed) = (Vec::with_capacity(share), 0);
            for _ in 0..share {
                let (begun, before) = (Instant::now(), served.load(Ordering::Relaxed));
                let held = pool.held().await;
                waits.push(begun.elapsed());
                passed = passed.max(served.fetch_add(1, Ordering::Relaxed) - before);
                yield_now().await;
                drop(held);
            }
            (waits, passed)
        }
    });
    let (waits, passed): (Vec<_>, Vec<_>) = all.await.into_iter().unzip();
    Round { waits: waits.concat(), passed: passed.into_iter().max(), took: begun.elapsed() }
}

/// The longest time that one of as many tasks was not run though it was ready all along.
async fn longest_pause(rt: &Runtime, as_long: Duration) -> Duration {
    let pauses = together(rt, TASKS, || async move {
        let (begun, mut longest) = (Instant::now(), Duration::ZERO);
        while begun.elapsed() < as_long {
            let paused = Instant::now();
            yield_now().await;
            longest = longest.max(paused.elapsed());
        }
        longest
    });
    pauses.await.into_iter().max().unwrap_or_default()
}

/// Tasks that begin together. None ends before all are through, so that this thread sleeps meanwhile and takes no core
/// from them.
async fn together<T, F>(rt: &Runtime, tasks: usize, work: impl Fn() -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let all = Arc::new(Barrier::new(tasks));
    let running: Vec<_> = (0..tasks)
        .map(|_| {
            let (all, work) = (Arc::clone(&all), work());
            rt.spawn(async move {
                all.wait().await;
                let done = work.await;
                all.wait().await;
                done
            })
        })
        .collect();
    let mut done = Vec::with_capacity(tasks);
    for task in running {
        done.push(task.await.expect("no task panics"));
    }
    done
}
