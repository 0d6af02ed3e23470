//! Tables of the documentation that are made from the code: between `<!-- name -->` and `<!-- end of name -->` stands what the test makes.

use std::fs;
use std::path::Path;

/// Fails if the page has another table; with `BATIS_BLESS=1` it writes this one. The page is named from the root of the project.
pub(crate) fn check(page: &str, name: &str, table: &str) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = here.ancestors().map(|folder| folder.join(page)).find(|file| file.exists()).expect("the page is there");
    let text = fs::read_to_string(&file).expect("the page can be read");
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let (before, rest) = text.split_once(&begin).expect("the table's begin");
    let (written, after) = rest.split_once(&end).expect("the table's end");
    if std::env::var_os("BATIS_BLESS").is_some() {
        fs::write(&file, format!("{before}{begin}{table}{end}{after}")).expect("the page can be written");
    } else {
        assert_eq!(written, table, "BATIS_BLESS=1 writes it");
    }
}
