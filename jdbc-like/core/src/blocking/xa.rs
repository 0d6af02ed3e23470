use std::fmt;

use super::{Connection, wait};
use crate::data_source::Lease;
use crate::error::Result;
use crate::xa::{Branch, XaEnd, XaStart, Xid};

/// A connection that takes part in transactions over several databases, for plain threads. See [`xa::XaResource`](crate::xa::XaResource).
#[doc(alias = "XAResource")]
pub struct XaResource {
    connection: Connection,
    branch: Branch,
}

impl XaResource {
    /// See [`new`](crate::xa::XaResource::new).
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        Self { connection, branch: Branch::default() }
    }

    /// See [`connection`](crate::xa::XaResource::connection).
    ///
    /// # Errors
    /// As there.
    pub fn connection(&mut self) -> Result<&mut Connection> {
        self.branch.check_usable()?;
        Ok(&mut self.connection)
    }

    /// See [`into_connection`](crate::xa::XaResource::into_connection).
    #[must_use]
    pub fn into_connection(mut self) -> Lease {
        self.branch.let_go(self.connection.parts().0);
        self.connection.into_inner()
    }

    /// See [`forget`](crate::xa::XaResource::forget).
    ///
    /// # Errors
    /// As there.
    pub fn forget(&mut self, xid: &Xid) -> Result<()> {
        Branch::forget(xid)
    }

    /// See [`recover`](crate::xa::XaResource::recover).
    ///
    /// # Errors
    /// As there.
    pub fn recover(&mut self) -> Result<Vec<Xid>> {
        let (conn, runner) = self.connection.parts();
        wait(runner, None, self.branch.recover(conn))
    }
}

macro_rules! twins {
    ($($name:ident($($how:ident: $kind:ty)?);)*) => {
        impl XaResource {
            $(
                #[doc = concat!("See [`", stringify!($name), "`](crate::xa::XaResource::", stringify!($name), ").")]
                ///
                /// # Errors
                /// As there.
                pub fn $name(&mut self, xid: &Xid $(, $how: $kind)?) -> Result<()> {
                    let (conn, runner) = self.connection.parts();
                    wait(runner, None, self.branch.$name(conn, xid $(, $how)?))
                }
            )*
        }
    };
}

twins! {
    start(how: XaStart);
    end(how: XaEnd);
    prepare();
    commit();
    commit_one_phase();
    rollback();
}

impl fmt::Debug for XaResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("XaResource").field("connection", &self.connection).field("branch", &self.branch).finish()
    }
}
