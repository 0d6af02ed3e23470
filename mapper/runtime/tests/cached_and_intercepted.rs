//! Where interceptors and caches meet: what an interceptor changes is part of the key, and what came of a run is told for what ran only.

mod support;

use std::sync::{Arc, Mutex};

use batis_dbc::{BoxFuture, Connection, Result, Row, SqlError, SqlState, ToSqlOutput, Value as SqlValue};
use batis_mapper::script::Value;
use batis_mapper::{
    BoundSql, Configuration, Finished, Interceptor, MappedStatement, SqlSession, TypeHandler, blocking, params,
};
use futures_util::TryStreamExt;
use support::{USERS, source};

const MAPPER: &str = r#"<mapper namespace="t">
    <cache blocking="true"/>
    <select id="names" resultType="string">select user_name from users order by id</select>
    <select id="some" resultType="string">select user_name from users <where><if test="id != null">id > #{id}</if></where> order by id</select>
    <select id="plain" resultType="string" useCache="false">select user_name from users order by id</select>
    <update id="rename">update users set user_name = #{name} where id = #{id}</update>
    <update id="refused">update users set user_name = #{name, typeHandler=Refusing}</update>
    <select id="refusedToo" resultType="string" useCache="false">select user_name from users where user_name = #{name, typeHandler=Refusing}</select>
</mapper>"#;

struct Refusing;

impl TypeHandler for Refusing {
    fn to_sql<'v>(&self, _: &'v Value, _: Option<&str>) -> Result<ToSqlOutput<'v>> {
        Err(refusal())
    }
}

fn refusal() -> SqlError {
    SqlError::new(SqlState::INVALID_PARAMETER, "not today")
}

fn configuration(interceptor: impl Interceptor) -> Configuration {
    let builder = Configuration::builder().mapper_xml("t.xml", MAPPER).type_handler("Refusing", Refusing);
    builder.interceptor(interceptor).build().unwrap()
}

