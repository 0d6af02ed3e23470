//! `SqlSession::call`: procedures and functions with parameters that come back, on PostgreSQL; refused on SQLite.

use std::collections::HashMap;

use batis::mapper::{ErrorKind, SqlValue};
use batis::{Batis, Error, SqlSession, blocking, params};
use serde::{Deserialize, Serialize};

const MAPPER: &str = r#"<mapper namespace="calls">
    <update id="split" statementType="CALLABLE">
        {call split(#{amount}, #{whole,mode=OUT,jdbcType=INTEGER}, #{rest,mode=OUT,jdbcType=NUMERIC,javaType=double})}
    </update>
    <select id="native" statementType="CALLABLE">call split(#{amount}, #{parts.whole,mode=OUT}, #{parts.rest,mode=OUT})</select>
    <update id="dynamic" statementType="CALLABLE">
        {call split(<choose><when test="amount != null">#{amount}</when><otherwise>0.5</otherwise></choose>, #{whole,mode=OUT}, #{rest,mode=OUT})}
    </update>
    <update id="twice" statementType="CALLABLE">call twice(#{itemCount,mode=INOUT,jdbcType=INTEGER})</update>
    <select id="girth" statementType="CALLABLE">{#{girth,mode=OUT,jdbcType=DOUBLE} = call girth(#{radius})}</select>
    <select id="minMax" statementType="CALLABLE">{call min_max(#{list,jdbcType=ARRAY}, #{low,mode=OUT}, #{high,mode=OUT})}</select>
    <select id="allColumns" statementType="CALLABLE">{call min_max(#{list,jdbcType=ARRAY})}</select>
    <insert id="log" statementType="CALLABLE">{call log_it(#{text})}</insert>
    <select id="logged">select text from log order by text</select>
    <select id="flag" statementType="CALLABLE">{call flag(#{state,mode=OUT,typeHandler=org.apache.ibatis.type.EnumOrdinalTypeHandler})}</select>
    <select id="fewer" statementType="CALLABLE">{call min_max(#{list,jdbcType=ARRAY}, #{low,mode=OUT})}</select>
    <select id="named" statementType="CALLABLE">call split(rest => #{rest,mode=OUT}, amount => #{amount}, whole => #{whole,mode=OUT})</select>
    <select id="cursor" statementType="CALLABLE">{#{rows,mode=OUT,jdbcType=CURSOR,javaType=java.sql.ResultSet,resultMap=row} = call all_logged()}</select>
    <update id="slow" statementType="CALLABLE" timeout="1">{call slow()}</update>
    <resultMap id="row" type="map"><result property="text" column="text"/></resultMap>
</mapper>"#;

const SCHEMA: &str = "
    create table log (text text primary key);
    create procedure split(amount numeric, out whole int, out rest numeric) language plpgsql as $$ begin whole := trunc(amount); rest := amount - whole; end $$;
    create procedure twice(inout n int) language plpgsql as $$ begin n := n * 2; end $$;
    create function girth(radius float8) returns float8 language sql as 'select 2 * radius';
    create function min_max(list int[], out low int, out high int) language sql as 'select min(x), max(x) from unnest(list) as x';
    create procedure log_it(what text) language sql as 'insert into log values (what)';
    create procedure flag(out state int) language plpgsql as $$ begin state := 1; end $$;
    create function all_logged() returns refcursor language plpgsql as $$ declare c refcursor := 'c'; begin open c for select text from log; return c; end $$;
    create procedure slow() language sql as 'select pg_sleep(600)'";

#[derive(Debug, Deserialize, PartialEq)]
struct Split {
    whole: i32,
    rest: f64,
}

/// By its place, from 0.
#[derive(Debug, Deserialize, PartialEq)]
enum State {
    #[allow(dead_code)] // only its place counts
    Off,
    On,
}

async fn open() -> Option<(batis_testkit::TestDatabase, Batis)> {
    let database = batis_testkit::postgres()?.create_database().unwrap();
    let batis = Batis::builder(database.url()).mapper_xml("calls.xml", MAPPER).open();
    let batis = batis.await.unwrap();
    batis.connection().await.unwrap().execute_script(SCHEMA).await.unwrap();
    Some((database, batis))
}

/// MyBatis' sptests: what comes back goes by property, again and again, also to keys that were not there.
#[tokio::test(flavor = "multi_thread")]
async fn parameters_come_back_by_property() {
    let Some((_database, batis)) = open().await else { return };
    let session = batis.session();
    #[derive(Serialize)]
    struct Money {
        amount: f64,
    }
    for (amount, whole) in [(2.5, 2), (3.25, 3)] {
        let split: Split = session.call("calls.split", &Money { amount }).await.unwrap();
        assert_eq!(split, Split { whole, rest: amount - f64::from(whole) });
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Outer {
        parts: Split,
    }
    let nested: Outer = session.call("calls.native", params! { amount: 7.5 }).await.unwrap();
    assert_eq!(nested.parts, Split { whole: 7, rest: 0.5 });
    let map: HashMap<String, SqlValue> = session.call("calls.dynamic", params! { amount: None::<f64> }).await.unwrap();
    let mut keys: Vec<&str> = map.keys().map(|key| &**key).collect();
    keys.sort();
    assert_eq!((keys, map["whole"].to_string()), (vec!["rest", "whole"], "0".to_owned()));
    #[derive(Serialize, Deserialize)]
    struct Count {
        item_count: i32,
    }
    let doubled: Count = session.call("calls.twice", &Count { item_count: 21 }).await.unwrap();
    assert_eq!(doubled.item_count, 42);
    assert_eq!(session.call::<f64>("calls.girth", params! { radius: 1.5 }).await.unwrap(), 3.0);
    let pair: (i32, i32) = session.call("calls.minMax", &[3, 1, 2]).await.unwrap();
    assert_eq!(pair, (1, 3));
    assert_eq!(session.call::<HashMap<String, State>>("calls.flag", ()).await.unwrap()["state"], State::On);
    #[derive(Debug, Deserialize, PartialEq)]
    struct Ends {
        low: Option<i32>,
        high: Option<i32>,
    }
    let ends: Ends = session.call("calls.allColumns", &[3, 1, 2]).await.unwrap();
    assert_eq!(ends, Ends { low: Some(1), high: Some(3) });
    let none: Ends = session.call("calls.minMax", &Vec::<i32>::new()).await.unwrap();
    assert_eq!(none, Ends { low: None, high: None });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_part_of_its_transaction() {
    let Some((_database, batis)) = open().await else { return };
    let session = batis.session();
    let undone: Result<(), Error> = session
        .tx(async |t: SqlSession| {
            t.call::<()>("calls.log", params! { text: "a" }).await?;
            assert_eq!(t.select_list::<String>("calls.logged", ()).await?, ["a"]);
            t.call("calls.log", params! { text: "a" }).await
        })
        .await;
    let undone = undone.unwrap_err();
    assert!(undone.sql_error().unwrap().is_unique_violation());
    assert!(undone.to_string().starts_with("calls.log (calls.xml:13:5): "), "{undone}");
    assert!(session.select_list::<String>("calls.logged", ()).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_come_back_is_told() {
    let Some((_database, batis)) = open().await else { return };
    let session = batis.session();
    let fewer = session.call::<i32>("calls.fewer", &[1]).await.unwrap_err();
    assert_eq!(fewer.kind(), ErrorKind::Result);
    assert_eq!(
        fewer.to_string(),
        "calls.fewer (calls.xml:16:5): 2 values came back, for 1 parameters of mode OUT or INOUT; hint: write one for each of: low, high\n  \
         SQL: {call min_max(?, ?)}"
    );
    let named = session.call::<Split>("calls.named", params! { amount: 2.5 }).await.unwrap_err();
    assert_eq!(named.sql_state().unwrap().code(), "0A000");
    assert!(named.to_string().contains("; hint: give the arguments by position\n"), "{named}");
    let cursor = session.call::<HashMap<String, SqlValue>>("calls.cursor", ()).await.unwrap_err();
    assert_eq!(cursor.kind(), ErrorKind::Unsupported);
    assert!(cursor.to_string().contains("a cursor that comes back from a routine"), "{cursor}");
    let wrong = session.call::<HashMap<String, bool>>("calls.split", params! { amount: 2.5 }).await.unwrap_err();
    assert!(wrong.to_string().contains("row 1, column `whole` (int4) into field `whole`"), "{wrong}");
    let selected = session.select_one::<f64>("calls.native", params! { amount: 1.5 }).await.unwrap_err();
    let expected = "#{parts.whole}: a parameter of mode OUT is not supported; hint: run the statement by `call`, which returns what comes back";
    assert!(selected.to_string().contains(expected), "{selected}");
    let selected = session.select_list::<f64>("calls.allColumns", &[1]).await.unwrap_err();
    assert_eq!(
        selected.to_string(),
        "calls.allColumns (calls.xml:12:5): `{call ..}` is understood by the session's `call` only; \
         hint: run it by `call`; for rows write `select * from f(..)`\n  SQL: {call min_max(?)}"
    );
    let slow = session.call::<()>("calls.slow", ()).await.unwrap_err();
    assert_eq!(slow.sql_state().unwrap().code(), "57014", "{slow}");
}

#[test]
fn plain_threads_have_the_same() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let database = cluster.create_database().unwrap();
    let builder = blocking::Batis::builder(database.url()).mapper_xml("calls.xml", MAPPER);
    let batis = builder.open().unwrap();
    batis.connection().unwrap().execute_script(SCHEMA).unwrap();
    let session = batis.session();
    let split: Split = session.call("calls.split", params! { amount: 2.5 }).unwrap();
    assert_eq!(split, Split { whole: 2, rest: 0.5 });
    let slow = session.call::<()>("calls.slow", ()).unwrap_err();
    assert_eq!(slow.sql_state().unwrap().code(), "57014", "{slow}");
}

#[batis::mapper("calls")]
trait Calls {
    async fn split(&self, amount: f64) -> batis::Result<Split>;
    #[statement("dynamic")]
    async fn split_if_any(&self, amount: Option<f64>) -> batis::Result<Option<Split>>;
    async fn girth(&self, radius: f64) -> batis::Result<f64>;
    async fn twice(&self, item_count: i32) -> batis::Result<i32>;
    async fn min_max(&self, list: &[i32]) -> batis::Result<(i32, i32)>;
    async fn all_columns(&self, list: &[i32]) -> batis::Result<(i32, i32)>;
    async fn log(&self, text: &str) -> batis::Result<()>;
    #[statement("split")]
    async fn run_split(&self, amount: f64) -> batis::Result<()>;
    async fn logged(&self) -> batis::Result<Vec<String>>;
}

#[batis::mapper("calls")]
trait BlockingCalls {
    fn split(&self, amount: f64) -> batis::Result<Split>;
    #[statement("dynamic")]
    fn split_if_any(&self, amount: Option<f64>) -> batis::Result<Option<Split>>;
    fn twice(&self, item_count: i32) -> batis::Result<i32>;
    fn log(&self, text: &str) -> batis::Result<()>;
}

/// As the methods of MyBatis' interfaces do, whose parameters come back into the parameter object.
#[tokio::test(flavor = "multi_thread")]
async fn mapper_methods_call_what_is_marked_as_a_call() {
    let Some((_database, batis)) = open().await else { return };
    let calls = Calls(&batis.session());
    assert_eq!(calls.split(2.5).await.unwrap(), Split { whole: 2, rest: 0.5 });
    assert_eq!(calls.split_if_any(None).await.unwrap(), Some(Split { whole: 0, rest: 0.5 }));
    assert_eq!(calls.girth(1.5).await.unwrap(), 3.0);
    assert_eq!(calls.twice(21).await.unwrap(), 42);
    assert_eq!(calls.min_max(&[3, 1, 2]).await.unwrap(), (1, 3));
    assert_eq!(calls.all_columns(&[3, 1, 2]).await.unwrap(), (1, 3));
    calls.log("a").await.unwrap();
    calls.run_split(2.5).await.unwrap();
    assert_eq!(calls.logged().await.unwrap(), ["a"]);
}

#[test]
fn mapper_methods_of_plain_threads_call_too() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let database = cluster.create_database().unwrap();
    let batis = blocking::Batis::builder(database.url()).mapper_xml("calls.xml", MAPPER).open().unwrap();
    batis.connection().unwrap().execute_script(SCHEMA).unwrap();
    let calls = BlockingCalls(&batis.session());
    assert_eq!(calls.split(2.5).unwrap(), Split { whole: 2, rest: 0.5 });
    assert_eq!(calls.split_if_any(Some(1.25)).unwrap(), Some(Split { whole: 1, rest: 0.25 }));
    assert_eq!(calls.twice(21).unwrap(), 42);
    calls.log("a").unwrap();
    assert!(calls.log("a").unwrap_err().sql_error().unwrap().is_unique_violation());
}

#[tokio::test]
async fn sqlite_has_no_routines() {
    let batis = Batis::builder("sqlite::memory:").mapper_xml("calls.xml", MAPPER).open().await.unwrap();
    let error = batis.session().call::<f64>("calls.girth", params! { radius: 1.5 }).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "calls.girth (calls.xml:10:5): calling routines on SQLite is not supported [0A000]; \
         hint: write what the routine does as statements, or as a function of the program\n  \
         SQL: {? = call girth(?)}"
    );
    let no_call = batis.session().call::<String>("calls.logged", ()).await.unwrap_err();
    assert_eq!(
        no_call.to_string(),
        "calls.logged (calls.xml:14:5): the statement is no call of a procedure or function; \
         hint: write statementType=\"CALLABLE\" if it is one; use select_one or update otherwise"
    );
}
