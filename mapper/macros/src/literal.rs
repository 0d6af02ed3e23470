//! Where the characters of a string literal stand in its file.

use batis_script::Place;
use proc_macro2::LineColumn;
use syn::LitStr;

/// The places of a literal's value: a new one wherever characters of the source do not simply follow each other. `at` is where the value
/// begins in the text that is put together.
pub(crate) fn places(literal: &LitStr, at: usize) -> Vec<Place> {
    let written = literal.token().to_string();
    let LineColumn { line, column } = literal.span().start();
    let Some(quote) = written.find('"') else { return vec![place(at, line, column)] };
    let begin = column + written[..=quote].chars().count();
    if written.starts_with('r') {
        return vec![place(at, line, begin)];
    }
    let end = written.rfind('"').unwrap_or(written.len()).max(quote + 1);
    Walk { at, line, column: begin, found: vec![place(at, line, begin)] }.over(&written[quote + 1..end])
}

pub(crate) fn place(at: usize, line: usize, column: usize) -> Place {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Place { at: number(at), line: number(line), column: number(column + 1) }
}

struct Walk {
    /// In the value.
    at: usize,
    /// In the file.
    line: usize,
    column: usize,
    found: Vec<Place>,
}

impl Walk {
    fn over(mut self, mut rest: &str) -> Vec<Place> {
        while let Some(letter) = rest.chars().next() {
            let len = if letter == '\\' { self.escape(rest) } else { self.plain(letter) };
            rest = &rest[len..];
        }
        self.found
    }

    fn plain(&mut self, letter: char) -> usize {
        self.at += letter.len_utf8();
        self.step(letter);
        letter.len_utf8()
    }

    fn step(&mut self, letter: char) {
        if letter == '\n' {
            (self.line, self.column) = (self.line + 1, 0);
        } else {
            self.column += 1;
        }
    }

    /// An escape makes one character, or none at the end of a line.
    fn escape(&mut self, rest: &str) -> usize {
        let (len, made) = match rest[1..].chars().next() {
            Some('\n' | '\r') => (1 + rest[1..].len() - rest[1..].trim_start().len(), 0),
            Some('x') => (4.min(rest.len()), 1),
            Some('u') => {
                let len = rest.find('}').map_or(rest.len(), |end| end + 1);
                (len, unicode(&rest[..len]))
            }
            Some(letter) => (1 + letter.len_utf8(), 1),
            None => (1, 0),
        };
        rest[..len].chars().for_each(|letter| self.step(letter));
        self.at += made;
        self.found.push(place(self.at, self.line, self.column));
        len
    }
}

/// The bytes of the character that `\u{..}` stands for.
fn unicode(escape: &str) -> usize {
    let digits: String = escape.chars().skip(2).filter(char::is_ascii_hexdigit).collect();
    let letter = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
    letter.map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Line and column of each character of the value.
    fn walked(source: &str) -> Vec<(char, u32, u32)> {
        let literal: LitStr = syn::parse_str(source).unwrap();
        let places = places(&literal, 0);
        let value = literal.value();
        let mut found = Vec::new();
        for (at, letter) in value.char_indices() {
            let place = places.iter().rfind(|place| place.at as usize <= at).unwrap();
            let between = &value[place.at as usize..at];
            let lines = u32::try_from(between.matches('\n').count()).unwrap();
            let behind = u32::try_from(between.rsplit('\n').next().unwrap().chars().count()).unwrap();
            let column = if lines == 0 { place.column + behind } else { behind + 1 };
            found.push((letter, place.line + lines, column));
        }
        found
    }

    #[test]
    fn plain_and_raw_literals_stand_where_they_are_written() {
        assert_eq!(walked("\"aü\nb\""), [('a', 1, 2), ('ü', 1, 3), ('\n', 1, 4), ('b', 2, 1)]);
        assert_eq!(walked("r##\"a\nb\"##"), [('a', 1, 5), ('\n', 1, 6), ('b', 2, 1)]);
        assert_eq!(walked("\"\""), []);
    }

    #[test]
    fn escapes_take_more_room_than_they_make() {
        assert_eq!(
            walked(r#""\ta\u{fc}b\x41\"c""#),
            [('\t', 1, 2), ('a', 1, 4), ('ü', 1, 5), ('b', 1, 11), ('A', 1, 12), ('"', 1, 16), ('c', 1, 18)]
        );
        assert_eq!(walked("\"a\\n\\\n   b\nc\""), [('a', 1, 2), ('\n', 1, 3), ('b', 2, 4), ('\n', 2, 5), ('c', 3, 1)]);
    }
}
