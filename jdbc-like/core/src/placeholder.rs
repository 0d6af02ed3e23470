//! Where the `?` of a statement are: a scanner that knows what is text, comment or operator.

/// The placeholders of a SQL text.
///
/// `?` is a placeholder outside of `'strings'` (also `E'..'` with backslashes), `"identifiers"`, `` `identifiers` ``,
/// `$tag$ strings $tag$`, `-- comments` and nested `/* comments */`. `??` is an escaped `?` (for PostgreSQL's JSON operator), and
/// `?|` and `?&` are its JSON operators (but `?||` is a placeholder before a concatenation). For the operators of these letters between two
/// placeholders write a blank: `? | ?`.
///
/// The rules are those of PostgreSQL's lexer with `standard_conforming_strings` on. SQLite gets its texts as they are and finds the
/// placeholders itself; the two differ in what SQLite has not (`E'..'`, `$tag$`, comments in comments, the operators).
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
    Parameter {
        at: usize,
        /// A word ends right before it: `limit?`.
        behind_word: bool,
        /// A word or digit begins right behind it: `?from`.
        before_word: bool,
    },
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
        Scanner::new(sql).marks()
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

    /// The text with each placeholder written by `write` (which gets the number from 1), and each `??` as `?`. Where a word or digit touches
    /// the placeholder (`limit?`, `?from`), a blank keeps them apart.
    #[must_use]
    pub fn render(&self, sql: &str, mut write: impl FnMut(&mut String, usize)) -> String {
        let mut out = String::with_capacity(sql.len() + self.marks.len() * 2);
        let (mut from, mut number) = (0, 0);
        for mark in &self.marks {
            match *mark {
                Mark::Parameter { at, behind_word, before_word } => {
                    out.push_str(&sql[from..at]);
                    out.push_str(if behind_word { " " } else { "" });
                    number += 1;
                    write(&mut out, number);
                    out.push_str(if before_word { " " } else { "" });
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
                Mark::Parameter { at, behind_word, before_word } => {
                    number += 1;
                    (at, digits(number) + isize::from(behind_word) + isize::from(before_word))
                }
                Mark::Escaped(at) => (at + 1, -1),
            };
            let here = at.saturating_add_signed(shift);
            if here >= rendered {
                break;
            }
            // Inside of what was written for it.
            if rendered <= here.saturating_add_signed(grows) {
                return at;
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
    /// Where the word begins that goes up to here; none: no word does.
    word: Option<usize>,
}

/// The bytes of a SQL text that are code: outside of strings, quoted names and comments, with their places.
pub(crate) struct Code<'a>(Scanner<'a>);

impl<'a> Code<'a> {
    pub(crate) fn of(sql: &'a str) -> Self {
        Self(Scanner::new(sql))
    }
}

impl Iterator for Code<'_> {
    type Item = (usize, u8);

    fn next(&mut self) -> Option<(usize, u8)> {
        loop {
            let (at, byte) = (self.0.at, self.0.peek(0)?);
            if !self.0.skip(byte) {
                self.0.pass(byte);
                return Some((at, byte));
            }
        }
    }
}

/// How many bytes at the beginning of a text are one comment, string or quoted name; zero: it begins with code.
pub(crate) fn skipped(sql: &str) -> usize {
    let mut scanner = Scanner::new(sql);
    if let Some(byte) = scanner.peek(0) {
        scanner.skip(byte);
    }
    scanner.at
}

impl<'a> Scanner<'a> {
    fn new(sql: &'a str) -> Self {
        Self { text: sql.as_bytes(), at: 0, word: None }
    }

    fn marks(mut self) -> Placeholders {
        let mut found = Placeholders::default();
        while let Some(byte) = self.peek(0) {
            match byte {
                b'?' => self.question(&mut found),
                _ if self.skip(byte) => {}
                _ => self.pass(byte),
            }
        }
        found
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    /// Passes by a byte of code. A word begins with a letter and may hold digits and `$`.
    fn pass(&mut self, byte: u8) {
        self.word = match self.word {
            Some(from) if is_word(byte) || byte == b'$' => Some(from),
            None if is_word(byte) && !byte.is_ascii_digit() => Some(self.at),
            _ => None,
        };
        self.at += 1;
    }

    /// Passes by a string, a quoted name, a comment or a dollar-quoted string that begins here.
    fn skip(&mut self, byte: u8) -> bool {
        let from = self.at;
        match byte {
            b'\'' => self.skip_string(),
            b'"' | b'`' => self.skip_quoted(byte),
            b'-' if self.peek(1) == Some(b'-') => self.skip_line(),
            b'/' if self.peek(1) == Some(b'*') => self.skip_block(),
            b'$' if self.word.is_none() => self.skip_dollar(),
            _ => {}
        }
        let skipped = self.at > from;
        if skipped {
            self.word = None;
        }
        skipped
    }

    fn question(&mut self, found: &mut Placeholders) {
        match (self.peek(1), self.peek(2)) {
            (Some(b'?'), _) => {
                found.marks.push(Mark::Escaped(self.at));
                self.at += 2;
            }
            (Some(b'|'), next) if next != Some(b'|') => self.at += 2,
            (Some(b'&'), _) => self.at += 2,
            (next, _) => {
                let (behind_word, before_word) = (self.word.is_some(), next.is_some_and(is_word));
                found.marks.push(Mark::Parameter { at: self.at, behind_word, before_word });
                found.count += 1;
                self.at += 1;
            }
        }
        self.word = None;
    }

    /// `'..'` with doubled quotes; after a lone `E`, backslashes escape as well, also in the parts that go on in further lines.
    fn skip_string(&mut self) {
        let escapes =
            self.word.is_some_and(|from| from + 1 == self.at) && matches!(self.text[self.at - 1], b'e' | b'E');
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            match byte {
                b'\'' if escapes => match self.next_part() {
                    Some(quote) => self.at = quote + 1,
                    None => return,
                },
                b'\'' => return,
                b'\\' if escapes => self.at += 1,
                _ => {}
            }
        }
    }

    /// The quote by which a string that ended here goes on: right here, or in another line.
    fn next_part(&self) -> Option<usize> {
        let (mut at, mut same_line) = (self.at, true);
        if self.peek(0) == Some(b'\'') {
            return Some(at);
        }
        loop {
            match self.text.get(at)? {
                b'\n' | b'\r' => same_line = false,
                b' ' | b'\t' | 0x0B | 0x0C => {}
                b'-' if self.text.get(at + 1) == Some(&b'-') => {
                    at = line_end(self.text, at);
                    continue;
                }
                b'\'' if !same_line => return Some(at),
                _ => return None,
            }
            at += 1;
        }
    }

    fn skip_quoted(&mut self, quote: u8) {
        self.at += 1;
        self.at = memchr::memchr(quote, &self.text[self.at..]).map_or(self.text.len(), |i| self.at + i + 1);
    }

    fn skip_line(&mut self) {
        self.at = line_end(self.text, self.at);
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

    /// `$$..$$` and `$tag$..$tag$`; a `$` before a digit starts nothing, nor does one without a second `$`.
    fn skip_dollar(&mut self) {
        let start = self.at;
        let tag = self.text[start + 1..].iter().take_while(|b| is_word(**b)).count();
        let number = self.peek(1).is_some_and(|b| b.is_ascii_digit());
        if number || self.peek(1 + tag) != Some(b'$') {
            return;
        }
        let fence = &self.text[start..=start + 1 + tag];
        let body = start + fence.len();
        self.at = memchr::memmem::find(&self.text[body..], fence).map_or(self.text.len(), |i| body + i + fence.len());
    }
}

/// The place of the line end behind this one.
fn line_end(text: &[u8], from: usize) -> usize {
    memchr::memchr2(b'\n', b'\r', &text[from..]).map_or(text.len(), |i| from + i)
}

/// Whether a byte may stand in a name or keyword.
pub(crate) fn is_word(byte: u8) -> bool {
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
            ("a$b$?, $1", "a$b$ $1, $1"),
            ("a$$$ ? $$$ ?", "a$$$ $1 $$$ ?"),
            ("1$$?$$", "1$$?$$"),
            ("a$e'\\' ?, '", "a$e'\\' $1, '"),
            ("E'a'\n -- c\n 'it\\'s ?', ?", "E'a'\n -- c\n 'it\\'s ?', $1"),
            ("E'a' 'b\\', ?", "E'a' 'b\\', $1"),
            ("select 1 -- ?\r, ?", "select 1 -- ?\r, $1"),
            ("limit?offset?", "limit $1 offset $2"),
            ("?1 and ?from", "$1 1 and $2 from"),
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
        let sql = "limit?and ?2, nme";
        let (found, rendered) = (Placeholders::of(sql), numbered(sql));
        assert_eq!(rendered, "limit $1 and $2 2, nme");
        let places: Vec<usize> = (0..rendered.len()).map(|at| found.original_offset(at)).collect();
        assert!(places.is_sorted(), "{places:?}");
        for word in ["limit", "and", "2, nme", "nme"] {
            let at = found.original_offset(rendered.rfind(word).unwrap());
            assert_eq!(at, sql.rfind(word).unwrap(), "{word}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_text_without_marks_is_kept(sql in "[?a'\"$*/\\-\n|& E`äx]{0,40}") {
            let found = Placeholders::of(&sql);
            prop_assert_eq!(found.render(&sql, |out, _| out.push('?')).matches('?').count()
                + found.marks.iter().filter(|m| matches!(m, Mark::Escaped(_))).count(), sql.matches('?').count());
            // Places in what was sent lead to places in what was written, in the same order.
            let mut before = 0;
            for at in 0..=numbered(&sql).len() {
                let there = found.original_offset(at);
                prop_assert!(before <= there && there <= sql.len(), "{at} -> {there}");
                before = there;
            }
        }
    }
}
