//! Whether the table columns behind the columns of a result may be null.

use batis_dbc::{Column, Result, Shape};
use rusqlite::{Connection, OptionalExtension as _};

use crate::error::foreign;

/// The row id is never null: the only key column, of type INTEGER. (Others may be, unless they are declared so.)
const NULLABLE: &str = "\
    with x as (select * from pragma_table_xinfo(?2, ?1)) \
    select not (\"notnull\" or (pk > 0 and upper(type) = 'INTEGER' and (select count(*) from x where pk > 0) = 1)) \
    from x where name = ?3";

/// The columns, with what the database says of the tables.
pub(crate) fn told(db: &Connection, shape: &Shape) -> Result<Shape> {
    let mut columns: Vec<Column> = shape.columns().to_vec();
    if columns.iter().all(|column| column.origin.is_none()) {
        return Ok(Shape::new(columns));
    }
    let mut ask = db.prepare(NULLABLE).map_err(|e| foreign(&e))?;
    for column in &mut columns {
        let Some(origin) = &column.origin else { continue };
        let names = (&*origin.schema, &*origin.table, &*origin.column);
        // None for what is no column of the table's own: `rowid`.
        column.nullable = ask.query_row(names, |row| row.get(0)).optional().map_err(|e| foreign(&e))?;
    }
    Ok(Shape::new(columns))
}
