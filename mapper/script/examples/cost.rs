//! What rendering costs: a static statement, a search with ten conditions, a list of a thousand values.
//!
//! `cargo run --release -p batis-script --example cost`

#![allow(clippy::print_stdout, reason = "it is what the example is for")]

use std::hint::black_box;
use std::time::Instant;

use batis_script::{Diagnostics, Map, MapperSet, Value};

fn mapper() -> String {
    let conditions: String =
        (0..10).map(|n| format!("<if test=\"c{n} != null and c{n} != ''\">and c{n} = #{{c{n}}}</if>\n")).collect();
    format!(
        r##"<mapper namespace="m">
  <select id="fixed">select id, name from users where id = #{{id}}</select>
  <select id="search">select id, name from users <where>{conditions}</where> order by id</select>
  <select id="list">select id from users where id in
    <foreach collection="list" item="id" open="(" separator="," close=")">#{{id}}</foreach></select>
</mapper>"##
    )
}

/// Nanoseconds of one call, the best of several rounds.
fn cost(set: &MapperSet, id: &str, parameter: &Value, times: u32) -> f64 {
    let statement = set.statement(id).expect("it is in the file");
    let round = || {
        let start = Instant::now();
        for _ in 0..times {
            black_box(statement.bind(black_box(parameter)).expect("it renders"));
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(times)
    };
    (0..7).map(|_| round()).fold(f64::INFINITY, f64::min)
}

fn main() -> Result<(), Diagnostics> {
    let set = MapperSet::builder().file("m.xml", mapper()).link()?;
    let all: Map = (0..10).map(|n| (format!("c{n}"), "x")).collect();
    let none: Map = (0..10).map(|n| (format!("c{n}"), Value::Null)).collect();
    let list: Value = (0..1000).collect();
    println!("a static statement              {:9.0} ns", cost(&set, "m.fixed", &Value::from(1), 1_000_000));
    println!("ten conditions, all true        {:9.0} ns", cost(&set, "m.search", &Value::from(all), 100_000));
    println!("ten conditions, none true       {:9.0} ns", cost(&set, "m.search", &Value::from(none), 100_000));
    println!("foreach over a thousand numbers {:9.0} ns", cost(&set, "m.list", &list.wrap_collection(None), 2_000));
    Ok(())
}
