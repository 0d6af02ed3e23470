//! Where the `?` of a statement are: a scanner that knows what is text, comment or operator.

/// The placeholders of a SQL text.
///
/// `?` is a placeholder outside of `'strings'` (also `E'..'` with backslashes), `"identifiers"`, `` `identifiers` ``,
/// `$tag$ strings $tag$`, `-- comments` and nested `/* comments */`. `??` is an escaped `?` (for PostgreSQL's JSON operator), and
/// `?|` and `?&` are its JSON operators (but `?||` is a placeholder before a concatenation).
///
/// Source: pgjdbc's treatment of `?` and `??`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placeholders {
    marks: Vec<Mark>,
    count: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    /// A `?` at this byte.
    Parameter(usize),
    /// A `??` at this byte: an operator `?`.
    Escaped(usize),
}

impl Placeholders {
    /// Finds the placeholders of a text.
    #[must_use]
    pub fn of(sql: &str) -> Self {
        if memchr::memchr(b'?', sql.as_bytes()).is_none() {
            return Self::default();
        }
        Scanner { text: sql.as_bytes(), at: 0 }.marks()
    }

    /// How many parameters there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether the text is left as it is by [`render`](Self::render).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// The text with each placeholder written by `write` (which gets the number from 1), and each `??` as `?`.
    #[must_use]
    pub fn render(&self, sql: &str, mut write: impl FnMut(&mut String, usize)) -> String {
        let mut out = String::with_capacity(sql.len() + self.marks.len() * 2);
        let (mut from, mut number) = (0, 0);
        for mark in &self.marks {
            match *mark {
                Mark::Parameter(at) => {
                    out.push_str(&sql[from..at]);
                    number += 1;
                    write(&mut out, number);
                    from = at + 1;
                }
                Mark::Escaped(at) => {
                    out.push_str(&sql[from..=at]);
                    from = at + 2;
                }
            }
        }
        out.push_str(&sql[from..]);
        out
    }

    /// The place in the original text of a byte offset in a text of [`render`](Self::render) that wrote `$1`, `$2`, ..
    #[must_use]
    pub fn original_offset(&self, rendered: usize) -> usize {
        let (mut shift, mut number) = (0isize, 0usize);
        for mark in &self.marks {
            let (at, grows) = match *mark {
                Mark::Parameter(at) => {
                    number += 1;
                    (at, digits(number))
                }
                Mark::Escaped(at) => (at + 1, -1),
            };
            if at.saturating_add_signed(shift) >= rendered {
                break;
            }
            shift += grows;
        }
        rendered.saturating_add_signed(-shift)
    }
}

/// How many digits a number (from 1) has.
fn digits(number: usize) -> isize {
    isize::try_from(number.ilog10()).map_or(1, |more| more + 1)
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

/// The bytes of a SQL text that are code: outside of strings, quoted names and comments, with their places.
pub(crate) struct Code<'a>(Scanner<'a>);

impl<'a> Code<'a> {
    pub(crate) fn of(sql: &'a str) -> Self {
        Self(Scanner { text: sql.as_bytes(), at: 0 })
    }
}

impl Iterator for Code<'_> {
    type Item = (usize, u8);

    fn next(&mut self) -> Option<(usize, u8)> {
        loop {
            let (at, byte) = (self.0.at, self.0.peek(0)?);
            if !self.0.skip(byte) {
                self.0.at += 1;
                return Some((at, byte));
            }
        }
    }
}

