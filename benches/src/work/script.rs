//! The mapper language alone: loading files, binding static and dynamic statements.

use std::fmt::Write as _;
use std::hint::black_box;

use batis_script::{Map, MapperSet, Value};

use crate::{Subject, Work};

pub(super) fn all() -> Vec<Work> {
    vec![bind(), load()]
}

const MAPPER: &str = r#"<mapper namespace="m">
  <select id="byId">select id, name, email, age, score from users where id = #{id}</select>
  <select id="search">select id, name from users
    <where>
      <if test="a != null">and a = #{a}</if> <if test="b != null">and b = #{b}</if>
      <if test="c != null">and c = #{c}</if> <if test="d != null">and d = #{d}</if>
      <if test="e != null">and e = #{e}</if> <if test="f != null">and f = #{f}</if>
      <if test="g != null">and g = #{g}</if> <if test="h != null">and h = #{h}</if>
      <if test="i != null">and i = #{i}</if> <if test="j != null">and j = #{j}</if>
    </where>
  </select>
  <select id="in">select id from users where id in
    <foreach collection="ids" item="id" open="(" separator="," close=")">#{id}</foreach>
  </select>
</mapper>"#;

fn bind() -> Work {
    let some = |names: &[&str]| Value::from(names.iter().fold(Map::new(), |m, n| m.with(*n, 1_i64)));
    let ids: Value = (0..100_i64).collect();
    let subjects = vec![
        binder("static statement, one parameter", "m.byId", some(&["id"])),
        binder("where with 10 ifs, 5 true", "m.search", some(&["a", "c", "e", "g", "i"])),
        binder("foreach over 100 ids", "m.in", Value::from(Map::new().with("ids", ids))),
    ];
    Work { name: "bind: parameter object to SQL and binds", subjects }
}

fn binder(name: &'static str, statement: &'static str, parameter: Value) -> Subject {
    let set = MapperSet::builder().file("m.xml", MAPPER).link().expect("the mapper file is right");
    let statement = set.statement(statement).expect("the statement is there").clone();
    Subject::each(name, move || {
        black_box(statement.bind(&parameter).expect("the parameters fit"));
    })
}

fn load() -> Work {
    let files: Vec<String> = (0..100).map(file).collect();
    let subject = Subject::each("100 files of 100 statements", move || {
        let named = files.iter().enumerate().map(|(i, text)| (format!("f{i}.xml"), text.clone()));
        let set = named.fold(MapperSet::builder(), |b, (name, text)| b.file(name, text)).link();
        black_box(set.expect("the files are right"));
    });
    Work { name: "load mapper files", subjects: vec![subject] }
}

/// A file of a hundred statements, each with an include and two ifs.
fn file(number: usize) -> String {
    let mut text = format!("<mapper namespace=\"n{number}\"><sql id=\"columns\">id, name, email</sql>");
    for i in 0..100 {
        let _ = write!(
            text,
            "<select id=\"s{i}\">select <include refid=\"columns\"/> from t{i}<where><if test=\"name != null and name != ''\">and name = #{{name}}</if>\
             <if test=\"ids.size() > 0\">and age > #{{age,jdbcType=INTEGER}}</if></where></select>"
        );
    }
    text.push_str("</mapper>");
    text
}
