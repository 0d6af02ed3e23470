//! How an error is printed.

use std::fmt;

use super::SqlError;

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &*self.0;
        if let Some(item) = e.batch_index {
            write!(f, "item {item} of the batch: ")?;
        }
        if let Some(statement) = e.statement_index {
            write!(f, "statement {} of the script: ", statement + 1)?;
        }
        write!(f, "{} [{}]", e.message, e.state)?;
        if let Some(detail) = &e.detail {
            write!(f, "; detail: {detail}")?;
        }
        if let Some(hint) = &e.hint {
            write!(f, "; hint: {hint}")?;
        }
        if let (Some(sql), Some(position)) = (&e.sql, e.position) {
            let (line, column) = line_and_column(sql, position);
            write!(f, "; at line {line}, column {column} of the SQL")?;
        }
        Ok(())
    }
}

/// Line and column (both from 1, columns in characters) of a byte offset; offsets past the end or inside a character are moved back.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

impl fmt::Debug for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &*self.0;
        let mut out = f.debug_struct("SqlError");
        out.field("kind", &e.kind).field("state", &e.state.code()).field("message", &e.message);
        let texts = [
            ("detail", &e.detail),
            ("hint", &e.hint),
            ("constraint", &e.constraint),
            ("table", &e.table),
            ("column", &e.column),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                out.field(name, text);
            }
        }
        if let Some(item) = e.batch_index {
            out.field("batch_index", &item);
        }
        if let Some(statement) = e.statement_index {
            out.field("statement_index", &statement);
        }
        if let Some(code) = e.vendor_code {
            out.field("vendor_code", &code);
        }
        if let Some(position) = e.position {
            out.field("position", &position);
        }
        if let Some(sql) = &e.sql {
            out.field("sql", sql);
        }
        if let Some(source) = &e.source {
            out.field("source", source);
        }
        out.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::sql_state::SqlState;

    #[test]
    fn display_is_one_line_with_code_hint_and_place() {
        let error = SqlError::new(SqlState::UNDEFINED_COLUMN, "no such column: nme")
            .hint("did you mean `name`?")
            .at(15)
            .sql_text("select\n  id,\n  nme");
        assert_eq!(
            error.to_string(),
            "no such column: nme [42703]; hint: did you mean `name`?; at line 3, column 3 of the SQL"
        );
        assert_eq!(error.kind(), ErrorKind::Syntax);
    }

    #[test]
    fn is_one_pointer_wide() {
        assert_eq!(size_of::<SqlError>(), size_of::<usize>());
    }

    #[test]
    fn position_inside_a_character_or_past_the_end_does_not_panic() {
        assert_eq!(line_and_column("ä\nb", 1), (1, 1));
        assert_eq!(line_and_column("ä\nb", 99), (2, 2));
    }
}
