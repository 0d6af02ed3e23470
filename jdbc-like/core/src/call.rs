//! [`Connection::call`]: procedures and functions of the database, with parameters that come back.

use std::borrow::Cow;

use crate::connection::{Connection, only_row};
use crate::driver::Introspection;
use crate::error::{Result, SqlError};
use crate::options::CallOptions;
use crate::params::{Bound, Cells, Params};
use crate::placeholder::{Code, Placeholders};
use crate::row::Row;
use crate::sql_state::SqlState;
use crate::sql_text::words;
use crate::statement::{PreparedStatement, StatementRef};
use crate::to_sql::{ToSql, ToSqlOutput, wrong_parameter_count};
use crate::transaction::Transaction;
use crate::value::ValueRef;

/// A parameter that only comes back (OUT): it takes the place of its `?` in [`Connection::call`] and has no value.
///
/// As a parameter of any other statement it is null.
///
/// Source: `registerOutParameter` of JDBC, without a type: that is the routine's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[doc(alias = "registerOutParameter")]
pub struct Out;

impl ToSql for Out {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Out)
    }
}

impl Connection {
    /// Calls a procedure or function and returns what comes back, as one row: the OUT and INOUT parameters by their names, or the value of
    /// the function by its name. A procedure without any of these gives a row without columns.
    ///
    /// ```no_run
    /// # async fn f(conn: &mut batis_dbc::Connection) -> batis_dbc::Result<()> {
    /// use batis_dbc::Out;
    /// // create procedure split(n numeric, out whole int, out rest numeric) ..
    /// let row = conn.call("call split(?, ?, ?)", (2.5, Out, Out)).await?;
    /// let (whole, rest): (i32, &str) = (row.get("whole")?, row.get("rest")?);
    /// // JDBC's way of writing it: the value of a function has no parameter of ours.
    /// let area: f64 = conn.call("{? = call area(?)}", (1.5,)).await?.get(0)?;
    /// # Ok(()) }
    /// ```
    ///
    /// What may be written:
    /// - `call p(..)`: a procedure, as PostgreSQL has it. Takes one round trip, as all but the last of these.
    /// - `{? = call f(..)}`: a function. The first `?` takes no parameter ([`Out`] is allowed there).
    /// - `{call r(..)}`: either of them; the database is asked first which one it is.
    ///
    /// Functions are selected from (`select * from f(..)`), so those with several OUT parameters give a column for each, and
    /// one that returns a set must give a single row: for more use [`query`](Self::query). OUT parameters of functions stand in the call as
    /// [`Out`] or are left out; those of procedures must stand in it.
    ///
    /// Source: `CallableStatement` of JDBC; pgjdbc, which takes `{call ..}` for a function unless told otherwise.
    ///
    /// # Errors
    /// 0A000 if the database has no routines (SQLite); 42601 if the text is no call; 07001 if the number of parameters is wrong; 21000 if more
    /// than one row comes; 42883 for an unknown routine; what the routine itself reports.
    #[doc(alias = "prepareCall")]
    #[doc(alias = "CallableStatement")]
    pub async fn call(&mut self, sql: &str, params: impl Params) -> Result<Row> {
        self.call_with(sql, params, &CallOptions::new()).await
    }

    /// Calls a procedure or function with a deadline.
    ///
    /// # Errors
    /// As [`call`](Self::call), and 57014 if the deadline passes.
    pub async fn call_with(&mut self, sql: &str, params: impl Params, options: &CallOptions) -> Result<Row> {
        let base = self.base_depth();
        self.call_at(base, sql, params, options).await
    }

    async fn call_at(&mut self, depth: u32, sql: &str, params: impl Params, options: &CallOptions) -> Result<Row> {
        if !self.raw_mut().capabilities().routines {
            let product = self.raw_mut().info().product;
            return Err(SqlError::unsupported(format!("calling routines on {product}"))
                .hint("write what the routine does as statements, or as a function of the program")
                .sql_text(sql));
        }
        let bound = params.bind()?;
        let sent = match Call::of(sql)? {
            Call::Native => Sent { text: Cow::Borrowed(sql), cells: bound.cells() },
            Call::Function(routine) => routine.selected(sql, &bound, true)?,
            Call::Either(routine) if self.is_procedure(depth, &routine, options).await? => routine.called(&bound),
            Call::Either(routine) => routine.selected(sql, &bound, false)?,
        };
        let statement = self.statement(StatementRef::Text(&sent.text));
        let mut rows = self.query_at(depth, &statement, &sent.cells, options).await?;
        let row = only_row(&mut rows, |row| Ok(row.to_row())).await?;
        Ok(row.unwrap_or_else(|| Row::new(rows.shape().clone(), Vec::new())))
    }

