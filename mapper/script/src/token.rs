//! The scanner for `#{..}` and `${..}`. It knows nothing of SQL: tokens in literals and comments count too, as in MyBatis.

use std::borrow::Cow;
use std::ops::Range;

/// A piece of a scanned text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    /// Stays as it is.
    Text(Range<usize>),
    /// A token: its whole range, where its content starts, and the content with `\}` made `}`.
    Token { range: Range<usize>, content: Cow<'t, str> },
}

/// Cuts a text at its tokens. A backslash before the opener keeps the opener as text and goes away; an opener without `}` is text.
pub(crate) fn scan<'t>(text: &'t str, opener: &str) -> Vec<Piece<'t>> {
    let mut pieces = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find(opener).map(|at| at + from) {
        if start > 0 && text.as_bytes()[start - 1] == b'\\' {
            let before = (start - 1).max(from);
            pieces.push(Piece::Text(from..before));
            pieces.push(Piece::Text(start..start + opener.len()));
            from = start + opener.len();
            continue;
        }
        let inside = start + opener.len();
        let Some((content, end)) = content(text, inside) else {
            pieces.push(Piece::Text(from..text.len()));
            return pieces;
        };
        pieces.push(Piece::Text(from..start));
        pieces.push(Piece::Token { range: start..end, content });
        from = end;
    }
    pieces.push(Piece::Text(from..text.len()));
    pieces.retain(|piece| !matches!(piece, Piece::Text(range) if range.is_empty()));
    pieces
}

/// The content from `inside` up to the next `}` that has no backslash, and where the token ends.
fn content(text: &str, inside: usize) -> Option<(Cow<'_, str>, usize)> {
    let mut unescaped = String::new();
    let mut from = inside;
    loop {
        let close = text[from..].find('}')? + from;
        if close > from && text.as_bytes()[close - 1] == b'\\' {
            unescaped.push_str(&text[from..close - 1]);
            unescaped.push('}');
            from = close + 1;
            continue;
        }
        let content = if unescaped.is_empty() {
            Cow::Borrowed(&text[from..close])
        } else {
            unescaped.push_str(&text[from..close]);
            Cow::Owned(unescaped)
        };
        return Some((content, close + 1));
    }
}

/// Whether there is nothing but white space, as Java's `trim` sees it.
pub(crate) fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| byte <= b' ')
}

/// Whether there is at least one token.
pub(crate) fn has_token(text: &str, opener: &str) -> bool {
    text.contains(opener) && scan(text, opener).iter().any(|piece| matches!(piece, Piece::Token { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tokens are shown in angle brackets.
    fn shown(text: &str) -> String {
        scan(text, "${")
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(range) => text[range].to_owned(),
                Piece::Token { content, .. } => format!("<{content}>"),
            })
            .collect()
    }

    #[test]
    fn scans_as_mybatis_does() {
        let cases = [
            ("${a} ${b}${c}", "<a> <b><c>"),
            ("{${a}}", "{<a>}"),
            ("${} x", "<> x"),
            ("${ x", "${ x"),
            ("a ${x\\} y", "a ${x\\} y"),
            ("${a\\}b}", "<a}b>"),
            ("\\${a} ${b}", "${a} <b>"),
            ("x\\${a}", "x${a}"),
            ("${a} \\${b}", "<a> ${b}"),
            ("${${a}}", "<${a>}"),
            ("", ""),
        ];
        for (text, wanted) in cases {
            assert_eq!(shown(text), wanted, "{text}");
        }
    }
}
