//! Statements in the attributes of a mapper trait.

mod support;

use std::sync::Arc;

use batis_dbc::{FromSql, ValueRef};
use batis_mapper::script::{KeyOrder, Keys, StatementType};
use batis_mapper::{Configuration, ErrorKind, Result, RowStream, SetKey, SqlSession, mapper};
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use support::{USERS, source};

#[derive(Debug, Serialize, Deserialize, PartialEq)]
struct User {
    id: i64,
    user_name: String,
}

impl SetKey for User {
    fn set_key(&mut self, _: &str, value: ValueRef<'_>) -> batis_dbc::Result<()> {
        self.id = i64::from_sql(value)?;
        Ok(())
    }
}

#[mapper("users", crate = ::batis_mapper)]
trait Users {
    #[select("select id, user_name from users where id = #{id} and 1 < 2")]
    async fn find(&self, id: i64) -> Result<Option<User>>;

    #[select(r#"
        <script>
            select id, user_name from users
            <where>
                <if test="name == 'A'">user_name like 'A%'</if>
                <if test="ids">and id in <foreach collection="ids" item="i" open="(" separator="," close=")">#{i}</foreach></if>
            </where>
            order by <include refid="order"/>
        </script>"#)]
    async fn search(&self, name: &str, ids: &[i64]) -> Result<Vec<User>>;

    #[select("select user_name from users order by ${column}")]
    fn names(&self, column: &str) -> RowStream<String>;

    #[insert(
        "insert into users (user_name) values (#{userName})",
        use_generated_keys,
        key_property = "id",
        timeout = 5
    )]
    async fn insert(&self, user: &mut User) -> Result<()>;

    #[insert("insert into users (id, user_name) values (#{id}, #{userName})")]
    #[select_key("select max(id) + 10 from users", property = "id", before)]
    async fn insert_after(&self, user: &mut User) -> Result<u64>;

    #[update("update users set user_name = #{name} where id = #{id}")]
    async fn rename(&self, id: i64, name: &str) -> Result<bool>;

    #[delete("delete from users where id = #{id}")]
    #[statement("forget")]
    async fn delete(&self, id: i64) -> Result<u64>;

    #[select("select 'sqlite'", database_id = "sqlite")]
    #[select("select 'any'")]
    async fn product(&self) -> Result<String>;

    #[select(
        "select id as number, user_name from users where id = 1",
        result_map = "renamed",
        fetch_size = 7,
        use_cache = false,
        flush_cache
    )]
    async fn mapped(&self) -> Result<User>;

    #[select("select * from users where nothing = #{id}")]
    async fn wrong(&self, id: i64) -> Result<Vec<User>>;

    #[select("<script>select 1 <if test=\"id > 'a'\">where 1 = 1</if></script>")]
    async fn mixed(&self, id: i64) -> Result<i64>;

    /// In the file.
    async fn count(&self) -> Result<i64>;
}

const FILE: &str = r#"<mapper namespace="users">
    <select id="count">select count(*) from users</select>
    <sql id="order">id desc</sql>
    <resultMap id="renamed" type="User"><id property="id" column="number"/></resultMap>
</mapper>"#;

fn configuration() -> Arc<Configuration> {
    let builder = Configuration::builder().mapper_xml("users.xml", FILE).mapper(UsersImpl::STATEMENTS);
    Arc::new(builder.database_id("sqlite").build().unwrap())
}

fn session() -> SqlSession {
    SqlSession::new(configuration(), source(USERS))
}

#[tokio::test]
async fn attributes_and_a_file_of_one_namespace_stand_side_by_side() {
    let users = Users(&session());
    assert_eq!(users.find(1).await.unwrap().unwrap().user_name, "Ann");
    assert_eq!(users.count().await.unwrap(), 3);
    assert_eq!(users.mapped().await.unwrap().user_name, "Ann");
    assert_eq!(users.product().await.unwrap(), "sqlite");
    let names: Vec<String> = users.names("id desc").try_collect().await.unwrap();
    assert_eq!(names, ["Cid", "Bob", "Ann"]);
    assert!(users.rename(1, "Abe").await.unwrap());
    assert_eq!(users.delete(1).await.unwrap(), 1);
}

/// In XML `'A'` is a character, and `ids` alone an error.
#[tokio::test]
async fn the_plain_dialect_holds_in_a_script() {
    let users = Users(&session());
    let ids = |found: Vec<User>| found.iter().map(|user| user.id).collect::<Vec<_>>();
    assert_eq!(ids(users.search("A", &[]).await.unwrap()), [1]);
    assert_eq!(ids(users.search("B", &[2, 3]).await.unwrap()), [3, 2]);
}

