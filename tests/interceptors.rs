//! Interceptors on PostgreSQL: the connection of a call, calls of routines, and futures that are dropped.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use batis::dbc::{BoxFuture, Connection, Result};
use batis::mapper::{Finished, Interceptor, MappedStatement};
use batis::{Batis, params};

const MAPPER: &str = r#"<mapper namespace="t">
    <select id="notes">select text from note order by text</select>
    <select id="twice" statementType="CALLABLE">{#{n,mode=OUT} = call twice(#{n})}</select>
    <select id="slow">select pg_sleep(600)</select>
    <select id="one">select 1</select>
</mapper>"#;

/// Each tenant sees what belongs to it, by the database's own rule.
const SCHEMA: &str = "
    create table note (tenant text not null, text text not null);
    insert into note values ('a', 'apple'), ('b', 'bread'), ('a', 'ant');
    create role reader;
    grant select on note to reader;
    alter table note enable row level security;
    create policy own on note using (tenant = current_setting('app.tenant'));
    create function twice(n int) returns int language sql as 'select n * 2';";

tokio::task_local! {
    /// Whose request it is: the methods of an interceptor run in the task of the call.
    static TENANT: &'static str;
}

/// Tells the database whose request it is, and notes what came of each run.
#[derive(Default)]
struct Tenants {
    outcomes: Arc<Mutex<Vec<String>>>,
}

impl Interceptor for Tenants {
    fn prepare<'a>(
        &'a self,
        _: &'a MappedStatement,
        _: &'a str,
        connection: &'a mut Connection,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let Ok(tenant) = TENANT.try_with(|tenant| *tenant) else { return Ok(()) };
            let set = "select set_config('app.tenant', ?, true), set_config('role', 'reader', true)";
            connection.query_one(set, (tenant,)).await.map(drop)
        })
    }

    fn finished(&self, run: &Finished<'_>) {
        self.outcomes.lock().unwrap().push(format!("{}: {}", run.statement.id(), run.outcome));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_runs_on_a_connection_that_was_prepared_for_it() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let database = cluster.create_database().unwrap();
    let tenants = Tenants::default();
    let outcomes = Arc::clone(&tenants.outcomes);
    let builder = Batis::builder(database.url()).mapper_xml("t.xml", MAPPER);
    let batis = builder.configure(|c| c.interceptor(tenants)).open().await.unwrap();
    let mut connection = batis.connection().await.unwrap();
    connection.execute_script(SCHEMA).await.unwrap();
    drop(connection);
    let session = batis.session();

    let seen = |tenant: &'static str| {
        TENANT.scope(
            tenant,
            session
                .tx(async |t: batis::SqlSession| t.select_list::<String>("t.notes", ()).await.map(|notes| notes.len())),
        )
    };
    assert_eq!((seen("a").await.unwrap(), seen("b").await.unwrap()), (2, 1));
    let twice: i32 = TENANT.scope("b", session.call("t.twice", params! { n: 21 })).await.unwrap();
    assert_eq!(twice, 42);

    #[allow(clippy::disallowed_methods)] // a test drops a future
    let slow = tokio::time::timeout(Duration::from_millis(50), session.select_one::<()>("t.slow", ())).await;
    assert!(slow.is_err());
    let one: i32 = session.select_one("t.one", ()).await.unwrap();
    assert_eq!(one, 1);
    let told = std::mem::take(&mut *outcomes.lock().unwrap());
    assert_eq!(told, ["t.notes: 2 rows", "t.notes: 1 rows", "t.twice: called", "t.slow: abandoned", "t.one: 1 rows"]);
}
