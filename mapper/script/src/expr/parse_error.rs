//! Why a text is no expression.

/// Why a text is no expression, with the bytes it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParseError {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl ParseError {
    pub(crate) fn new(start: usize, end: usize, message: String) -> Self {
        Self { start, end, message, help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// SQL habits that are no expressions.
    pub(super) fn help_word(self, word: &str) -> Self {
        match word {
            "AND" | "OR" | "NOT" | "IN" | "EQ" | "And" | "Or" => {
                let lower = word.to_lowercase();
                self.help(format!("operators are lower case: `{lower}`"))
            }
            "is" | "IS" | "Is" => self.help("write `== null` or `!= null`"),
            "like" | "LIKE" => self.help("there is no LIKE; use `.contains(..)`, `.startsWith(..)` or `.endsWith(..)`"),
            _ => self,
        }
    }

    pub(super) fn help_mark(self, mark: &str) -> Self {
        match mark {
            ">" => self.help("`<>` does not exist; write `!=`"),
            "=" => self.help("write `==` to compare"),
            _ => self,
        }
    }
}
