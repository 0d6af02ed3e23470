//! Bytes of a file to text, as XML says: the byte order mark, else the declaration, else UTF-8.

use encoding_rs::{Encoding, UTF_8};

use crate::diagnostic::Diagnostic;
use crate::span::Span;

/// Larger files are refused: no mapper file has a hundredth of it.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// The text without its byte order mark, and what was wrong with the bytes. With a mistake the text is what could be read,
/// so that the other mistakes of the file are found too.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    pub(crate) text: String,
    pub(crate) problem: Option<Diagnostic>,
}

/// Decodes a file.
pub(crate) fn decode(file: u32, bytes: Vec<u8>) -> Decoded {
    if bytes.len() > MAX_BYTES {
        let message = format!("the file is larger than {} MiB", MAX_BYTES / (1024 * 1024));
        return refused(file, message, None);
    }
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => utf16(file, rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(file, rest, u16::from_be_bytes),
        [b'<', 0, ..] => utf16(file, &bytes, u16::from_le_bytes),
        [0, b'<', ..] => utf16(file, &bytes, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => eight_bits(file, rest.to_vec()),
        _ => eight_bits(file, bytes),
    }
}

fn refused(file: u32, message: String, help: Option<String>) -> Decoded {
    let problem = Diagnostic::error("E003", Span::new(file, 0, 0), message).help_opt(help);
    Decoded { text: String::new(), problem: Some(problem) }
}

/// UTF-8 or what the declaration says.
fn eight_bits(file: u32, bytes: Vec<u8>) -> Decoded {
    let head: String = bytes.iter().take(300).map(|byte| char::from(*byte)).collect();
    let Some(label) = declared(&head) else { return utf8(file, bytes) };
    let label = label.to_owned();
    match label.to_ascii_lowercase().as_str() {
        // The web takes windows-1252 for these; Java and XML do not.
        "iso-8859-1" | "iso_8859-1" | "iso8859-1" | "latin1" | "iso-latin-1" => {
            return Decoded { text: bytes.into_iter().map(char::from).collect(), problem: None };
        }
        "us-ascii" | "ascii" => return ascii(file, bytes),
        _ => {}
    }
    match Encoding::for_label(label.as_bytes()) {
        Some(encoding) if encoding == UTF_8 => utf8(file, bytes),
        Some(encoding) if encoding.is_ascii_compatible() => other(file, &bytes, encoding),
        Some(_) => {
            let message = format!("the file declares the encoding `{label}`, but its bytes are not");
            refused(file, message, Some("save it as UTF-8 and declare encoding=\"UTF-8\"".to_owned()))
        }
        None => {
            let message = format!("there is no encoding `{label}`");
            refused(file, message, Some("save it as UTF-8 and declare encoding=\"UTF-8\"".to_owned()))
        }
    }
}

/// The encoding that `<?xml .. encoding=".."?>` names.
fn declared(head: &str) -> Option<&str> {
    let declaration = head.strip_prefix("<?xml")?.split("?>").next()?;
    let behind = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = behind.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    behind[1..].split(quote).next()
}

fn utf8(file: u32, bytes: Vec<u8>) -> Decoded {
    match String::from_utf8(bytes) {
        Ok(text) => Decoded { text, problem: None },
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let message = "the file is not UTF-8";
            let help = "save it as UTF-8, or declare its encoding: <?xml version=\"1.0\" encoding=\"..\"?>";
            let problem = Diagnostic::error("E003", letter(file, at), message).label("these bytes are not").help(help);
            Decoded { text, problem: Some(problem) }
        }
    }
}

/// The replacement character that stands for bytes which are none.
fn letter(file: u32, at: usize) -> Span {
    Span::new(file, at, at + char::REPLACEMENT_CHARACTER.len_utf8())
}

fn ascii(file: u32, bytes: Vec<u8>) -> Decoded {
    let wrong = bytes.iter().position(|byte| !byte.is_ascii());
    let text: String = bytes
        .into_iter()
        .map(|byte| if byte.is_ascii() { char::from(byte) } else { char::REPLACEMENT_CHARACTER })
        .collect();
    let problem = wrong.map(|at| {
        let message = "the file declares the encoding US-ASCII, but holds other bytes";
        Diagnostic::error("E003", letter(file, at), message).label("this is not ASCII")
    });
    Decoded { text, problem }
}

