//! What a SQL text is about, as far as its words tell: enough for the names of spans, never for decisions.

use crate::placeholder::{Code, is_word};

/// The first word in upper case: `SELECT`; of a text that begins with comments too.
pub(super) fn operation(sql: &str) -> String {
    let first = Words::of(sql).next();
    first.map_or_else(String::new, |word| word.text.to_uppercase())
}

/// The table that the text is about: what follows its only `from`, `into`, `update` or `join`. None if there are several, or if it is a
/// subquery or in quotes.
pub(super) fn collection(sql: &str) -> Option<&str> {
    let mut words = Words::of(sql).peekable();
    let (mut found, mut before) = (None, "");
    while let Some(word) = words.next() {
        let is = |text: &str| word.text.eq_ignore_ascii_case(text);
        // `for update` and `do update` name nothing.
        let updates = is("update") && !["for", "do", "key"].iter().any(|other| before.eq_ignore_ascii_case(other));
        before = word.text;
        if !(is("from") || is("into") || is("join") || updates) {
            continue;
        }
        let table = words.peek().filter(|next| !word.ends_name && !next.then_comma)?;
        if found.replace(table.text).is_some() {
            return None;
        }
    }
    found
}

/// The table that a `COPY` is about, or that of its query; none as with [`collection`].
pub(super) fn copied(sql: &str, inwards: bool) -> Option<&str> {
    let mut words = Words::of(sql);
    match words.next() {
        Some(copy) if !copy.ends_name => words.next().map(|word| word.text).filter(|name| !name.ends_with('.')),
        // A query, or a name in quotes.
        _ if inwards => None,
        _ => collection(sql),
    }
}

struct Word<'a> {
    text: &'a str,
    /// Something else than space stands between it and the next word.
    ends_name: bool,
    /// A comma comes next.
    then_comma: bool,
}

/// The words of the code of a text, names with their schema in one.
struct Words<'a> {
    sql: &'a str,
    code: std::iter::Peekable<Code<'a>>,
}

impl<'a> Words<'a> {
    fn of(sql: &'a str) -> Self {
        Self { sql, code: Code::of(sql).peekable() }
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        let (from, _) = self.code.find(|(_, byte)| is_word(*byte))?;
        let mut end = from + 1;
        while self.code.next_if(|(at, byte)| *at == end && (is_word(*byte) || matches!(byte, b'.' | b'$'))).is_some() {
            end += 1;
        }
        while self.code.next_if(|(_, byte)| byte.is_ascii_whitespace()).is_some() {}
        let next = self.code.peek().copied();
        let quoted = has_quotes(&self.sql[end..next.map_or(self.sql.len(), |(at, _)| at)]);
        let other = next.is_some_and(|(_, byte)| !is_word(byte));
        Some(Word {
            text: &self.sql[from..end],
            ends_name: quoted || other,
            then_comma: next.is_some_and(|(_, byte)| byte == b','),
        })
    }
}

/// Whether a name or text in quotes stands in what is no code.
fn has_quotes(between: &str) -> bool {
    between.contains(['"', '`', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn usual_statements() {
        for (sql, name, table) in [
            ("select * from users where id = ?", "SELECT", Some("users")),
            ("  -- x\n/* y */ Select 1", "SELECT", None),
            ("insert into app.users (id) values (?)", "INSERT", Some("app.users")),
            ("insert into users values (?) on conflict (id) do update set n = 1", "INSERT", Some("users")),
            ("update users set n = 1", "UPDATE", Some("users")),
            ("delete from users", "DELETE", Some("users")),
            ("select * from users for update", "SELECT", Some("users")),
            ("select * from a, b", "SELECT", None),
            ("select * from a join b on a.x = b.x", "SELECT", None),
            ("select * from (select 1)", "SELECT", None),
            ("select * from \"Mixed\"", "SELECT", None),
            ("select 'from x', n from \tgrün", "SELECT", Some("grün")),
            ("", "", None),
            ("select n from", "SELECT", None),
        ] {
            assert_eq!((operation(sql).as_str(), collection(sql)), (name, table), "{sql}");
        }
    }

    #[test]
    fn copies() {
        for (sql, inwards, table) in [
            ("COPY app.users (id, name) FROM STDIN", true, Some("app.users")),
            ("copy users from stdin", true, Some("users")),
            ("COPY \"Users\" FROM STDIN", true, None),
            ("COPY app.\"Users\" FROM STDIN", true, None),
            ("COPY users TO STDOUT", false, Some("users")),
            ("COPY \"Users\" TO STDOUT", false, None),
            ("COPY (select * from users) TO STDOUT", false, Some("users")),
            ("COPY (select * from users, roles) TO STDOUT", false, None),
            ("COPY", false, None),
            ("", true, None),
        ] {
            assert_eq!(copied(sql, inwards), table, "{sql}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(sql in "(from|into|update|join|for|copy|[a-z .,\"'$ä(?]){0,20}") {
            let _ = (operation(&sql), collection(&sql), copied(&sql, true), copied(&sql, false));
        }
    }
}
