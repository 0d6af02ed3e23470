//! Inserts, updates, deletes, generated keys, streams, databaseId.

mod support;

use std::collections::HashMap;

use batis_dbc::{SqlError, Value, ValueRef};
use batis_mapper::{Configuration, ErrorKind, SetKey, SqlSession, params};
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use support::{USERS, blocking, session, source};

const SCHEMA: &str = "create table person (id integer primary key autoincrement, name text not null)";
const MAPPER: &str = r#"
    <insert id="plain">insert into person (name) values (#{name})</insert>
    <insert id="returning" useGeneratedKeys="true" keyProperty="id" keyColumn="id">insert into person (name) values (#{name})</insert>
    <insert id="several" useGeneratedKeys="true" keyProperty="id">insert into person (name) values
        <foreach collection="list" item="p" separator=",">(#{p})</foreach></insert>
    <insert id="before">
        <selectKey keyProperty="id" resultType="long" order="BEFORE">select 100 + count(*) from person</selectKey>
        insert into person (id, name) values (#{id}, #{name})
    </insert>
    <insert id="after">
        <selectKey keyProperty="id" resultType="long" order="AFTER">select last_insert_rowid()</selectKey>
        insert into person (name) values (#{name})
    </insert>
    <insert id="people" useGeneratedKeys="true" keyProperty="id" keyColumn="id">insert into person (name) values
        <foreach collection="list" item="p" separator=",">(#{p.name})</foreach> on conflict do nothing</insert>
    <update id="rename">update person set name = #{name} where id = #{id}</update>
    <delete id="forget">delete from person</delete>
    <select id="all">select id, name from person order by id</select>
    <insert id="commented" useGeneratedKeys="true" keyProperty="id" keyColumn="id">
        insert into person (name) values ('returning ' || #{name}); -- done; at last
    </insert>"#;

#[derive(Debug, Default, Serialize, Deserialize, PartialEq)]
struct Person {
    id: Option<i64>,
    name: String,
}

impl SetKey for Person {
    fn set_key(&mut self, property: &str, value: ValueRef<'_>) -> batis_dbc::Result<()> {
        match (property, value) {
            ("id", ValueRef::Int(id)) => self.id = Some(id),
            _ => return Err(SqlError::unsupported(format!("the key `{property}`"))),
        }
        Ok(())
    }
}

fn person(name: &str) -> Person {
    Person { id: None, name: name.into() }
}

#[tokio::test]
async fn keys_come_whatever_the_statement_ends_with() {
    let session = session(SCHEMA, MAPPER);
    for id in 1..=2 {
        let mut ann = person("Ann");
        assert_eq!(session.insert_with_keys("t.commented", &mut ann).await.unwrap(), 1);
        assert_eq!(ann.id, Some(id));
    }
}

#[tokio::test]
async fn counts() {
    let session = session(SCHEMA, MAPPER);
    for name in ["a", "b"] {
        assert_eq!(session.insert("t.plain", &person(name)).await.unwrap(), 1);
    }
    assert_eq!(session.update("t.rename", params! { id: 1, name: "c" }).await.unwrap(), 1);
    assert_eq!(session.update("t.rename", params! { id: 9, name: "c" }).await.unwrap(), 0);
    assert_eq!(session.execute("t.all", ()).await.unwrap(), 0);
    assert_eq!(session.delete("t.forget", ()).await.unwrap(), 2);
}

#[tokio::test]
async fn keys_by_every_way() {
    let session = session(SCHEMA, MAPPER);
    let mut ann = person("Ann");
    assert_eq!(session.insert_with_keys("t.returning", &mut ann).await.unwrap(), 1);
    assert_eq!(ann.id, Some(1));
    assert_eq!(session.insert_returning_key::<i64>("t.after", &person("Bob")).await.unwrap(), 2);
    assert_eq!(session.insert_returning_key::<i64>("t.before", &person("Cid")).await.unwrap(), 102);
    let mut map = HashMap::from([("name".to_owned(), Value::Text("Dee".into()))]);
    let keys = session.insert_keys("t.before", params! { name: "Dee" }).await.unwrap();
    assert_eq!((keys.properties().collect::<Vec<_>>(), keys.rows()), (vec!["id"], &[vec![Value::Int(103)]][..]));
    map.set_key("id", ValueRef::Int(103)).unwrap();
    assert_eq!(map["id"], Value::Int(103));
    let several = session.insert_keys("t.several", &["x", "y"]).await.unwrap();
    assert_eq!(several.rows(), [vec![Value::Int(104)], vec![Value::Int(105)]]);
    assert_eq!(session.insert("t.returning", &person("Zoe")).await.unwrap(), 1, "the count is right without the key");
    let all: Vec<Person> = session.select_list("t.all", ()).await.unwrap();
    let names: Vec<&str> = all.iter().map(|p| &*p.name).collect();
    assert_eq!(names, ["Ann", "Bob", "Cid", "Dee", "x", "y", "Zoe"]);
    let none = session.insert_returning_key::<i64>("t.plain", &person("E")).await.unwrap_err();
    assert!(
        none.to_string().contains("the statement gave no key; hint: add <selectKey>")
            || none.to_string().contains("the statement gave no key [02000]"),
        "{none}"
    );
}

#[tokio::test]
async fn streams_own_a_connection_and_give_it_back() {
    let session = session(
        USERS,
        r#"<select id="names">select user_name from users order by id</select><select id="bad">select nope</select>"#,
    );
    let names: Vec<String> = session.stream("t.names", ()).map(|n| n.unwrap()).collect().await;
    assert_eq!(names, ["Ann", "Bob", "Cid"]);
    let mut stream = session.stream::<String>("t.names", ());
    assert_eq!(stream.next().await.unwrap().unwrap(), "Ann");
    assert_eq!(
        session.select_list::<String>("t.names", ()).await.unwrap_err().kind(),
        ErrorKind::Sql,
        "the only connection is the stream's"
    );
    drop(stream);
    assert_eq!(session.select_list::<String>("t.names", ()).await.unwrap().len(), 3);
    let mut bad = session.stream::<String>("t.bad", ());
    assert_eq!(bad.next().await.unwrap().unwrap_err().statement(), Some("t.bad"));
    assert!(bad.next().await.is_none());
}

#[tokio::test]
async fn a_stream_in_a_transaction_is_refused() {
    let session = session(USERS, r#"<select id="names">select user_name from users order by id</select>"#);
    let t = session.begin().await.unwrap();
    let error = t.stream::<String>("t.names", ()).next().await.unwrap().unwrap_err();
    assert_eq!(error.sql_state().unwrap().code(), "0A000");
    assert!(error.to_string().contains("collect the rows with select_list, or stream outside of the transaction"));
}

#[tokio::test]
async fn the_statement_of_the_database_is_taken() {
    let xml = r#"<mapper namespace="t">
        <select id="name">select 'any'</select>
        <select id="name" databaseId="sqlite">select 'lite'</select>
        <select id="name" databaseId="pg">select 'post'</select>
        <select id="table">select '${prefix}'</select>
    </mapper>"#;
    let name = async |builder: batis_mapper::ConfigurationBuilder| {
        let configuration = builder.mapper_xml("t.xml", xml).property("prefix", "p_").build().unwrap();
        SqlSession::new(configuration, source("")).select_one::<String>("t.name", ()).await.unwrap()
    };
    assert_eq!(name(Configuration::builder()).await, "any");
    assert_eq!(name(Configuration::builder().product("SQLite")).await, "lite");
    assert_eq!(name(Configuration::builder().product("PostgreSQL").vendor("PostgreSQL", "pg")).await, "post");
    assert_eq!(name(Configuration::builder().database_id("pg")).await, "post");
    let configuration = Configuration::builder().mapper_xml("t.xml", xml).property("prefix", "p_").build().unwrap();
    let session = SqlSession::new(configuration, source(""));
    assert_eq!(session.select_one::<String>("t.table", ()).await.unwrap(), "p_");
}

#[test]
fn folders_are_read_in_order_and_other_files_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("b/B.xml", "<mapper namespace=\"b\"><select id=\"x\">select 1</select></mapper>");
    write("a.xml", "<mapper namespace=\"a\"><select id=\"x\">select 1</select></mapper>");
    write("logback.xml", "<configuration/>");
    write("note.txt", "not XML");
    let configuration = Configuration::builder().mapper_dir(folder.path()).build().unwrap();
    let ids: Vec<&str> = configuration.statements().map(|s| s.id()).collect();
    assert_eq!(ids, ["a.x", "b.x"]);
    let skipped: Vec<_> = configuration.skipped_files().map(|p| p.file_name().unwrap().to_owned()).collect();
    assert_eq!(skipped, ["logback.xml"]);
}

#[test]
fn blocking_sessions_do_the_same() {
    let session = blocking(SCHEMA, MAPPER);
    let mut ann = person("Ann");
    assert_eq!(session.insert_with_keys("t.returning", &mut ann).unwrap(), 1);
    assert_eq!(session.insert_returning_key::<i64>("t.after", &person("Bob")).unwrap(), 2);
    assert_eq!(session.select_opt::<Person>("t.all", ()).unwrap_err().kind(), ErrorKind::Cardinality);
    let by_name: HashMap<String, Person> = session.select_map("t.all", (), "name").unwrap();
    assert_eq!(by_name["Ann"], ann);
    assert_eq!(session.select_with("t.all", (), |row| row.get::<i64>("id")).unwrap(), [1, 2]);
    assert_eq!(session.delete("t.forget", ()).unwrap(), 2);
    assert!(session.select_list::<Person>("t.all", ()).unwrap().is_empty());
}

#[tokio::test]
async fn each_object_of_a_list_takes_the_key_of_its_row() {
    let schema = SCHEMA.replace("name text not null", "name text not null unique");
    let session = session(&schema, MAPPER);
    let mut people = vec![person("Ann"), person("Bob")];
    assert_eq!(session.insert_with_keys("t.people", &mut people).await.unwrap(), 2);
    assert_eq!(people.iter().map(|p| p.id).collect::<Vec<_>>(), [Some(1), Some(2)]);
    assert_eq!(session.insert_with_keys("t.people", &mut [person("Cid")][..]).await.unwrap(), 1);

    // One of them is there already: nobody knows whose the only key is.
    let mut people = vec![person("Ann"), person("Dee")];
    let error = session.insert_with_keys("t.people", &mut people).await.unwrap_err();
    assert_eq!(people.iter().map(|p| p.id).collect::<Vec<_>>(), [None, None]);
    assert_eq!(
        error.to_string(),
        "t.people (t.xml:14:5): of 2 objects the statement gave keys for 1 [07006]; \
         hint: which key is whose cannot be known; read them by `insert_keys`"
    );
}
