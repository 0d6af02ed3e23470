//! Connection strings of the form `host=db.example.org dbname=shop`, as libpq reads them.

use crate::error::{Result, SqlError};

/// The words with which such a string can begin.
const FIRST: [&str; 7] = ["host", "hostaddr", "port", "user", "password", "dbname", "service"];

/// Whether what follows a URL's scheme is such a string: no path begins with one of these words and an equals sign.
pub(crate) fn is_keywords(text: &str) -> bool {
    let text = text.trim_start();
    let word = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    FIRST.contains(&&text[..word]) && text[word..].trim_start().starts_with('=')
}

/// The words and their values, in order. Values with blanks stand in single quotes; a backslash takes the next character as it is.
pub(crate) fn parse_keywords(text: &str) -> Result<Vec<(Box<str>, Box<str>)>> {
    let mut rest = text.trim_start();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let Some(after) = after.trim_start().strip_prefix('=') else {
            // What stands there may be a piece of a password that was not quoted.
            return Err(SqlError::url("a word of the connection string has no `=` after it")
                .hint("a value with blanks stands in single quotes: `password='two words'`"));
        };
        let (value, after) = value(after.trim_start())?;
        found.push((word.into(), value.into()));
        rest = after.trim_start();
    }
    Ok(found)
}

/// A value, and what follows it.
fn value(text: &str) -> Result<(String, &str)> {
    let (text, quoted) = text.strip_prefix('\'').map_or((text, false), |inner| (inner, true));
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => value.extend(characters.next().map(|(_, c)| c)),
            '\'' if quoted => return Ok((value, &text[at + 1..])),
            c if c.is_whitespace() && !quoted => return Ok((value, &text[at..])),
            c => value.push(c),
        }
    }
    if quoted { Err(SqlError::url("a quoted value of the connection string has no end")) } else { Ok((value, "")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(text: &str) -> Vec<(String, String)> {
        parse_keywords(text).unwrap().into_iter().map(|(k, v)| (k.into(), v.into())).collect()
    }

    #[test]
    fn forms() {
        let found = parsed(r" host = a  port=1 password='it\'s \\ x' dbname='' user=a\ b");
        let shown: Vec<String> = found.iter().map(|(k, v)| format!("{k}:{v}")).collect();
        assert_eq!(shown, ["host:a", "port:1", r"password:it's \ x", "dbname:", "user:a b"]);
        assert!(is_keywords("host=a") && is_keywords(" dbname = a") && is_keywords("service=x"));
        assert!(
            !is_keywords("app.db") && !is_keywords("hosts=a") && !is_keywords(":memory:") && !is_keywords("//host=a")
        );
    }

    #[test]
    fn mistakes_show_no_value() {
        let text = |t: &str| parse_keywords(t).unwrap_err().to_string();
        assert!(!text("password=two words").contains("words;"), "{}", text("password=two words"));
        assert_eq!(text("password='a"), "a quoted value of the connection string has no end [08001]");
    }

    proptest! {
        #[test]
        fn a_quoted_value_comes_back(value in "\\PC{0,20}") {
            let quoted = value.replace('\\', "\\\\").replace('\'', "\\'");
            prop_assert_eq!(parsed(&format!("password='{quoted}' port=1")), [("password".into(), value), ("port".into(), "1".into())]);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            let _ = (is_keywords(&text), parse_keywords(&text));
        }
    }
}
