//! [`Work`] and [`Subject`]: what is measured, and who does it.

use std::time::Duration;

/// A piece of work and who does it; the first subject is the baseline.
#[derive(Debug)]
pub struct Work {
    /// What is done, in a few words.
    pub name: &'static str,
    /// Who does it; ratios are to the first one.
    pub subjects: Vec<Subject>,
}

/// One way to do a piece of work.
pub struct Subject {
    /// Its name in the table.
    pub name: &'static str,
    run: Box<dyn FnMut(u64) -> Duration>,
}

impl Subject {
    /// A subject that does the work `n` times and says how long that took.
    pub fn new(name: &'static str, run: impl FnMut(u64) -> Duration + 'static) -> Self {
        Self { name, run: Box::new(run) }
    }

    /// A subject that does the work once a call.
    pub fn each(name: &'static str, mut once: impl FnMut() + 'static) -> Self {
        Self::new(name, move |n| {
            let start = std::time::Instant::now();
            for _ in 0..n {
                once();
            }
            start.elapsed()
        })
    }

    /// Does the work `n` times.
    pub fn run(&mut self, n: u64) -> Duration {
        (self.run)(n)
    }
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
