//! The command line.

use std::path::PathBuf;

use batis_dbc::nearest;
use batis_script::{Dialect, Settings};
use clap::{Parser, Subcommand, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  batis check --mappers src/mappers
  batis render --mappers src/mappers users.search --params '{\"name\": \"A%\"}'
  batis run --mappers src/mappers --db sqlite:app.db users.search --params '{\"name\": \"A%\"}'

Exit codes: 0 fine; 1 mistakes in mapper files, or a statement that cannot be rendered;
2 wrong command line, path or URL; 3 cannot connect; 4 cannot write; 5 the database refused.";

const CHECK_USAGE: &str = "batis check <--mappers <PATH>|--config <FILE>> [OPTIONS] [PATH]..";

const CHECK_EXAMPLES: &str = "\
Examples:
  batis check --mappers src/mappers
  batis check --mappers users.xml orders.xml --deny warnings
  batis check --mappers src/mappers --warn all --deny W202
  batis check --mappers src/mappers --format json | jq .message

Suppressed, with a reason, by a comment before the element:
  <!-- batis: allow(W202) the table holds one session's rows -->";

const RENDER_USAGE: &str = "\
batis render --mappers <PATH> [OPTIONS] <STATEMENT> [--params <JSON|@FILE|->]
       batis render --mappers <PATH> [OPTIONS] <STATEMENT> --all-variants
       batis render --mappers <PATH> [OPTIONS] --cases <FILE>";

const RENDER_EXAMPLES: &str = "\
Examples:
  batis render --mappers src/mappers users.search --params '{\"name\": \"A%\"}'
  batis render --mappers src/mappers users.byIds --params '[1, 2, 3]'
  batis render --mappers src/mappers users.find --params 7
  batis render --mappers src/mappers users.search --params @a.json --output json
  batis render --mappers src/mappers users.search --all-variants
  batis render --mappers src/mappers --cases cases.jsonl

A file of cases has one JSON object a line:
  id           anything; the answer has it too
  statement    namespace.id
  params       the parameter, as in --params
  strict       true: the object of params holds named arguments
  files        the mapper files to load, relative to the folder of --mappers
  databaseId   as --database-id
All but the first two may be missing. The answers, one a line:
  {\"id\": .., \"sql\": .., \"binds\": [{\"v\": value, \"p\": property, \"j\": jdbcType}, ..]}
  {\"id\": .., \"error\": {\"kind\": .., \"message\": ..}}
The kind is expression, parameter, foreach, bind, load or other.";

const RUN_USAGE: &str =
    "batis run --mappers <PATH> --db <URL> [OPTIONS] <STATEMENT> [--params <JSON|@FILE|->] [--commit]";

const RUN_EXAMPLES: &str = "\
Examples:
  batis run --mappers src/mappers --db sqlite:app.db users.find --params 7
  batis run --mappers src/mappers --db postgres://me@localhost/shop users.byIds \\
      --params '[1, 2]' --output json
  export BATIS_DATABASE_URL=sqlite:app.db
  batis run --mappers src/mappers users.rename --params @new.json --commit

Everything runs in a transaction, rolled back at the end unless --commit is given.";

/// Checks, renders and runs the SQL of MyBatis mapper files.
#[derive(Debug, Parser)]
#[command(name = "batis", version, after_help = EXAMPLES, max_term_width = 110)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Load mapper files and show all mistakes and doubtful places, without a database.
    #[command(after_help = CHECK_EXAMPLES, override_usage = CHECK_USAGE)]
    Check(CheckArgs),
    /// Show the SQL and the bound values of a statement for a parameter, without a database.
    #[command(after_help = RENDER_EXAMPLES, override_usage = RENDER_USAGE)]
    Render(RenderArgs),
    /// Run a statement on a database and show its rows or its count.
    #[command(after_help = RUN_EXAMPLES, override_usage = RUN_USAGE)]
    Run(RunArgs),
}

/// What the statements are loaded from.
#[derive(Debug, clap::Args)]
pub(crate) struct ProjectArgs {
    /// A mapper file, or a folder whose *.xml files are read, those of its folders too; may be given several times.
    #[arg(long, value_name = "PATH")]
    pub(crate) mappers: Vec<PathBuf>,
    /// A mybatis-config.xml: its mapper files, settings and properties are taken, and by `run` its environment.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The folder below which the resources of --config are [default: the folder of that file].
    #[arg(long, value_name = "FOLDER", requires = "config")]
    pub(crate) root: Option<PathBuf>,
    /// The environment of --config: its database chooses the databaseId, and `run` connects to it [default: its default one].
    #[arg(long, value_name = "ID", requires = "config")]
    pub(crate) environment: Option<String>,
    /// The databaseId whose statements are taken [default: by the database of --db or of the environment; none without one].
    #[arg(long, value_name = "ID")]
    pub(crate) database_id: Option<String>,
    /// A setting: nullableOnForEach, shrinkWhitespacesInSql or useGeneratedKeys, each true or false (the default).
    #[arg(long = "setting", value_name = "NAME=VALUE", value_parser = setting)]
    pub(crate) settings: Vec<Setting>,
    /// What expressions mean where OGNL surprises; a mapper file may choose its own [default: mybatis, or what --config says].
    #[arg(long, value_name = "mybatis|plain")]
    pub(crate) dialect: Option<Dialect>,
    /// A property that ${NAME} in the mapper files is replaced by when they are loaded.
    #[arg(long = "property", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) properties: Vec<(String, String)>,
}

/// What a statement is given.
#[derive(Debug, clap::Args)]
pub(crate) struct ParamsArgs {
    /// The parameter as JSON, @FILE to read it from a file, - for standard input [default: no parameter]. An object
    /// is a map (a missing key is null), an array a list (`list`, `collection`), anything else that one argument.
    #[arg(long, value_name = "JSON|@FILE|-", allow_hyphen_values = true)]
    pub(crate) params: Option<String>,
    /// The object of --params holds the named arguments of a mapper method: a missing one is an error.
    #[arg(long, requires = "params")]
    pub(crate) strict: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    /// More files and folders.
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// How findings are shown.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
    /// Fail (exit code 1) when there are such warnings, not only when there are errors.
    #[arg(long, value_name = "warnings|CODE", value_parser = deny)]
    pub(crate) deny: Vec<String>,
    /// Tell what is told only when it is asked for: a code, or `all`.
    #[arg(long, value_name = "all|CODE", value_parser = warn)]
    pub(crate) warn: Vec<String>,
    /// Do not tell this.
    #[arg(long, value_name = "CODE", value_parser = warning)]
    pub(crate) allow: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RenderArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    /// The statement: its full id (namespace.id), or its short one where only one has it.
    #[arg(required_unless_present = "cases")]
    pub(crate) statement: Option<String>,
    #[command(flatten)]
    pub(crate) params: ParamsArgs,
    /// Show every text the statement can become: all combinations of its tests, each text once.
    #[arg(long, requires = "statement", conflicts_with_all = ["params", "strict", "cases"])]
    pub(crate) all_variants: bool,
    /// With --all-variants: of more combinations than this, try those of each two tests only.
    #[arg(long, value_name = "N", default_value_t = 64, requires = "all_variants")]
    pub(crate) max_variants: usize,
    /// Render each line of a file of cases (- for standard input) and answer as JSON, one line for each.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["statement", "params", "strict", "output"])]
    pub(crate) cases: Option<PathBuf>,
    /// How the answer is shown.
    #[arg(long, value_enum, default_value_t = RenderOutput::Text)]
    pub(crate) output: RenderOutput,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    /// The database: sqlite:PATH, sqlite::memory:, postgres://USER@HOST/NAME [default: the environment of --config].
    #[arg(
        long,
        value_name = "URL",
        conflicts_with = "environment",
        env = "BATIS_DATABASE_URL",
        hide_env_values = true,
        required_unless_present = "config"
    )]
    pub(crate) db: Option<String>,
    /// The statement: its full id (namespace.id), or its short one where only one has it.
    pub(crate) statement: String,
    #[command(flatten)]
    pub(crate) params: ParamsArgs,
    /// How the result is shown: json is an array of objects for a select, and an object with `changed` and `keys` otherwise.
    #[arg(long, value_enum, default_value_t = RunOutput::Table)]
    pub(crate) output: RunOutput,
    /// Keep the changes instead of rolling them back.
    #[arg(long)]
    pub(crate) commit: bool,
    /// Read no more rows than this.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// With the source line and a mark below the place.
    Human,
    /// One line each: `file:line:column: error[E001]: message`.
    Short,
    /// One JSON object a line.
    Json,
    /// One SARIF 2.1.0 document, for code scanning.
    Sarif,
    /// Commands that GitHub Actions shows at the lines of a change.
    Github,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RenderOutput {
    /// The SQL, then the values as a table.
    Text,
    /// One JSON object; with --all-variants one a line.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RunOutput {
    /// For a person; laid out when all rows are read.
    Table,
    /// For a program; written row by row.
    Json,
}

/// A setting of the mapper language and its value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    set: fn(Settings, bool) -> Settings,
    on: bool,
}

