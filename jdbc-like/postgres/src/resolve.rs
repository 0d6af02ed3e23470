//! Learning of types that not every server has, before their values are read.

use std::sync::Arc;

use batis_dbc::PreparedStatement;
use tokio_postgres::Error;

use crate::connection::PostgresConnection;

/// How many rows are held back at most while the catalog is asked.
const AHEAD: usize = 500;

impl PostgresConnection {
    /// Before a statement runs that the server keeps: its columns are known.
    #[cold]
    pub(crate) async fn resolve_before(&mut self, statement: &PreparedStatement) -> Result<(), Error> {
        let Self { client, cache, catalog, watch, .. } = self;
        let entry = cache.entry(statement);
        catalog.resolve(client, watch, entry.plan.unresolved()).await?;
        entry.plan = Arc::new(entry.plan.resolved(watch.types()));
        Ok(())
    }

    /// When the first rows of a statement without a name come. The catalog cannot be asked while there are more of them on the way, so a
    /// small result is read to its end first. Of a large one the first run reads what it can tell by the bytes alone: labels of enums, rows
    /// and arrays; the next run knows the rest.
    #[cold]
    pub(crate) async fn resolve_behind(&mut self, statement: &PreparedStatement) -> Result<(), Error> {
        if !self.cursor.read_ahead(AHEAD).await? {
            return Ok(());
        }
        let tag = self.watch.tag();
        self.resolve_before(statement).await?;
        self.watch.set_tag(tag);
        self.cursor.plan = Arc::clone(&self.cache.entry(statement).plan);
        Ok(())
    }
}
