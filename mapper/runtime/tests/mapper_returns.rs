//! What methods of mapper traits may return and take: maps, sets, streams, batches, keys; in async and in blocking traits.

mod support;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use batis_dbc::{FromSql, ValueRef};
use batis_mapper::{BatchResult, GeneratedKeys, Result, RowStream, SetKey, mapper};
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use support::{USERS, blocking, session};

#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
struct User {
    id: Option<i64>,
    user_name: String,
}

impl User {
    fn new(name: &str) -> Self {
        Self { id: None, user_name: name.to_owned() }
    }
}

impl SetKey for User {
    fn set_key(&mut self, _: &str, value: ValueRef<'_>) -> batis_dbc::Result<()> {
        self.id = Some(i64::from_sql(value)?);
        Ok(())
    }
}

const MAPPER: &str = r#"
    <select id="all">select id, user_name from users order by id</select>
    <select id="older">select user_name from users where age > #{age} order by id</select>
    <insert id="insert" useGeneratedKeys="true" keyProperty="id">insert into users (user_name) values (#{userName})</insert>
    <insert id="insertAll" useGeneratedKeys="true" keyProperty="id">insert into users (user_name) values
        <foreach collection="list" item="u" separator=",">(#{u.userName})</foreach></insert>
    <insert id="insertName">insert into users (user_name) values (#{name})</insert>
    <delete id="delete">delete from users where id = #{id}</delete>"#;

#[mapper("t", crate = ::batis_mapper)]
trait Users {
    #[map_key("id")]
    #[statement("all")]
    async fn by_id(&self) -> Result<HashMap<i64, User>>;
    #[map_key("userName")]
    #[statement("all")]
    async fn by_name(&self) -> Result<BTreeMap<String, User>>;
    #[statement("older")]
    async fn names(&self, age: i32) -> Result<BTreeSet<String>>;
    #[statement("older")]
    async fn queue(&self, age: i32) -> Result<VecDeque<String>>;
    /// A plain function.
    #[statement("older")]
    fn stream(&self, age: i32) -> RowStream<String>;
    async fn insert(&self, user: &mut User) -> Result<u64>;
    #[statement("insert")]
    async fn insert_quietly(&self, user: &mut User) -> Result<()>;
    #[statement("insert")]
    async fn keys(&self, user: &User) -> Result<GeneratedKeys>;
    async fn insert_all(&self, users: &mut [User]) -> Result<usize>;
    #[statement("insert")]
    async fn batch(&self, users: &[User]) -> Result<BatchResult>;
    #[statement("insert")]
    async fn batch_with_keys(&self, users: &mut Vec<User>) -> Result<BatchResult>;
    #[statement("insertName")]
    async fn batch_of_names(&self, names: Vec<String>) -> Result<BatchResult>;
    #[statement("delete")]
    async fn delete_all(&self, ids: impl IntoIterator<Item = i64> + Send) -> Result<BatchResult>;
    #[cfg(any())]
    async fn left_out(&self) -> Result<NoSuchType>;
}

#[tokio::test]
async fn rows_become_maps_sets_and_streams() {
    let users = Users(&session(USERS, MAPPER));
    let by_id = users.by_id().await.unwrap();
    assert_eq!((by_id.len(), &*by_id[&2].user_name), (3, "Bob"));
    let by_name = users.by_name().await.unwrap();
    assert_eq!(by_name.keys().collect::<Vec<_>>(), ["Ann", "Bob", "Cid"]);
    assert_eq!(users.names(30).await.unwrap().into_iter().collect::<Vec<_>>(), ["Ann", "Cid"]);
    assert_eq!(users.queue(40).await.unwrap(), ["Cid"]);
    let streamed: Vec<String> = users.stream(30).try_collect().await.unwrap();
    assert_eq!(streamed, ["Ann", "Cid"]);
}

#[tokio::test]
async fn keys_come_back_into_the_object_or_by_themselves() {
    let users = Users(&session(USERS, MAPPER));
    let mut dan = User::new("Dan");
    assert_eq!(users.insert(&mut dan).await.unwrap(), 1);
    assert_eq!(dan.id, Some(4));
    users.insert_quietly(&mut dan).await.unwrap();
    assert_eq!(dan.id, Some(5));
    assert_eq!(users.keys(&dan).await.unwrap().first::<i64>().unwrap(), 6);
    let mut several = [User::new("Eve"), User::new("Fay")];
    assert_eq!(users.insert_all(&mut several).await.unwrap(), 2);
    assert_eq!(several.map(|user| user.id), [Some(7), Some(8)]);
}

#[tokio::test]
async fn a_batch_takes_anything_that_can_be_iterated() {
    let users = Users(&session(USERS, MAPPER));
    let new = [User::new("Dan"), User::new("Eve")];
    assert_eq!(users.batch(&new).await.unwrap().first_keys::<i64>().unwrap(), [4, 5]);
    let mut new = new.to_vec();
    users.batch_with_keys(&mut new).await.unwrap();
    assert_eq!(new.iter().map(|user| user.id).collect::<Vec<_>>(), [Some(6), Some(7)]);
    assert_eq!(users.batch_of_names(vec!["Fay".into(), "Gil".into()]).await.unwrap().total(), 2);
    assert_eq!(users.delete_all(4..100).await.unwrap().counts()[..5], [Some(1); 5]);
    assert_eq!(users.by_id().await.unwrap().len(), 3);
    assert!(users.batch(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_item_that_cannot_be_converted_is_counted() {
    #[derive(Serialize)]
    struct Odd {
        #[serde(serialize_with = "refuse")]
        name: bool,
    }
    fn refuse<S: serde::Serializer>(refused: &bool, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        if *refused { Err(serde::ser::Error::custom("no")) } else { serializer.serialize_str("Dan") }
    }
    #[mapper("t", crate = ::batis_mapper)]
    trait Odds {
        #[statement("insertName")]
        async fn batch(&self, odds: &[Odd]) -> Result<BatchResult>;
    }
    let odds = Odds(&session(USERS, MAPPER));
    let wrong = odds.batch(&[Odd { name: false }, Odd { name: true }]).await.unwrap_err();
    assert_eq!(wrong.batch_index(), Some(1));
}

#[mapper("t", crate = ::batis_mapper)]
trait BlockingUsers {
    #[map_key("id")]
    #[statement("all")]
    fn by_id(&self) -> Result<HashMap<i64, User>>;
    #[map_key("userName")]
    #[statement("all")]
    fn by_name(&self) -> Result<BTreeMap<String, User>>;
    #[statement("older")]
    fn names(&self, age: i32) -> Result<BTreeSet<String>>;
    fn insert(&self, user: &mut User) -> Result<bool>;
    #[statement("insert")]
    fn keys(&self, user: &User) -> Result<GeneratedKeys>;
    #[statement("insert")]
    fn batch(&self, users: &[User]) -> Result<BatchResult>;
    #[statement("insert")]
    fn batch_with_keys(&self, users: &mut [User]) -> Result<BatchResult>;
    fn delete(&self, id: i64) -> Result<()>;
}

#[test]
fn the_same_for_plain_threads() {
    let users = BlockingUsers(&blocking(USERS, MAPPER));
    assert_eq!(users.by_id().unwrap().len(), 3);
    assert_eq!(users.by_name().unwrap()["Bob"].id, Some(2));
    assert_eq!(users.names(30).unwrap().len(), 2);
    let mut dan = User::new("Dan");
    assert!(users.insert(&mut dan).unwrap());
    assert_eq!(dan.id, Some(4));
    assert_eq!(users.keys(&dan).unwrap().first::<i64>().unwrap(), 5);
    let mut new = [User::new("Eve"), User::new("Fay")];
    assert_eq!(users.batch(&new).unwrap().total(), 2);
    users.batch_with_keys(&mut new).unwrap();
    assert_eq!(new[1].id, Some(9));
    users.delete(9).unwrap();
    assert_eq!(users.by_id().unwrap().len(), 8);
}
