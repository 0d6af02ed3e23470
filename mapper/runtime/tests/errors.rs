//! What errors say. Each text is what a user sees.

mod support;

use std::collections::HashMap;

use batis_mapper::{Configuration, Error, ErrorKind, SqlValue, params};
use serde::Deserialize;
use support::{USERS, session};

const MAPPER: &str = r#"
    <select id="find">select id, user_name, age from users where id = #{id}</select>
    <select id="all">select id, user_name, age, score, active from users order by id</select>
    <select id="bad">select nme from users</select>
    <select id="two">select id from users where id = #{id} and user_name = #{name}</select>
    <select id="list">select id from users where id = #{ids}</select>
    <select id="texts">select user_name as id from users order by id</select>
    <insert id="add">insert into users (id, user_name) values (#{id}, #{name})</insert>"#;

#[derive(Debug, Deserialize)]
#[allow(dead_code)] // only read into
struct User {
    id: i64,
    user_name: String,
    age: i32,
}

async fn error_of<T: serde::de::DeserializeOwned + Send + std::fmt::Debug>(id: &str) -> Error {
    session(USERS, MAPPER).select_list::<T>(id, &2).await.unwrap_err()
}

#[tokio::test]
async fn unknown_statement() {
    let error = error_of::<i64>("t.fnd").await;
    assert_eq!(error.kind(), ErrorKind::Statement);
    assert_eq!(error.to_string(), "no statement `t.fnd` is mapped; did you mean `t.find`?");
}

#[tokio::test]
async fn wrong_sql_names_statement_place_and_text() {
    let error = error_of::<i64>("t.bad").await;
    assert_eq!(error.kind(), ErrorKind::Sql);
    assert_eq!(error.sql_state().unwrap().code(), "42703");
    let text = error.to_string();
    assert!(text.starts_with("t.bad (t.xml:4:5): no such column: nme [42703]"), "{text}");
    assert!(text.ends_with("\n  SQL: select nme from users"), "{text}");
    assert!(std::error::Error::source(&error).is_none_or(|s| !text.contains(&s.to_string())), "nothing is said twice");
}

#[tokio::test]
async fn null_in_a_field_that_is_no_option() {
    assert_eq!(
        error_of::<User>("t.find").await.to_string(),
        "t.find (t.xml:2:5): row 1, column `age` (integer) into field `age` of `User`: NULL where i32 was expected; \
         hint: make the field an Option, or give the column a value in the SQL (coalesce)\n  \
         SQL: select id, user_name, age from users where id = ?"
    );
}

#[tokio::test]
async fn the_row_that_fails_is_named_and_its_text_is_not_shown() {
    let error = error_of::<i64>("t.texts").await;
    assert_eq!(error.kind(), ErrorKind::Result);
    let text = error.to_string();
    assert!(text.contains("row 1, column `id` (text) into `i64`: text where i64 was expected"), "{text}");
    assert!(!text.contains("Ann"), "{text}");
}

#[tokio::test]
async fn a_missing_column_names_the_near_one() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)] // only read into
    struct Wrong {
        id: i64,
        username_: String,
        birthday: String,
    }
    let text = error_of::<Wrong>("t.find").await.to_string();
    assert_eq!(
        text.lines().next().unwrap(),
        "t.find (t.xml:2:5): row 1 into `Wrong`: no column fills the field `birthday`; \
         hint: select it, or make the field an Option or #[serde(default)]; the columns are id, user_name, age"
    );
}

#[tokio::test]
async fn too_many_columns_and_rows() {
    let text = error_of::<i64>("t.all").await.to_string();
    assert!(text.contains("the row has 5 columns where one value was expected; hint: select one column"), "{text}");
    let session = session(USERS, MAPPER);
    let many = session.select_one::<User>("t.all", ()).await.unwrap_err();
    assert_eq!(many.sql_state().unwrap().code(), "21000");
    assert!(many.to_string().contains("more than one row; hint: use `select_list`"), "{many}");
    let none = session.select_one::<User>("t.find", &99).await.unwrap_err();
    assert_eq!((none.kind(), none.sql_state().unwrap().code()), (ErrorKind::Cardinality, "02000"));
    assert_eq!(
        none.to_string(),
        "t.find (t.xml:2:5): the query returned no row; hint: use `select_opt` where a row may be missing"
    );
}

