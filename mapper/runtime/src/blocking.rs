//! The same for plain threads: [`SqlSession`] with the same names and no runtime.
//!
//! Thin calls of the async core: each polls its future once (all that SQLite needs), and then lets the connection's runner drive it.

mod session;
mod transactions;

pub use session::SqlSession;