impl Setting {
    pub(crate) fn apply(self, settings: Settings) -> Settings {
        (self.set)(settings, self.on)
    }
}

/// The settings under MyBatis' names.
type SettingEntry = (&'static str, fn(Settings, bool) -> Settings);
const SETTINGS: [SettingEntry; 3] = [
    ("nullableOnForEach", Settings::nullable_on_foreach),
    ("shrinkWhitespacesInSql", Settings::shrink_whitespaces_in_sql),
    ("useGeneratedKeys", Settings::use_generated_keys),
];

fn setting(text: &str) -> Result<Setting, String> {
    let (name, value) = pair(text)?;
    let found = SETTINGS.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name));
    let Some((_, set)) = found else {
        let near = nearest(&name, SETTINGS.iter().map(|(known, _)| *known));
        let help = near.map_or_else(
            || format!("there are {}", SETTINGS.map(|(known, _)| known).join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        return Err(format!("no setting `{name}`; {help}"));
    };
    let on = value.parse().map_err(|_| format!("`{name}` is true or false, not `{value}`"))?;
    Ok(Setting { set: *set, on })
}

/// The code of a warning.
fn warning(text: &str) -> Result<String, String> {
    let wanted = text.to_uppercase();
    let known = || batis_script::CODES.iter().map(|code| code.code).filter(|code| code.starts_with('W'));
    if known().any(|code| code == wanted) {
        return Ok(wanted);
    }
    let help = nearest(&wanted, known()).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Err(format!("no warning has the code `{text}`{help}"))
}

fn deny(text: &str) -> Result<String, String> {
    if text == "warnings" { Ok(text.to_owned()) } else { warning(text) }
}

fn warn(text: &str) -> Result<String, String> {
    if text == "all" { Ok(text.to_owned()) } else { warning(text) }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn settings_are_known_by_mybatis_names() {
        let settings = setting("nullableOnForEach=true").unwrap().apply(Settings::new());
        assert!(settings.nullable_on_foreach);
        assert_eq!(
            setting("nullableOnForeac=true").unwrap_err(),
            "no setting `nullableOnForeac`; did you mean `nullableOnForEach`?"
        );
        assert_eq!(setting("useGeneratedKeys=yes").unwrap_err(), "`useGeneratedKeys` is true or false, not `yes`");
        assert_eq!(setting("x").unwrap_err(), "write it as NAME=VALUE");
    }
}
