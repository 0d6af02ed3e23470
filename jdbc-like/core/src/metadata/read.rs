//! The questions asked, and the rows of the answers as types.

use super::{
    Capabilities, ColumnInfo, ConstraintInfo, DatabaseMetadata, ForeignKey, IndexInfo, Introspection, PrimaryKey,
    RoutineInfo, SequenceInfo, TableInfo, TableKind, TypeInfo, ViewInfo,
};
use crate::connection::Connection;
use crate::error::Result;
use crate::row::Row;

impl Connection {
    /// What is in the database.
    #[must_use]
    #[doc(alias = "getMetaData")]
    pub fn metadata(&mut self) -> DatabaseMetadata<'_> {
        DatabaseMetadata { conn: self }
    }

    /// What the database can do.
    #[must_use]
    pub fn capabilities(&mut self) -> &'static Capabilities {
        self.raw_mut().capabilities()
    }
}

type Text = Option<String>;

impl DatabaseMetadata<'_> {
    /// The rows of an answer; none where the database has no such thing.
    async fn ask(&mut self, what: Introspection, parameters: &[Option<&str>]) -> Result<Vec<Row>> {
        match self.conn.raw_mut().introspection(what) {
            None => Ok(Vec::new()),
            Some(sql) => self.conn.query(sql, parameters).await?.collect().await,
        }
    }

    /// The schemas, without the database's own ones. SQLite: `main` and what is attached.
    ///
    /// # Errors
    /// What the database says.
    #[doc(alias = "getSchemas")]
    pub async fn schemas(&mut self) -> Result<Vec<String>> {
        self.ask(Introspection::Schemas, &[]).await?.iter().map(|row| row.get(0)).collect()
    }

    /// Tables and views of a schema.
    ///
    /// # Errors
    /// What the database says.
    #[doc(alias = "getTables")]
    pub async fn tables(&mut self, schema: Option<&str>) -> Result<Vec<TableInfo>> {
        let read = |row: &Row| {
            let kind: String = row.get(2)?;
            Ok(TableInfo { schema: row.get(0)?, name: row.get(1)?, kind: TableKind::of(&kind), comment: row.get(3)? })
        };
        self.ask(Introspection::Tables, &[schema]).await?.iter().map(read).collect()
    }

    /// The columns of a table or view, in order. Empty if there is no such table.
    ///
    /// # Errors
    /// What the database says.
    #[doc(alias = "getColumns")]
    pub async fn columns(&mut self, schema: Option<&str>, table: &str) -> Result<Vec<ColumnInfo>> {
        let read = |row: &Row| {
            Ok(ColumnInfo {
                name: row.get(0)?,
                position: row.get(1)?,
                type_name: row.get(2)?,
                nullable: row.get(3)?,
                default: row.get(4)?,
                identity: row.get(5)?,
                generated: row.get(6)?,
                length: row.get(7)?,
                precision: row.get(8)?,
                scale: row.get(9)?,
                comment: row.get(10)?,
            })
        };
        self.ask(Introspection::Columns, &[schema, Some(table)]).await?.iter().map(read).collect()
    }

    /// The primary key of a table, if it has one.
    ///
    /// # Errors
    /// What the database says.
    #[doc(alias = "getPrimaryKeys")]
    pub async fn primary_key(&mut self, schema: Option<&str>, table: &str) -> Result<Option<PrimaryKey>> {
        let rows = self.ask(Introspection::PrimaryKey, &[schema, Some(table)]).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let columns = rows.iter().map(|row| row.get(1)).collect::<Result<_>>()?;
        Ok(Some(PrimaryKey { name: first.get(0)?, columns }))
    }

    /// The foreign keys of a table: what it refers to.
    ///
    /// # Errors
    /// What the database says.
    #[doc(alias = "getImportedKeys")]
    pub async fn imported_keys(&mut self, schema: Option<&str>, table: &str) -> Result<Vec<ForeignKey>> {
        foreign_keys(&self.ask(Introspection::ImportedKeys, &[schema, Some(table)]).await?)
    }

    /// The foreign keys that refer to a table.
    ///
    /// # Errors
    /// What the database says.
    #[doc(alias = "getExportedKeys")]
    pub async fn exported_keys(&mut self, schema: Option<&str>, table: &str) -> Result<Vec<ForeignKey>> {
        foreign_keys(&self.ask(Introspection::ExportedKeys, &[schema, Some(table)]).await?)
    }

    /// The indexes of a table.
    ///
    /// # Errors
    /// What the database says.
    #[doc(alias = "getIndexInfo")]
    pub async fn indexes(&mut self, schema: Option<&str>, table: &str) -> Result<Vec<IndexInfo>> {
        let rows = self.ask(Introspection::Indexes, &[schema, Some(table)]).await?;
        let mut indexes: Vec<IndexInfo> = Vec::new();
        for row in &rows {
            let (name, column): (String, String) = (row.get(0)?, row.get(4)?);
            match indexes.last_mut().filter(|index| index.name == name) {
                Some(index) => index.columns.push(column),
                None => indexes.push(IndexInfo {
                    name,
                    unique: row.get(1)?,
                    primary: row.get(2)?,
                    predicate: row.get(3)?,
                    columns: vec![column],
                }),
            }
        }
        Ok(indexes)
    }

    /// The constraints of a table. SQLite keeps the names and texts of its check constraints in the table's text only: they are not told.
    ///
    /// # Errors
    /// What the database says.
    pub async fn constraints(&mut self, schema: Option<&str>, table: &str) -> Result<Vec<ConstraintInfo>> {
        let read = |row: &Row| Ok(ConstraintInfo { name: row.get(0)?, kind: row.get(1)?, definition: row.get(2)? });
        self.ask(Introspection::Constraints, &[schema, Some(table)]).await?.iter().map(read).collect()
    }

    /// The sequences of a schema; none on SQLite.
    ///
    /// # Errors
    /// What the database says.
    pub async fn sequences(&mut self, schema: Option<&str>) -> Result<Vec<SequenceInfo>> {
        let read = |row: &Row| {
            Ok(SequenceInfo {
                schema: row.get(0)?,
                name: row.get(1)?,
                type_name: row.get(2)?,
                start: row.get(3)?,
                increment: row.get(4)?,
                min: row.get(5)?,
                max: row.get(6)?,
                cycles: row.get(7)?,
            })
        };
        self.ask(Introspection::Sequences, &[schema]).await?.iter().map(read).collect()
    }

    /// Enums, domains, composite types and ranges of a schema; none on SQLite.
    ///
    /// # Errors
    /// What the database says.
    #[doc(alias = "getUDTs")]
    pub async fn types(&mut self, schema: Option<&str>) -> Result<Vec<TypeInfo>> {
        let rows = self.ask(Introspection::Types, &[schema]).await?;
        let mut types: Vec<TypeInfo> = Vec::new();
        for row in &rows {
            let (schema, name, part): (Text, String, Text) = (row.get(0)?, row.get(1)?, row.get(3)?);
            match types.last_mut().filter(|known| known.schema == schema && known.name == name) {
                Some(known) => known.parts.extend(part),
                None => types.push(TypeInfo { schema, name, kind: row.get(2)?, parts: part.into_iter().collect() }),
            }
        }
        Ok(types)
    }

    /// The functions and procedures of a schema; none on SQLite.
    ///
    /// # Errors
    /// What the database says.
    #[doc(alias = "getProcedures")]
    pub async fn routines(&mut self, schema: Option<&str>) -> Result<Vec<RoutineInfo>> {
        let read = |row: &Row| {
            Ok(RoutineInfo {
                schema: row.get(0)?,
                name: row.get(1)?,
                kind: row.get(2)?,
                arguments: row.get(3)?,
                result: row.get(4)?,
                language: row.get(5)?,
            })
        };
        self.ask(Introspection::Routines, &[schema]).await?.iter().map(read).collect()
    }

    /// The views of a schema with their queries.
    ///
    /// # Errors
    /// What the database says.
    pub async fn views(&mut self, schema: Option<&str>) -> Result<Vec<ViewInfo>> {
        let read = |row: &Row| Ok(ViewInfo { schema: row.get(0)?, name: row.get(1)?, definition: row.get(2)? });
        self.ask(Introspection::Views, &[schema]).await?.iter().map(read).collect()
    }
}

/// Rows of one key stand together; a key without a name is told from the next one by the first column coming again.
fn foreign_keys(rows: &[Row]) -> Result<Vec<ForeignKey>> {
    let mut keys: Vec<ForeignKey> = Vec::new();
    for row in rows {
        let (name, schema, table): (Text, Text, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (column, referenced): (String, String) = (row.get(3)?, row.get(6)?);
        let same = |key: &&mut ForeignKey| key.name == name && key.schema == schema && key.table == table;
        match keys.last_mut().filter(same).filter(|_| name.is_some()) {
            Some(key) => {
                key.columns.push(column);
                key.referenced_columns.push(referenced);
            }
            None => keys.push(ForeignKey {
                name,
                schema,
                table,
                columns: vec![column],
                referenced_schema: row.get(4)?,
                referenced_table: row.get(5)?,
                referenced_columns: vec![referenced],
                on_update: row.get(7)?,
                on_delete: row.get(8)?,
            }),
        }
    }
    Ok(keys)
}
