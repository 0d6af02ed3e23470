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
    insta::assert_snapshot!(error, @"");
}

#[test]
fn a_missing_parameter_names_those_that_were_given() {
    let error = shop().session().select_one::<i64>("users.findByName", params! { nme: "Ann", age: 1 }).unwrap_err();
    insta::assert_snapshot!(error, @"");
}

#[test]
fn a_null_in_a_field_that_is_no_option_names_column_and_field() {
    let error = shop().session().select_list::<User>("users.all", ()).unwrap_err();
    insta::assert_snapshot!(error, @"");
}

#[test]
fn text_in_a_number_names_column_and_type() {
    let error = shop().session().select_list::<(i64, i64)>("users.findByName", &"Ann").unwrap_err();
    insta::assert_snapshot!(error, @"");
}

#[test]
fn wrong_sql_is_told_with_its_place_in_file_and_text() {
    let error = shop().session().select_one::<i64>("users.broken", ()).unwrap_err();
    insta::assert_snapshot!(error, @"");
}

#[test]
fn broken_xml_is_told_with_file_line_and_column() {
    let xml = "<mapper namespace=\"m\">\n  <select id=\"a\">select 1\n  <selct id=\"b\">select 2</selct>\n</mapper>";
    let error = Batis::builder("sqlite::memory:").mapper_xml("m.xml", xml).open().unwrap_err();
    insta::assert_snapshot!(error, @"");
}

#[test]
fn all_mistakes_of_all_files_are_told_at_once() {
    let one = "<mapper namespace=\"m\">\n<select id=\"a\">select 1 <if test=\"x =\">y</if></select>\n<select id=\"a\"><include refid=\"no\"/></select></mapper>";
    let two = "<mapper>\n<select id=\"a\" reslutType=\"int\">select #{x,jdbcTyp=INT}</select></mapper>";
    let error = Batis::builder("sqlite::memory:").mapper_xml("one.xml", one).mapper_xml("two.xml", two).open().unwrap_err();
    insta::assert_snapshot!(error, @"");
}

#[test]
fn urls_are_checked_before_anything_connects() {
    insta::assert_snapshot!(open("app.db"), @"");
    insta::assert_snapshot!(open("oracle://h/db"), @"");
    insta::assert_snapshot!(open("sqlite:app.db?busy_timout=5"), @"");
    insta::assert_snapshot!(open("postgres://me:secret@h/db?aplication_name=x"), @"");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    insta::assert_snapshot!(open("sqlite:no/such/folder/app.db?mode=rw"), @"");
}

#[test]
fn a_mapper_folder_that_is_not_there_is_named() {
    let error = Batis::builder("sqlite::memory:").mapper_dir("no/such/folder").open().unwrap_err();
    insta::assert_snapshot!(error, @"");
}

#[test]
fn a_refused_connection_is_told_at_once_with_the_place() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = open(&format!("postgres://me:secret@127.0.0.1:{port}/db")).replace(&port.to_string(), "PORT");
    insta::assert_snapshot!(error, @"");
}

#[test]
fn a_wrong_password_is_told_without_the_password() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let Some(url) = cluster.password_url("wrong-one", "postgres") else { return };
    let error = open(&url);
    assert!(!error.contains("wrong-one"), "{error}");
    insta::assert_snapshot!(error, @"");
}

#[test]
fn postgres_tells_the_place_of_a_mistake_in_the_text_that_was_written() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let database = cluster.create_database().unwrap();
    let batis = Batis::builder(database.url()).mapper_xml("users.xml", MAPPER).open().unwrap();
    let error = batis.session().select_list::<i64>("users.findByName", &"Ann").unwrap_err();
    insta::assert_snapshot!(error, @"");
}

#[test]
fn an_error_is_one_pointer_wide() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}
