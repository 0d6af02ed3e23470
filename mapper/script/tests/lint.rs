//! Lint rules: `tests/lint/<case>.xml` and what `check` says about it in `<case>.txt`, rules that are off by default included.
//! `BATIS_BLESS=1 cargo test -p batis-script --test lint` writes the texts; read the difference.

mod support;

use std::fs;
use std::path::Path;

use batis_script::{CODES, MapperSet};
use support::shown;

#[test]
fn doubtful_places_are_told_as_written_down() {
    let bless = std::env::var_os("BATIS_BLESS").is_some();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint");
    let (mut wrong, mut all) = (String::new(), String::new());
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("readable").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "xml"));
    files.sort();
    for path in files {
        let name = path.file_name().expect("a name").to_str().expect("text");
        let checked = MapperSet::builder().file(name, fs::read(&path).expect("readable")).check();
        assert!(!checked.diagnostics.has_errors(), "{name}: {}", checked.diagnostics);
        let actual = shown(&checked.diagnostics);
        all.push_str(&actual);
        let file = path.with_extension("txt");
        if bless {
            fs::write(&file, actual).expect("it can be written");
        } else if fs::read_to_string(&file).unwrap_or_default() != actual {
            wrong.push_str(&format!("== {name}\n{actual}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}BATIS_BLESS=1 takes over what is said");
    for code in CODES.iter().filter(|code| code.code.starts_with("W2")) {
        assert!(all.contains(code.code), "{}: no case", code.code);
    }
}
