//! All codes of diagnostics.

/// What a code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Code {
    /// `E001`, `W101`.
    pub code: &'static str,
    /// What it says, in a few words.
    pub title: &'static str,
    /// Whether it is told unless it is asked for. Errors always are.
    pub on: bool,
}

const fn on(code: &'static str, title: &'static str) -> Code {
    Code { code, title, on: true }
}

const fn off(code: &'static str, title: &'static str) -> Code {
    Code { code, title, on: false }
}

/// Errors that do not keep files from loading: MyBatis meets them only when a statement gets there, so a program that never does must load.
pub(crate) const LATE: [&str; 2] = ["E021", "E030"];

/// Warnings of what is sure to fail when it is reached, which a strict loading refuses too.
pub(crate) const LATE_WARNINGS: [&str; 3] = ["W050", "W051", "W104"];

/// Every code there is, in order.
pub const CODES: &[Code] = &[
    on("E001", "the XML is malformed: a tag, attribute, reference, comment or section"),
    on("E002", "too much: elements nested too deep, or too many mistakes in one file"),
    on("E003", "the bytes of the file are not in its encoding, or it is too large"),
    on("E004", "the root element is not <mapper>, or not what the document type announces"),
    on("E005", "the mapper has no namespace"),
    on("E007", "entities contain themselves or expand to too much"),
    on("E008", "an entity is a file or URL, which is never read"),
    on("E010", "an element that is unknown, or must not stand there"),
    on("E011", "an unknown attribute"),
    on("E012", "text where it has no meaning"),
    on("E013", "a required attribute is missing"),
    on("E014", "a value that an attribute cannot have"),
    on("E015", "children in the wrong order, or more than one of a kind"),
    on("E016", "a required child is missing"),
    on("E020", "a `#{}` of a static statement that cannot be read"),
    on("E021", "a `#{}` of a dynamic statement that cannot be read"),
    on("E030", "an expression that cannot be read"),
    on("E031", "<when> or <otherwise> outside of <choose>"),
    on("E032", "more than one <otherwise>"),
    on("E033", "dynamic content in the language `raw`"),
    on("E040", "an id that is there already"),
    on("E041", "an include of a fragment that does not exist"),
    on("E042", "an id with a dot"),
    on("E043", "fragments that include each other, or make too much text"),
    on("E044", "a property given twice in one include"),
    on("E050", "a statement names a result map that does not exist"),
    on("E051", "a statement names a parameter map that does not exist"),
    on("E052", "a result map that extends itself"),
    on("E053", "a result map extends one that does not exist"),
    on("E054", "a nested mapping with both select and resultMap"),
    on("E055", "a mapping without column"),
    on("E056", "a cache-ref to a namespace without cache"),
    on("E057", "columns and foreign columns differ in number"),
    on("E058", "a nested object of unknown type inside a map"),
    on("E059", "some constructor arguments named, others not"),
    on("E060", "an unknown setting, or a value that a setting cannot have"),
    on("E062", "more than one source where one is allowed, or none: resource, url, class"),
    on("E063", "an alias bound to two types"),
    on("E064", "a mapper or properties file that cannot be found"),
    on("E065", "a plugin that cannot be made with its properties"),
    on("W003", "bytes that are not in the declared encoding were read as U+FFFD"),
    on("W004", "an entity in the content, which MyBatis leaves out"),
    on("W014", "a value that counts as false"),
    on("W015", "a second <cache> or <cache-ref>, which does not count"),
    on("W030", "<bind> inside <foreach>: all rounds see the last value"),
    on("W050", "a nested result map that does not exist"),
    on("W051", "a nested select that does not exist"),
    on("W060", "a part of a configuration file that has no effect in batis"),
    on("W061", "a default environment that does not exist"),
    on("W062", "a mapper interface without a mapper file"),
    on("W101", "`=` in a test assigns"),
    on("W102", "a character compared with text"),
    on("W103", "text as a truth value"),
    on("W104", "a static method or field that is not known"),
    on("W201", "`${}` puts a value of the caller into the SQL"),
    on("W202", "UPDATE or DELETE without WHERE in some variant"),
    on("W203", "IN over a collection that is tested for null but not for emptiness"),
    on("W204", "a fragment that nothing includes"),
    on("W205", "a result map that nothing uses"),
    on("W206", "a property mapped twice"),
    on("W207", "a name that hides another one"),
    off("W208", "a select that names no result"),
    on("W209", "`#{}` inside a literal or a comment"),
    on("W210", "generated keys that go nowhere"),
    off("W211", "a statement that exists only for some databases"),
    off("W212", "IN over a collection that nothing tests for emptiness"),
    on("W290", "a suppression without a reason"),
    on("W291", "a suppression that suppresses nothing"),
    on("W292", "a suppression that cannot be read"),
];

/// The entry of a code.
#[must_use]
pub fn code(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|known| known.code == code)
}
