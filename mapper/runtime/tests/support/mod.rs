//! A SQLite database in memory behind a data source of one connection, which refuses instead of waiting: what keeps it too long is seen.
#![allow(dead_code)] // each test file uses its part

use std::sync::{Arc, Mutex};
use std::time::Instant;

use batis_dbc::{
    Connection, DataSource, DataSourceInfo, DriverManager, HandBack, Home, Lease, Op, Result, SqlError, SqlState,
};
use batis_mapper::{Configuration, SqlSession, blocking};

/// One connection.
pub(crate) struct Single {
    place: Arc<Place>,
    info: DataSourceInfo,
}

struct Place(Mutex<Option<Connection>>);

impl Home for Place {
    fn take_back(self: Arc<Self>, mut connection: Connection) {
        if connection.hand_back() == HandBack::Ready {
            *self.0.lock().unwrap() = Some(connection);
        }
    }
}

impl Single {
    fn take(&self) -> Result<Lease> {
        match self.place.0.lock().unwrap().take() {
            Some(connection) => Ok(Lease::new(connection, Some(Arc::clone(&self.place) as Arc<dyn Home>))),
            None => Err(SqlError::new(SqlState::TIMEOUT, "the only connection is in use")),
        }
    }
}

impl DataSource for Single {
    fn connection(&self) -> Op<'_, Result<Lease>> {
        Op::ready(self.take())
    }

    fn connection_blocking(&self, _: Option<Instant>) -> Result<Lease> {
        self.take()
    }

    fn info(&self) -> &DataSourceInfo {
        &self.info
    }
}

/// A data source over a new database with this schema.
pub(crate) fn source(schema: &str) -> Arc<dyn DataSource> {
    let manager = DriverManager::new().with(batis_sqlite::SqliteDriver);
    let mut connection = manager.connect_blocking("sqlite::memory:").unwrap();
    connection.execute_script(schema).unwrap();
    let place = Arc::new(Place(Mutex::new(Some(connection.into_inner().detach()))));
    Arc::new(Single { place, info: DataSourceInfo::new("test", "SQLite") })
}

/// A mapper file of namespace `t`, in a configuration.
pub(crate) fn configuration(body: &str) -> Arc<Configuration> {
    let xml = format!("<mapper namespace=\"t\">{body}\n</mapper>");
    match Configuration::builder().mapper_xml("t.xml", xml).build() {
        Ok(configuration) => Arc::new(configuration),
        Err(error) => panic!("{error}"),
    }
}

/// A session over a new database.
pub(crate) fn session(schema: &str, body: &str) -> SqlSession {
    SqlSession::new(configuration(body), source(schema))
}

/// A blocking session over a new database.
pub(crate) fn blocking(schema: &str, body: &str) -> blocking::SqlSession {
    blocking::SqlSession::new(configuration(body), source(schema))
}

/// Three users, and a select by id.
pub(crate) const USERS: &str = "
    create table users (id integer primary key, user_name text not null, age integer, score real, active integer not null default 1);
    insert into users values (1, 'Ann', 31, 1.5, 1), (2, 'Bob', null, null, 0), (3, 'Cid', 45, 2.0, 1);";
