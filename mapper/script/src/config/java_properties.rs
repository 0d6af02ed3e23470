//! Java's properties files.

/// Names and values in order. Lines may go on behind a backslash; `#` and `!` begin comments; bytes are ISO-8859-1 unless they are UTF-8.
pub(super) fn parse(bytes: &[u8]) -> Vec<(String, String)> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    };
    logical_lines(&text).iter().map(|line| pair(line)).collect()
}

fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open: Option<String> = None;
    for line in text.split(['\n', '\r']) {
        let line = line.trim_start_matches([' ', '\t', '\u{c}']);
        if open.is_none() && (line.is_empty() || line.starts_with(['#', '!'])) {
            continue;
        }
        let mut whole = open.take().unwrap_or_default();
        let backslashes = line.len() - line.trim_end_matches('\\').len();
        if backslashes % 2 == 1 {
            whole.push_str(&line[..line.len() - 1]);
            open = Some(whole);
        } else {
            whole.push_str(line);
            lines.push(whole);
        }
    }
    lines.extend(open);
    lines
}

fn pair(line: &str) -> (String, String) {
    let mut escaped = false;
    let end = line.char_indices().find(|(_, letter)| {
        let ends = !escaped && matches!(letter, '=' | ':' | ' ' | '\t' | '\u{c}');
        escaped = !escaped && *letter == '\\';
        ends
    });
    let end = end.map_or(line.len(), |(at, _)| at);
    let blank = [' ', '\t', '\u{c}'];
    let rest = line[end..].trim_start_matches(blank);
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start_matches(blank);
    (unescaped(&line[..end]), unescaped(value))
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let unit = rest[at + 1..].strip_prefix('u').and_then(|hex| u16::from_str_radix(hex.get(..4)?, 16).ok());
        if at > 0 || unit.is_none() {
            flush(&mut units, &mut out);
        }
        out.push_str(&rest[..at]);
        if let Some(unit) = unit {
            units.push(unit);
            rest = &rest[at + 6..];
            continue;
        }
        let mut letters = rest[at + 1..].chars();
        match letters.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('f') => out.push('\u{c}'),
            Some(other) => out.push(other),
            None => {}
        }
        rest = letters.as_str();
    }
    flush(&mut units, &mut out);
    out.push_str(rest);
    out
}

fn flush(units: &mut Vec<u16>, out: &mut String) {
    out.push_str(&String::from_utf16_lossy(units));
    units.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_java_reads() {
        let text = b"# c\n! c\n\na=1\n b : two words \nc\\=d e\nlong = x\\\n   y\\\\\nu=\\u4e2d\\ud83d\\ude00\\n\nempty\nl=\xe9";
        let found = parse(text);
        let wanted = [
            ("a", "1"),
            ("b", "two words "),
            ("c=d", "e"),
            ("long", "xy\\"),
            ("u", "\u{4e2d}\u{1f600}\n"),
            ("empty", ""),
            ("l", "\u{e9}"),
        ];
        assert_eq!(found, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
