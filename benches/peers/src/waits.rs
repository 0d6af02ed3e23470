//! How long the unlucky wait: the distribution of the waits of all gets, round by round.
//!
//! One longest wait of a whole run says more of the machine than of the pool: an operating system that takes a core away
//! for some milliseconds, once in a second, from a task that holds a connection or was just handed one, is in each such
//! figure. So everything is measured in many short rounds, in which all pools are interleaved, and the median over the
//! rounds is told; the longest wait of all rounds stands beside it. In the same rounds a control without any pool tells
//! what the machine does by itself. Whom a pool lets pass is counted, which needs no clock.

use std::io::{self, Write};
use std::time::Duration;

use crate::machine;

pub(crate) mod tasks;
pub(crate) mod threads;

/// What came out of one round of one pool.
pub(crate) struct Round {
    waits: Vec<Duration>,
    /// The most gets of others that were served during one wait; counted for tasks only, since it costs a write that all
    /// share.
    passed: Option<u64>,
    took: Duration,
}

/// What is told of one round.
struct Figures {
    /// Gets in a second.
    rate: f64,
    p50: Duration,
    p99: Duration,
    p999: Duration,
    longest: Duration,
    passed: Option<u64>,
}

impl From<Round> for Figures {
    fn from(round: Round) -> Self {
        let Round { mut waits, passed, took } = round;
        waits.sort_unstable();
        let at = |part: f64| waits[((waits.len() - 1) as f64 * part) as usize];
        let rate = waits.len() as f64 / took.as_secs_f64();
        Figures { rate, p50: at(0.5), p99: at(0.99), p999: at(0.999), longest: at(1.0), passed }
    }
}

/// A pool, and its rounds so far.
struct Row<'a> {
    name: &'static str,
    round: Box<dyn Fn() -> Round + 'a>,
    figures: Vec<Figures>,
}

impl<'a> Row<'a> {
    fn new(name: &'static str, round: impl Fn() -> Round + 'a) -> Self {
        Row { name, round: Box::new(round), figures: Vec::new() }
    }

    fn median<T: PartialOrd>(&self, figure: impl Fn(&Figures) -> T) -> T {
        median(self.figures.iter().map(figure).collect())
    }
}

fn median<T: PartialOrd>(mut values: Vec<T>) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).expect("each measurement is a number"));
    values.swap_remove(values.len() / 2)
}

/// Measures the pools, and the control, which is told how long the first pool's round took and returns its longest pause.
/// Prints the table.
fn table(
    out: &mut impl Write,
    rounds: usize,
    mut rows: Vec<Row<'_>>,
    control: impl Fn(Duration) -> Duration,
) -> io::Result<()> {
    writeln!(
        out,
        "  {rounds} interleaved rounds; each figure is the median over them, but for `longest of all rounds`"
    )?;
    writeln!(out, "  at the beginning: {}", machine::Conditions)?;
    let mut pauses = Vec::new();
    // The first round warms up.
    for number in 0..=rounds {
        for turn in 0..rows.len() {
            // Another one begins each round, so that nobody always runs after the same neighbour.
            let at = (turn + number) % rows.len();
            let round = (rows[at].round)();
            let took = round.took;
            rest(took);
            if number == 0 {
                continue;
            }
            rows[at].figures.push(round.into());
            if at == 0 {
                pauses.push(control(took));
                rest(took);
            }
        }
    }
    writeln!(out, "  at the end: {}", machine::Conditions)?;
    print(out, &rows, pauses)
}

/// At real-time priority nobody else runs during a round, and what the kernel does about that must not be measured.
fn rest(took: Duration) {
    if machine::is_real_time() {
        std::thread::sleep(took * 3);
    }
}

fn print(out: &mut impl Write, rows: &[Row<'_>], pauses: Vec<Duration>) -> io::Result<()> {
    let passed = if rows[0].figures[0].passed.is_some() { "most gets of others" } else { "" };
    writeln!(
        out,
        "  {:<24} {:>11} {:>10} {:>10} {:>10} {:>14} {:>14}   {passed:>19}",
        "", "", "", "", "", "longest wait", "longest of"
    )?;
    let during = if passed.is_empty() { "" } else { "during one wait" };
    writeln!(
        out,
        "  {:<24} {:>11} {:>10} {:>10} {:>10} {:>14} {:>14}   {during:>19}",
        "", "gets/s", "p50", "p99", "p99.9", "of a round", "all rounds"
    )?;
    for row in rows {
        let most = row.figures.iter().map(|f| f.longest).max().unwrap_or_default();
        let passed = row.median(|f| f.passed).map(|count| count.to_string()).unwrap_or_default();
        writeln!(
            out,
            "  {:<24} {:>9.2} M {:>10.1?} {:>10.1?} {:>10.1?} {:>14.1?} {most:>14.1?}   {passed:>19}",
            row.name,
            row.median(|f| f.rate) / 1e6,
            row.median(|f| f.p50),
            row.median(|f| f.p99),
            row.median(|f| f.p999),
            row.median(|f| f.longest),
        )?;
    }
    let most = pauses.iter().max().copied().unwrap_or_default();
    writeln!(out, "  {:<68} {:>14.1?} {most:>14.1?}", "no pool: the longest pause", median(pauses))
}
