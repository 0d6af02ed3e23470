//! Interleaved measurement: in each round every subject does the work, and ratios are taken inside the round.

use std::time::{Duration, Instant};

use crate::Work;

/// How long and how often.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Rounds, at most; the medians are over them.
    pub rounds: usize,
    /// How long one subject works in one round.
    pub slice: Duration,
    /// After which time no further round begins, but for the third: some work is slow at its smallest.
    pub limit: Duration,
}

/// Fewer rounds have no median worth the name.
const FEWEST: usize = 3;

impl Plan {
    /// A minute or two for everything.
    pub const FULL: Plan = Plan { rounds: 31, slice: Duration::from_millis(30), limit: Duration::from_secs(90) };
    /// Some seconds for everything; enough to see a factor, not a per cent.
    pub const QUICK: Plan = Plan { rounds: 7, slice: Duration::from_millis(10), limit: Duration::from_secs(10) };
}

/// What came out for one subject.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What was done.
    pub work: &'static str,
    /// By whom.
    pub subject: &'static str,
    /// Who it is compared with.
    pub baseline: &'static str,
    /// Over how many rounds the medians are.
    pub rounds: usize,
    /// Median over the rounds, in nanoseconds.
    pub median_ns: f64,
    /// Median over the rounds of the ratio to the baseline in the same round.
    pub ratio: f64,
}

/// Measures all subjects of a piece of work.
pub fn measure(work: &mut Work, plan: Plan) -> Vec<Figure> {
    let counts: Vec<u64> = work.subjects.iter_mut().map(|s| calibrate(|n| s.run(n), plan.slice)).collect();
    let mut nanos = vec![Vec::with_capacity(plan.rounds); work.subjects.len()];
    let begin = Instant::now();
    for round in 0..plan.rounds {
        if round >= FEWEST && begin.elapsed() > plan.limit {
            break;
        }
        for turn in 0..work.subjects.len() {
            // Another one begins each round, so that nobody always runs after the same neighbour.
            let at = (turn + round) % work.subjects.len();
            nanos[at].push(per_turn(work.subjects[at].run(counts[at]), counts[at]));
        }
    }
    let baseline = work.subjects.first().map_or("", |s| s.name);
    let figures = work.subjects.iter().zip(&nanos).map(|(subject, own)| {
        let ratios: Vec<f64> = own.iter().zip(&nanos[0]).map(|(a, b)| a / b).collect();
        Figure {
            work: work.name,
            subject: subject.name,
            baseline,
            rounds: own.len(),
            median_ns: median(own.clone()),
            ratio: median(ratios),
        }
    });
    figures.collect()
}

/// How many turns fill the slice; warms up on the way.
fn calibrate(mut run: impl FnMut(u64) -> Duration, slice: Duration) -> u64 {
    let mut n = 1;
    loop {
        let took = run(n);
        if took * 4 >= slice || n >= 1 << 40 {
            let turns = slice.as_secs_f64() / per_turn(took, n) * 1e9;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a count, far below the limits
            return turns.ceil().max(1.0) as u64;
        }
        n *= 4;
    }
}

fn per_turn(took: Duration, n: u64) -> f64 {
    took.as_secs_f64() * 1e9 / n as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
