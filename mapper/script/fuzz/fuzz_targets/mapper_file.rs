//! Any bytes as a mapper file: checked, all spans inside the file, and what loads is rendered in all variants.

#![no_main]

use batis_script::MapperSet;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let checked = MapperSet::builder().file("a.xml", bytes).check();
    let files = checked.diagnostics.files();
    for item in checked.diagnostics.items() {
        let places = item.related.iter().map(|(span, _)| *span).chain([item.span]);
        for span in places {
            let text = files[span.file as usize].text();
            assert!(span.start <= span.end && span.end as usize <= text.len(), "{}: {span:?}", item.message);
            assert!(text.is_char_boundary(span.start as usize), "{}: {span:?}", item.message);
            assert!(text.is_char_boundary(span.end as usize), "{}: {span:?}", item.message);
        }
    }
    let _ = checked.diagnostics.to_string();
    for statement in checked.set.iter().flat_map(MapperSet::statements) {
        let _ = statement.variants(16);
    }
});