#[tokio::test]
async fn a_missing_argument_lists_those_there_are() {
    let session = session(USERS, MAPPER);
    let error = session.select_list::<i64>("t.two", params! { id: 1, nam: "Ann" }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Parameter);
    let text = error.to_string();
    assert!(text.starts_with("t.two (t.xml:5:"), "{text}");
    assert!(text.contains("name") && text.contains("nam"), "{text}");
}

#[tokio::test]
async fn a_list_for_one_placeholder_names_foreach() {
    let session = session(USERS, MAPPER);
    let error = session.select_list::<i64>("t.list", params! { ids: vec![1, 2] }).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.list (t.xml:6:55): #{ids}: a list cannot be bound to one placeholder; hint: use <foreach> for a list; \
         for bytes wrap them with serde_bytes or write jdbcType=BLOB; for a database array write jdbcType=ARRAY\n  \
         SQL: select id from users where id = ?"
    );
}

#[tokio::test]
async fn a_select_is_no_update() {
    let error = session(USERS, MAPPER).update("t.find", &1).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.find (t.xml:2:5): a <select> returns rows, not a count; \
         hint: use select_one, select_opt or select_list; or `execute` to run it without its rows"
    );
}

#[tokio::test]
async fn an_integrity_violation_keeps_its_code() {
    let error = session(USERS, MAPPER).insert("t.add", params! { id: 1, name: "x" }).await.unwrap_err();
    assert!(error.sql_error().unwrap().is_unique_violation());
    assert!(error.to_string().starts_with("t.add (t.xml:8:5): "), "{error}");
}

#[tokio::test]
async fn a_parameter_that_cannot_be_serialized() {
    struct Broken;
    impl serde::Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("broken on purpose"))
        }
    }
    let session = session(USERS, MAPPER);
    let error = session.select_list::<i64>("t.find", &Broken).await.unwrap_err();
    assert_eq!(error.to_string(), "t.find (t.xml:2:5): broken on purpose");
    let error = session.select_list::<i64>("t.two", params! { id: 1, name: Broken }).await.unwrap_err();
    assert_eq!(error.to_string(), "t.two (t.xml:5:5): argument `name`: broken on purpose");
}

#[test]
fn all_mistakes_of_a_file_at_once() {
    let xml = "<mapper namespace=\"t\">\n<select id=\"a\"><include refid=\"nope\"/></select>\n<select id=\"a\">select 1</select>\n</mapper>";
    let error = Configuration::builder().mapper_xml("broken.xml", xml).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Load);
    assert!(error.diagnostics().unwrap().items().len() >= 2, "{error}");
    assert!(error.to_string().starts_with("the mapper files have mistakes:\nbroken.xml:2:"), "{error}");
}

#[test]
fn a_file_that_is_not_there() {
    let error = Configuration::builder().mapper_file("no/such/file.xml").build().unwrap_err();
    assert!(error.to_string().starts_with("cannot read no/such/file.xml: "), "{error}");
}

