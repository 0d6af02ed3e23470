//! Texts that are sent as they are: scripts and transaction control.

use std::future::poll_fn;
use std::pin::pin;

use batis_dbc::driver::{Control, Wire};
use batis_dbc::{Result, SqlError};
use futures_core::Stream as _;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

use crate::connection::PostgresConnection;
use crate::error::{in_text, rolled_back};
use crate::statement::check_text;

impl PostgresConnection {
    /// Runs the statements of a text; rows are dropped.
    pub(crate) async fn run_script(&mut self, sql: &str) -> Result<()> {
        check_text(sql)?;
        self.begin();
        match run_counted(&self.client, sql).await {
            Ok(()) => {
                self.answered();
                Ok(())
            }
            Err((done, error)) => {
                let (told, error) = self.text_failed(error).await;
                Err(in_text(told, &error, sql).in_script(done))
            }
        }
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
            Err(error) => Err(self.text_failed(error).await),
        }
    }

    async fn text_failed(&mut self, error: Error) -> (SqlError, Error) {
        let told = self.failed(&error);
        if self.wire == Wire::Idle {
            // What ran before the error may have begun or ended a transaction: the state comes after the error.
            // If the connection breaks meanwhile, the wire shows it, and the first error is the one to tell.
            let _ = self.check().await;
        }
        (told, error)
    }
}

/// Sends the text; an error comes with the number of statements that were done before.
async fn run_counted(client: &Client, sql: &str) -> Result<(), (usize, Error)> {
    let mut done = 0;
    let answers = client.simple_query_raw(sql).await.map_err(|error| (0, error))?;
    let mut answers = pin!(answers);
    while let Some(answer) = poll_fn(|cx| answers.as_mut().poll_next(cx)).await {
        match answer {
            Ok(SimpleQueryMessage::CommandComplete(_)) => done += 1,
            Ok(_) => {}
            Err(error) => return Err((done, error)),
        }
    }
    Ok(())
}