/// Another text for each select, as long as there is one.
#[derive(Clone, Default)]
struct Rewrites(Arc<Mutex<Option<&'static str>>>);

impl Interceptor for Rewrites {
    fn bound_sql(&self, _: &MappedStatement, bound: &mut BoundSql<'_>) -> Result<()> {
        if let Some(sql) = *self.0.lock().unwrap() {
            bound.sql = sql.into();
            bound.binds.clear();
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_text_that_an_interceptor_has_ready_is_the_one_that_runs_and_a_key_of_its_own() {
    let rewrites = Rewrites::default();
    let session = SqlSession::new(configuration(rewrites.clone()), source(USERS));
    let names = async |id: &str| session.select_list::<String>(id, ()).await.unwrap().join(" ");
    let texts = [
        (None, "Ann Bob Cid"),
        (Some("select user_name from users where id = 1"), "Ann"),
        (Some("select user_name from users where id = 2"), "Bob"),
    ];
    for round in 0..2 {
        for (text, expected) in texts {
            *rewrites.0.lock().unwrap() = text;
            for id in ["t.names", "t.some", "t.plain"] {
                assert_eq!(names(id).await, expected, "{id} as {text:?}, round {round}");
            }
        }
    }
    *rewrites.0.lock().unwrap() = Some("update users set user_name = user_name || '!' where id = 3");
    session.update("t.rename", params! { id: 1, name: "y" }).await.unwrap();
    session.execute_batch("t.rename", [params! { id: 1, name: "y" }]).await.unwrap();
    *rewrites.0.lock().unwrap() = Some("select user_name from users where id = 3 -- for update");
    assert_eq!(names("t.names").await, "Cid!!");
    *rewrites.0.lock().unwrap() = None;
    assert_eq!(names("t.names").await, "Ann Bob Cid!!");
}

/// What is to be done with the next statements, and what was told.
#[derive(Clone, Default)]
struct Gate(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    refuses_connection: bool,
    refuses_rows: bool,
    /// How often it was asked whether it sees rows.
    asked: usize,
    told: Vec<String>,
}

impl Gate {
    fn set(&self, refuses_connection: bool, refuses_rows: bool) {
        let mut state = self.0.lock().unwrap();
        (state.refuses_connection, state.refuses_rows) = (refuses_connection, refuses_rows);
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().told)
    }
}

impl Interceptor for Gate {
    fn prepare<'a>(&'a self, _: &'a MappedStatement, _: &'a str, _: &'a mut Connection) -> BoxFuture<'a, Result<()>> {
        let refuses = self.0.lock().unwrap().refuses_connection;
        Box::pin(async move { if refuses { Err(refusal()) } else { Ok(()) } })
    }

    fn sees_rows(&self, _: &MappedStatement) -> bool {
        self.0.lock().unwrap().asked += 1;
        true
    }

    fn row(&self, _: &MappedStatement, row: &mut Row) -> Result<()> {
        if self.0.lock().unwrap().refuses_rows {
            return Err(refusal());
        }
        let shape = Arc::clone(row.shape());
        *row = Row::new(shape, vec![SqlValue::Text("seen".into())]);
        Ok(())
    }

    fn finished(&self, run: &Finished<'_>) {
        let (id, outcome) = (run.statement.id(), run.outcome);
        self.0.lock().unwrap().told.push(format!("{id}: {outcome}"));
    }
}

#[tokio::test]
async fn what_is_refused_is_told_once_and_not_kept_and_keeps_nobody_waiting() {
    let gate = Gate::default();
    let session = SqlSession::new(configuration(gate.clone()), source(USERS));
    let cache = session.cache("t").unwrap();
    for (connection, rows) in [(true, false), (false, true)] {
        gate.set(connection, rows);
        for _ in 0..2 {
            let error = session.select_list::<String>("t.names", ()).await.unwrap_err();
            assert!(error.message().contains("not today"), "{error}");
            let told = gate.told();
            assert!(matches!(&*told, [one] if one.starts_with("t.names: failed")), "{told:?}");
            assert_eq!(cache.len(), 0);
        }
    }
    gate.set(false, false);
    assert_eq!(session.select_list::<String>("t.names", ()).await.unwrap(), ["seen", "seen", "seen"]);
    assert_eq!(gate.told(), ["t.names: 3 rows"]);
    gate.set(true, true);
    assert_eq!(session.select_list::<String>("t.names", ()).await.unwrap(), ["seen", "seen", "seen"]);
    assert!(session.select_list::<i64>("t.names", ()).await.is_err(), "kept rows that do not fit");
    assert!(gate.told().is_empty(), "nothing ran");
}

#[test]
fn threads_are_refused_the_same_way() {
    let gate = Gate::default();
    let session = blocking::SqlSession::new(configuration(gate.clone()), source(USERS));
    gate.set(true, false);
    assert!(session.select_opt::<String>("t.names", ()).is_err());
    assert!(session.tx(|t| t.select_list::<String>("t.names", ()).map(drop)).is_err());
    gate.set(false, false);
    assert_eq!(session.tx(|t| t.select_list::<String>("t.names", ())).unwrap().len(), 3);
    assert_eq!(session.select_list::<String>("t.names", ()).unwrap().len(), 3);
    let told = gate.told();
    assert!(told[0].starts_with("t.names: failed") && told[1].starts_with("t.names: failed"), "{told:?}");
    assert_eq!(told[2..], ["t.names: 3 rows"]);
}

#[tokio::test]
async fn values_that_cannot_be_bound_are_told_before_anything_runs() {
    let gate = Gate::default();
    let session = SqlSession::new(configuration(gate.clone()), source(USERS));
    let name = || params! { name: "x" };
    session.update("t.refused", name()).await.unwrap_err();
    session.execute_batch("t.refused", [name()]).await.unwrap_err();
    session.select_list::<String>("t.refusedToo", name()).await.unwrap_err();
    session.select_with("t.refusedToo", name(), |_| Ok(())).await.unwrap_err();
    session.stream::<String>("t.refusedToo", name()).try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(gate.told(), Vec::<String>::new());
}

#[tokio::test]
async fn who_sees_rows_is_asked_when_the_files_are_loaded_only() {
    let gate = Gate::default();
    let session = SqlSession::new(configuration(gate.clone()), source(USERS));
    let asked = gate.0.lock().unwrap().asked;
    assert_eq!(asked, session.configuration().statements().count());
    session.select_list::<String>("t.names", ()).await.unwrap();
    session.select_rows("t.names", ()).await.unwrap();
    assert_eq!(gate.0.lock().unwrap().asked, asked);
}