#[tokio::test]
async fn a_type_is_named_without_its_paths() {
    let session = session(USERS, r#"<select id="pair">select 1 as a, 'x' as b, 300 as c</select>"#);
    let text = async |error: Result<(), batis_mapper::Error>| error.unwrap_err().to_string().replace('\n', " ");
    let pair = session.select_one::<(i64, Option<String>)>("t.pair", ()).await.map(|_| ());
    assert_eq!(
        text(pair).await,
        "t.pair (t.xml:1:23): row 1 into `(i64, Option<String>)`: the row has 3 columns, the tuple has 2 fields   SQL: select 1 as a, 'x' as b, 300 as c"
    );
    // SQLite knows no type of an expression.
    let narrow = session.select_one::<(i64, String, u8)>("t.pair", ()).await.map(|_| ());
    assert!(text(narrow).await.contains("row 1, column `c` into `(i64, String, u8)`: the number 300 does not fit u8"));
    let keys = session.select_map::<String, HashMap<String, SqlValue>>("t.pair", (), "bb").await.map(|_| ());
    assert!(
        text(keys).await.contains("the rows have no property `bb`; hint: did you mean `b`? the columns are a, b, c")
    );
}

/// The settings of a configuration file count where a statement says nothing; its provider and environment choose the `databaseId`.
#[test]
fn a_configuration_file_is_honoured() {
    let folder = std::env::temp_dir().join(format!("batis-settings-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    let config = |provider: &str| {
        format!(
            r#"<configuration><environments default="a">
                <environment id="a"><transactionManager type="JDBC"/><dataSource type="POOLED"><property name="url" value="jdbc:mysql://h/d"/></dataSource></environment>
                <environment id="b"><transactionManager type="JDBC"/><dataSource type="POOLED"><property name="url" value="jdbc:sqlite:x.db"/></dataSource></environment>
            </environments>{provider}<mappers><mapper resource="m.xml"/></mappers></configuration>"#
        )
    };
    write("m.xml", r#"<mapper namespace="m"><select id="a">select 1</select></mapper>"#);
    let id = |provider: &str, adjust: fn(batis_mapper::ConfigurationBuilder) -> batis_mapper::ConfigurationBuilder| {
        write("c.xml", &config(provider));
        let built = adjust(Configuration::builder().config_file(folder.join("c.xml"))).build();
        built.map(|built| built.mappers().database_id().map(str::to_owned)).map_err(|error| error.to_string())
    };
    let named = r#"<databaseIdProvider type="DB_VENDOR"><property name="MySQL" value="my"/><property name="SQLite" value="lite"/></databaseIdProvider>"#;
    let of = |id: &str| Ok(Some(id.to_owned()));
    assert_eq!(id("", |b| b), Ok(None), "MyBatis has none without a provider");
    assert_eq!(id(named, |b| b), of("my"));
    assert_eq!(id(named, |b| b.environment("b")), of("lite"));
    assert_eq!(id(named, |b| b.product("SQLite")), of("lite"));
    assert_eq!(id(named, |b| b.product("PostgreSQL")), Ok(None));
    assert_eq!(id(named, |b| b.database_id("own")), of("own"));
    assert_eq!(id(r#"<databaseIdProvider type="DB_VENDOR"/>"#, |b| b), of("MySQL"), "the product's name itself");
    assert_eq!(
        id(named, |b| b.environment("c")).unwrap_err(),
        "the configuration file has no environment `c`; hint: there are: a, b"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

/// `defaultStatementTimeout` counts for a statement that has no timeout of its own.
#[test]
fn a_default_timeout_ends_a_statement() {
    let folder = std::env::temp_dir().join(format!("batis-timeout-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let count = "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c";
    let config = r#"<configuration><settings><setting name="defaultStatementTimeout" value="1"/></settings><mappers><mapper resource="m.xml"/></mappers></configuration>"#;
    std::fs::write(
        folder.join("m.xml"),
        format!(r#"<mapper namespace="m"><select id="endless">{count}</select></mapper>"#),
    )
    .unwrap();
    std::fs::write(folder.join("c.xml"), config).unwrap();
    let configuration = Configuration::builder().config_file(folder.join("c.xml")).build().unwrap();
    let session = batis_mapper::blocking::SqlSession::new(configuration, support::source(USERS));
    let error = session.select_one::<i64>("m.endless", &0).unwrap_err();
    assert!(error.to_string().contains("57014"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}
