//! SQLSTATE: the five-character error code that every error of batis carries.

use std::fmt;

/// A five-character SQLSTATE code, such as `23505` (unique violation).
///
/// The first two characters are the class. Drivers without native codes (SQLite) map their own ones to these.
///
/// Source: `SQLException.getSQLState()` of JDBC; the codes are those of the SQL standard and of PostgreSQL.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias = "getSQLState")]
pub struct SqlState([u8; 5]);

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        impl SqlState {
            $($(#[$doc])* pub const $name: SqlState = SqlState(*$code);)*
        }
    };
}

codes! {
    /// `01000`: a warning.
    WARNING = b"01000";
    /// `08000`: the connection failed.
    CONNECTION = b"08000";
    /// `08001`: the connection could not be made.
    CONNECT_FAILED = b"08001";
    /// `08003`: the connection does not exist any more.
    CONNECTION_CLOSED = b"08003";
    /// `08004`: the server refused the connection.
    CONNECTION_REJECTED = b"08004";
    /// `08006`: the connection broke.
    CONNECTION_FAILURE = b"08006";
    /// `08007`: the outcome of a transaction is not known.
    OUTCOME_UNKNOWN = b"08007";
    /// `08P01`: the server or the driver broke the protocol.
    PROTOCOL_VIOLATION = b"08P01";
    /// `0A000`: the feature is not supported.
    FEATURE_NOT_SUPPORTED = b"0A000";
    /// `07001`: the number of parameters does not fit the statement.
    WRONG_PARAMETER_COUNT = b"07001";
    /// `07006`: a value cannot be converted to the type that was asked for.
    RESTRICTED_TYPE = b"07006";
    /// `07009`: there is no column or parameter of that index or name.
    INVALID_COLUMN = b"07009";
    /// `21000`: more than one row where one was expected.
    CARDINALITY = b"21000";
    /// `02000`: no row where one was expected.
    NO_DATA = b"02000";
    /// `22000`: bad data.
    DATA_EXCEPTION = b"22000";
    /// `22002`: a null where the target has no place for it.
    NULL_WITHOUT_INDICATOR = b"22002";
    /// `22003`: a number is out of the target's range.
    NUMERIC_OUT_OF_RANGE = b"22003";
    /// `22023`: the value of a parameter is not allowed.
    INVALID_PARAMETER = b"22023";
    /// `22021`: text in another character set than expected.
    CHARACTER_NOT_IN_REPERTOIRE = b"22021";
    /// `23000`: an integrity constraint was violated.
    INTEGRITY = b"23000";
    /// `23502`: not-null violation.
    NOT_NULL_VIOLATION = b"23502";
    /// `23503`: foreign key violation.
    FOREIGN_KEY_VIOLATION = b"23503";
    /// `23505`: unique or primary key violation.
    UNIQUE_VIOLATION = b"23505";
    /// `23514`: check violation.
    CHECK_VIOLATION = b"23514";
    /// `25000`: wrong transaction state.
    INVALID_TRANSACTION_STATE = b"25000";
    /// `25001`: a transaction is open already.
    ACTIVE_TRANSACTION = b"25001";
    /// `25006`: a write in a read-only transaction or database.
    READ_ONLY = b"25006";
    /// `25P01`: no transaction is open.
    NO_ACTIVE_TRANSACTION = b"25P01";
    /// `25P02`: the transaction failed before; only a rollback helps.
    FAILED_TRANSACTION = b"25P02";
    /// `28000`: the login was refused.
    INVALID_AUTHORIZATION = b"28000";
    /// `28P01`: wrong password.
    INVALID_PASSWORD = b"28P01";
    /// `40000`: the transaction was rolled back.
    TRANSACTION_ROLLBACK = b"40000";
    /// `40001`: serialization failure; try the transaction again.
    SERIALIZATION_FAILURE = b"40001";
    /// `40P01`: deadlock; try the transaction again.
    DEADLOCK = b"40P01";
    /// `42000`: the statement is wrong or not allowed.
    SYNTAX_OR_ACCESS = b"42000";
    /// `42501`: not allowed.
    INSUFFICIENT_PRIVILEGE = b"42501";
    /// `42601`: syntax error.
    SYNTAX_ERROR = b"42601";
    /// `42704`: no such object.
    UNDEFINED_OBJECT = b"42704";
    /// `42710`: the object exists already.
    DUPLICATE_OBJECT = b"42710";
    /// `42703`: no such column.
    UNDEFINED_COLUMN = b"42703";
    /// `42804`: wrong data type.
    DATATYPE_MISMATCH = b"42804";
    /// `42883`: no such function.
    UNDEFINED_FUNCTION = b"42883";
    /// `42P01`: no such table.
    UNDEFINED_TABLE = b"42P01";
    /// `42P07`: the table exists already.
    DUPLICATE_TABLE = b"42P07";
    /// `53100`: the disk is full.
    DISK_FULL = b"53100";
    /// `53200`: out of memory.
    OUT_OF_MEMORY = b"53200";
    /// `54000`: a limit of the database was exceeded.
    LIMIT_EXCEEDED = b"54000";
    /// `55P03`: a lock could not be had (SQLite: busy or locked).
    LOCK_NOT_AVAILABLE = b"55P03";
    /// `57014`: the statement was cancelled or timed out.
    QUERY_CANCELED = b"57014";
    /// `57P01`: the server is shutting down.
    ADMIN_SHUTDOWN = b"57P01";
    /// `58030`: input or output failed.
    IO_ERROR = b"58030";
    /// `HY000`: an error without a code of its own.
    GENERAL = b"HY000";
    /// `HYT00`: a wait ended in a timeout.
    TIMEOUT = b"HYT00";
    /// `XX001`: the database file is damaged.
    DATA_CORRUPTED = b"XX001";
    /// `HY010`: an operation that is not allowed at this point of a sequence of them.
    SEQUENCE_ERROR = b"HY010";
}

impl SqlState {
    /// The code for this text, if it is five ASCII letters or digits.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let bytes: [u8; 5] = code.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_alphanumeric).then_some(Self(bytes))
    }

    /// The five characters.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("HY000")
    }

    /// The class: the first two characters.
    #[must_use]
    pub fn class(&self) -> &str {
        &self.code()[..2]
    }

    /// Whether a pool must close the connection on which this error was seen: class 08, a server that shuts down, a lost outcome.
    ///
    /// Source: HikariCP's list of SQLSTATEs. Unlike there `0A000` is not in it, since on PostgreSQL it means "cached plan must not change
    /// result type", which a new plan heals.
    #[must_use]
    pub fn breaks_connection(&self) -> bool {
        self.class() == "08" || matches!(&self.0, b"57P01" | b"57P02" | b"57P03" | b"01002" | b"JZ0C0" | b"JZ0C1")
    }

    /// Whether the same transaction, run again from its beginning, may succeed: serialization failure and deadlock.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(&self.0, b"40001" | b"40P01")
    }
}

impl fmt::Display for SqlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for SqlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqlState({})", self.code())
    }
}
