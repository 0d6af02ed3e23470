//! What a statement takes and gives, without running it.

use std::sync::Arc;

use batis_dbc::{Description, PreparedStatement, Result, Shape};
use tokio_postgres::Error;

use crate::connection::PostgresConnection;
use crate::error::in_statement;
use crate::statement::check_text;

impl PostgresConnection {
    pub(crate) async fn describe_statement(&mut self, statement: &PreparedStatement) -> Result<Description> {
        check_text(statement.sql())?;
        self.begin();
        let described = match self.prepare_threshold {
            0 => self.describe_behind_a_proxy(statement).await,
            _ => self.look_at(statement).await,
        };
        match described {
            Ok(description) => {
                self.answered();
                Ok(description)
            }
            Err(error) => {
                let told = self.failed(&error);
                Err(in_statement(told, &error, statement, 0))
            }
        }
    }

    /// Prepares it for good, if it is not yet, and looks at it.
    async fn look_at(&mut self, statement: &PreparedStatement) -> Result<Description, Error> {
        let Self { client, cache, catalog, watch, .. } = self;
        let entry = cache.entry(statement);
        if entry.named.is_none() {
            let named = client.prepare(&entry.sql).await?;
            entry.keep(named, watch);
        }
        catalog.resolve(client, watch, entry.parameters.iter().copied()).await?;
        let columns = catalog.columns(client, watch, &entry.plan).await?;
        if entry.plan.is_unresolved {
            entry.plan = Arc::new(entry.plan.resolved(watch.types()));
        }
        if columns != entry.plan.shape.columns() {
            entry.plan = Arc::new(entry.plan.described(columns));
        }
        let parameters = entry.parameters.iter().map(|oid| catalog.sql_type(*oid)).collect();
        let description = Description::new(parameters, Shape::clone(&entry.plan.shape));
        Ok(description.with_parameter_types(entry.parameters.iter().map(|oid| catalog.parameter_type(*oid)).collect()))
    }

    /// A statement has a name while it is looked at. A proxy may give each transaction another session, so all happens in one.
    async fn describe_behind_a_proxy(&mut self, statement: &PreparedStatement) -> Result<Description, Error> {
        if self.watch.in_transaction() {
            let described = self.look_at(statement).await;
            self.cache.entry(statement).named = None;
            return described;
        }
        // If this future is dropped, what ends it will see to the rollback.
        self.transaction.owed = Some(0);
        self.client.batch_execute("BEGIN READ ONLY").await?;
        let described = self.look_at(statement).await;
        self.cache.entry(statement).named = None;
        self.client.batch_execute("ROLLBACK").await?;
        described
    }
}
