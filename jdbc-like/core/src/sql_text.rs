//! What can be told from a SQL text without a database: its words, and where its statements end.

use std::ops::Range;

use crate::placeholder::{Code, is_word, skipped};

/// A word of code: outside of strings, quoted names and comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word<'s> {
    pub(crate) text: &'s str,
    /// How many parentheses are open around it.
    pub(crate) depth: usize,
}

impl Word<'_> {
    pub(crate) fn is(&self, word: &str) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }
}

/// A piece of code.
enum Piece<'s> {
    Word(Word<'s>),
    /// A semicolon at this byte, and how many parentheses are open around it.
    Semicolon(usize, usize),
}

/// Words and semicolons, in order.
fn pieces(sql: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut code = Code::of(sql).peekable();
    let mut depth = 0_usize;
    std::iter::from_fn(move || {
        loop {
            let (at, byte) = code.next()?;
            match byte {
                b'(' => depth += 1,
                b')' => depth = depth.saturating_sub(1),
                b';' => return Some(Piece::Semicolon(at, depth)),
                byte if is_word(byte) => {
                    let mut end = at + 1;
                    while code.next_if(|(next, byte)| *next == end && is_word(*byte)).is_some() {
                        end += 1;
                    }
                    return Some(Piece::Word(Word { text: &sql[at..end], depth }));
                }
                _ => {}
            }
        }
    })
}

/// The words of a text, in order.
pub(crate) fn words(sql: &str) -> impl Iterator<Item = Word<'_>> {
    pieces(sql).filter_map(|piece| match piece {
        Piece::Word(word) => Some(word),
        Piece::Semicolon(..) => None,
    })
}

/// The first statement of a text behind this byte, without its semicolon; none if there is none.
///
/// A semicolon ends a statement unless it stands in parentheses (`create rule .. do (..; ..)`) or in the body of a routine that is written in
/// SQL (`begin atomic ..; end`).
pub(crate) fn first_statement(sql: &str, from: usize) -> Option<Range<usize>> {
    let mut from = from;
    loop {
        let rest = sql.get(from..)?;
        let end = statement_end(rest);
        let text = &rest[..end];
        if !is_blank(text) {
            let space = text.len() - text.trim_start().len();
            return Some(from + space..from + end);
        }
        from += end + 1;
    }
}

/// Where the statement ends with which a text begins: at its semicolon, or at the end of the text.
fn statement_end(sql: &str) -> usize {
    // `begin atomic` and each `case` in it are ended by an `end`.
    let (mut blocks, mut before) = (0_usize, "");
    for piece in pieces(sql) {
        match piece {
            Piece::Semicolon(at, 0) if blocks == 0 => return at,
            Piece::Semicolon(..) => before = "",
            Piece::Word(word) => {
                if word.is("atomic") && before.eq_ignore_ascii_case("begin") || blocks > 0 && word.is("case") {
                    blocks += 1;
                } else if blocks > 0 && word.is("end") {
                    blocks -= 1;
                }
                before = word.text;
            }
        }
    }
    sql.len()
}

/// Whether there is nothing but space and comments.
fn is_blank(sql: &str) -> bool {
    let mut rest = sql.trim_start();
    while !rest.is_empty() {
        if !rest.starts_with("--") && !rest.starts_with("/*") {
            return false;
        }
        rest = rest[skipped(rest)..].trim_start();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(sql: &str) -> Vec<&str> {
        let (mut from, mut all) = (0, Vec::new());
        while let Some(found) = first_statement(sql, from) {
            all.push(&sql[found.clone()]);
            from = found.end;
        }
        all
    }

    #[test]
    fn words_of_code() {
        let found: Vec<(&str, usize)> = words("insert into \"a b\" (x1) values ('y z', f(ä)) -- end\n returning/**/id")
            .map(|w| (w.text, w.depth))
            .collect();
        let expected =
            [("insert", 0), ("into", 0), ("x1", 1), ("values", 0), ("f", 1), ("ä", 2), ("returning", 0), ("id", 0)];
        assert_eq!(found, expected);
    }

    #[test]
    fn statements_end_at_semicolons() {
        let cases: [(&str, &[&str]); 9] = [
            ("select 1; select ';' ;", &["select 1", "select ';' "]),
            ("", &[]),
            (" ;; -- only; a comment\n ; /* ; /* ; */ ; */", &[]),
            ("select 1 -- one; two\n; select 2", &["select 1 -- one; two\n", "select 2"]),
            ("do $$ begin; end $$; select $a$;$$;$a$", &["do $$ begin; end $$", "select $a$;$$;$a$"]),
            (
                "create rule r as on insert to t do (select 1; select 2); x",
                &["create rule r as on insert to t do (select 1; select 2)", "x"],
            ),
            (
                "create function f() returns int begin atomic select case 1 when 1 then 2 end; select 3; end; select 4",
                &[
                    "create function f() returns int begin atomic select case 1 when 1 then 2 end; select 3; end",
                    "select 4",
                ],
            ),
            ("begin; select case 1 when 1 then 2 end; end", &["begin", "select case 1 when 1 then 2 end", "end"]),
            ("select 'open ; string", &["select 'open ; string"]),
        ];
        for (sql, expected) in cases {
            assert_eq!(split(sql), expected, "{sql}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_nothing_is_lost(sql in "[;a'\"$*/\\-\n ()Eä`]{0,40}") {
            let (mut from, mut between) = (0, String::new());
            while let Some(found) = first_statement(&sql, from) {
                prop_assert!(from <= found.start && found.start < found.end);
                between.push_str(&sql[from..found.start]);
                from = found.end;
            }
            between.push_str(&sql[from..]);
            prop_assert!(between.split(';').all(is_blank) || between.contains("/*") || between.contains("--"));
        }
    }
}
