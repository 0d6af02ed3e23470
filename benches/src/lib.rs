//! The work that is measured, and how: one definition of each piece of work, run by `scripts/bench` (all subjects interleaved in one process,
//! so that their ratios mean something on a noisy machine) and by criterion (`cargo bench`).

pub mod cores;
pub mod measure;
pub mod report;
mod subject;
pub mod work;

pub use subject::{Subject, Work};