#[tokio::test]
async fn keys_are_said_by_options_and_by_select_key() {
    let users = Users(&session());
    let mut dan = User { id: 0, user_name: "Dan".into() };
    users.insert(&mut dan).await.unwrap();
    assert_eq!(dan.id, 4);
    assert_eq!(users.insert_after(&mut dan).await.unwrap(), 1);
    assert_eq!(dan.id, 14);
}

#[test]
fn options_are_those_of_a_mapper_file() {
    let configuration = configuration();
    let statement = |id: &str| configuration.statement(id).unwrap().statement().clone();
    let insert = statement("users.insert");
    assert_eq!((insert.timeout, insert.statement_type), (Some(5), StatementType::Prepared));
    assert!(matches!(&insert.keys, Keys::Generated { properties, .. } if &*properties[0] == "id"));
    assert!(matches!(&statement("users.insert_after").keys, Keys::Select(key) if key.order == KeyOrder::Before));
    let mapped = statement("users.mapped");
    assert_eq!((mapped.fetch_size, mapped.use_cache, mapped.flush_cache), (Some(7), false, true));
    assert_eq!(statement("users.forget").name(), "forget");
}

/// The line and column of a text in this file, both from 1.
fn place_of(text: &str) -> String {
    let (nth, line) = include_str!("attributes.rs").lines().enumerate().find(|(_, line)| line.contains(text)).unwrap();
    format!("{}:{}:{}", file!(), nth + 1, line.find(text).unwrap() + 1)
}

#[tokio::test]
async fn errors_name_the_rust_file() {
    let users = Users(&session());
    let wrong = users.wrong(1).await.unwrap_err();
    assert_eq!(wrong.location().unwrap().to_string(), place_of("select * from users where nothing"));
    assert!(wrong.to_string().starts_with("users.wrong ("), "{wrong}");
    let mixed = users.mixed(1).await.unwrap_err();
    assert_eq!(mixed.location().unwrap().to_string(), place_of("id > 'a'"), "{mixed}");
}

#[test]
fn an_id_in_a_file_and_in_an_attribute_is_an_error_with_both_places() {
    let twice = r#"<mapper namespace="users"><select id="find">select 1</select><sql id="order">1</sql>
        <resultMap id="renamed" type="User"/></mapper>"#;
    let builder = Configuration::builder().mapper_xml("twice.xml", twice).mapper(UsersImpl::STATEMENTS);
    let wrong = builder.build().unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::Load);
    let message = format!(
        "the mapper files have mistakes:\n{}: error[E040]: the statement `users.find` is there already\n  \
         note: twice.xml:1:39: the first one",
        place_of("find(&self, id")
    );
    assert_eq!(wrong.to_string(), message);
}

/// `insertAfter` is what `insert_after` would find.
#[test]
fn an_id_is_the_same_in_javas_spelling() {
    let other = r#"<mapper namespace="users"><insert id="insertAfter">select 1</insert></mapper>"#;
    let builder = Configuration::builder().mapper_xml("users.xml", FILE).mapper_xml("other.xml", other);
    let wrong = builder.mapper(UsersImpl::STATEMENTS).build().unwrap_err().to_string();
    let message = format!(
        "{}: error[E040]: the statement `users.insert_after` is there already, in another spelling\n  \
         note: other.xml:1:39: the first one",
        place_of("insert_after(&self")
    );
    assert!(wrong.ends_with(&message), "{wrong}");
}

#[test]
fn what_attributes_name_is_looked_for_at_load() {
    let wrong = Configuration::builder().mapper(UsersImpl::STATEMENTS).build().unwrap_err().to_string();
    let expected = format!("{}: error[E050]: there is no result map `users.renamed`", place_of("\"renamed\""));
    assert!(wrong.contains(&expected), "{wrong}");
    assert!(wrong.contains("error[E041]: there is no fragment `users.order`"), "{wrong}");
}

#[tokio::test]
async fn statements_that_were_not_given_are_told_by_the_method() {
    let configuration = Configuration::builder().mapper_xml("users.xml", FILE).build().unwrap();
    let users = Users(&SqlSession::new(configuration, source(USERS)));
    let missing = users.find(1).await.unwrap_err();
    assert_eq!(
        missing.to_string(),
        "no statement `users.find` is mapped; \
         hint: it stands in an attribute: give `.mapper(UsersImpl::STATEMENTS)` to the configuration"
    );
}

#[mapper(crate = ::batis_mapper)]
trait Counters {
    #[select("select count(*) from users where id > #{id}")]
    fn above(&self, id: i64) -> Result<i64>;
}

#[test]
fn blocking_traits_have_them_too() {
    let twice = Configuration::builder().mapper(CountersImpl::STATEMENTS).mapper(CountersImpl::STATEMENTS);
    let session = batis_mapper::blocking::SqlSession::new(twice.build().unwrap(), source(USERS));
    assert_eq!(Counters(&session).above(1).unwrap(), 2);
}
