//! The messages of a PostgreSQL server, as far as a proxy must tell them apart.

use std::ops::Range;

/// Follows the messages that a server sends: a byte for the kind, four for the length, a body.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    header: Vec<u8>,
    body: Vec<u8>,
    /// Bytes of the current body that are still to come.
    left: usize,
}

impl Messages {
    /// Where in this piece the message stands that says that a COMMIT is done. Its beginning may have come before; it starts at 0 then.
    pub(crate) fn find_commit(&mut self, piece: &[u8]) -> Option<Range<usize>> {
        let (mut at, mut start, mut found) = (0, 0, None);
        while at < piece.len() {
            if self.left == 0 {
                if self.header.is_empty() {
                    start = at;
                }
                self.header.push(piece[at]);
                at += 1;
                if let [_, a, b, c, d] = self.header[..] {
                    let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
                    self.left = length.saturating_sub(4);
                    self.body.clear();
                    if self.left == 0 {
                        self.header.clear();
                    }
                }
                continue;
            }
            let take = self.left.min(piece.len() - at);
            if self.header.first() == Some(&b'C') {
                self.body.extend_from_slice(&piece[at..at + take]);
            }
            self.left -= take;
            at += take;
            if self.left == 0 {
                if self.body == b"COMMIT\0" && self.header.first() == Some(&b'C') {
                    found = Some(start..at);
                }
                self.header.clear();
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_found_however_it_is_cut() {
        let bytes = b"D\0\0\0\x08\0\0COC\0\0\0\x0bCOMMIT\0Z\0\0\0\x05I";
        assert_eq!(Messages::default().find_commit(bytes), Some(9..21));
        for cut in 1..bytes.len() {
            let mut messages = Messages::default();
            let first = messages.find_commit(&bytes[..cut]);
            let second = messages.find_commit(&bytes[cut..]);
            assert_eq!(first.is_some(), cut >= 21, "{cut}");
            assert_eq!(second.map(|r| r.end), (cut < 21).then(|| 21 - cut), "{cut}");
        }
        assert_eq!(Messages::default().find_commit(b"C\0\0\0\x0fROLLBACK!!\0"), None);
    }
}
