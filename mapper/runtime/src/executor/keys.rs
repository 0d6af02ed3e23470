//! Keys of new rows: `<selectKey>` before or after, `useGeneratedKeys` by `RETURNING`.

use std::sync::Arc;

use batis_dbc::{RowRef, Shape, Value as SqlValue, with_returning};
use batis_script::{KeyOrder, Map, SelectKey, Value};

use super::Executor;
use crate::error::{Error, ErrorKind, Result};
use crate::interceptor::Outcome;
use crate::keys::GeneratedKeys;
use crate::mapped_statement::MappedStatement;
use crate::params::from_sql_value;

impl Executor<'_> {
    /// A statement with `<selectKey>`.
    pub(super) async fn update_with_key(
        &mut self,
        statement: &MappedStatement,
        parameter: &mut Value,
        key: &SelectKey,
    ) -> Result<(u64, GeneratedKeys)> {
        if key.properties.is_empty() {
            let count = self.prepare(statement, parameter)?.update(self.connection).await?;
            return Ok((count, GeneratedKeys::default()));
        }
        if key.order == KeyOrder::Before {
            let keys = self.select_key(statement, parameter, key).await?;
            write_keys(parameter, &keys);
            let count = self.prepare(statement, parameter)?.update(self.connection).await?;
            return Ok((count, keys));
        }
        let count = self.prepare(statement, parameter)?.update(self.connection).await?;
        let keys = self.select_key(statement, parameter, key).await?;
        Ok((count, keys))
    }

    async fn select_key(
        &mut self,
        statement: &MappedStatement,
        parameter: &Value,
        key: &SelectKey,
    ) -> Result<GeneratedKeys> {
        let Some(query) = statement.key_statement.as_deref() else { return Ok(GeneratedKeys::default()) };
        let mut rows = Vec::new();
        self.each(query, parameter, |row| {
            rows.push(picked(row, &key.properties, &key.columns)?);
            Ok(())
        })
        .await?;
        match rows.len() {
            1 => Ok(GeneratedKeys { properties: key.properties.as_slice().into(), rows }),
            0 => Err(query.blame(Error::new(ErrorKind::Cardinality, "the key query returned no row"))),
            _ => Err(query.blame(Error::new(ErrorKind::Cardinality, "the key query returned more than one row"))),
        }
    }

    /// A statement with `useGeneratedKeys`: its SQL is given a `RETURNING`, which PostgreSQL and SQLite both have.
    ///
    /// Source: pgjdbc does the same for `prepareStatement(sql, columnNames)`.
    pub(super) async fn update_returning(
        &mut self,
        statement: &MappedStatement,
        parameter: &Value,
        properties: &[Arc<str>],
        columns: &[Arc<str>],
    ) -> Result<(u64, GeneratedKeys)> {
        let mut call = self.prepare(statement, parameter)?;
        if properties.is_empty() {
            return Ok((call.update(self.connection).await?, GeneratedKeys::default()));
        }
        let sql = returning(call.sql(), columns).map_err(|e| call.failed(e))?;
        call = call.with_sql(sql);
        let mut rows = call.query(self.connection).await?;
        let mut keys = GeneratedKeys { properties: properties.into(), rows: Vec::new() };
        while rows.advance().await.map_err(|e| call.failed(e))? {
            let row = picked(&rows.row(), properties, columns).map_err(|e| call.failed(e))?;
            keys.rows.push(row);
        }
        let count = rows.finish().await.map_err(|e| call.failed(e))?;
        call.finished(Outcome::Changed(count));
        Ok((count, keys))
    }
}

/// The text with a `RETURNING` of these columns, or of all of them.
pub(super) fn returning(sql: &str, columns: &[Arc<str>]) -> batis_dbc::Result<String> {
    if columns.is_empty() { with_returning(sql, "*") } else { with_returning(sql, &columns.join(", ")) }
}

fn picked(row: &RowRef<'_>, properties: &[Arc<str>], columns: &[Arc<str>]) -> Result<Vec<SqlValue>> {
    let places = key_columns(row.shape(), properties, columns)?;
    Ok(places.into_iter().map(|index| row.value(index).to_owned()).collect())
}

/// Where the keys are: in the columns of `keyColumn` by name, else in those named like the properties, else in the first ones.
pub(super) fn key_columns(shape: &Shape, properties: &[Arc<str>], columns: &[Arc<str>]) -> Result<Vec<usize>> {
    let mut places = Vec::with_capacity(properties.len());
    for (nth, property) in properties.iter().enumerate() {
        let named = match columns.get(nth) {
            Some(column) => shape.index(column),
            None => shape.index(last(property)).or_else(|| shape.index(&snake(last(property)))),
        };
        let index = named.or_else(|| (nth < shape.len()).then_some(nth));
        let index = index.ok_or_else(|| {
            Error::new(ErrorKind::Result, format!("there is no column for the key property `{property}`"))
        })?;
        places.push(index);
    }
    Ok(places)
}

/// Makes the keys visible to the statement.
fn write_keys(parameter: &mut Value, keys: &GeneratedKeys) {
    let Some(row) = keys.rows.first() else { return };
    for (property, value) in keys.properties.iter().zip(row) {
        write(parameter, property, from_sql_value(value.clone()));
    }
}

/// Sets a property by its path; objects on the way are made. A parameter that is one value has no properties to set.
fn write(target: &mut Value, path: &str, value: Value) {
    let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
    if target.is_null() {
        *target = Value::from(Map::new());
    }
    let Value::Map(map) = target else { return };
    let map = Arc::make_mut(map);
    let known = map.names().find(|n| *n == head).or_else(|| map.names().find(|n| snake(n) == snake(head)));
    let name = known.unwrap_or(head).to_owned();
    let value = match rest {
        None => value,
        Some(rest) => {
            let mut inner = map.get_exact(&name).cloned().unwrap_or_default();
            write(&mut inner, rest, value);
            inner
        }
    };
    map.insert(name, value);
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// `orderId` as `order_id`.
fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_by_path_and_spelling() {
        let mut order = Value::from(Map::object().with("order_id", Value::Null).with("name", "x"));
        write(&mut order, "orderId", Value::Long(7));
        write(&mut order, "line.number", Value::Long(1));
        assert_eq!(order.to_string(), "{order_id=7, name=x, line={number=1}}");
    }
}
