//! The whole way: session, statement, parameters, rows into a struct; against the raw driver and each layer on the way.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use batis::prelude::*;
use tokio::runtime::Runtime;

use super::driver::{drivers, runtime, rusqlite_subject};
use super::user::{BY_ID, User, next, postgres, schema};
use crate::{Subject, Work};

const MAPPER: &str = r#"<mapper namespace="users">
  <select id="byId">select id, name, email, age, score from users where id = #{id}</select>
  <select id="all">select id, name, email, age, score from users</select>
  <select id="search">select id, name, email, age, score from users
    <where>
      <if test="name != null">and name = #{name}</if>
      <if test="minAge != null">and age >= #{minAge}</if>
      <if test="ids != null">and id in <foreach collection="ids" item="id" open="(" separator="," close=")">#{id}</foreach></if>
    </where>
  </select>
  <resultMap id="year" type="Year">
    <id property="age" column="age"/>
    <collection property="users" ofType="User">
      <id property="id" column="id"/>
      <result property="name" column="name"/>
      <result property="email" column="email"/>
    </collection>
  </resultMap>
  <select id="years" resultMap="year">select age, id, name, email from users order by age</select>
  <select id="orderedYears" resultMap="year" resultOrdered="true">select age, id, name, email from users order by age</select>
</mapper>"#;

/// The same, kept.
const KEPT: &str = r#"<mapper namespace="kept"><cache/>
  <select id="byId">select id, name, email, age, score from users where id = #{id}</select>
  <select id="all">select id, name, email, age, score from users</select>
</mapper>"#;

pub(super) fn all() -> Vec<Work> {
    let mut works = vec![by_id(), by_id_in_transaction(), all_rows(), nested_rows(), search(), kept(), kept_rows()];
    if postgres().is_some() {
        works.push(postgres_by_id());
    }
    works
}

fn blocking() -> batis::blocking::Batis {
    let batis = batis::blocking::Batis::builder("sqlite::memory:").mapper_xml("users.xml", MAPPER);
    let batis = batis.mapper_xml("kept.xml", KEPT).open();
    let batis = batis.expect("SQLite opens in memory");
    batis.connection().expect("a connection").execute_script(&schema()).expect("the schema is right");
    batis
}

async fn asynchronous(url: &str) -> Batis {
    let batis = Batis::builder(url).mapper_xml("users.xml", MAPPER).open().await.expect("the database opens");
    let mut connection = batis.connection().await.expect("a connection");
    connection.execute_script(&format!("drop table if exists users; {}", schema())).await.expect("the schema is right");
    batis
}

fn session_by_id(name: &'static str, rt: Arc<Runtime>, batis: Batis) -> Subject {
    let (session, mut key) = (batis.session(), 0);
    Subject::new(name, move |n| {
        // The pool lives as long as the work.
        let _ = &batis;
        rt.block_on(async {
            let start = Instant::now();
            for _ in 0..n {
                let user: User = session.select_one("users.byId", &next(&mut key)).await.expect("the row is there");
                user.consume();
            }
            start.elapsed()
        })
    })
}

fn by_id() -> Work {
    let rt = runtime();
    let batis = rt.block_on(asynchronous("sqlite::memory:"));
    let (pooled, session) = (blocking(), blocking().session());
    let (mut key, mut other) = (0, 0);
    let subjects = vec![
        rusqlite_subject(false),
        Subject::each("pool + batis-dbc blocking", move || {
            let mut connection = pooled.connection().expect("a connection");
            let user = connection.query_opt_with(BY_ID, (next(&mut key),), User::read).expect("the query runs");
            user.expect("the row is there").consume();
        }),
        Subject::each("mapper blocking", move || {
            let user: User = session.select_one("users.byId", next(&mut other)).expect("the row is there");
            user.consume();
        }),
        session_by_id("mapper async", rt, batis),
    ];
    Work { name: "mapper on SQLite: select one row by key into a struct", subjects }
}

fn by_id_in_transaction() -> Work {
    let rt = runtime();
    let batis = rt.block_on(asynchronous("sqlite::memory:"));
    let session = rt.block_on(batis.session().begin()).expect("a transaction begins");
    let mut key = 0;
    let subjects = vec![
        rusqlite_subject(true),
        Subject::new("mapper async", move |n| {
            let _ = &batis;
            rt.block_on(async {
                let start = Instant::now();
                for _ in 0..n {
                    let user: User = session.select_one("users.byId", &next(&mut key)).await.expect("the row is there");
                    user.consume();
                }
                start.elapsed()
            })
        }),
    ];
    Work { name: "mapper on SQLite: select one row by key, inside a transaction", subjects }
}

