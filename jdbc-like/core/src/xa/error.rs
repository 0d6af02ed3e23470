//! [`XaCode`]: the codes of `XAException`.

use std::fmt;

use crate::error::SqlError;
use crate::sql_state::SqlState;

/// What a transaction manager must know of an error: the code of JTA's `XAException`. It is the error's
/// [`vendor_code`](SqlError::vendor_code).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[doc(alias = "XAException")]
pub enum XaCode {
    /// `XA_RBROLLBACK`: the branch was rolled back.
    RolledBack = 100,
    /// `XA_RBDEADLOCK`: the branch was rolled back because of a deadlock.
    Deadlock = 102,
    /// `XA_RBINTEGRITY`: the branch was rolled back because of a constraint.
    Integrity = 103,
    /// `XA_RBTRANSIENT`: the branch was rolled back and may be run again.
    Transient = 107,
    /// `XAER_RMERR`: the database cannot do this.
    ResourceError = -3,
    /// `XAER_NOTA`: there is no such branch.
    NotKnown = -4,
    /// `XAER_INVAL`: a wrong argument.
    Invalid = -5,
    /// `XAER_PROTO`: not in this state.
    Protocol = -6,
    /// `XAER_RMFAIL`: the connection is lost; ask on another one.
    ResourceFailed = -7,
    /// `XAER_DUPID`: there is such a branch already.
    Duplicate = -8,
    /// `XAER_OUTSIDE`: the connection is in a transaction of its own.
    Outside = -9,
}

impl XaCode {
    const ALL: [Self; 11] = [
        Self::RolledBack,
        Self::Deadlock,
        Self::Integrity,
        Self::Transient,
        Self::ResourceError,
        Self::NotKnown,
        Self::Invalid,
        Self::Protocol,
        Self::ResourceFailed,
        Self::Duplicate,
        Self::Outside,
    ];

    /// The code of an error of an [`XaResource`](super::XaResource); none for one of its connection.
    #[must_use]
    pub fn of(error: &SqlError) -> Option<Self> {
        Self::ALL.into_iter().find(|code| Some(code.number()) == error.vendor_code())
    }

    /// The number in `XAException.errorCode`.
    #[must_use]
    #[doc(alias = "errorCode")]
    pub fn number(self) -> i32 {
        self as i32
    }

    fn state(self) -> SqlState {
        match self {
            Self::RolledBack | Self::Integrity => SqlState::TRANSACTION_ROLLBACK,
            Self::Deadlock => SqlState::DEADLOCK,
            Self::Transient => SqlState::SERIALIZATION_FAILURE,
            Self::ResourceError => SqlState::FEATURE_NOT_SUPPORTED,
            Self::NotKnown => SqlState::UNDEFINED_OBJECT,
            Self::Invalid => SqlState::INVALID_PARAMETER,
            Self::Protocol => SqlState::INVALID_TRANSACTION_STATE,
            Self::ResourceFailed => SqlState::CONNECTION_FAILURE,
            Self::Duplicate => SqlState::DUPLICATE_OBJECT,
            Self::Outside => SqlState::ACTIVE_TRANSACTION,
        }
    }

    /// An error that was found here.
    pub(super) fn error(self, message: impl fmt::Display) -> SqlError {
        SqlError::new(self.state(), format!("{self}: {message}")).vendor(self.number())
    }

    /// What the database's error comes to.
    pub(super) fn told(error: &SqlError) -> Self {
        match error.sql_state().code() {
            "42704" => Self::NotKnown,
            "42710" => Self::Duplicate,
            "40P01" => Self::Deadlock,
            "25P01" => Self::Protocol,
            "25P02" => Self::RolledBack,
            _ if error.is_retryable() => Self::Transient,
            _ if error.is_integrity_violation() => Self::Integrity,
            _ if error.breaks_connection() => Self::ResourceFailed,
            code if code.starts_with("40") => Self::RolledBack,
            _ => Self::ResourceError,
        }
    }
}

/// The name in the XA specification: `XAER_PROTO`.
impl fmt::Display for XaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RolledBack => "XA_RBROLLBACK",
            Self::Deadlock => "XA_RBDEADLOCK",
            Self::Integrity => "XA_RBINTEGRITY",
            Self::Transient => "XA_RBTRANSIENT",
            Self::ResourceError => "XAER_RMERR",
            Self::NotKnown => "XAER_NOTA",
            Self::Invalid => "XAER_INVAL",
            Self::Protocol => "XAER_PROTO",
            Self::ResourceFailed => "XAER_RMFAIL",
            Self::Duplicate => "XAER_DUPID",
            Self::Outside => "XAER_OUTSIDE",
        })
    }
}