    /// Asks the database what kind of routine has this name.
    async fn is_procedure(&mut self, depth: u32, routine: &Routine<'_>, options: &CallOptions) -> Result<bool> {
        let Some(sql) = self.raw_mut().introspection(Introspection::RoutineKind) else { return Ok(false) };
        let statement: PreparedStatement = self.statement(StatementRef::Text(sql));
        let name = [ValueRef::Text(routine.name)];
        let mut rows = self.query_at(depth, &statement, &name, options).await?;
        let found = rows.advance().await? && rows.row().get::<&str>(0)? == "procedure";
        rows.close().await?;
        Ok(found)
    }
}

impl Transaction<'_> {
    /// Calls a procedure or function. See [`Connection::call`].
    ///
    /// # Errors
    /// As there.
    #[doc(alias = "prepareCall")]
    pub async fn call(&mut self, sql: &str, params: impl Params) -> Result<Row> {
        let (conn, depth) = self.parts();
        conn.call_at(depth, sql, params, &CallOptions::new()).await
    }
}

/// How a call is written.
#[derive(Debug, PartialEq, Eq)]
enum Call<'s> {
    /// `call p(..)`.
    Native,
    /// `{? = call f(..)}`.
    Function(Routine<'s>),
    /// `{call r(..)}`.
    Either(Routine<'s>),
}

/// A routine with what stands in its parentheses.
#[derive(Debug, PartialEq, Eq)]
struct Routine<'s> {
    name: &'s str,
    arguments: &'s str,
}

/// What is run for a call.
struct Sent<'a> {
    text: Cow<'a, str>,
    cells: Cells<'a>,
}

impl<'s> Call<'s> {
    fn of(sql: &'s str) -> Result<Self> {
        let text = sql.trim();
        let Some(inside) = text.strip_prefix('{') else {
            return if words(sql).next().is_some_and(|first| first.is("call")) {
                Ok(Self::Native)
            } else {
                Err(no_call(sql))
            };
        };
        let inside = inside.strip_suffix('}').ok_or_else(|| no_call(sql))?.trim();
        let (returns, call) = match inside.strip_prefix('?') {
            Some(rest) => (true, rest.trim_start().strip_prefix('=').ok_or_else(|| no_call(sql))?.trim_start()),
            None => (false, inside),
        };
        let routine = Routine::of(call).ok_or_else(|| no_call(sql))?;
        Ok(if returns { Self::Function(routine) } else { Self::Either(routine) })
    }
}

impl<'s> Routine<'s> {
    /// Of `call name(..)` or `call name`.
    fn of(call: &'s str) -> Option<Self> {
        let (word, rest) = call.split_at_checked("call".len())?;
        if !word.eq_ignore_ascii_case("call") || !rest.starts_with(char::is_whitespace) {
            return None;
        }
        let rest = rest.trim();
        let open = Code::of(rest).find(|(_, byte)| *byte == b'(').map(|(at, _)| at);
        let (name, arguments) = match open {
            Some(open) => (&rest[..open], rest[open + 1..].strip_suffix(')')?),
            None => (rest, ""),
        };
        Some(Self { name: name.trim(), arguments: arguments.trim() }).filter(|routine| !routine.name.is_empty())
    }

    /// As a procedure: parameters that only come back are null.
    fn called<'a>(&self, bound: &'a Bound<'_>) -> Sent<'a> {
        Sent { text: format!("call {}({})", self.name, self.arguments).into(), cells: bound.cells() }
    }

