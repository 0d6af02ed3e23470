//! Text to tokens. Keywords are words here; the parser knows them.

use std::sync::Arc;

use crate::decimal::Decimal;
use crate::value::Value;

use super::ast::Subscript;
use super::parse_error::ParseError;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    Word(Arc<str>),
    Const(Value),
    Subscript(Subscript),
    /// An operator or bracket.
    Punct(&'static str),
    End,
}

#[derive(Debug, Clone)]
pub(crate) struct Lexeme {
    pub(crate) token: Token,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Longest first.
const PUNCTUATION: [&str; 39] = [
    ">>>", "||", "&&", "==", "!=", "<=", ">=", "<<", ">>", "?.", "(", ")", "[", "]", "{", "}", ",", ".", "?", ":", "=",
    "<", ">", "+", "-", "*", "/", "%", "!", "~", "|", "^", "&", "@", "#", "$", ";", "\\", "'",
];

pub(crate) fn lex(text: &str) -> Result<Vec<Lexeme>, ParseError> {
    let mut lexer = Lexer { text, at: 0, out: Vec::new() };
    lexer.run()?;
    Ok(lexer.out)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    out: Vec<Lexeme>,
}

impl Lexer<'_> {
    fn run(&mut self) -> Result<(), ParseError> {
        loop {
            let rest = &self.text[self.at..];
            let skipped = rest.trim_start_matches([' ', '\t', '\u{c}', '\r', '\n']);
            self.at += rest.len() - skipped.len();
            let start = self.at;
            let Some(first) = skipped.chars().next() else {
                self.out.push(Lexeme { token: Token::End, start, end: start });
                return Ok(());
            };
            let token = self.token(first, skipped)?;
            self.out.push(Lexeme { token, start, end: self.at });
        }
    }

    fn token(&mut self, first: char, rest: &str) -> Result<Token, ParseError> {
        if is_letter(first) {
            let len = rest.find(|letter| !is_letter(letter) && !is_digit(letter)).unwrap_or(rest.len());
            self.at += len;
            return Ok(Token::Word(rest[..len].into()));
        }
        if first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|next: char| next.is_ascii_digit())) {
            return self.number(rest);
        }
        if matches!(first, '\'' | '"' | '`') {
            return self.quoted(first);
        }
        if let Some(subscript) = subscript(rest) {
            self.at += 3;
            return Ok(Token::Subscript(subscript));
        }
        // `a ?.5 : 1` is a condition and a number.
        let number_follows = |mark: &&&str| **mark == "?." && rest[2..].starts_with(|next: char| next.is_ascii_digit());
        match PUNCTUATION.iter().find(|mark| rest.starts_with(**mark) && !number_follows(mark)) {
            Some(mark) if !matches!(*mark, "$" | ";" | "\\" | "'") => {
                self.at += mark.len();
                Ok(Token::Punct(mark))
            }
            _ => Err(ParseError::new(self.at, self.at + first.len_utf8(), format!("`{first}` has no meaning here"))),
        }
    }

    /// Reads as far as the longest of the literal forms goes.
    fn number(&mut self, rest: &str) -> Result<Token, ParseError> {
        let len = number_len(rest);
        let text = &rest[..len];
        let (start, end) = (self.at, self.at + len);
        self.at = end;
        number_value(text)
            .map(Token::Const)
            .ok_or_else(|| ParseError::new(start, end, format!("`{text}` is not a number that fits its type")))
    }

    fn quoted(&mut self, quote: char) -> Result<Token, ParseError> {
        let start = self.at;
        let mut content = String::new();
        let mut at = start + 1;
        while let Some(letter) = self.text[at..].chars().next() {
            at += letter.len_utf8();
            if letter == quote {
                self.at = at;
                return Ok(Token::Const(literal(quote, content)));
            }
            if letter != '\\' {
                content.push(letter);
                continue;
            }
            let Some((escaped, len)) = escape(&self.text[at..]) else {
                return Err(ParseError::new(
                    start,
                    self.text.len(),
                    "an escape that does not exist in this text".to_owned(),
                )
                .help("escapes are \\n \\r \\t \\b \\f \\\\ \\' \\\" \\` , octal \\101 and \\u0041"));
            };
            content.push(escaped);
            at += len;
        }
        Err(ParseError::new(start, self.text.len(), format!("the text that begins here has no closing {quote}")))
    }
}

