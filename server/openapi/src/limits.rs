//! How much of anything a document may ask for. One file, so that the promises can be read in one place:
//! no document takes more than 2 s of CPU per MiB or a hundred times its size in memory, no page more than a page bears.

/// Bytes of a document.
pub(crate) const DOCUMENT: usize = 32 * 1024 * 1024;
/// Levels within levels of YAML; the deepest of real documents has 30. `serde_json` stops at 128 by itself. Both are
/// read recursively, and even unoptimised must fit the 2 MiB stack of a thread.
pub(crate) const DEPTH: usize = 64;
/// A value costs some 150 bytes of memory, and real documents spend 25 to 60 bytes of text on one: a quarter of
/// the text, plus some for small documents, is far above what they need and keeps memory under a hundredfold.
pub(crate) const fn values(document: usize) -> usize {
    10_000 + document / 4
}
/// Bytes of all texts together, aliases written out.
pub(crate) const fn characters(document: usize) -> usize {
    64 * 1024 + document * 4
}
/// Findings remembered, so that none is told twice.
pub(crate) const FINDINGS_KNOWN: usize = 10_000;
/// Operations of one document.
pub(crate) const OPERATIONS: usize = 50_000;
/// Parameters of one operation.
pub(crate) const PARAMETERS: usize = 200;
/// Servers of one place, and variables of one server.
pub(crate) const SERVERS: usize = 30;
/// Security schemes told of.
pub(crate) const SCHEMES: usize = 100;
/// Findings told; the last says how many more there are.
pub(crate) const FINDINGS: usize = 200;
/// References that lead to references.
pub(crate) const REFERENCE_CHAIN: usize = 32;
/// Bytes of one markdown field.
pub(crate) const MARKDOWN: usize = 256 * 1024;
/// Bytes of a guide's front matter.
pub(crate) const FRONT_MATTER: usize = 8 * 1024;
/// Blocks of code that are tabs of one another.
pub(crate) const TABS: usize = 20;
/// Blocks of code with a title in one guide.
pub(crate) const TITLED: usize = 300;
/// Headings in the outline of one guide.
pub(crate) const OUTLINE: usize = 1_000;
/// Links of one guide that are checked.
pub(crate) const LINKS: usize = 1_000;

/// Elements of the page of a schema for its attributes, at every depth together; one needs nine, and more with all that
/// is told of it.
pub(crate) const PAGE_ELEMENTS: usize = 6_000;
/// The same on the page of a call, which has a sidebar and examples to bear as well, and 2,500 elements in all; what is
/// more stands on the pages of the schemas.
pub(crate) const CALL_ELEMENTS: usize = 1_200;
/// Attributes of a schema that has no page of its own, and so can be read nowhere else.
pub(crate) const NAMELESS_PROPERTIES: usize = 400;
/// Coloured pieces of all examples on the page of a call; what is more has the colour of plain text.
pub(crate) const PAGE_COLOURS: usize = 300;
/// Attributes within attributes.
pub(crate) const PAGE_DEPTH: usize = 6;
/// Bytes of all descriptions on a page; those that come later keep their first sentence.
pub(crate) const PAGE_PROSE: usize = 64 * 1024;
/// Bytes of all examples on a page.
pub(crate) const PAGE_EXAMPLES: usize = 24 * 1024;
/// Bytes of all bodies of a page's samples; what is more comes from a file.
pub(crate) const PAGE_SENT: usize = 24 * 1024;
/// Bytes of one example; a longer one is shortened and says so.
pub(crate) const EXAMPLE: usize = 8 * 1024;
/// Examples of one media type.
pub(crate) const EXAMPLES: usize = 6;
/// Variants that an example follows.
pub(crate) const FOLLOWED: usize = 12;
/// Allowed values shown for one schema.
pub(crate) const VALUES: usize = 120;
/// Attributes, and required names, of one schema.
pub(crate) const SCHEMA_PROPERTIES: usize = 2_000;
/// Schemas of an `allOf` that are read as one.
pub(crate) const ALL_OF: usize = 200;
/// Variants of one union shown.
pub(crate) const VARIANTS: usize = 30;
/// Operations in the navigation of one group, and webhooks, around the one shown.
pub(crate) const NAVIGATION: usize = 60;
/// Up to so many operations, navigation shows all groups open.
pub(crate) const SMALL: usize = 60;
/// Characters of a search entry's text.
pub(crate) const SEARCH_TEXT: usize = 300;

/// Values of the schemas of one side (requests or answers) that are checked; what is more is not checked.
pub(crate) const RULES: usize = 400_000;
/// Notes on what is not checked.
pub(crate) const NOTES: usize = 100;
/// Regular expressions of one document, different ones.
pub(crate) const PATTERNS: usize = 2_000;
/// Bytes of one.
pub(crate) const PATTERN: usize = 2_000;
/// Bytes of memory for one, compiled.
pub(crate) const PATTERN_SMALL: usize = 32 * 1024;
/// The same for those that need more, of which there may be few: letters of all languages, counted.
pub(crate) const PATTERN_LARGE: usize = 1024 * 1024;
/// How many of those.
pub(crate) const PATTERNS_LARGE: usize = 64;
/// Values of one parameter or form that are told apart by what they stand for.
pub(crate) const KINDS: usize = 2_000;
/// Objects within objects of a form or a query.
pub(crate) const KIND_DEPTH: usize = 8;
/// Bytes of one mock answer.
pub(crate) const MOCK: usize = 256 * 1024;
/// Bytes of all mock answers of a document.
pub(crate) const MOCKS: usize = 16 * 1024 * 1024;
/// Where callers may put their key in one operation.
pub(crate) const KEY_PLACES: usize = 8;

/// Steps of comparing two documents; one is about a schema or an attribute. GitHub's document takes 200,000.
pub(crate) const CHANGE_STEPS: usize = 4_000_000;
/// Schemas within schemas that are compared in place.
pub(crate) const CHANGE_DEPTH: usize = 40;
/// Changes that are told.
pub(crate) const CHANGES: usize = 1_000;
/// Changes that are remembered, of which the gravest are told.
pub(crate) const CHANGES_KNOWN: usize = 20_000;
/// Operations told of one change.
pub(crate) const CHANGE_OPERATIONS: usize = 500;
/// Operations told of all changes together.
pub(crate) const CHANGES_OPERATIONS: usize = 20_000;
/// Steps from changes to the operations they reach, of all changes together.
pub(crate) const CHANGES_REACH: usize = 10_000_000;
/// Values looked at for the place of one change.
pub(crate) const CHANGE_PLACE: usize = 20_000;

/// Values of the schemas that one tool's arguments are described by.
pub(crate) const TOOL_VALUES: usize = 1_500;
/// Characters of the description of one value of a tool.
pub(crate) const TOOL_WORDS: usize = 300;
/// Characters of a tool's own description.
pub(crate) const TOOL_DESCRIPTION: usize = 1_500;
