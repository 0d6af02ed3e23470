//! What the command prints and how it exits, as transcripts: `tests/cases/<case>/transcript.txt`.
//!
//! ```text
//! $ batis render --mappers users.xml users.find --params 7
//! select ..           standard output
//! ! error: ..         standard error
//! ? 2                 the exit code, when it is not 0
//! ```
//!
//! A command runs in its case's folder. `'quotes'` hold an argument together, `NAME=value` before `batis` sets a variable, `< file` gives standard
//! input, `{tmp}` is a folder of the case's own. `BATIS_BLESS=1 cargo test -p batis-cli` writes what is printed into the files.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One command of a transcript.
struct Call {
    variables: Vec<(String, String)>,
    arguments: Vec<String>,
    input: Option<String>,
}

impl Call {
    fn parse(line: &str, tmp: &str) -> Self {
        let mut words = words(&line.replace("{tmp}", tmp)).into_iter();
        let mut variables = Vec::new();
        for word in words.by_ref().take_while(|word| word != "batis") {
            let (name, value) = word.split_once('=').unwrap_or_else(|| panic!("{line}: {word} is no variable"));
            variables.push((name.to_owned(), value.to_owned()));
        }
        let mut arguments: Vec<String> = words.collect();
        let at = arguments.iter().position(|word| word == "<");
        let input = at.map(|at| arguments.drain(at..).nth(1).expect("a file behind <"));
        Self { variables, arguments, input }
    }

    /// What it printed and how it ended.
    fn run(&self, folder: &Path, tmp: &str) -> String {
        let input = match &self.input {
            Some(file) => Stdio::from(fs::File::open(folder.join(file)).expect("the input is there")),
            None => Stdio::null(),
        };
        let output = Command::new(env!("CARGO_BIN_EXE_batis"))
            .args(&self.arguments)
            .env_remove("BATIS_DATABASE_URL")
            .env("COLUMNS", "110")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(folder)
            .stdin(input)
            .output()
            .expect("the command starts");
        let mut out = String::from_utf8(output.stdout).expect("text").replace(tmp, "{tmp}");
        for line in String::from_utf8(output.stderr).expect("text").replace(tmp, "{tmp}").lines() {
            let _ = writeln!(out, "{}", format!("! {line}").trim_end());
        }
        match output.status.code() {
            Some(0) => {}
            Some(code) => _ = writeln!(out, "? {code}"),
            None => _ = writeln!(out, "? killed"),
        }
        out
    }
}

/// Words between blanks; single quotes hold them together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases: Vec<PathBuf> =
        fs::read_dir(folder).expect("cases").map(|entry| entry.expect("readable").path()).collect();
    cases.sort();
    cases
}

/// The transcript with what is printed now.
fn played(folder: &Path, transcript: &str) -> String {
    let tmp = tempfile::tempdir().expect("a folder");
    let tmp = tmp.path().to_str().expect("text");
    let mut out = String::new();
    for (nth, line) in transcript.lines().filter_map(|line| line.strip_prefix("$ ")).enumerate() {
        let blank = if nth == 0 { "" } else { "\n" };
        let _ = write!(out, "{blank}$ {line}\n{}", Call::parse(line, tmp).run(folder, tmp));
    }
    out
}

#[test]
fn commands_print_what_their_transcripts_say() {
    let bless = std::env::var_os("BATIS_BLESS").is_some();
    let mut wrong = String::new();
    for case in cases() {
        let file = case.join("transcript.txt");
        let expected = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let actual = played(&case, &expected);
        if actual == expected {
            continue;
        }
        if bless {
            fs::write(&file, actual).expect("the transcript can be written");
        } else {
            let _ = writeln!(wrong, "{}\n{}", file.display(), first_difference(&expected, &actual));
        }
    }
    assert!(wrong.is_empty(), "{wrong}BATIS_BLESS=1 takes over what is printed");
}

/// From the first line that differs on, with the command it belongs to.
fn first_difference(expected: &str, actual: &str) -> String {
    let same = expected.lines().zip(actual.lines()).take_while(|(a, b)| a == b).count();
    let command = actual.lines().take(same + 1).filter(|line| line.starts_with("$ ")).last().unwrap_or_default();
    let rest = |text: &str| text.lines().skip(same).take(12).collect::<Vec<_>>().join("\n");
    format!("{command}\n--- expected\n{}\n--- printed\n{}\n", rest(expected), rest(actual))
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/render");
    // Far more than a pipe holds.
    let line = "{\"id\": 1, \"statement\": \"users.count\"}\n";
    let cases = tempfile::NamedTempFile::new().expect("a file");
    fs::write(cases.path(), line.repeat(20_000)).expect("written");
    let mut child = Command::new(env!("CARGO_BIN_EXE_batis"))
        .args(["render", "--mappers", "users.xml", "--cases"])
        .arg(cases.path())
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}
