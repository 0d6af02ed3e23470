//! The two dialects of expressions.

use std::fmt;
use std::str::FromStr;

use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::xml::{Comment, Element};

/// What expressions mean where OGNL surprises: `docs/plain-dialect.md` has a table of every difference.
///
/// Three places choose, the nearest one counts: a comment `<!-- batis: dialect(plain) -->` at the top of a mapper file, which MyBatis does not see;
/// [`Settings::dialect`](crate::Settings::dialect); and the property [`Dialect::PROPERTY`] of a configuration file.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use batis_script::{Dialect, Map, MapperSet, Settings, Value};
///
/// let xml = r#"<mapper namespace="users"><select id="find">select 1 <if test="kind == 'Y'">where a</if></select></mapper>"#;
/// let kind = Value::from(Map::new().with("kind", "Y"));
/// let set = |dialect| MapperSet::builder().file("users.xml", xml).settings(Settings::new().dialect(dialect)).link();
///
/// assert!(set(Dialect::MyBatis)?.statement("users.find")?.bind(&kind).is_err()); // 'Y' is a character, which is a number
/// assert_eq!(set(Dialect::Plain)?.statement("users.find")?.bind(&kind)?.sql, "select 1  where a");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    /// What OGNL answers, surprises and errors included; the default in XML files.
    #[default]
    MyBatis,
    /// `'Y'` is text; null, false, 0, `""` and empty collections are false and all else is true; text and numbers do not mix; `=` is refused.
    Plain,
}

impl Dialect {
    /// The property of a configuration file that chooses the dialect of its mapper files: `mybatis` or `plain`. MyBatis
    /// ignores properties that it does not know, whereas it refuses unknown settings.
    pub const PROPERTY: &'static str = "batis.dialect";

    /// `mybatis` or `plain`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MyBatis => "mybatis",
            Self::Plain => "plain",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Dialect {
    type Err = String;

    /// # Errors
    /// For another word, with the two there are.
    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "mybatis" => Ok(Self::MyBatis),
            "plain" => Ok(Self::Plain),
            _ => Err(format!("there is no dialect `{word}`; there are: mybatis, plain")),
        }
    }
}

/// Whether a comment that begins with `batis:` is about the dialect.
pub(crate) fn is_choice(text: &str) -> bool {
    text.starts_with("dialect")
}

/// The dialect that a comment at the top of a file chooses: before the first element of the mapper.
pub(crate) fn of_file(comments: &[Comment], root: &Element, found: &mut Vec<Diagnostic>) -> Option<Dialect> {
    let choices = comments.iter().filter_map(|comment| Some((comment, comment.text.strip_prefix("batis:")?.trim())));
    let mut chosen = None;
    for (comment, text) in choices.filter(|(_, text)| is_choice(text)) {
        let mut wrong = |message: String, help: Option<String>| {
            found.push(Diagnostic::warning("W292", comment.span, message).help_opt(help));
        };
        let name = text.strip_prefix("dialect").and_then(|rest| rest.trim().strip_prefix('(')?.strip_suffix(')'));
        let Some(name) = name.map(str::trim) else {
            wrong("this chooses no dialect".to_owned(), Some("write <!-- batis: dialect(plain) -->".to_owned()));
            continue;
        };
        if root.elements().next().is_some_and(|first| first.span.start < comment.span.start) {
            wrong("a dialect is chosen for a whole file, at its top".to_owned(), None);
            continue;
        }
        match name.parse() {
            Ok(dialect) => chosen = Some(dialect),
            Err(message) => wrong(message, did_you_mean(name, ["mybatis", "plain"])),
        }
    }
    chosen
}
