//! Tables for a person.

use std::fmt::Write as _;

use comfy_table::{Cell, CellAlignment, Table, presets};

/// One cell: its text, and whether it stands at the right as numbers do.
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) right: bool,
}

impl Text {
    pub(crate) fn left(text: impl Into<String>) -> Self {
        Self { text: text.into(), right: false }
    }

    pub(crate) fn right(text: impl Into<String>) -> Self {
        Self { text: text.into(), right: true }
    }
}

/// A table with a header, without a last line break.
pub(crate) fn render<'a>(
    header: impl IntoIterator<Item = &'a str>,
    rows: impl IntoIterator<Item = Vec<Text>>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(header.into_iter().map(visible).collect::<Vec<_>>());
    for row in rows {
        table.add_row(row.into_iter().map(cell).collect::<Vec<_>>());
    }
    table.to_string()
}

fn cell(text: Text) -> Cell {
    let alignment = if text.right { CellAlignment::Right } else { CellAlignment::Left };
    Cell::new(visible(&text.text)).set_alignment(alignment)
}

/// Control characters written out: they would break the table, and a terminal might obey them.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() {
            let _ = write!(out, "{}", letter.escape_default());
        } else {
            out.push(letter);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_letters_and_control_characters_keep_the_columns() {
        let rows =
            vec![vec![Text::right("1"), Text::left("北京")], vec![Text::right("20"), Text::left("a\tb\u{1b}[31m")]];
        let table = render(["id", "name"], rows);
        assert_eq!(
            table,
            "| id | name           |\n|----|----------------|\n|  1 | 北京           |\n| 20 | a\\tb\\u{1b}[31m |"
        );
    }
}