fn all_rows() -> Work {
    let mut conn = drivers().connect_blocking("sqlite::memory:").expect("SQLite opens in memory");
    conn.execute_script(&schema()).expect("the schema is right");
    let session = blocking().session();
    let subjects = vec![
        Subject::each("batis-dbc blocking", move || {
            let users =
                conn.query(super::user::ALL, ()).expect("the query runs").map(User::read).expect("the rows fit");
            users.into_iter().for_each(User::consume);
        }),
        Subject::each("mapper blocking", move || {
            let users: Vec<User> = session.select_list("users.all", ()).expect("the rows fit");
            users.into_iter().for_each(User::consume);
        }),
    ];
    Work { name: "mapper on SQLite: 1,000 rows of 5 columns into structs", subjects }
}

/// The users of one age.
#[derive(Debug, serde::Deserialize)]
struct Year {
    age: i32,
    users: Vec<Member>,
}

#[derive(Debug, serde::Deserialize)]
struct Member {
    id: i64,
    name: String,
    email: String,
}

/// What a program writes that folds joined rows itself: the next row belongs to the last parent or begins another.
fn years(conn: &mut batis_dbc::blocking::Connection) -> Vec<Year> {
    let mut years: Vec<Year> = Vec::new();
    let rows = conn.query("select age, id, name, email from users order by age", ()).expect("the query runs");
    let read = rows.map(|row| {
        let (age, member) = (row.get(0)?, Member { id: row.get(1)?, name: row.get(2)?, email: row.get(3)? });
        match years.last_mut().filter(|year| year.age == age) {
            Some(year) => year.users.push(member),
            None => years.push(Year { age, users: vec![member] }),
        }
        Ok(())
    });
    read.expect("the rows fit");
    years
}

fn consume(years: Vec<Year>) {
    for Year { age, users } in years {
        users.into_iter().for_each(|Member { id, name, email }| drop(black_box((age, id, name, email))));
    }
}

fn nested_rows() -> Work {
    let mut conn = drivers().connect_blocking("sqlite::memory:").expect("SQLite opens in memory");
    conn.execute_script(&schema()).expect("the schema is right");
    let session = blocking().session();
    let ordered = session.clone();
    let subjects = vec![
        Subject::each("batis-dbc blocking, folded by hand", move || consume(years(&mut conn))),
        Subject::each("mapper blocking, resultOrdered", move || {
            consume(ordered.select_list("users.orderedYears", ()).expect("the rows fit"));
        }),
        Subject::each("mapper blocking", move || {
            consume(session.select_list("users.years", ()).expect("the rows fit"));
        }),
    ];
    Work { name: "mapper on SQLite: 1,000 rows into 90 structs with lists", subjects }
}

fn kept() -> Work {
    let session = blocking().session();
    let (other, mut key, mut kept_key) = (session.clone(), 0, 0);
    let subjects = vec![
        Subject::each("from the database", move || {
            let user: User = other.select_one("users.byId", next(&mut key)).expect("the row is there");
            user.consume();
        }),
        Subject::each("from the cache", move || {
            let user: User = session.select_one("kept.byId", next(&mut kept_key)).expect("the row is there");
            user.consume();
        }),
    ];
    Work { name: "mapper on SQLite: select one row by key, kept", subjects }
}

fn kept_rows() -> Work {
    let session = blocking().session();
    let (other, missing) = (session.clone(), session.clone());
    let cache = session.cache("kept").expect("it has one");
    let subjects = vec![
        Subject::each("from the database", move || {
            let users: Vec<User> = other.select_list("users.all", ()).expect("the rows fit");
            users.into_iter().for_each(User::consume);
        }),
        Subject::each("from the database into the cache", move || {
            cache.clear();
            let users: Vec<User> = missing.select_list("kept.all", ()).expect("the rows fit");
            users.into_iter().for_each(User::consume);
        }),
        Subject::each("from the cache", move || {
            let users: Vec<User> = session.select_list("kept.all", ()).expect("the rows fit");
            users.into_iter().for_each(User::consume);
        }),
    ];
    Work { name: "mapper on SQLite: 1,000 rows of 5 columns, kept", subjects }
}

fn search() -> Work {
    let session = blocking().session();
    let static_session = session.clone();
    let mut key = 0;
    let subjects = vec![
        Subject::each("static statement by key", move || {
            let user: User = static_session.select_one("users.byId", next(&mut key)).expect("the row is there");
            user.consume();
        }),
        Subject::each("dynamic: 3 ifs, foreach of 3", move || {
            let found = batis::params! { name: None::<&str>, minAge: 18, ids: vec![20_i64, 40, 60] };
            let users: Vec<User> = session.select_list("users.search", found).expect("the rows fit");
            users.into_iter().for_each(User::consume);
        }),
    ];
    Work { name: "mapper on SQLite: dynamic against static SQL", subjects }
}

fn postgres_by_id() -> Work {
    let rt = runtime();
    let url = postgres().expect("asked for only where PostgreSQL is").url();
    let batis = rt.block_on(asynchronous(&url));
    let subjects = vec![super::driver::raw_postgres_by_id(&url), session_by_id("mapper async", rt, batis)];
    Work { name: "mapper on PostgreSQL: select one row by key into a struct", subjects }
}
