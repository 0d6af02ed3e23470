//! 8 threads on 4 connections.

use std::io::{self, Write};
use std::sync::Barrier;
use std::time::{Duration, Instant};

use super::{Round, Row, table};
use crate::blocking::{self, Pools};

const THREADS: usize = 8;
/// Gets of each thread in a round.
const SHARE: usize = 20_000;

/// Measures, and prints the table.
pub(crate) fn measure(out: &mut impl Write, rounds: usize) -> io::Result<()> {
    let gets = THREADS * SHARE;
    writeln!(out, "\nwaits of {THREADS} threads on 4 connections, {gets} gets a round")?;
    writeln!(
        out,
        "  no pool: of {THREADS} threads, the longest time between two looks at the clock; as long as a round of batis-pool"
    )?;
    let Pools { batis, r2d2, stack } = blocking::pools(4);
    let rows = vec![
        Row::new("batis-pool", || round(|| batis.get_blocking().expect("nothing fails"), drop)),
        Row::new("r2d2", || round(|| r2d2.get().expect("nothing fails"), drop)),
        Row::new("Mutex<Vec> + Condvar", || round(|| stack.take(), |item| stack.put(item))),
    ];
    table(out, rounds, rows, longest_pause)
}

fn round<T>(get: impl Fn() -> T + Sync, put: impl Fn(T) + Sync) -> Round {
    let turn = |_| {
        let begun = Instant::now();
        let held = get();
        let waited = begun.elapsed();
        put(held);
        waited
    };
    let begun = Instant::now();
    let waits = together(|| (0..SHARE).map(turn).collect::<Vec<_>>());
    Round { waits: waits.concat(), passed: None, took: begun.elapsed() }
}

fn longest_pause(as_long: Duration) -> Duration {
    let pauses = together(|| {
        let (begun, mut longest) = (Instant::now(), Duration::ZERO);
        while begun.elapsed() < as_long {
            let look = Instant::now();
            longest = longest.max(look.elapsed());
        }
        longest
    });
    pauses.into_iter().max().unwrap_or_default()
}

/// Threads that begin together.
fn together<T: Send>(work: impl Fn() -> T + Sync) -> Vec<T> {
    let begin = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    begin.wait();
                    work()
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}
