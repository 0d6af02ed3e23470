//! Which statements a mapper method calls, instead of running them.

use batis_script::{
    ParameterMapping, ParameterMode, SqlNode, SqlSource, Statement, StatementKind, StatementType, TextPart, walk,
};

use crate::mapped_statement::MappedStatement;

/// What a method does that returns a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A routine is called, and what comes back is the value.
    Call,
    /// A row is selected.
    Select,
    /// Rows are changed, and counted.
    Change,
}

/// Whether the statement is a call, a query, or neither.
pub(super) fn way(statement: &MappedStatement) -> Way {
    match statement.kind() {
        _ if is_call(statement.statement()) => Way::Call,
        StatementKind::Select => Way::Select,
        StatementKind::Insert | StatementKind::Update | StatementKind::Delete => Way::Change,
    }
}

/// A statement that is marked as a call may still be a query (`select * from f(#{a})`), which gives rows.
fn is_call(statement: &Statement) -> bool {
    statement.statement_type == StatementType::Callable && (comes_back(statement) || is_escaped(statement))
}

/// Whether one of its parameters is of mode OUT or INOUT.
fn comes_back(statement: &Statement) -> bool {
    let is_returned = |mapping: &ParameterMapping| mapping.mode != ParameterMode::In;
    match &statement.source {
        SqlSource::Static { mappings, .. } => mappings.iter().any(is_returned),
        SqlSource::Dynamic { root } => {
            let mut found = false;
            walk(root, &mut |node| {
                let SqlNode::Text(text) = node else { return };
                found |=
                    text.parts().iter().any(|part| matches!(part, TextPart::Parameter(p) if is_returned(&p.mapping)));
            });
            found
        }
    }
}

/// Whether it is written as JDBC writes calls: `{call ..}`.
fn is_escaped(statement: &Statement) -> bool {
    let begin = match &statement.source {
        SqlSource::Static { sql, .. } => Some(&**sql),
        SqlSource::Dynamic { root } => match root.first() {
            Some(SqlNode::Text(text)) => text.parts().first().and_then(|part| match part {
                TextPart::Literal(literal) => Some(&**literal),
                _ => None,
            }),
            _ => None,
        },
    };
    begin.is_some_and(|text| text.trim_start().starts_with('{'))
}
