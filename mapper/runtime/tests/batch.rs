//! Batches of mapper statements: order, all or nothing, keys, errors.

mod support;

use batis_dbc::{BatchOptions, BatchStrategy, SqlError, ValueRef};
use batis_mapper::{Error, ErrorKind, SetKey, SqlSession, params};
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use support::{blocking, session};

const SCHEMA: &str = "create table person (id integer primary key autoincrement, name text not null unique, note text)";
const MAPPER: &str = r#"
    <insert id="add">insert into person (name) values (#{name})</insert>
    <insert id="keyed" useGeneratedKeys="true" keyProperty="id" keyColumn="id">insert into person (name) values (#{name})</insert>
    <insert id="noted" useGeneratedKeys="true" keyProperty="id">
        insert into person (name<if test="note != null">, note</if>) values (#{name}<if test="note != null">, #{note}</if>)
    </insert>
    <insert id="new" useGeneratedKeys="true" keyProperty="id" keyColumn="id">
        insert into person (name) values (#{name}) on conflict do nothing
    </insert>
    <insert id="after">
        <selectKey keyProperty="id" resultType="long" order="AFTER">select last_insert_rowid()</selectKey>
        insert into person (name) values (#{name})
    </insert>
    <insert id="before">
        <selectKey keyProperty="id" resultType="long" order="BEFORE">select 100 + count(*) from person</selectKey>
        insert into person (id, name) values (#{id}, #{name})
    </insert>
    <update id="change">
        update person <set><if test="name != null">name = #{name}</if><if test="tail != null">name = name || #{tail}</if></set> where id = #{id}
    </update>
    <delete id="forget">delete from person where name = #{name}</delete>
    <select id="all">select id, name, note from person order by id</select>
    <select id="names">select name from person order by id</select>
    <insert id="slow" timeout="1">
        insert into person (name) select #{name} || max(x) from (with recursive c(x) as (select 1 union all select x + 1 from c) select x from c)
    </insert>"#;

#[derive(Debug, Default, Serialize, Deserialize, PartialEq, Clone)]
struct Person {
    id: Option<i64>,
    name: String,
    note: Option<String>,
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

fn people(names: &[&str]) -> Vec<Person> {
    names.iter().map(|name| Person { name: (*name).into(), ..Person::default() }).collect()
}

fn ids(people: &[Person]) -> Vec<Option<i64>> {
    people.iter().map(|person| person.id).collect()
}

async fn names(session: &SqlSession) -> Vec<String> {
    session.select_list("t.names", ()).await.unwrap()
}

/// MyBatis' no_param_type: objects with a field of each type go through one statement.
#[tokio::test]
async fn items_are_counted() {
    let session = session(SCHEMA, MAPPER);
    let done = session.execute_batch("t.add", &people(&["a", "b", "c"])).await.unwrap();
    assert_eq!((done.len(), done.total(), done.counts()), (3, 3, &[Some(1); 3][..]));
    assert!(done.keys().iter().all(|keys| keys.rows().is_empty()));
    let done = session.execute_batch("t.forget", [params! { name: "b" }, params! { name: "z" }]).await.unwrap();
    assert_eq!((done.total(), done.counts()), (1, &[Some(1), Some(0)][..]));
    assert_eq!(names(&session).await, ["a", "c"]);
}

#[tokio::test]
async fn no_items_need_no_connection() {
    let session = session(SCHEMA, MAPPER);
    session.insert("t.add", params! { name: "a" }).await.unwrap();
    let mut stream = session.stream::<String>("t.names", ());
    assert_eq!(stream.next().await.unwrap().unwrap(), "a", "the only connection is the stream's");
    assert!(session.execute_batch("t.add", &people(&[])).await.unwrap().is_empty());
    assert!(session.execute_batch("t.add", &people(&["b"])).await.is_err());
}

#[tokio::test]
async fn the_order_stays_where_texts_differ() {
    let session = session(SCHEMA, MAPPER);
    session.execute_batch("t.add", &people(&["a", "b"])).await.unwrap();
    let tail = |tail: &str| params! { id: 1, name: None::<String>, tail: tail };
    let name = |name: &str| params! { id: 1, name: name, tail: None::<String> };
    let changes =
        [tail("1"), tail("2"), name("x"), tail("3"), tail("4"), tail("5"), tail("6"), tail("7"), name("y"), tail("8")];
    let done = session.execute_batch("t.change", changes).await.unwrap();
    assert_eq!((done.counts(), names(&session).await), (&[Some(1); 10][..], vec!["y8".to_owned(), "b".into()]));
}

#[tokio::test]
async fn an_item_that_fails_undoes_all() {
    let session = session(SCHEMA, MAPPER);
    session.insert("t.add", params! { name: "taken" }).await.unwrap();
    let failed = session.execute_batch("t.add", &people(&["a", "b", "taken", "c", "d"])).await.unwrap_err();
    assert_eq!((failed.kind(), failed.batch_index()), (ErrorKind::Sql, Some(2)));
    assert_eq!(
        failed.to_string(),
        "t.add (t.xml:2:5): item 2 of the batch: UNIQUE constraint failed: person.name [23505]\n  \
         SQL: insert into person (name) values (?)"
    );
    // The third text of five; its item stands by itself, the first four do not.
    let mut several = people(&["a", "b", "c", "d", "e", "taken", "f"]);
    (several[4].note, several[6].note) = (Some("x".into()), Some("y".into()));
    let failed = session.execute_batch("t.noted", &several).await.unwrap_err();
    assert_eq!((failed.batch_index(), failed.sql_error().unwrap().batch_index()), (Some(5), Some(5)));
    assert!(failed.to_string().starts_with("t.noted (t.xml:4:5): item 5 of the batch: UNIQUE "), "{failed}");
    assert_eq!(names(&session).await, ["taken"]);
    let kept =
        session.execute_batch_with("t.add", &people(&["a", "taken", "b"]), BatchOptions::new().atomic(false)).await;
    assert_eq!(kept.unwrap_err().batch_index(), Some(1));
    assert_eq!(names(&session).await, ["taken", "a"], "what is before the failing item was to stay");
}

/// MyBatis' batch_keys and FlushTest: keys come with the result.
#[tokio::test]
async fn keys_come_in_the_order_of_the_items() {
    let session = session(SCHEMA, MAPPER);
    let mut some = people(&["a", "b", "c", "d", "e"]);
    let done = session.execute_batch("t.keyed", &some).await.unwrap();
    assert_eq!((done.first_keys::<i64>().unwrap(), done.total()), (vec![1, 2, 3, 4, 5], 5));
    assert_eq!(ids(&some), [None; 5]);
    done.write_keys(&mut some).unwrap();
    assert_eq!(ids(&some), [Some(1), Some(2), Some(3), Some(4), Some(5)]);
    // Several texts, without `keyColumn`.
    let mut noted = people(&["f", "g", "h"]);
    noted[1].note = Some("n".into());
    session.execute_batch("t.noted", &noted).await.unwrap().write_keys(&mut noted).unwrap();
    assert_eq!(ids(&noted), [Some(6), Some(7), Some(8)]);
    assert_eq!(session.select_list::<Person>("t.all", ()).await.unwrap()[5..], noted);
}

#[tokio::test]
async fn items_that_write_nothing_have_no_key() {
    let session = session(SCHEMA, MAPPER);
    session.execute_batch("t.add", &people(&["b"])).await.unwrap();
    let mut some = people(&["a", "b", "c"]);
    let done = session.execute_batch("t.new", &some).await.unwrap();
    done.write_keys(&mut some).unwrap();
    assert_eq!((ids(&some), done.counts()), (vec![Some(2), None, Some(4)], &[Some(1), Some(0), Some(1)][..]));
    let missing = done.first_keys::<i64>().unwrap_err();
    assert_eq!(missing.batch_index(), Some(1));
    assert!(
        missing.to_string().starts_with("t.new (t.xml:7:5): item 1 of the batch: the statement gave no key"),
        "{missing}"
    );
    let fewer = done.write_keys(&mut some[..2]).unwrap_err();
    assert_eq!(fewer.to_string(), "t.new (t.xml:7:5): the batch had 3 items, and 2 objects are to take their keys");
}

#[tokio::test]
async fn each_item_has_its_own_select_key() {
    let session = session(SCHEMA, MAPPER);
    let done = session.execute_batch("t.after", &people(&["a", "b"])).await.unwrap();
    assert_eq!(done.first_keys::<i64>().unwrap(), [1, 2]);
    let done = session.execute_batch("t.before", &people(&["c", "d"])).await.unwrap();
    assert_eq!((done.first_keys::<i64>().unwrap(), done.total()), (vec![102, 103], 2));
    let failed = session.execute_batch("t.after", &people(&["e", "a"])).await.unwrap_err();
    assert_eq!(failed.batch_index(), Some(1));
    assert_eq!(names(&session).await, ["a", "b", "c", "d"]);
    let apart = session.execute_batch_with("t.after", &people(&["e", "a"]), BatchOptions::new().atomic(false)).await;
    assert_eq!(apart.unwrap_err().batch_index(), Some(1));
    assert_eq!(names(&session).await.len(), 5);
    let copied = BatchOptions::new().strategy(BatchStrategy::MultiValues);
    let refused = session.execute_batch_with("t.after", &people(&["f"]), copied).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "t.after (t.xml:10:5): the batch strategy `multi-values` with a <selectKey> is not supported; \
         hint: its items run one by one, each with the query for its key; useGeneratedKeys=\"true\" needs none"
    );
}

/// MyBatis' batch_test and flush_statement_npe: a select sees what a batch did, in the transaction and after it, and may be run again.
#[tokio::test]
async fn a_batch_is_part_of_its_transaction() {
    let session = session(SCHEMA, MAPPER);
    let failed: Result<(), Error> = session
        .tx(|t| async move {
            t.execute_batch("t.add", &people(&["a", "b"])).await?;
            assert_eq!(names(&t).await, ["a", "b"]);
            assert!(t.execute_batch("t.add", &people(&["c", "a"])).await.is_err());
            assert_eq!(names(&t).await, ["a", "b"], "only the second batch is undone");
            t.execute_batch("t.after", &people(&["c"])).await?;
            assert_eq!(names(&t).await, ["a", "b", "c"]);
            t.insert("t.add", params! { name: "a" }).await.map(|_| ())
        })
        .await;
    assert!(failed.is_err() && names(&session).await.is_empty());
    for _ in 0..2 {
        let t = session.begin().await.unwrap();
        t.execute_batch("t.new", &people(&["a", "b"])).await.unwrap();
        t.commit().await.unwrap();
    }
    assert_eq!(names(&session).await, ["a", "b"]);
}

#[tokio::test]
async fn what_cannot_be_an_item_is_told_before_anything_runs() {
    let session = session(SCHEMA, MAPPER);
    let items = [params! { name: "a" }, params! { nam: "b" }];
    let text = session.execute_batch("t.add", items).await.unwrap_err();
    assert_eq!((text.kind(), text.batch_index()), (ErrorKind::Parameter, Some(1)));
    assert!(text.to_string().starts_with("t.add (t.xml:2:"), "{text}");
    assert!(text.to_string().contains("): item 1 of the batch: ") && text.to_string().contains("nam"), "{text}");
    let list = session.execute_batch("t.add", [params! { name: vec![1] }]).await.unwrap_err();
    assert!(list.to_string().contains(": item 0 of the batch: #{name}: a list cannot be bound"), "{list}");
    let select = session.execute_batch("t.names", [1]).await.unwrap_err();
    assert!(select.to_string().contains("a <select> returns rows, not a count"), "{select}");
    let copied = BatchOptions::new().strategy(BatchStrategy::Copy);
    let copied = session.execute_batch_with("t.add", &people(&["a"]), copied).await.unwrap_err();
    assert_eq!(copied.sql_state().unwrap().code(), "0A000");
    assert!(names(&session).await.is_empty());
}

#[test]
fn the_timeout_of_a_statement_is_that_of_its_batch() {
    let session = blocking(SCHEMA, MAPPER);
    let error = session.execute_batch("t.slow", &people(&["a", "b"])).unwrap_err();
    assert_eq!(error.sql_state().unwrap().code(), "57014", "{error}");
}

#[test]
fn plain_threads_have_the_same() {
    let session = blocking(SCHEMA, MAPPER);
    assert!(session.execute_batch("t.add", &people(&[])).unwrap().is_empty());
    let mut some = people(&["a", "b"]);
    session.execute_batch("t.keyed", &some).unwrap().write_keys(&mut some).unwrap();
    assert_eq!(ids(&some), [Some(1), Some(2)]);
    let failed: Result<(), Error> = session.tx(|t| {
        t.execute_batch("t.after", &people(&["c", "d"]))?;
        assert_eq!(t.execute_batch("t.add", &people(&["e", "a"])).unwrap_err().batch_index(), Some(1));
        assert_eq!(t.select_list::<String>("t.names", ())?.len(), 4);
        t.execute_batch("t.add", &people(&["a"])).map(|_| ())
    });
    assert_eq!(failed.unwrap_err().batch_index(), Some(0));
    assert_eq!(session.select_list::<String>("t.names", ()).unwrap().len(), 2);
    let options = BatchOptions::new().strategy(BatchStrategy::MultiValues).chunk(2);
    let done = session.execute_batch_with("t.keyed", &people(&["f", "g", "h"]), options).unwrap();
    assert_eq!(done.first_keys::<i64>().unwrap(), [3, 4, 5]);
}