/// A single character between `'` is a character, not text: the source of many surprises.
fn literal(quote: char, content: String) -> Value {
    let mut letters = content.chars();
    match (quote, letters.next(), letters.next()) {
        ('\'' | '`', Some(only), None) if only.len_utf16() == 1 => Value::Char(only),
        _ => Value::from(content),
    }
}

/// The character an escape means, and how many bytes behind the backslash it takes.
fn escape(body: &str) -> Option<(char, usize)> {
    let first = body.chars().next()?;
    let simple = match first {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'b' => '\u{8}',
        'f' => '\u{c}',
        '\\' | '\'' | '"' | '`' => first,
        'u' => return unicode_escape(body),
        '0'..='7' => return octal_escape(body),
        _ => return None,
    };
    Some((simple, 1))
}

fn unicode_escape(body: &str) -> Option<(char, usize)> {
    let marks = body.len() - body.trim_start_matches('u').len();
    let digits = body.get(marks..marks + 4)?;
    let code = u32::from_str_radix(digits, 16).ok()?;
    Some((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), marks + 4))
}

fn octal_escape(body: &str) -> Option<(char, usize)> {
    let most = if body.starts_with(['0', '1', '2', '3']) { 3 } else { 2 };
    let len = body.bytes().take(most).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
    let code = u32::from_str_radix(&body[..len], 8).ok()?;
    Some((char::from_u32(code)?, len))
}

fn subscript(rest: &str) -> Option<Subscript> {
    let bytes = rest.as_bytes();
    if bytes.first() != Some(&b'[') || bytes.get(2) != Some(&b']') {
        return None;
    }
    match bytes[1] {
        b'^' => Some(Subscript::First),
        b'|' => Some(Subscript::Middle),
        b'$' => Some(Subscript::Last),
        b'*' => Some(Subscript::All),
        _ => None,
    }
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn number_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    if bytes[0] == b'0' && matches!(bytes.get(1), Some(b'x' | b'X')) {
        let hex = text[2..].bytes().take_while(u8::is_ascii_hexdigit).count();
        if hex > 0 {
            return 2 + hex + usize::from(matches!(bytes.get(2 + hex), Some(b'l' | b'L' | b'h' | b'H')));
        }
    }
    let mut len = digits(text);
    let mut real = false;
    if bytes.get(len) == Some(&b'.') {
        real = true;
        len += 1 + digits(&text[len + 1..]);
    }
    if matches!(bytes.get(len), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(len + 1), Some(b'+' | b'-')));
        let exponent = digits(&text[len + 1 + sign..]);
        if exponent > 0 {
            real = true;
            len += 1 + sign + exponent;
        }
    }
    match bytes.get(len) {
        Some(b'd' | b'D' | b'f' | b'F' | b'b' | b'B') => len + 1,
        Some(b'l' | b'L' | b'h' | b'H') if !real => len + 1,
        _ => len,
    }
}

fn number_value(text: &str) -> Option<Value> {
    let lower = text.to_ascii_lowercase();
    if let Some(hex) = lower.strip_prefix("0x") {
        return integer_value(hex, 16);
    }
    let plain = lower.trim_end_matches(['d', 'f', 'b']);
    if plain.len() < lower.len() || lower.contains(['.', 'e']) {
        return match lower.as_bytes()[lower.len() - 1] {
            b'f' => plain.parse().ok().map(Value::Float),
            b'b' => Decimal::parse(plain).map(Value::Decimal),
            _ => plain.parse().ok().map(Value::Double),
        };
    }
    integer_value(&lower, if lower.starts_with('0') { 8 } else { 10 })
}

fn integer_value(digits: &str, radix: u32) -> Option<Value> {
    if let Some(digits) = digits.strip_suffix('l') {
        return i64::from_str_radix(digits, radix).ok().map(Value::Long);
    }
    if let Some(digits) = digits.strip_suffix('h') {
        return i128::from_str_radix(digits, radix).ok().map(Value::BigInt);
    }
    i32::from_str_radix(digits, radix).ok().map(Value::Int)
}

/// OGNL's letters: `$`, `_`, Latin and most other scripts.
fn is_letter(letter: char) -> bool {
    letter == '$' || letter == '_' || letter.is_ascii_alphabetic() || (letter > '\u{bf}' && letter.is_alphabetic())
}

fn is_digit(letter: char) -> bool {
    letter.is_ascii_digit() || (letter > '\u{bf}' && letter.is_numeric())
}
