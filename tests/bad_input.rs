//! Bad input is told with the place and a way out, and never panics: the texts are pinned here.

use batis::blocking::Batis;
use batis::{Error, params};
use serde::Deserialize;

const MAPPER: &str = r#"<mapper namespace="users">
  <select id="findByName">select id, name from users where name = #{name}</select>
  <select id="broken">selekt id from users</select>
  <select id="all">select id, name, age from users</select>
  <update id="create">create table users (id integer primary key, name text, age int)</update>
  <insert id="insert">insert into users (name, age) values (#{name}, #{age})</insert>
</mapper>"#;

fn shop() -> Batis {
    let batis = Batis::builder("sqlite::memory:").mapper_xml("users.xml", MAPPER).open().unwrap();
    batis.session().update("users.create", ()).unwrap();
    batis.session().insert("users.insert", params! { name: "Ann", age: None::<i32> }).unwrap();
    batis
}

fn open(url: &str) -> String {
    Batis::open(url).unwrap_err().to_string()
}

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct User {
    id: i64,
    name: String,
    age: i32,
}

#[test]
fn an_unknown_statement_is_answered_with_the_one_that_was_meant() {
    let error = shop().session().select_one::<i64>("users.findByNam", &1).unwrap_err();
    insta::assert_snapshot!(error, @"no statement `users.findByNam` is mapped; did you mean `users.findByName`?");
}

#[test]
fn a_missing_parameter_names_those_that_were_given() {
    let error = shop().session().select_one::<i64>("users.findByName", params! { nme: "Ann", age: 1 }).unwrap_err();
    insta::assert_snapshot!(error, @"users.findByName (users.xml:2:67): parameter `name` was not found; there are: [nme, age, param1, param2]; hint: did you mean `nme`?");
}

#[test]
fn a_null_in_a_field_that_is_no_option_names_column_and_field() {
    let error = shop().session().select_list::<User>("users.all", ()).unwrap_err();
    insta::assert_snapshot!(error, @"
    users.all (users.xml:4:3): row 1, column `age` (int) into field `age` of `User`: NULL where i32 was expected; hint: make the field an Option, or give the column a value in the SQL (coalesce)
      SQL: select id, name, age from users
    ");
}

#[test]
fn text_in_a_number_names_column_and_type() {
    let error = shop().session().select_list::<(i64, i64)>("users.findByName", &"Ann").unwrap_err();
    insta::assert_snapshot!(error, @"
    users.findByName (users.xml:2:3): row 1, column `name` (text) into `(i64, i64)`: text where i64 was expected
      SQL: select id, name from users where name = ?
    ");
}

#[test]
fn wrong_sql_is_told_with_its_place_in_file_and_text() {
    let error = shop().session().select_one::<i64>("users.broken", ()).unwrap_err();
    insta::assert_snapshot!(error, @r#"
    users.broken (users.xml:3:3): near "selekt": syntax error [42601]; at line 1, column 1 of the SQL
      SQL: selekt id from users
    "#);
}

#[test]
fn broken_xml_is_told_with_file_line_and_column() {
    let xml = "<mapper namespace=\"m\">\n  <select id=\"a\">select 1\n  <selct id=\"b\">select 2</selct>\n</mapper>";
    let error = Batis::builder("sqlite::memory:").mapper_xml("m.xml", xml).open().unwrap_err();
    insta::assert_snapshot!(error, @"
    the mapper files have mistakes:
    m.xml:2:4: error[E001]: <select> is not closed (opened here)
      note: m.xml:4:1: </select> is missing before </mapper>
    m.xml:3:4: error[E010]: <selct> is no element of a mapper file
    ");
}

#[test]
fn all_mistakes_of_all_files_are_told_at_once() {
    let one = "<mapper namespace=\"m\">\n<select id=\"a\">select 1 <if test=\"x =\">y</if></select>\n<select id=\"a\"><include refid=\"no\"/></select></mapper>";
    let two = "<mapper>\n<select id=\"a\" reslutType=\"int\">select #{x,jdbcTyp=INT}</select></mapper>";
    let error =
        Batis::builder("sqlite::memory:").mapper_xml("one.xml", one).mapper_xml("two.xml", two).open().unwrap_err();
    insta::assert_snapshot!(error, @r#"
    the mapper files have mistakes:
    one.xml:2:38: error[E030]: in the expression `x =`: the expression ends too early
    one.xml:3:13: error[E040]: the statement `m.a` is there already
      note: one.xml:2:13: the first one
    two.xml:1:2: error[E005]: the mapper has no namespace
      help: write <mapper namespace="..">, in Java the full name of the mapper interface
    two.xml:2:16: error[E011]: <select> has no attribute `reslutType`
      help: did you mean `resultType`?
    "#);
}

#[test]
fn urls_are_checked_before_anything_connects() {
    insta::assert_snapshot!(open("app.db"), @"the URL has no scheme [08001]; hint: write `sqlite:app.db` or `postgres://user@host/db`");
    insta::assert_snapshot!(open("oracle://h/db"), @"no driver for the scheme `oracle` [08001]; hint: known schemes: postgres, postgresql, sqlite");
    insta::assert_snapshot!(open("sqlite:app.db?busy_timout=5"), @"unknown option `busy_timout` in the sqlite URL [08001]; hint: did you mean `busy_timeout`?");
    insta::assert_snapshot!(open("postgres://me:secret@h/db?aplication_name=x"), @"unknown option `aplication_name` in the postgres URL [08001]; hint: did you mean `application_name`?");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    insta::assert_snapshot!(open("sqlite:no/such/folder/app.db?mode=rw"), @"cannot open the SQLite database `no/such/folder/app.db`: the folder `no/such/folder` does not exist [08001]");
}

#[test]
fn a_mapper_folder_that_is_not_there_is_named() {
    let error = Batis::builder("sqlite::memory:").mapper_dir("no/such/folder").open().unwrap_err();
    let error = error.to_string().replace(&*std::env::current_dir().unwrap().to_string_lossy(), "HERE");
    insta::assert_snapshot!(error, @"cannot read no/such/folder: No such file or directory (os error 2); hint: it is looked for in the working directory, HERE");
}

#[test]
fn a_refused_connection_is_told_at_once_with_the_place() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = open(&format!("postgres://me:secret@127.0.0.1:{port}/db")).replace(&port.to_string(), "PORT");
    insta::assert_snapshot!(error, @"cannot connect to 127.0.0.1:PORT: Connection refused (os error 111) [08001]; hint: is the server running, and does it listen there?");
}

#[test]
fn a_wrong_password_is_told_without_the_password() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let Some(url) = cluster.password_url("wrong-one", "postgres") else { return };
    let error = open(&url);
    assert!(!error.contains("wrong-one"), "{error}");
    let port = url.rsplit(':').next().and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let error = error.replace(port, "PORT");
    insta::assert_snapshot!(error, @r#"password authentication failed for user "batis_password" [28P01]; detail: the server at 127.0.0.1:PORT said so"#);
}

#[test]
fn a_pool_that_lends_nothing_says_why() {
    let batis = Batis::builder("sqlite::memory:")
        .pool(|p| p.name("main").max_size(1).connection_timeout(std::time::Duration::from_millis(250)))
        .open()
        .unwrap();
    let held = batis.connection().unwrap();
    let error = batis.connection().map(|_| ()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with(
            "pool `main` lends no connection [HYT00]; detail: no connection became free within 250ms: pool `main` (total=1, active=1,"
        ),
        "{text}"
    );
    assert_eq!(text.matches("hint: all are in use: hold each for less time").count(), 1, "{text}");
    assert!(std::error::Error::source(&error).is_none(), "what was told is not told again");
    drop(held);
    batis.pool().close();
    insta::assert_snapshot!(batis.connection().map(|_| ()).unwrap_err(), @"pool `main` lends no connection [08003]; detail: pool `main` is closed; hint: `close` was called: call it when nobody asks any more, or make another pool");
}

#[test]
fn postgres_tells_the_place_of_a_mistake_in_the_text_that_was_written() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let database = cluster.create_database().unwrap();
    let batis = Batis::builder(database.url()).mapper_xml("users.xml", MAPPER).open().unwrap();
    let error = batis.session().select_list::<i64>("users.findByName", &"Ann").unwrap_err();
    insta::assert_snapshot!(error, @r#"
    users.findByName (users.xml:2:3): relation "users" does not exist [42P01]; at line 1, column 22 of the SQL
      SQL: select id, name from users where name = ?
    "#);
}

#[test]
fn an_error_is_one_pointer_wide() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}
