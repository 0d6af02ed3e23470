//! `String.format` for what mapper files ask of it: text, whole numbers and decimals with width and precision.

use crate::value::Value;

use super::convert;

/// One `%` directive.
#[derive(Default)]
struct Directive {
    left: bool,
    zeros: bool,
    width: usize,
    precision: Option<usize>,
}

/// The pattern with its directives replaced by the values in order.
pub(super) fn format(pattern: &str, values: &[Value]) -> Result<String, String> {
    let mut made = String::new();
    let mut values = values.iter();
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            made.push(letter);
            continue;
        }
        let mut directive = Directive::default();
        while let Some(flag) = letters.next_if(|flag| matches!(flag, '-' | '0')) {
            directive.left |= flag == '-';
            directive.zeros |= flag == '0';
        }
        let number = |letters: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            let mut value = 0usize;
            while let Some(digit) = letters.next_if(char::is_ascii_digit) {
                value = (value * 10 + digit as usize - '0' as usize).min(1 << 16);
            }
            value
        };
        directive.width = number(&mut letters);
        if letters.next_if_eq(&'.').is_some() {
            directive.precision = Some(number(&mut letters));
        }
        match letters.next() {
            Some('%') => made.push('%'),
            Some('n') => made.push('\n'),
            Some(kind) => {
                let value = values.next().ok_or_else(|| format!("`%{kind}` has no value"))?;
                made.push_str(&directive.written(kind, value)?);
            }
            None => return Err("the pattern ends in `%`".to_owned()),
        }
    }
    Ok(made)
}

impl Directive {
    fn written(&self, kind: char, value: &Value) -> Result<String, String> {
        let text = match (kind, value) {
            ('s', _) => value.to_string().chars().take(self.precision.unwrap_or(usize::MAX)).collect(),
            ('S', _) => value.to_string().to_uppercase(),
            ('d' | 'f', Value::Null) => "null".to_owned(),
            ('d', Value::Int(_) | Value::Long(_) | Value::BigInt(_)) => value.to_string(),
            ('f', Value::Float(_) | Value::Double(_) | Value::Decimal(_)) => {
                format!("{:.*}", self.precision.unwrap_or(6), convert::double(value)?)
            }
            _ => return Err(format!("`%{kind}` does not take a value of type {}", value.type_name())),
        };
        let missing = self.width.saturating_sub(text.chars().count());
        Ok(match (self.left, self.zeros && kind != 's') {
            (true, _) => text + &" ".repeat(missing),
            (false, true) => match text.strip_prefix('-') {
                Some(digits) => format!("-{}{digits}", "0".repeat(missing)),
                None => "0".repeat(missing) + &text,
            },
            (false, false) => " ".repeat(missing) + &text,
        })
    }
}