impl Scanner<'_> {
    /// Passes by a string, a quoted name, a comment or a dollar-quoted string that begins here.
    fn skip(&mut self, byte: u8) -> bool {
        let from = self.at;
        match byte {
            b'\'' => self.skip_string(),
            b'"' | b'`' => self.skip_quoted(byte),
            b'-' if self.peek(1) == Some(b'-') => self.skip_line(),
            b'/' if self.peek(1) == Some(b'*') => self.skip_block(),
            b'$' => {
                self.skip_dollar();
                if self.at == from + 1 {
                    self.at = from;
                }
            }
            _ => {}
        }
        self.at > from
    }

    fn marks(mut self) -> Placeholders {
        let mut found = Placeholders::default();
        while let Some(byte) = self.peek(0) {
            match byte {
                b'?' => self.question(&mut found),
                _ if self.skip(byte) => {}
                _ => self.at += 1,
            }
        }
        found
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn question(&mut self, found: &mut Placeholders) {
        match (self.peek(1), self.peek(2)) {
            (Some(b'?'), _) => {
                found.marks.push(Mark::Escaped(self.at));
                self.at += 2;
            }
            (Some(b'|'), next) if next != Some(b'|') => self.at += 2,
            (Some(b'&'), _) => self.at += 2,
            _ => {
                found.marks.push(Mark::Parameter(self.at));
                found.count += 1;
                self.at += 1;
            }
        }
    }

    /// `'..'` with doubled quotes; after a lone `E`, backslashes escape as well.
    fn skip_string(&mut self) {
        let escapes = self.at > 0
            && matches!(self.text[self.at - 1], b'e' | b'E')
            && (self.at < 2 || !is_word(self.text[self.at - 2]));
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            match byte {
                b'\'' => return,
                b'\\' if escapes => self.at += 1,
                _ => {}
            }
        }
    }

    fn skip_quoted(&mut self, quote: u8) {
        self.at += 1;
        self.at = memchr::memchr(quote, &self.text[self.at..]).map_or(self.text.len(), |i| self.at + i + 1);
    }

    fn skip_line(&mut self) {
        self.at = memchr::memchr(b'\n', &self.text[self.at..]).map_or(self.text.len(), |i| self.at + i + 1);
    }

    fn skip_block(&mut self) {
        let mut depth = 0usize;
        while let Some(byte) = self.peek(0) {
            match (byte, self.peek(1)) {
                (b'/', Some(b'*')) => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', Some(b'/')) => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.at += 1,
            }
        }
    }

    /// `$$..$$` and `$tag$..$tag$`; a `$` inside a word or before a digit starts nothing.
    fn skip_dollar(&mut self) {
        let start = self.at;
        self.at += 1;
        if start > 0 && is_word(self.text[start - 1]) || self.peek(0).is_some_and(|b| b.is_ascii_digit()) {
            return;
        }
        let tag = self.text[self.at..].iter().take_while(|b| is_word(**b)).count();
        if self.peek(tag) != Some(b'$') {
            return;
        }
        let fence = &self.text[start..=self.at + tag];
        let body = start + fence.len();
        self.at = memchr::memmem::find(&self.text[body..], fence).map_or(self.text.len(), |i| body + i + fence.len());
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn numbered(sql: &str) -> String {
        Placeholders::of(sql).render(sql, |out, n| {
            use std::fmt::Write as _;
            let _ = write!(out, "${n}");
        })
    }

    #[test]
    fn only_real_placeholders_are_numbered() {
        let cases = [
            ("select ? + ?", "select $1 + $2"),
            ("select '?', E'\\'?', \"a?\", `b?` , ?", "select '?', E'\\'?', \"a?\", `b?` , $1"),
            ("select ? -- why?\n, ?", "select $1 -- why?\n, $2"),
            ("/* ? /* ? */ ? */ ?", "/* ? /* ? */ ? */ $1"),
            ("select $$ ? $$, $a$ ? $$ ? $a$, ?", "select $$ ? $$, $a$ ? $$ ? $a$, $1"),
            ("j ?? 'a' and j ?| array[?] and j ?& array[?]", "j ? 'a' and j ?| array[$1] and j ?& array[$2]"),
            ("?||'x'", "$1||'x'"),
            ("a$b$?, $1", "a$b$$1, $1"),
            ("'open ?", "'open ?"),
            ("select 'it''s ?', ?", "select 'it''s ?', $1"),
        ];
        for (sql, expected) in cases {
            assert_eq!(numbered(sql), expected);
        }
    }

    #[test]
    fn offsets_are_mapped_back() {
        let sql = "select ?, ??, ?, nme";
        let rendered = numbered(sql);
        let found = Placeholders::of(sql);
        assert_eq!(found.original_offset(rendered.find("nme").unwrap()), sql.find("nme").unwrap());
        assert_eq!(found.original_offset(3), 3);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_text_without_marks_is_kept(sql in "[?a'\"$*/\\-\n|& E`äx]{0,40}") {
            let found = Placeholders::of(&sql);
            prop_assert_eq!(found.render(&sql, |out, _| out.push('?')).matches('?').count()
                + found.marks.iter().filter(|m| matches!(m, Mark::Escaped(_))).count(), sql.matches('?').count());
        }
    }
}
