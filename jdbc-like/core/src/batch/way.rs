//! Choosing how the items of a batch reach the database.

use super::insert::Insert;
use super::run::Run;
use super::{BatchStrategy, Batching};
use crate::connection::Connection;
use crate::error::{Result, SqlError};
use crate::statement::{PreparedStatement, StatementRef};

/// Fewer items than this are not worth a rewritten statement.
const FEW: usize = 4;

/// The way that was chosen, with what it needs.
pub(super) enum Way<'b> {
    OneByOne,
    Pipelined,
    MultiValues(Insert<'b>),
    Unnest(PreparedStatement),
    Copy(&'b str),
}

impl Way<'_> {
    pub(super) fn strategy(&self) -> BatchStrategy {
        match self {
            Self::OneByOne => BatchStrategy::OneByOne,
            Self::Pipelined => BatchStrategy::Pipelined,
            Self::MultiValues(_) => BatchStrategy::MultiValues,
            Self::Unnest(_) => BatchStrategy::Unnest,
            Self::Copy(_) => BatchStrategy::Copy,
        }
    }
}

impl Connection {
    pub(super) async fn way<'b>(&mut self, depth: u32, run: &Run<'b>) -> Result<Way<'b>> {
        let can = self.raw_mut().batching();
        let insert = Insert::of(run.statement.sql());
        if let Some(insert) = &insert {
            insert.check_count(run.batch.columns.len()).map_err(|error| error.sql_text(run.statement.sql()))?;
        }
        let found = match run.options.strategy {
            BatchStrategy::OneByOne => Some(Way::OneByOne),
            BatchStrategy::Pipelined => can.pipelines.then_some(Way::Pipelined),
            BatchStrategy::MultiValues => insert.map(Way::MultiValues),
            BatchStrategy::Unnest => self.unnest(depth, run, insert.as_ref(), can).await?.map(Way::Unnest),
            BatchStrategy::Copy if self.raw_mut().copying().is_none() => None,
            BatchStrategy::Copy => insert.and_then(|insert| insert.copy_target()).map(Way::Copy),
            BatchStrategy::Auto => Some(self.best(depth, run, insert, can).await?),
        };
        found.ok_or_else(|| {
            let what = format!("the batch strategy `{}` for this statement on this database", run.options.strategy);
            SqlError::unsupported(what).sql_text(run.statement.sql())
        })
    }

    async fn best<'b>(
        &mut self,
        depth: u32,
        run: &Run<'b>,
        insert: Option<Insert<'b>>,
        can: Batching,
    ) -> Result<Way<'b>> {
        let one_by_one = if can.pipelines { Way::Pipelined } else { Way::OneByOne };
        let several = can.multi_values && run.batch.len() >= FEW;
        // Of several items of which some write no row nobody could tell whose the others are.
        let Some(insert) = insert.filter(|insert| several && !(run.returns() && insert.has_conflict())) else {
            return Ok(one_by_one);
        };
        let plain = insert.tail.trim().is_empty();
        match self.unnest(depth, run, Some(&insert).filter(|_| plain), can).await? {
            Some(statement) => Ok(Way::Unnest(statement)),
            None => Ok(Way::MultiValues(insert)),
        }
    }

    /// The statement that takes an array for each column, if the insert can be written so.
    async fn unnest(
        &mut self,
        depth: u32,
        run: &Run<'_>,
        insert: Option<&Insert<'_>>,
        can: Batching,
    ) -> Result<Option<PreparedStatement>> {
        let Some(insert) = insert.filter(|_| can.unnest) else { return Ok(None) };
        let described = self.describe_at(depth, run.statement).await?;
        let types: Vec<&str> = described.parameter_types.iter().map(|name| &**name).collect();
        if types.len() != run.batch.columns.len() {
            return Ok(None);
        }
        let Some(sql) = insert.of_arrays(&types) else { return Ok(None) };
        Ok(Some(self.statement(StatementRef::Text(&sql))))
    }
}
