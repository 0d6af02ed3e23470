//! Any text as SQL: its `?` are found, they are written with numbers from 1, and places lead back.

#![no_main]

use batis_dbc::Placeholders;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|sql: &str| {
    let found = Placeholders::of(sql);
    let mut written = Vec::new();
    let rendered = found.render(sql, |out, nth| {
        written.push(nth);
        out.push('$');
        out.push_str(&nth.to_string());
    });
    assert!(written.iter().copied().eq(1..=found.count()));
    assert!(!found.is_empty() || rendered == sql);
    // An error's place in what was sent is a place in what was written.
    for at in 0..=rendered.len() {
        assert!(found.original_offset(at) <= sql.len());
    }
});
