//! Any text as the content of a statement: `#{}`, `${}` and escapes.

#![no_main]

use batis_script::{Map, MapperSet, Value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let text = text.replace("]]>", "]] >");
    let xml = format!("<mapper namespace=\"n\"><select id=\"s\"><![CDATA[{text}]]></select></mapper>");
    let Ok(set) = MapperSet::builder().file("a.xml", xml).link() else { return };
    let Ok(statement) = set.statement("n.s") else { return };
    let parameters = [Value::Null, Value::from("a'b"), Value::from(Map::new().with("a", 1).with("b", "#{a}"))];
    for parameter in &parameters {
        let _ = statement.bind(parameter);
    }
});
