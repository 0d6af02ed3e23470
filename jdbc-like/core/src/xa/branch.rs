//! What is known of a connection's branch, and what it allows.

use super::{XaCode, XaEnd, XaStart, Xid};
use crate::connection::Connection;
use crate::driver::{Control, Introspection};
use crate::error::{Result, SqlError};
use crate::options::TransactionOptions;

/// The branch that a connection works on.
#[derive(Debug, Default)]
pub(crate) enum Branch {
    #[default]
    None,
    Open(Xid),
    /// Ended; `failed`: it can only be rolled back.
    Ended {
        xid: Xid,
        failed: bool,
    },
}

impl Branch {
    fn xid(&self) -> Option<&Xid> {
        match self {
            Self::None => None,
            Self::Open(xid) | Self::Ended { xid, .. } => Some(xid),
        }
    }

    pub(crate) fn check_usable(&self) -> Result<()> {
        match self {
            Self::Ended { xid, .. } => {
                Err(XaCode::Protocol.error(format_args!("branch {xid} is ended, but not prepared or rolled back yet")))
            }
            _ => Ok(()),
        }
    }

    pub(crate) async fn start(&mut self, conn: &mut Connection, xid: &Xid, how: XaStart) -> Result<()> {
        match (&*self, how) {
            (_, XaStart::Resume) => Err(XaCode::ResourceError.error("a branch cannot be suspended and resumed")),
            (Self::Open(open), _) => {
                Err(XaCode::Protocol.error(format_args!("branch {open} is open on this connection")))
            }
            (Self::Ended { xid: ended, failed }, XaStart::Join) if ended == xid => {
                if *failed {
                    return Err(XaCode::RolledBack.error(format_args!("branch {xid} can only be rolled back")));
                }
                *self = Self::Open(xid.clone());
                Ok(())
            }
            (_, XaStart::Join) => {
                Err(XaCode::ResourceError.error("a branch can only be joined on the connection that began it"))
            }
            (Self::Ended { xid: ended, .. }, XaStart::New) => {
                let text = format_args!("branches cannot be interleaved: {ended} is not prepared or rolled back yet");
                Err(XaCode::ResourceError.error(text))
            }
            (Self::None, XaStart::New) => {
                if conn.base_depth() > 0 {
                    return Err(XaCode::Outside.error("the connection is in a transaction of its own"));
                }
                conn.begin(&TransactionOptions::new()).await.map_err(|error| told(error, XaCode::told))?;
                // From here on `commit` and `rollback` of the connection do not reach it.
                conn.hold_transaction();
                *self = Self::Open(xid.clone());
                Ok(())
            }
        }
    }

    pub(crate) async fn end(&mut self, conn: &mut Connection, xid: &Xid, how: XaEnd) -> Result<()> {
        if !matches!(self, Self::Open(open) if open == xid) {
            return Err(XaCode::Protocol.error(format_args!("branch {xid} is not open on this connection")));
        }
        if how == XaEnd::Suspend {
            return Err(XaCode::ResourceError.error("a branch cannot be suspended and resumed"));
        }
        conn.settle_to_held().await.map_err(|error| told(error, XaCode::told))?;
        *self = Self::Ended { xid: xid.clone(), failed: how == XaEnd::Fail };
        Ok(())
    }

    /// The branch is this one, and it is ended.
    fn check_ended(&self, xid: &Xid) -> Result<()> {
        match self {
            Self::Ended { xid: ended, failed } if ended == xid => match failed {
                true => Err(XaCode::RolledBack.error(format_args!("branch {xid} can only be rolled back"))),
                false => Ok(()),
            },
            Self::Open(open) if open == xid => Err(XaCode::Protocol.error(format_args!("branch {xid} is not ended"))),
            _ => Err(XaCode::NotKnown.error(format_args!("branch {xid} was not begun on this connection"))),
        }
    }

