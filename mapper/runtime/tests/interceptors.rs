//! Interceptors: what they see, what they change, in which order, and what came of each run.

mod support;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use batis_dbc::{BoxFuture, Connection, FromSql, Result, Row, SqlError, SqlState, ValueRef};
use batis_mapper::script::{Bind, StatementKind, Value};
use batis_mapper::{
    BoundSql, Configuration, ConfigurationBuilder, ErrorKind, Finished, Interceptor, MappedStatement, SetKey,
    SqlSession, blocking, params,
};
use futures_util::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use support::{USERS, source};

const MAPPER: &str = r#"<mapper namespace="t">
    <select id="name">select user_name from users where id = #{id}</select>
    <select id="all">select id, user_name from users order by id</select>
    <select id="ages">select age from users order by id</select>
    <select id="some">select user_name from users <where><if test="id != null">id > #{id}</if></where> order by id</select>
    <insert id="add">insert into users (user_name, age) values (#{name}, #{age})</insert>
    <insert id="addKeys" useGeneratedKeys="true" keyProperty="id">insert into users (user_name) values (#{name})</insert>
    <insert id="addSelectKey">
        <selectKey keyProperty="id" resultType="long" order="BEFORE">select max(id) + 10 from users</selectKey>
        insert into users (id, user_name) values (#{id}, #{name})
    </insert>
    <update id="rename">update users set user_name = #{name} where id = #{id}</update>
    <update id="wrong">update users set user_name = null</update>
    <resultMap id="friend" type="Friend">
        <id property="id" column="id"/>
        <association property="name" column="id" select="name"/>
    </resultMap>
    <select id="friends" resultMap="friend">select id from users where id &lt; 3 order by id</select>
</mapper>"#;

/// Writes down what it is shown.
struct Notes {
    name: &'static str,
    notes: Arc<Mutex<Vec<String>>>,
}

impl Notes {
    fn note(&self, what: String) {
        self.notes.lock().unwrap().push(format!("{} {what}", self.name));
    }
}

impl Interceptor for Notes {
    fn parameter(&self, statement: &MappedStatement, parameter: &mut Value) -> Result<()> {
        self.note(format!("parameter {} {parameter}", statement.id()));
        Ok(())
    }

    fn bound_sql(&self, _: &MappedStatement, bound: &mut BoundSql<'_>) -> Result<()> {
        self.note(format!("sql {} ({})", bound.sql, bound.binds.len()));
        Ok(())
    }

    fn prepare<'a>(&'a self, _: &'a MappedStatement, _: &'a str, _: &'a mut Connection) -> BoxFuture<'a, Result<()>> {
        self.note("prepare".into());
        Box::pin(async { Ok(()) })
    }

    fn finished(&self, run: &Finished<'_>) {
        self.note(format!("finished {}: {}", run.statement.id(), run.outcome));
    }
}

type Taken = Arc<Mutex<Vec<String>>>;

fn take(notes: &Taken) -> Vec<String> {
    std::mem::take(&mut notes.lock().unwrap())
}

/// Only what came of each run.
fn outcomes(notes: &Taken) -> Vec<String> {
    let all = take(notes).into_iter();
    all.filter_map(|note| note.strip_prefix("n finished t.").map(str::to_owned)).collect()
}

fn configuration(with: impl FnOnce(ConfigurationBuilder) -> ConfigurationBuilder) -> Arc<Configuration> {
    Arc::new(with(Configuration::builder().mapper_xml("t.xml", MAPPER)).build().unwrap())
}

fn session(with: impl FnOnce(ConfigurationBuilder) -> ConfigurationBuilder) -> SqlSession {
    SqlSession::new(configuration(with), source(USERS))
}

fn noted() -> (SqlSession, Taken) {
    let notes = Taken::default();
    let session = session(|c| c.interceptor(Notes { name: "n", notes: Arc::clone(&notes) }));
    (session, notes)
}

#[tokio::test]
async fn the_last_one_is_outermost() {
    let notes = Taken::default();
    let session = session(|c| {
        c.interceptor(Notes { name: "inner", notes: Arc::clone(&notes) })
            .interceptor(Notes { name: "outer", notes: Arc::clone(&notes) })
    });
    let name: String = session.select_one("t.name", params! { id: 1 }).await.unwrap();
    assert_eq!(name, "Ann");
    assert_eq!(
        take(&notes),
        [
            "outer parameter t.name {id=1, param1=1}",
            "inner parameter t.name {id=1, param1=1}",
            "outer sql select user_name from users where id = ? (1)",
            "inner sql select user_name from users where id = ? (1)",
            "outer prepare",
            "inner prepare",
            "inner finished t.name: 1 rows",
            "outer finished t.name: 1 rows",
        ]
    );
}

#[derive(Deserialize, Debug, PartialEq)]
struct Friend {
    id: i64,
    name: String,
}

#[tokio::test]
async fn every_run_is_told_once() {
    let (session, notes) = noted();
    let all: Vec<(i64, String)> = session.select_list("t.all", ()).await.unwrap();
    assert_eq!((all.len(), outcomes(&notes)), (3, vec!["all: 3 rows".into()]));
    assert_eq!(session.select_opt::<String>("t.name", &9_i64).await.unwrap(), None);
    assert_eq!(outcomes(&notes), ["name: 0 rows"]);
    assert_eq!(session.select_list::<String>("t.some", params! { id: 9 }).await.unwrap(), [""; 0]);
    assert_eq!(outcomes(&notes), ["some: 0 rows"]);
    assert_eq!(session.select_rows("t.all", ()).await.unwrap().len(), 3);
    assert_eq!(outcomes(&notes), ["all: 3 rows"]);
    assert_eq!(session.update("t.rename", params! { id: 1, name: "Eve" }).await.unwrap(), 1);
    assert_eq!(outcomes(&notes), ["rename: 1 rows changed"]);
    assert_eq!(session.insert_returning_key::<i64>("t.addKeys", params! { name: "Dan" }).await.unwrap(), 4);
    assert_eq!(outcomes(&notes), ["addKeys: 1 rows changed"]);
    assert_eq!(session.insert_returning_key::<i64>("t.addSelectKey", params! { name: "Fay" }).await.unwrap(), 14);
    assert_eq!(outcomes(&notes), ["addSelectKey!selectKey: 1 rows", "addSelectKey: 1 rows changed"]);

    let friends: Vec<Friend> = session.select_list("t.friends", ()).await.unwrap();
    assert_eq!(friends, [Friend { id: 1, name: "Eve".into() }, Friend { id: 2, name: "Bob".into() }]);
    assert_eq!(outcomes(&notes), ["name: 1 rows", "name: 1 rows", "friends: 2 rows"]);

    let done = session.execute_batch("t.add", (1..=9).map(|age| params! { name: "x", age: age })).await.unwrap();
    assert_eq!((done.total(), outcomes(&notes)), (9, vec!["add: 9 rows changed".into()]));
}

#[tokio::test]
async fn failures_and_what_is_abandoned_are_told_too() {
    let (session, notes) = noted();
    let error = session.update("t.wrong", ()).await.unwrap_err();
    assert_eq!(outcomes(&notes), [format!("wrong: failed: {}", error.message())]);
    let error = session.select_one::<i64>("t.name", &1_i64).await.unwrap_err();
    assert_eq!(outcomes(&notes), [format!("name: failed: {}", error.message())]);
    let error = session.select_one::<(i64, String)>("t.all", ()).await.unwrap_err();
    assert_eq!(outcomes(&notes), [format!("all: failed: {}", error.message())]);
    let items = ["Ann", "Bob", "Cid", "Dan"].map(|name| params! { name: (name != "Cid").then_some(name), age: 1 });
    let error = session.execute_batch("t.add", items).await.unwrap_err();
    assert_eq!((error.batch_index(), outcomes(&notes)), (Some(2), vec![format!("add: failed: {}", error.message())]));
    assert!(session.select_list::<String>("t.some", params! { none: 1 }).await.is_err(), "it cannot be rendered");
    assert_eq!(outcomes(&notes), [""; 0], "so it did not run");

    let mut stream = session.stream::<(i64, String)>("t.all", ());
    assert!(stream.next().await.is_some());
    drop(stream);
    assert_eq!(outcomes(&notes), ["all: abandoned"]);
    let all: Vec<(i64, String)> = session.stream("t.all", ()).try_collect().await.unwrap();
    assert_eq!((all.len(), outcomes(&notes)), (3, vec!["all: 3 rows".into()]));
}

/// Fills in who did it, where a parameter object has the property.
struct Audit;

impl Interceptor for Audit {
    fn parameter(&self, statement: &MappedStatement, parameter: &mut Value) -> Result<()> {
        if let (StatementKind::Insert, Value::Map(map)) = (statement.kind(), parameter)
            && map.get_exact("age").is_some_and(Value::is_null)
        {
            Arc::make_mut(map).insert("age", 77);
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct NewUser {
    id: i64,
    name: &'static str,
    age: Option<i32>,
}

impl SetKey for NewUser {
    fn set_key(&mut self, _: &str, value: ValueRef<'_>) -> Result<()> {
        self.id = FromSql::from_sql(value)?;
        Ok(())
    }
}

#[tokio::test]
async fn parameter_objects_may_be_changed() {
    let session = session(|c| c.interceptor(Audit));
    let user = NewUser { id: 0, name: "Dan", age: None };
    session.insert("t.add", &user).await.unwrap();
    assert_eq!(user.age, None, "the caller's object is its own");
    let two = [NewUser { id: 0, name: "Eve", age: None }, NewUser { id: 0, name: "Fay", age: Some(5) }];
    session.execute_batch("t.add", &two).await.unwrap();
    let ages: Vec<Option<i64>> = session.select_list("t.ages", ()).await.unwrap();
    assert_eq!(ages, [Some(31), None, Some(45), Some(77), Some(77), Some(5)]);
}

/// Puts the session's own limits around each select: a text with a further value.
struct Above(i64);

impl Interceptor for Above {
    fn bound_sql(&self, statement: &MappedStatement, bound: &mut BoundSql<'_>) -> Result<()> {
        if statement.kind() == StatementKind::Select && bound.sql.starts_with("select id") {
            bound.sql = format!("select * from ({}) where id > ?", bound.sql).into();
            bound.binds.push(Bind::new("above", self.0));
        }
        Ok(())
    }
}

#[tokio::test]
async fn sql_and_values_may_be_changed() {
    let session = session(|c| c.interceptor(Above(1)));
    let all: Vec<(i64, String)> = session.select_list("t.all", ()).await.unwrap();
    assert_eq!(all, [(2, "Bob".into()), (3, "Cid".into())]);
    let all: Vec<(i64, String)> = session.stream("t.all", ()).try_collect().await.unwrap();
    assert_eq!(all.len(), 2);
    let friends: Vec<Friend> = session.select_list("t.friends", ()).await.unwrap();
    assert_eq!(friends, [Friend { id: 2, name: "Bob".into() }]);
}

/// A text of the program's own, in place of a static one: not to be taken for it.
#[tokio::test]
async fn a_borrowed_text_counts_too() {
    struct Other;
    impl Interceptor for Other {
        fn bound_sql(&self, statement: &MappedStatement, bound: &mut BoundSql<'_>) -> Result<()> {
            if statement.id() == "t.name" {
                bound.sql = "select 'other' where 1 = ?".into();
            }
            Ok(())
        }
    }
    let session = session(|c| c.interceptor(Other));
    assert_eq!(session.select_one::<String>("t.name", &1_i64).await.unwrap(), "other");
    assert_eq!(session.select_list::<(i64, String)>("t.all", ()).await.unwrap().len(), 3);
}

/// Reads names that are written backwards, in statements that do not say otherwise.
struct Backwards;

impl Interceptor for Backwards {
    fn sees_rows(&self, statement: &MappedStatement) -> bool {
        statement.id() != "t.some"
    }

    fn row(&self, statement: &MappedStatement, row: &mut Row) -> Result<()> {
        assert_ne!(statement.id(), "t.some", "it did not ask for them");
        let Some(column) = row.shape().index("user_name") else { return Ok(()) };
        let name: String = row.get::<&str>(column)?.chars().rev().collect();
        match &*name {
            "diC" => Err(SqlError::new(SqlState::DATA_EXCEPTION, "the name is not to be read")),
            _ => {
                row.values_mut()[column] = batis_dbc::Value::Text(name.into());
                Ok(())
            }
        }
    }
}

#[tokio::test]
async fn rows_may_be_changed_before_they_are_read() {
    let notes = Taken::default();
    let with = |c: ConfigurationBuilder| {
        c.interceptor(Backwards).interceptor(Notes { name: "n", notes: Arc::clone(&notes) }).interceptor(Above(-9))
    };
    let session = session(with);
    session.update("t.rename", params! { id: 3, name: "Eve" }).await.unwrap();
    let all = || [(1_i64, "nnA".to_owned()), (2, "boB".to_owned()), (3, "evE".to_owned())];
    take(&notes);
    assert_eq!(session.select_one::<String>("t.name", &2_i64).await.unwrap(), "boB");
    assert_eq!(session.select_list::<(i64, String)>("t.all", ()).await.unwrap(), all());
    assert_eq!(session.stream::<(i64, String)>("t.all", ()).try_collect::<Vec<_>>().await.unwrap(), all());
    assert_eq!(outcomes(&notes), ["name: 1 rows", "all: 3 rows", "all: 3 rows"]);
    let rows = session.select_rows("t.all", ()).await.unwrap();
    assert_eq!(rows[1].get::<&str>("user_name").unwrap(), "boB");
    let by_id: HashMap<i64, (i64, String)> = session.select_map("t.all", (), "id").await.unwrap();
    assert_eq!(by_id[&3].1, "evE");
    let friends: Vec<Friend> = session.select_list("t.friends", ()).await.unwrap();
    assert_eq!(friends[1], Friend { id: 2, name: "boB".into() }, "nested selects too");
    assert_eq!(session.select_list::<String>("t.some", ()).await.unwrap(), ["Ann", "Bob", "Eve"]);
    let in_place = session.select_with("t.all", (), |row| row.get::<String>(1)).await.unwrap();
    assert_eq!(in_place, ["Ann", "Bob", "Eve"], "read in place");

    let session = blocking::SqlSession::new(configuration(with), source(USERS));
    assert_eq!(session.select_one::<String>("t.name", &2_i64).unwrap(), "boB");
    assert_eq!(session.select_rows("t.name", 2_i64).unwrap()[0].get::<&str>(0).unwrap(), "boB");
    take(&notes);
    let error = session.select_list::<(i64, String)>("t.all", ()).unwrap_err();
    let told = error.to_string();
    assert!(told.starts_with("t.all (t.xml:3:5): ") && told.contains("not to be read"), "{told}");
    assert_eq!(outcomes(&notes), [format!("all: failed: {}", error.message())]);
}

/// Writes into the database beside each change.
struct Journal;

impl Interceptor for Journal {
    fn prepare<'a>(
        &'a self,
        statement: &'a MappedStatement,
        sql: &'a str,
        connection: &'a mut Connection,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if statement.kind() == StatementKind::Update {
                connection.execute("create table if not exists journal (id, sql)", ()).await?;
                connection.execute("insert into journal values (?, ?)", (statement.id(), sql)).await?;
            }
            Ok(())
        })
    }
}

/// The test of MyBatis' `PluginTest` that switches the schema when a statement is prepared.
#[tokio::test]
async fn the_connection_is_shown_before_the_statement_runs_on_it() {
    let source = source(USERS);
    let session = SqlSession::new(configuration(|c| c.interceptor(Journal)), Arc::clone(&source));
    let undone = session.tx(|t| async move {
        t.update("t.rename", params! { id: 1, name: "Eve" }).await?;
        t.update("t.wrong", ()).await
    });
    undone.await.unwrap_err();
    session.update("t.rename", params! { id: 2, name: "Eve" }).await.unwrap();
    let mut connection = source.connection().await.unwrap();
    let row = connection.query_one("select id || ': ' || sql from journal", ()).await.unwrap();
    assert_eq!(row.get::<&str>(0).unwrap(), "t.rename: update users set user_name = ? where id = ?");
}

#[test]
fn blocking_sessions_are_intercepted_too() {
    let notes = Taken::default();
    let with = |c: ConfigurationBuilder| {
        c.interceptor(Journal).interceptor(Above(2)).interceptor(Notes { name: "n", notes: Arc::clone(&notes) })
    };
    let session = blocking::SqlSession::new(configuration(with), source(USERS));
    assert_eq!(session.update("t.rename", params! { id: 3, name: "Eve" }).unwrap(), 1);
    assert_eq!(session.select_list::<(i64, String)>("t.all", ()).unwrap(), [(3, "Eve".into())]);
    let mut user = NewUser { id: 0, name: "Dan", age: None };
    session.insert_with_keys("t.addKeys", &mut user).unwrap();
    assert_eq!(user.id, 4);
    assert_eq!(outcomes(&notes), ["rename: 1 rows changed", "all: 1 rows", "addKeys: 1 rows changed"]);
}

/// Refuses by the place that it is asked at.
struct Refuses(&'static str);

impl Refuses {
    fn at(&self, place: &str) -> Result<()> {
        match self.0 == place {
            true => Err(SqlError::new(SqlState::INVALID_PASSWORD, format!("{place} is refused")).hint("ask Ann")),
            false => Ok(()),
        }
    }
}

impl Interceptor for Refuses {
    fn parameter(&self, _: &MappedStatement, _: &mut Value) -> Result<()> {
        self.at("parameter")
    }

    fn bound_sql(&self, _: &MappedStatement, _: &mut BoundSql<'_>) -> Result<()> {
        self.at("sql")
    }

    fn prepare<'a>(&'a self, _: &'a MappedStatement, _: &'a str, _: &'a mut Connection) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { self.at("prepare") })
    }
}

#[tokio::test]
async fn a_refusal_names_the_statement_and_runs_nothing() {
    for place in ["parameter", "sql", "prepare"] {
        let notes = Taken::default();
        let session =
            session(|c| c.interceptor(Notes { name: "n", notes: Arc::clone(&notes) }).interceptor(Refuses(place)));
        let error = session.update("t.rename", params! { id: 1, name: "Eve" }).await.unwrap_err();
        let told = error.to_string();
        assert!(told.starts_with("t.rename (t.xml:12:5): "), "{told}");
        assert!(told.contains(&format!("{place} is refused")) && told.contains("ask Ann"), "{told}");
        assert_eq!((error.kind(), error.sql().is_some()), (ErrorKind::Sql, place != "parameter"));
        let told_of = if place == "prepare" { vec![format!("rename: failed: {}", error.message())] } else { vec![] };
        assert_eq!(outcomes(&notes), told_of);
        let items = [params! { id: 1, name: "Eve" }];
        let error = session.execute_batch("t.rename", items).await.unwrap_err();
        assert!(error.to_string().contains("is refused"), "{error}");
        let plain = SqlSession::new(configuration(|c| c), source(USERS));
        assert_eq!(plain.select_one::<String>("t.name", &1_i64).await.unwrap(), "Ann");
    }
}

/// A value that does not fit is told without a place in a file that does not have it.
#[tokio::test]
async fn a_value_that_was_added_has_no_place() {
    struct Adds;
    impl Interceptor for Adds {
        fn bound_sql(&self, _: &MappedStatement, bound: &mut BoundSql<'_>) -> Result<()> {
            bound.binds.push(Bind::new("tenant", Value::from(batis_mapper::script::Map::new())));
            Ok(())
        }
    }
    let session = session(|c| c.interceptor(Adds));
    let error = session.select_one::<String>("t.name", &1_i64).await.unwrap_err();
    assert!(error.to_string().starts_with("t.name (t.xml:2:5): #{tenant}: "), "{error}");
}

/// A configuration file with these plugins.
struct Config(PathBuf);

impl Config {
    fn new(name: &str, plugins: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("batis-plugins-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let config = format!("<configuration>{plugins}<mappers><mapper resource=\"m.xml\"/></mappers></configuration>");
        std::fs::write(folder.join("c.xml"), config).unwrap();
        std::fs::write(folder.join("m.xml"), MAPPER).unwrap();
        Self(folder)
    }

    fn builder(&self) -> ConfigurationBuilder {
        Configuration::builder().config_file(self.0.join("c.xml"))
    }
}

impl Drop for Config {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const PLUGINS: &str = r#"<plugins>
<plugin interceptor="com.example.Above"><property name="id" value="1"/></plugin>
<plugin interceptor="com.example.Unknown"><property name="x" value="y"/></plugin>
</plugins>"#;

fn above(builder: ConfigurationBuilder) -> ConfigurationBuilder {
    builder.plugin("Above", |element| {
        let text = element.property("id").unwrap_or_default();
        let id = text.parse().map_err(|_| SqlError::new(SqlState::INVALID_PARAMETER, format!("`{text}` is no id")));
        Ok(Above(id?))
    })
}

#[tokio::test]
async fn plugins_of_a_configuration_file_are_made_by_what_is_registered() {
    let config = Config::new("made", PLUGINS);
    let notes = Taken::default();
    let builder = above(config.builder()).interceptor(Notes { name: "n", notes: Arc::clone(&notes) });
    let configuration = Arc::new(builder.build().unwrap());
    let warnings = configuration.config_file().unwrap().warnings.to_string();
    assert!(
        warnings.contains("c.xml:3:22: warning[W060]: the plugin `com.example.Unknown` has no effect"),
        "{warnings}"
    );
    assert!(!warnings.contains("com.example.Above"), "{warnings}");
    let session = SqlSession::new(configuration, source(USERS));
    assert_eq!(session.select_list::<(i64, String)>("t.all", ()).await.unwrap().len(), 2);
    assert_eq!(take(&notes)[1], "n sql select id, user_name from users order by id (0)", "it stands around the file's");
}

#[test]
fn a_plugin_that_cannot_be_made_is_an_error_at_its_place() {
    let config = Config::new("wrong", &PLUGINS.replace("value=\"1\"", "value=\"one\""));
    let error = above(config.builder()).build().unwrap_err().to_string();
    assert!(
        error.contains("c.xml:2:22: error[E065]: the plugin `com.example.Above` cannot be made: `one` is no id"),
        "{error}"
    );
    assert!(above(config.builder()).check().is_err());
}
