//! Selects: every kind of target, from real rows.

mod support;

use std::collections::{BTreeMap, HashMap};

use batis_dbc::Value;
use batis_mapper::{SqlValue, params};
use serde::Deserialize;
use support::{USERS, session};

const SELECTS: &str = r#"
    <select id="find">select id, user_name, age, score, active from users where id = #{id}</select>
    <select id="all">select id, user_name, age, score, active from users order by id</select>
    <select id="names">select user_name from users order by id</select>
    <select id="ages">select age from users order by id</select>
    <select id="count">select count(*) from users</select>
    <select id="search">
        select id, user_name, age, score, active from users
        <where>
            <if test="name != null">and user_name = #{name}</if>
            <if test="minAge != null">and age &gt;= #{minAge}</if>
            <if test="ids != null and ids.size > 0">and id in <foreach collection="ids" item="id" open="(" separator="," close=")">#{id}</foreach></if>
        </where>
        order by id
    </select>
    <select id="inList">select user_name from users where id in
        <foreach collection="list" item="id" open="(" separator="," close=")">#{id}</foreach> order by id</select>"#;

#[derive(Debug, Deserialize, PartialEq)]
struct User {
    id: i64,
    user_name: String,
    age: Option<i32>,
    score: Option<f64>,
    active: bool,
}

fn ann() -> User {
    User { id: 1, user_name: "Ann".into(), age: Some(31), score: Some(1.5), active: true }
}

#[tokio::test]
async fn one_optional_and_list() {
    let session = session(USERS, SELECTS);
    assert_eq!(session.select_one::<User>("t.find", &1).await.unwrap(), ann());
    assert_eq!(session.select_one::<User>("find", 1).await.unwrap(), ann(), "a short name is enough");
    assert_eq!(session.select_opt::<User>("t.find", &9).await.unwrap(), None);
    let all: Vec<User> = session.select_list("t.all", ()).await.unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(all[1], User { id: 2, user_name: "Bob".into(), age: None, score: None, active: false });
}

#[tokio::test]
async fn a_statement_can_be_kept() {
    let session = session(USERS, SELECTS);
    let find = std::sync::Arc::clone(session.configuration().statement("t.find").unwrap());
    assert_eq!(session.select_one::<User>(&find, &1).await.unwrap(), ann());
}

#[tokio::test]
async fn scalars_options_tuples_and_newtypes() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Name(String);
    let session = session(USERS, SELECTS);
    assert_eq!(session.select_one::<u8>("t.count", ()).await.unwrap(), 3);
    assert_eq!(session.select_list::<Name>("t.names", ()).await.unwrap()[2], Name("Cid".into()));
    assert_eq!(session.select_list::<Option<i16>>("t.ages", ()).await.unwrap(), [Some(31), None, Some(45)]);
    let tuple: (i64, String, Option<i32>, f32, bool) = session.select_one("t.find", &1).await.unwrap();
    assert_eq!(tuple, (1, "Ann".into(), Some(31), 1.5, true));
}

#[tokio::test]
async fn maps_and_documents() {
    let session = session(USERS, SELECTS);
    let map: BTreeMap<String, SqlValue> = session.select_one("t.find", &2).await.unwrap();
    assert_eq!(map["user_name"], SqlValue(Value::Text("Bob".into())));
    assert_eq!(map["age"], SqlValue(Value::Null), "a null column is there");
    let json: serde_json::Value = session.select_one("t.find", &2).await.unwrap();
    assert_eq!(json, serde_json::json!({"id": 2, "user_name": "Bob", "age": null, "score": null, "active": 0}));
    let by_name: HashMap<String, User> = session.select_map("t.all", (), "userName").await.unwrap();
    assert_eq!(by_name["Ann"], ann());
}

#[tokio::test]
async fn rows_as_they_are_and_read_in_place() {
    let session = session(USERS, SELECTS);
    let rows = session.select_rows("t.all", ()).await.unwrap();
    assert_eq!(rows[0].get::<String>("user_name").unwrap(), "Ann");
    let lengths = session.select_with("t.names", (), |row| Ok(row.get::<&str>(0)?.len())).await.unwrap();
    assert_eq!(lengths, [3, 3, 3]);
}

#[tokio::test]
async fn dynamic_sql_with_named_arguments_structs_and_lists() {
    #[derive(serde::Serialize, Default)]
    struct Search {
        name: Option<&'static str>,
        min_age: Option<i32>,
        ids: Vec<i64>,
    }
    let session = session(USERS, SELECTS);
    let ids = |users: Vec<User>| users.iter().map(|u| u.id).collect::<Vec<_>>();
    let none = params! { name: None::<String>, minAge: None::<i32>, ids: Vec::<i64>::new() };
    assert_eq!(ids(session.select_list("t.search", none).await.unwrap()), [1, 2, 3]);
    let name = "Ann";
    let some = params! { name, minAge: 18, ids: [1_i64, 3], };
    assert_eq!(ids(session.select_list("t.search", some).await.unwrap()), [1]);
    let search = Search { min_age: Some(40), ..Search::default() };
    assert_eq!(ids(session.select_list("t.search", &search).await.unwrap()), [3], "minAge finds min_age");
    let names: Vec<String> = session.select_list("t.inList", &[1, 3]).await.unwrap();
    assert_eq!(names, ["Ann", "Cid"]);
}

#[tokio::test]
async fn serde_attributes_work() {
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase")]
    struct Renamed {
        user_name: String,
        #[serde(default)]
        nickname: String,
        #[serde(alias = "score")]
        points: f64,
        #[serde(skip)]
        note: Option<String>,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Flat {
        id: i64,
        #[serde(flatten)]
        rest: HashMap<String, serde_json::Value>,
    }
    let session = session(USERS, SELECTS);
    let renamed: Renamed = session.select_one("t.find", &1).await.unwrap();
    assert_eq!(renamed, Renamed { user_name: "Ann".into(), nickname: String::new(), points: 1.5, note: None });
    let flat: Flat = session.select_one("t.find", &1).await.unwrap();
    assert_eq!((flat.id, flat.rest.len(), &flat.rest["user_name"]), (1, 4, &serde_json::json!("Ann")));
}
