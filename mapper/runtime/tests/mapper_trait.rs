//! Mapper traits bound to a mapper file by namespace.
#![allow(clippy::disallowed_methods)] // a test is its own host and may spawn

mod support;

use batis_mapper::{Result, mapper};
use serde::{Deserialize, Serialize};
use support::{USERS, blocking, session};

#[derive(Debug, Deserialize, PartialEq)]
struct User {
    id: i64,
    user_name: String,
}

#[derive(Serialize)]
struct NewUser {
    id: i64,
    user_name: &'static str,
}

const MAPPER: &str = r#"
    <select id="find">select id, user_name from users where id = #{id}</select>
    <select id="search">select id, user_name from users
        <where>
            <if test="name != null">user_name = #{name}</if>
            <if test="ids != null and ids.contains(3)">and id in <foreach collection="ids" item="i" open="(" separator="," close=")">#{i}</foreach></if>
        </where> order by id</select>
    <select id="count">select count(*) from users</select>
    <insert id="insert">insert into users (id, user_name) values (#{id}, #{userName})</insert>
    <delete id="delete">delete from users where id = #{param1} or user_name = #{param2}</delete>"#;

#[mapper("t", crate = ::batis_mapper)]
trait UserMapper {
    async fn find(&self, id: i64) -> Result<Option<User>>;
    async fn search(&self, name: Option<&str>, ids: &[i32]) -> Result<Vec<User>>;
    async fn count(&self) -> Result<i64>;
    async fn insert(&self, user: &NewUser) -> Result<u64>;
    async fn delete(&self, id: i64, name: &str) -> Result<bool>;
    #[statement("t.find")]
    async fn one(&self, id: i64) -> Result<User>;
    async fn twice(&self, id: i64) -> Result<Option<User>> {
        self.find(id).await?;
        self.find(id).await
    }
}

#[tokio::test]
async fn each_method_runs_its_statement() {
    let session = session(USERS, MAPPER);
    let users = UserMapper(&session);
    let cid = User { id: 3, user_name: "Cid".into() };
    assert_eq!(users.find(3).await.unwrap().as_ref(), Some(&cid));
    assert_eq!(users.twice(9).await.unwrap(), None);
    assert_eq!(users.one(3).await.unwrap(), cid);
    assert_eq!(users.search(None, &[3]).await.unwrap(), [cid]);
    assert_eq!(users.search(Some("Bob"), &[]).await.unwrap().len(), 1);
    assert_eq!(users.insert(&NewUser { id: 7, user_name: "Eve" }).await.unwrap(), 1);
    assert_eq!(users.count().await.unwrap(), 4);
    assert!(users.delete(7, "nobody").await.unwrap());
    assert!(!users.delete(7, "nobody").await.unwrap());
    let task = tokio::spawn(async move { users.count().await });
    assert_eq!(task.await.unwrap().unwrap(), 3);
}

#[mapper("t", crate = ::batis_mapper)]
trait BlockingUserMapper {
    fn find(&self, id: i64) -> Result<Option<User>>;
    fn count(&self) -> Result<u32>;
}

#[test]
fn blocking_traits_use_the_blocking_session() {
    let session = blocking(USERS, MAPPER);
    let users = BlockingUserMapper(&session);
    assert_eq!(users.find(1).unwrap().unwrap().user_name, "Ann");
    assert_eq!(users.count().unwrap(), 3);
}

const JAVA: &str = r#"
    <select id="findByName">select id, user_name from users where user_name = #{name}</select>
    <select id="countAll">select count(*) from users</select>
    <select id="count_all">select 0</select>
    <select id="findURL">select 1</select>
    <select id="findUrl">select 2</select>"#;

#[mapper("t", crate = ::batis_mapper)]
trait JavaMapper {
    async fn find_by_name(&self, name: &str) -> Result<Option<User>>;
    async fn count_all(&self) -> Result<i64>;
    async fn find_by_names(&self, name: &str) -> Result<Option<User>>;
}

#[mapper("t", crate = ::batis_mapper)]
trait BlockingJavaMapper {
    fn find_by_name(&self, name: &str) -> Result<Option<User>>;
}

#[tokio::test]
async fn a_method_finds_the_statement_that_java_names_in_camel_case() {
    let users = JavaMapper(&session(USERS, JAVA));
    assert_eq!(users.find_by_name("Ann").await.unwrap().unwrap().id, 1);
    assert_eq!(users.count_all().await.unwrap(), 0, "the exact name comes first");
    let missing = users.find_by_names("Ann").await.unwrap_err().to_string();
    assert_eq!(missing, "no statement `t.find_by_names` is mapped; did you mean `t.findByName`?");

    let twice = session(USERS, JAVA).select_one::<i64>("t.find_url", ()).await.unwrap_err().to_string();
    assert!(twice.starts_with("no statement `t.find_url` is mapped; did you mean `t.find"), "{twice}");

    let users = BlockingJavaMapper(&blocking(USERS, JAVA));
    assert_eq!(users.find_by_name("Ann").unwrap().unwrap().id, 1);
}
