//! The conformance list that any batis driver can run, and a fake driver for tests.
//!
//! A driver's test is one function: it names the dialect (what is legitimately different between databases, as data) and a database that
//! the list may have for itself. The same list is run twice, for tasks and for plain threads:
//!
//! ```no_run
//! # async fn f(manager: batis_dbc::DriverManager, url: &str, dialect: &batis_conformance::Dialect) {
//! batis_conformance::run(&manager, url, dialect).await.assert_passed();
//! batis_conformance::run_blocking(&manager, url, dialect).assert_passed();
//! # }
//! ```
//!
//! Each case gets a fresh connection. The cases run one after another and drop and create tables whose names begin with `conf_`, so two runs
//! at the same time need two databases.
//!
//! # JDBC's interfaces and the cases for them
//! | JDBC | cases |
//! |---|---|
//! | `Driver`, `DriverManager`, `DataSource` | `drivers/`, `sources/`, `lifecycle/` |
//! | `Connection`: auto-commit, commit, rollback, savepoints, isolation, read only | `transactions/`, `isolation/`, `retry/` |
//! | `Connection`: `isValid`, `abort`, `close`, network timeout, warnings, requests of a pool | `endings/`, `lifecycle/`, `leftovers/` |
//! | `Statement`, `PreparedStatement`: execution, parameters, reuse | `statements/`, `parameters/`, `scripts/` |
//! | batches and their failures | `batch/` |
//! | query timeout, `cancel`, fetch size, most rows | `limits/`, `cancel/`, `portions/` |
//! | generated keys | `keys/`, `results/returning`, `results/generated_key` |
//! | `CallableStatement` | `calls/` |
//! | `ResultSet`, `wasNull`, getters | `results/`, `readings/`, `values/` |
//! | `ResultSetMetaData`, `ParameterMetaData` | `shapes/`, `statements/describe` |
//! | `DatabaseMetaData` | `metadata/` |
//! | `SQLException` and its subclasses | `errors/`, `codes/` |
//! | limits of everything | `sizes/` |
//! | the same for plain threads | all of these, and `blocking/` |
//!
//! [`random_drops`] drops the futures of operations at random awaits and looks at what is left.
//!
//! The [fake driver](FakeDriver) answers `fake:` URLs from a script: rows, delays, errors, panics. It counts what reaches it and keeps a log.
#![forbid(unsafe_code)]

mod case;
mod cases;
mod dialect;
mod drops;
mod fake;
mod run;

pub use case::{Case, Check, Context, Other, Problem};
pub use cases::cases;
pub use dialect::{Dialect, RoundTrip, Types};
pub use drops::{DropReport, random_drops};
pub use fake::{Answer, Counters, FakeDriver};
pub use run::{Report, run, run_blocking};
