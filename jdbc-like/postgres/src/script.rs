//! Texts that are sent as they are: scripts and transaction control.

use batis_dbc::driver::{Control, Wire};
use batis_dbc::{Result, SqlError};
use tokio_postgres::Error;

use crate::connection::PostgresConnection;
use crate::error::{in_text, rolled_back};
use crate::statement::check_text;

impl PostgresConnection {
    /// Runs the statements of a text; rows are dropped.
    pub(crate) async fn run_script(&mut self, sql: &str) -> Result<()> {
        check_text(sql)?;
        self.send_text(sql).await.map_err(|(told, error)| in_text(told, &error, sql))
    }

    /// Runs a step of transaction control.
    pub(crate) async fn run_control(&mut self, step: Control<'_>) -> Result<()> {
        let Some(text) = self.transaction.text(step, self.watch.in_transaction())? else {
            self.transaction.done(step);
            return Ok(());
        };
        self.send_text(&text).await.map_err(|(told, _)| told)?;
        self.transaction.done(step);
        // A failed transaction is not committed or prepared: the server answers by ROLLBACK, and reports no error.
        let ends = matches!(step, Control::Commit | Control::Prepare(_));
        if ends && self.watch.tag() == b'R' { Err(rolled_back()) } else { Ok(()) }
    }

    /// Proves the connection alive.
    pub(crate) async fn check(&mut self) -> Result<()> {
        self.begin();
        match self.client.check_connection().await {
            Ok(()) => {
                self.answered();
                Ok(())
            }
            Err(error) => Err(self.failed(&error)),
        }
    }

    async fn send_text(&mut self, sql: &str) -> Result<(), (SqlError, Error)> {
        self.begin();
        match self.client.batch_execute(sql).await {
            Ok(()) => {
                self.answered();
                Ok(())
            }
            Err(error) => {
                let told = self.failed(&error);
                if self.wire == Wire::Idle {
                    // What ran before the error may have begun or ended a transaction: the state comes after the error.
                    // If the connection breaks meanwhile, the wire shows it, and the first error is the one to tell.
                    let _ = self.check().await;
                }
                Err((told, error))
            }
        }
    }
}
