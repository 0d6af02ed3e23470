//! The fake driver: answers from a script, counts what reaches it, keeps a log.

mod answer;
mod connection;
mod driver;
mod world;

pub use answer::Answer;
pub use driver::FakeDriver;
pub use world::Counters;
