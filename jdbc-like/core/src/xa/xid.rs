//! [`Xid`]: the name of a branch of a transaction over several databases.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::XaCode;
use crate::error::{Result, SqlError};

/// How long the two parts of a name may be, in bytes.
const MOST: usize = 64;

/// The name of a branch: a format's number, the transaction, and the branch of it.
///
/// As text, and as the name of the prepared transaction, it is what pgjdbc makes of it (`1_b3JkZXI=_c3RvY2s=`: the parts in Base64), so that
/// each can recover what the other has prepared.
///
/// Source: `javax.transaction.xa.Xid`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Xid {
    format: i32,
    global: Box<[u8]>,
    branch: Box<[u8]>,
}

impl Xid {
    /// A name of these parts, each of 64 bytes at most; the transaction's must not be empty.
    ///
    /// # Errors
    /// `XAER_INVAL` for a negative format, or if the parts are too long.
    pub fn new(format: i32, global: &[u8], branch: &[u8]) -> Result<Self> {
        if format < 0 || global.is_empty() || global.len() > MOST || branch.len() > MOST {
            let text = "a Xid has a format of 0 or more, 1 to 64 bytes for the transaction and up to 64 for the branch";
            return Err(XaCode::Invalid.error(text));
        }
        Ok(Self { format, global: global.into(), branch: branch.into() })
    }

    /// The number of the format, which says who made the name.
    #[must_use]
    #[doc(alias = "getFormatId")]
    pub fn format(&self) -> i32 {
        self.format
    }

    /// The transaction over several databases.
    #[must_use]
    #[doc(alias = "getGlobalTransactionId")]
    pub fn global(&self) -> &[u8] {
        &self.global
    }

    /// The part of the transaction that one database does.
    #[must_use]
    #[doc(alias = "getBranchQualifier")]
    pub fn branch(&self) -> &[u8] {
        &self.branch
    }
}

impl fmt::Display for Xid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}_{}", self.format, STANDARD.encode(&self.global), STANDARD.encode(&self.branch))
    }
}

impl FromStr for Xid {
    type Err = SqlError;

    fn from_str(text: &str) -> Result<Self> {
        let read = || {
            let (format, rest) = text.split_once('_')?;
            let (global, branch) = rest.split_once('_')?;
            Some((format.parse().ok()?, STANDARD.decode(global).ok()?, STANDARD.decode(branch).ok()?))
        };
        let (format, global, branch) =
            read().ok_or_else(|| XaCode::Invalid.error("the text is no Xid: `format_transaction_branch`"))?;
        Self::new(format, &global, &branch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_pgjdbcs() {
        let xid = Xid::new(131_077, b"global\xFF", b"").unwrap();
        assert_eq!(xid.to_string(), "131077_Z2xvYmFs/w==_");
        assert_eq!("131077_Z2xvYmFs/w==_".parse::<Xid>().unwrap(), xid);
        let longest = Xid::new(i32::MAX, &[255; 64], &[0; 64]).unwrap().to_string();
        assert!(longest.len() < 200, "PostgreSQL takes names of less than 200 bytes: {}", longest.len());
        assert_eq!(longest.parse::<Xid>().unwrap().to_string(), longest);
        for wrong in ["", "x", "1_a", "1_!_", "-1_YQ==_", "1__YQ==", "1_YQ==_YQ==_YQ=="] {
            assert_eq!(XaCode::of(&wrong.parse::<Xid>().unwrap_err()), Some(XaCode::Invalid), "{wrong}");
        }
        assert!(Xid::new(1, &[0; 65], b"").is_err());
    }
}
