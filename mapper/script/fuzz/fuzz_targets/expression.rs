//! Any text as an expression, evaluated with a few parameters.

#![no_main]

use batis_script::{Map, MapperSet, Value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut test = String::new();
    for letter in text.chars() {
        match letter {
            '<' => test.push_str("&lt;"),
            '&' => test.push_str("&amp;"),
            '"' => test.push_str("&quot;"),
            other => test.push(other),
        }
    }
    let xml = format!("<mapper namespace=\"n\"><select id=\"s\">a <if test=\"{test}\">b</if></select></mapper>");
    let Ok(set) = MapperSet::builder().file("a.xml", xml).link() else { return };
    let Ok(statement) = set.statement("n.s") else { return };
    let list = Value::List(vec![Value::from(1), Value::from("x"), Value::Null].into());
    let map = Map::new().with("a", 1).with("b", "text").with("c", list).with("d", Value::Char('d')).with("e", 1.5);
    for parameter in [Value::Null, Value::from("x"), Value::from(map)] {
        let _ = statement.bind(&parameter);
    }
});