    /// As a function: parameters that only come back are left out. `returns`: the first one may stand for the value of the function.
    fn selected<'a>(&self, sql: &str, bound: &'a Bound<'_>, returns: bool) -> Result<Sent<'a>> {
        let expected = Placeholders::of(self.arguments).count();
        let skip = usize::from(returns && bound.len() == expected + 1 && bound.is_out(0));
        if bound.len() - skip != expected {
            return Err(wrong_parameter_count(expected, bound.len()).sql_text(sql));
        }
        let (mut kept, mut next) = (Vec::new(), skip);
        for argument in arguments(self.arguments) {
            let own = Placeholders::of(argument).count();
            let out = (next..next + own).any(|at| bound.is_out(at));
            next += own;
            match out {
                false => kept.push(argument),
                true if is_placeholder(argument) => {}
                true => return Err(mixed(argument).sql_text(sql)),
            }
        }
        let cells = bound.cells();
        let cells = (skip..cells.len()).filter(|at| !bound.is_out(*at)).map(|at| cells[at]).collect();
        Ok(Sent { text: format!("select * from {}({})", self.name, kept.join(", ")).into(), cells })
    }
}

/// `?`, also with the name that it belongs to: `total => ?`.
fn is_placeholder(argument: &str) -> bool {
    let value = argument.rsplit_once("=>").or_else(|| argument.rsplit_once(":=")).map_or(argument, |(_, value)| value);
    value.trim() == "?"
}

/// What stands between the commas.
fn arguments(text: &str) -> Vec<&str> {
    let (mut all, mut from, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, byte) in Code::of(text) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                all.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    if !text.is_empty() {
        all.push(text[from..].trim());
    }
    all
}

fn no_call(sql: &str) -> SqlError {
    SqlError::new(SqlState::SYNTAX_ERROR, "the text is no call of a routine")
        .hint("write `call p(?)`, `{call p(?)}` or `{? = call f(?)}`")
        .sql_text(sql)
}

fn mixed(argument: &str) -> SqlError {
    SqlError::new(SqlState::SYNTAX_ERROR, format!("a parameter that comes back stands inside of `{argument}`"))
        .hint("it must be an argument by itself: `?`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_apart() {
        let routine = |name, arguments| Routine { name, arguments };
        let of = |sql| Call::of(sql).unwrap();
        assert_eq!(of(" call p(?)"), Call::Native);
        assert_eq!(of("/* x */ CALL p()"), Call::Native);
        assert_eq!(of("{call p(?, (1))}"), Call::Either(routine("p", "?, (1)")));
        assert_eq!(of("{ ? = CALL  s.\"F(\" ( ? ) }"), Call::Function(routine("s.\"F(\"", "?")));
        assert_eq!(of("{?=call f}"), Call::Function(routine("f", "")));
        for sql in [
            "",
            "select 1",
            "{call}",
            "{call }",
            "{? call f(?)}",
            "{call f(?)",
            "{call f(?) x}",
            "{d '2024-01-01'}",
            "{ä",
        ] {
            assert_eq!(Call::of(sql).unwrap_err().sql_state(), SqlState::SYNTAX_ERROR, "{sql}");
        }
    }

    fn select(sql: &str, params: impl Params) -> Result<(String, usize)> {
        let bound = params.bind()?;
        let (Call::Function(routine) | Call::Either(routine)) = Call::of(sql)? else { return Err(no_call(sql)) };
        let sent = routine.selected(sql, &bound, sql.contains('='))?;
        Ok((sent.text.into_owned(), sent.cells.len()))
    }

    #[test]
    fn parameters_that_come_back_are_left_out_of_functions() {
        let is = |text: &str, cells| (text.to_owned(), cells);
        assert_eq!(select("{call f(?, ?, ?)}", (Out, 1, Out)).unwrap(), is("select * from f(?)", 1));
        assert_eq!(select("{?=call f(?)}", (1,)).unwrap(), is("select * from f(?)", 1));
        assert_eq!(select("{?=call f(?)}", (Out, 1)).unwrap(), is("select * from f(?)", 1));
        assert_eq!(select("{?=call f()}", (Out,)).unwrap(), is("select * from f()", 0));
        assert_eq!(select("{?=call f(a => ?, b => ?)}", (Out, 2)).unwrap(), is("select * from f(b => ?)", 1));
        assert_eq!(
            select("{call f('a,?', g(?, ?), ?)}", (1, 2, Out)).unwrap(),
            is("select * from f('a,?', g(?, ?))", 2)
        );
        assert_eq!(select("{call f(?)}", (1, 2)).unwrap_err().sql_state().code(), "07001");
        assert_eq!(select("{call f(?)}", ()).unwrap_err().sql_state().code(), "07001");
        assert_eq!(select("{call f(? + 1)}", (Out,)).unwrap_err().sql_state().code(), "42601");
    }
}
