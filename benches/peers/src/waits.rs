//! How long the unlucky wait: the distribution of the waits of all turns.

use std::io::{self, Write};
use std::rc::Rc;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::blocking::{self, Pools};
use crate::{each_pool, pools};

fn line(out: &mut impl Write, name: &str, mut waits: Vec<Duration>, took: Duration) -> io::Result<()> {
    let turns = waits.len();
    waits.sort_unstable();
    let at = |part: f64| waits[((turns - 1) as f64 * part) as usize];
    let rate = turns as f64 / took.as_secs_f64() / 1e6;
    writeln!(
        out,
        "  {name:<26} {rate:>6.2} M/s   p50 {:>9.1?}   p99 {:>9.1?}   p99.9 {:>9.1?}   worst {:>9.1?}",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    )
}

/// 8 threads on 4 connections.
pub(crate) fn threads(out: &mut impl Write, turns: usize) -> io::Result<()> {
    writeln!(out, "\nwaits of 8 threads on 4 connections, three runs each")?;
    let Pools { batis, r2d2, stack } = blocking::pools(4);
    for _ in 0..3 {
        let measured = |turn: &(dyn Fn() -> Duration + Sync)| {
            let (begin, start) = (Barrier::new(9), Instant::now());
            let waits: Vec<Duration> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..8)
                    .map(|_| {
                        scope.spawn(|| {
                            begin.wait();
                            (0..turns).map(|_| turn()).collect::<Vec<_>>()
                        })
                    })
                    .collect();
                begin.wait();
                threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
            });
            (waits, start.elapsed())
        };
        let timed = |get: &dyn Fn()| {
            let begun = Instant::now();
            get();
            begun.elapsed()
        };
        let (waits, took) = measured(&|| {
            let begun = Instant::now();
            let held = batis.get_blocking().expect("nothing fails");
            let waited = begun.elapsed();
            drop(held);
            waited
        });
        line(out, "batis-pool", waits, took)?;
        let (waits, took) = measured(&|| {
            let begun = Instant::now();
            let held = r2d2.get().expect("nothing fails");
            let waited = begun.elapsed();
            drop(held);
            waited
        });
        line(out, "r2d2", waits, took)?;
        let (waits, took) = measured(&|| {
            let mut item = 0;
            let cell = std::cell::Cell::new(0);
            let waited = timed(&|| cell.set(stack.take()));
            std::mem::swap(&mut item, &mut cell.get());
            stack.put(item);
            waited
        });
        line(out, "Mutex<Vec> + Condvar", waits, took)?;
    }
    Ok(())
}

/// 32 tasks on 4 connections that yield while they hold one.
pub(crate) fn tasks(out: &mut impl Write, rt: &Rc<Runtime>, turns: u64) -> io::Result<()> {
    writeln!(out, "\nwaits of 32 tasks on 4 connections, two runs each")?;
    let mut all: Vec<(&'static str, Box<dyn pools::Any>)> = Vec::new();
    each_pool!(rt, 4, |name, pool| all.push((name, pool)));
    for _ in 0..2 {
        for (name, pool) in &all {
            let start = Instant::now();
            let waits = pool.waits(rt, 32, turns);
            line(out, name, waits, start.elapsed())?;
        }
    }
    Ok(())
}
