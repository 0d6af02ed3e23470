//! Two-phase commit, for transaction managers: [`XaResource`] and [`Xid`]. PostgreSQL has it, if `max_prepared_transactions` is above 0.
//!
//! ```no_run
//! # async fn f(conn: batis_dbc::Connection) -> batis_dbc::Result<()> {
//! use batis_dbc::xa::{XaEnd, XaResource, XaStart, Xid};
//! let xid = Xid::new(1, b"order 17", b"stock")?;
//! let mut resource = XaResource::new(batis_dbc::Lease::new(conn, None));
//! resource.start(&xid, XaStart::New).await?;
//! resource.connection()?.execute("update stock set n = n - 1", ()).await?;
//! resource.end(&xid, XaEnd::Success).await?;
//! resource.prepare(&xid).await?;
//! // When all branches are prepared:
//! resource.commit(&xid).await?;
//! # Ok(()) }
//! ```
//!
//! Source: `javax.transaction.xa` of JTA and `PGXAConnection` of pgjdbc. As there, a branch is prepared on the connection that ran it, and is
//! neither suspended nor joined by another connection.

mod branch;
mod error;
mod xid;

use std::fmt;

use crate::connection::Connection;
use crate::data_source::Lease;
use crate::error::Result;

pub(crate) use branch::Branch;
pub use error::XaCode;
pub use xid::Xid;

/// How work on a branch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum XaStart {
    /// A new branch.
    #[doc(alias = "TMNOFLAGS")]
    New,
    /// One that was ended, but not prepared, on this connection goes on.
    #[doc(alias = "TMJOIN")]
    Join,
    /// One that was suspended goes on: refused (`XAER_RMERR`), since PostgreSQL suspends none.
    #[doc(alias = "TMRESUME")]
    Resume,
}

/// How work on a branch ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum XaEnd {
    /// All is well.
    #[doc(alias = "TMSUCCESS")]
    Success,
    /// The branch can only be rolled back.
    #[doc(alias = "TMFAIL")]
    Fail,
    /// It will go on later: refused (`XAER_RMERR`), since PostgreSQL suspends none.
    #[doc(alias = "TMSUSPEND")]
    Suspend,
}

/// A connection that takes part in transactions over several databases. See the [module](self).
///
/// Errors have the code of `XAException` ([`XaCode::of`]). A branch that is open when the resource is dropped is rolled back; one that is
/// prepared stays until someone commits or rolls it back, also over a restart of the server.
///
/// Source: `javax.transaction.xa.XAResource` together with `javax.sql.XAConnection`.
#[doc(alias = "XAResource")]
#[doc(alias = "XAConnection")]
pub struct XaResource {
    connection: Lease,
    branch: Branch,
}

impl XaResource {
    /// Of this connection.
    #[must_use]
    pub fn new(connection: Lease) -> Self {
        Self { connection, branch: Branch::default() }
    }

    /// The connection: inside of the branch between [`start`](Self::start) and [`end`](Self::end) (where it neither commits nor rolls back),
    /// free to use before and after.
    ///
    /// # Errors
    /// `XAER_PROTO` while a branch is ended and neither prepared, committed nor rolled back.
    #[doc(alias = "getConnection")]
    pub fn connection(&mut self) -> Result<&mut Connection> {
        self.branch.check_usable()?;
        Ok(&mut self.connection)
    }

    /// Begins or goes on with a branch.
    ///
    /// # Errors
    /// `XAER_PROTO` while another branch is open, `XAER_OUTSIDE` in a transaction of the connection's own, `XAER_RMERR` for what PostgreSQL
    /// cannot do: resume, join a branch of another connection, interleave branches.
    pub async fn start(&mut self, xid: &Xid, how: XaStart) -> Result<()> {
        self.branch.start(&mut self.connection, xid, how).await
    }

    /// Ends the work on a branch.
    ///
    /// # Errors
    /// `XAER_PROTO` if it was not started here, `XAER_RMERR` for [`XaEnd::Suspend`].
    pub async fn end(&mut self, xid: &Xid, how: XaEnd) -> Result<()> {
        self.branch.end(&mut self.connection, xid, how).await
    }

    /// Prepares an ended branch: it is on disk then, and the connection is free.
    ///
    /// # Errors
    /// `XAER_PROTO` if it is not ended, `XAER_NOTA` if it was not started here, `XAER_DUPID` if there is a prepared one of this name,
    /// `XA_RBROLLBACK` and its kin if the database refuses (it is to be rolled back then, which does no harm), `XAER_RMFAIL` if the connection
    /// broke: [`recover`](Self::recover) on another one tells whether it is prepared.
    pub async fn prepare(&mut self, xid: &Xid) -> Result<()> {
        self.branch.prepare(&mut self.connection, xid).await
    }

    /// Commits a prepared branch, of whatever connection.
    ///
    /// # Errors
    /// `XAER_NOTA` if there is none of this name, `XAER_PROTO` while a branch is open here, `XAER_RMFAIL` if the connection broke: it may be
    /// done again on another one.
    pub async fn commit(&mut self, xid: &Xid) -> Result<()> {
        self.branch.commit(&mut self.connection, xid).await
    }

    /// Commits an ended branch that is the only one of its transaction, without preparing it.
    ///
    /// # Errors
    /// `XAER_PROTO` if it is not ended, `XAER_NOTA` if it was not started here, `XA_RBROLLBACK` and its kin if the database rolled it back,
    /// `XAER_RMFAIL` with SQLSTATE 08007 if nobody knows whether it was committed.
    #[doc(alias = "onePhase")]
    pub async fn commit_one_phase(&mut self, xid: &Xid) -> Result<()> {
        self.branch.commit_one_phase(&mut self.connection, xid).await
    }

    /// Rolls back an ended branch of this connection, or a prepared one of whatever connection.
    ///
    /// # Errors
    /// `XAER_NOTA` if there is none of this name, `XAER_PROTO` while a branch is open here, `XAER_RMFAIL` if the connection broke.
    pub async fn rollback(&mut self, xid: &Xid) -> Result<()> {
        self.branch.rollback(&mut self.connection, xid).await
    }

    /// The prepared branches of this database, the oldest first; those whose names are no [`Xid`]'s are left out.
    ///
    /// # Errors
    /// 0A000 if the database has no two-phase commit; what it says.
    pub async fn recover(&mut self) -> Result<Vec<Xid>> {
        self.branch.recover(&mut self.connection).await
    }

    /// Forgets a branch that the database ended on its own. PostgreSQL never does that, so there is none.
    ///
    /// # Errors
    /// `XAER_NOTA`, always.
    pub async fn forget(&mut self, xid: &Xid) -> Result<()> {
        Branch::forget(xid)
    }

    /// The connection again; an open branch is rolled back when it is used next or goes home.
    #[must_use]
    pub fn into_connection(mut self) -> Lease {
        self.branch.let_go(&mut self.connection);
        self.connection
    }
}

impl fmt::Debug for XaResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("XaResource").field("connection", &self.connection).field("branch", &self.branch).finish()
    }
}