    pub(crate) async fn prepare(&mut self, conn: &mut Connection, xid: &Xid) -> Result<()> {
        self.leave(conn, xid, Control::Prepare(&xid.to_string())).await
    }

    pub(crate) async fn commit_one_phase(&mut self, conn: &mut Connection, xid: &Xid) -> Result<()> {
        self.leave(conn, xid, Control::Commit).await
    }

    /// The branch leaves the connection by this step.
    async fn leave(&mut self, conn: &mut Connection, xid: &Xid, step: Control<'_>) -> Result<()> {
        self.check_ended(xid)?;
        conn.leave_by(1, step).await.map_err(|error| self.refused(error))?;
        self.let_go(conn);
        Ok(())
    }

    /// The database does not prepare or commit the branch: it has rolled it back. (The transaction manager may still ask for that.)
    fn refused(&mut self, error: SqlError) -> SqlError {
        if let Self::Ended { failed, .. } = self {
            *failed = !error.breaks_connection();
        }
        told(error, |error| match XaCode::told(error) {
            XaCode::ResourceError if error.sql_state().code() != "0A000" => XaCode::RolledBack,
            code => code,
        })
    }

    pub(crate) async fn commit(&mut self, conn: &mut Connection, xid: &Xid) -> Result<()> {
        if self.xid() == Some(xid) {
            return Err(XaCode::Protocol.error(format_args!("branch {xid} is not prepared")));
        }
        self.decide(conn, Control::CommitPrepared(&xid.to_string())).await
    }

    pub(crate) async fn rollback(&mut self, conn: &mut Connection, xid: &Xid) -> Result<()> {
        match self {
            Self::Open(open) if open == xid => Err(XaCode::Protocol.error(format_args!("branch {xid} is not ended"))),
            Self::Ended { xid: ended, .. } if ended == xid => {
                self.let_go(conn);
                conn.settle_to(0).await.map_err(|error| told(error, XaCode::told))
            }
            _ => self.decide(conn, Control::RollbackPrepared(&xid.to_string())).await,
        }
    }

    /// Ends a prepared branch.
    async fn decide(&self, conn: &mut Connection, step: Control<'_>) -> Result<()> {
        if let Some(xid) = self.xid() {
            return Err(XaCode::Protocol.error(format_args!("branch {xid} is open on this connection")));
        }
        if conn.base_depth() > 0 {
            return Err(XaCode::Outside.error("the connection is in a transaction of its own"));
        }
        conn.control_free(step).await.map_err(|error| told(error, XaCode::told))
    }

    pub(crate) async fn recover(&self, conn: &mut Connection) -> Result<Vec<Xid>> {
        self.check_usable()?;
        let Some(sql) = conn.raw_mut().introspection(Introspection::PreparedTransactions) else {
            let product = conn.info().product;
            return Err(XaCode::ResourceError.error(format_args!("two-phase commit on {product} is not supported")));
        };
        let rows = conn.query(sql, ()).await?;
        let names = rows.map(|row| row.get::<String>(0)).await?;
        // Others prepare transactions too, under names of their own.
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    pub(crate) fn forget(xid: &Xid) -> Result<()> {
        Err(XaCode::NotKnown.error(format_args!("branch {xid} was not ended by the database on its own")))
    }

    /// The resource goes: what is open is left to be rolled back.
    pub(crate) fn let_go(&mut self, conn: &mut Connection) {
        if self.xid().is_some() {
            conn.let_transaction_go();
            *self = Self::None;
        }
    }
}

/// The database's error with its code.
fn told(error: SqlError, code: impl FnOnce(&SqlError) -> XaCode) -> SqlError {
    let code = code(&error);
    let mut told = SqlError::new(error.sql_state(), format!("{code}: {}", error.message())).vendor(code.number());
    if let Some(detail) = error.detail_text() {
        told = told.detail(detail);
    }
    if let Some(hint) = error.hint_text() {
        told = told.hint(hint);
    }
    told.caused_by(error)
}