/// Java reads bytes that the encoding does not know as a replacement character, without a word.
fn other(file: u32, bytes: &[u8], encoding: &'static Encoding) -> Decoded {
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    let problem = had_errors.then(|| {
        let at = text.find(char::REPLACEMENT_CHARACTER).unwrap_or_default();
        let message = format!("the file declares the encoding {}, but holds other bytes", encoding.name());
        let help = "the characters are lost: save it again as it is declared, or as UTF-8";
        Diagnostic::warning("W003", letter(file, at), message).help(help)
    });
    Decoded { text: text.into_owned(), problem }
}

fn utf16(file: u32, bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Decoded {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let (mut text, mut wrong) = (String::with_capacity(bytes.len() / 2), None);
    for found in char::decode_utf16(units) {
        let found = found.unwrap_or_else(|_| {
            wrong.get_or_insert(text.len());
            char::REPLACEMENT_CHARACTER
        });
        text.push(found);
    }
    if bytes.len() % 2 == 1 && wrong.is_none() {
        wrong = Some(text.len());
        text.push(char::REPLACEMENT_CHARACTER);
    }
    let mut problem = wrong.map(|at| {
        Diagnostic::error("E003", letter(file, at), "the file is UTF-16, but not to its end").help("save it again")
    });
    let label = declared(&text).unwrap_or("UTF-16");
    if problem.is_none() && !label.to_ascii_lowercase().starts_with("utf-16") {
        let at = text.find(label).unwrap_or_default();
        let shown: String = label.chars().take(40).collect();
        let message = format!("the file is UTF-16 but declares the encoding `{shown}`");
        let span = Span::new(file, at, at + label.len());
        problem =
            Some(Diagnostic::error("E003", span, message).help("declare encoding=\"UTF-16\", or save it as UTF-8"));
    }
    Decoded { text, problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        let decoded = decode(0, bytes.to_vec());
        assert_eq!(decoded.problem, None);
        decoded.text
    }

    fn problem(bytes: &[u8]) -> (String, u32) {
        let problem = decode(0, bytes.to_vec()).problem.unwrap();
        (problem.message, problem.span.start)
    }

    #[test]
    fn marks_and_declarations() {
        assert_eq!(text(b"\xef\xbb\xbf<a/>"), "<a/>");
        assert_eq!(text(b"\xff\xfe<\0a\0/\0>\0"), "<a/>");
        assert_eq!(text(b"\xfe\xff\0<\0a\0/\0>"), "<a/>");
        assert_eq!(text(b"<\0a\0/\0>\0"), "<a/>");
        assert_eq!(
            text(b"<?xml version='1.0' encoding='GBK'?><a>\xd6\xd0</a>"),
            "<?xml version='1.0' encoding='GBK'?><a>\u{4e2d}</a>"
        );
        assert_eq!(text(b"<?xml version='1.0' encoding=\"iso-8859-1\"?>\xe9\x85").chars().last(), Some('\u{85}'));
        assert_eq!(text(b"<?xml version='1.0' encoding='windows-1252'?>\x80").chars().last(), Some('\u{20ac}'));
    }

    #[test]
    fn wrong_bytes_are_told_with_their_place() {
        assert_eq!(problem(b"<a>\n\xd6\xd0</a>"), ("the file is not UTF-8".into(), 4));
        assert_eq!(
            problem(b"<?xml encoding='UTF-16'?>").0,
            "the file declares the encoding `UTF-16`, but its bytes are not"
        );
        assert_eq!(problem(b"<?xml encoding='klingon'?>").0, "there is no encoding `klingon`");
        assert_eq!(problem(b"\xff\xfe<\0a").0, "the file is UTF-16, but not to its end");
        assert_eq!(problem(b"<?xml encoding='US-ASCII'?>\xe9").1, 27);
        let declared: Vec<u8> = "\u{feff}<?xml encoding='UTF-8'?>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(problem(&declared).0, "the file is UTF-16 but declares the encoding `UTF-8`");
        assert_eq!(decode(0, b"<?xml encoding='GBK'?>\xff".to_vec()).problem.unwrap().code, "W003");
    }
}
