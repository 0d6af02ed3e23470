//! A thousand futures dropped at random awaits, on connections with threads of their own: nothing is left behind, nobody else is hit.

use batis_conformance::{Dialect, random_drops};
use batis_dbc::{DriverManager, block};
use batis_sqlite::SqliteDriver;
use tempfile::TempDir;

/// Another seed each time; a failure tells it, and `BATIS_SEED` takes it.
fn seed() -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    let given = std::env::var("BATIS_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| RandomState::new().build_hasher().finish())
}

#[test]
fn a_thousand_drops() {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}?threading=worker", folder.path().join("drops.db").display());
    let manager = DriverManager::new().with(SqliteDriver);
    let dialect = Dialect::sqlite();
    let whole = async { Ok(random_drops(&manager, &url, &dialect, seed(), 1000).await) };
    let report = block(None, None, whole).unwrap().unwrap_or_else(|found| panic!("{found}"));
    assert!(report.dropped >= 1000 && report.finished > 0, "{report:?}");
}
