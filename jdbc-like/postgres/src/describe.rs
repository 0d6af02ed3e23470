//! What a statement takes and gives, without running it.

use std::sync::Arc;

use batis_dbc::{Description, PreparedStatement, Result, Shape, SqlType};
use postgres_types::Type;
use tokio_postgres::{Error, Statement};

use crate::connection::PostgresConnection;
use crate::error::in_statement;
use crate::statement::check_text;
use crate::types;

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
                Err(in_statement(told, &error, statement))
            }
        }
    }

    /// Prepares it for good, if it is not yet, and looks at it.
    async fn look_at(&mut self, statement: &PreparedStatement) -> Result<Description, Error> {
        let Self { client, cache, catalog, watch, .. } = self;
        let entry = cache.entry(statement);
        let named = match &entry.named {
            Some(named) => named.clone(),
            None => {
                let named = client.prepare(&entry.sql).await?;
                entry.keep(named, watch).clone()
            }
        };
        let columns = catalog.columns(client, &entry.plan).await?;
        if columns != entry.plan.shape.columns() {
            entry.plan = Arc::new(entry.plan.described(columns));
        }
        let description = Description::new(parameters(&named), Shape::clone(&entry.plan.shape));
        Ok(description.with_parameter_types(parameter_types(&named)))
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

/// The types of the parameters. What was hidden from tokio-postgres is a type of the database's own.
fn parameters(statement: &Statement) -> Vec<SqlType> {
    let all = statement.params().iter();
    all.map(|ty| if *ty == Type::UNKNOWN { SqlType::Other } else { types::sql_type(ty.oid()) }).collect()
}

/// The names of the parameters' types; empty for types of the database's own.
fn parameter_types(statement: &Statement) -> Vec<Box<str>> {
    let known = |ty: &Type| if *ty == Type::UNKNOWN { String::new() } else { types::name(ty.oid()) };
    statement.params().iter().map(|ty| known(ty).into()).collect()
}
