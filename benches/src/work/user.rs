//! The row that is read in all database work, and the tables with a thousand of them.

use std::hint::black_box;
use std::sync::OnceLock;

use batis_dbc::RowRef;
use batis_testkit::{Cluster, TestDatabase};

/// Rows in the table.
pub(super) const ROWS: i64 = 1000;

/// A row.
#[derive(Debug, serde::Deserialize)]
pub(super) struct User {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) age: i32,
    pub(super) score: f64,
}

pub(super) const BY_ID: &str = "select id, name, email, age, score from users where id = ?";
pub(super) const BY_ID_PG: &str = "select id, name, email, age, score from users where id = $1";
pub(super) const ALL: &str = "select id, name, email, age, score from users";

impl User {
    /// Reads the row through the driver layer.
    pub(super) fn read(row: &RowRef<'_>) -> batis_dbc::Result<Self> {
        Ok(Self { id: row.get(0)?, name: row.get(1)?, email: row.get(2)?, age: row.get(3)?, score: row.get(4)? })
    }

    /// Keeps the optimiser from dropping the row.
    pub(super) fn consume(self) {
        black_box((self.id, self.name, self.email, self.age, self.score));
    }
}

/// The table's definition and rows, for both databases.
pub(super) fn schema() -> String {
    let mut sql = String::from(
        "create table users (id bigint primary key, name text not null, email text not null, age int not null, score double precision not null);\n",
    )
    .replace("id bigint primary key", "id integer primary key");
    sql.push_str("insert into users values ");
    for id in 0..ROWS {
        let comma = if id == 0 { "" } else { "," };
        sql.push_str(&format!("{comma}({id},'user number {id}','user{id}@example.org',{},{id}.5)", id % 90));
    }
    sql.push(';');
    sql
}

/// The next key to ask for.
pub(super) fn next(key: &mut i64) -> i64 {
    *key = (*key + 7) % ROWS;
    *key
}

/// A private PostgreSQL database with the table, or none (said once) where no PostgreSQL is installed.
pub(super) fn postgres() -> Option<&'static TestDatabase> {
    static DATABASE: OnceLock<Option<TestDatabase>> = OnceLock::new();
    let made = DATABASE.get_or_init(|| Cluster::shared().ok().and_then(|c| c.create_database().ok()));
    made.as_ref()
}
