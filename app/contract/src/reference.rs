//! What an OpenAPI document says, ready to be shown. Made by `portico-openapi`, which alone reads documents.
use crate::call;
use serde::{Deserialize, Serialize};

/// The list of operations beside a page. Short at any size of document: only the open group lists its operations.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Navigation {
    pub groups: Vec<NavigationGroup>,
    /// What the API calls itself; listed where one of them is shown, and in small documents.
    pub webhooks: Vec<NavigationOperation>,
    pub webhook_count: u32,
    /// How many schemas have pages.
    pub schemas: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NavigationGroup {
    /// The tag's name, or "Operations" for those without.
    pub name: String,
    /// Heading that this group and its neighbours share (`x-tagGroups`, the parents of 3.2's tags); empty for none.
    pub section: String,
    /// Id of the group's section on the overview page.
    pub anchor: String,
    pub count: u32,
    /// Filled for the group of the operation shown, and for all groups of small documents (up to 60 operations); empty otherwise.
    pub operations: Vec<NavigationOperation>,
    /// Holds the operation shown.
    pub open: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NavigationOperation {
    pub slug: String,
    /// Lower case, e.g. "get".
    pub method: String,
    pub title: String,
    pub current: bool,
    pub deprecated: bool,
}

/// The document as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Overview {
    pub title: String,
    pub version: String,
    /// Plain text, one or two sentences: `info.summary` or the description's beginning.
    pub summary: String,
    /// The whole description; empty when the summary says it all.
    pub description_html: String,
    pub operations: u32,
    /// Where the document says that the API is served; Portico serves it at its own address.
    pub servers: Vec<Server>,
    pub groups: Vec<OverviewGroup>,
    pub webhooks: Vec<OperationLine>,
    pub schemas: Vec<SchemaLine>,
    pub security: Vec<SecurityScheme>,
    pub contact: Option<Contact>,
    pub license: Option<Link>,
    pub terms: Option<Link>,
    pub external_docs: Option<Link>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OverviewGroup {
    pub name: String,
    /// As in [`NavigationGroup::section`].
    pub section: String,
    pub anchor: String,
    pub description_html: String,
    pub operations: Vec<OperationLine>,
    pub external_docs: Option<Link>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OperationLine {
    pub slug: String,
    /// Lower case.
    pub method: String,
    /// The template as written, e.g. `/pets/{petId}`; of callbacks the expression that becomes the address, e.g.
    /// `{$request.body#/url}`; empty for webhooks.
    pub path: String,
    /// The summary, else the operationId, else method and path.
    pub title: String,
    pub deprecated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SchemaLine {
    /// Its key under `components.schemas`; percent-encoded where it stands in a URL.
    pub name: String,
    /// E.g. "object, 7 attributes", "string, one of 4 values".
    pub kind: String,
    pub deprecated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SecurityScheme {
    pub name: String,
    /// Id of the scheme on the overview page.
    pub anchor: String,
    /// In words, e.g. "API key in the header X-Key", "OAuth 2.0, authorization code".
    pub kind: String,
    pub deprecated: bool,
    pub description_html: String,
    /// Of OAuth 2.0.
    pub flows: Vec<Flow>,
    /// Addresses of metadata, with what they are, e.g. "OpenID Connect discovery".
    pub addresses: Vec<(String, String)>,
}

/// One way to a token of OAuth 2.0.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Flow {
    /// E.g. "Authorization code".
    pub kind: String,
    /// With what they are for, e.g. ("Token", "https://id.example.com/token"); as written, not checked.
    pub addresses: Vec<(String, String)>,
    /// With what they allow.
    pub scopes: Vec<(String, String)>,
}

/// Where an API is served, as its document has it.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Server {
    /// 3.2's name; else empty.
    pub name: String,
    /// As written, variables in braces.
    pub url: String,
    pub description_html: String,
    pub variables: Vec<ServerVariable>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ServerVariable {
    pub name: String,
    pub default: String,
    /// Empty: anything.
    pub values: Vec<String>,
    pub description_html: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Contact {
    pub name: String,
    /// `https:`, `http:` or `mailto:` only.
    pub link: Option<Link>,
}

/// A link out of the document; `href` has been checked to be http, https or mailto.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Link {
    pub text: String,
    pub href: String,
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Operation {
    pub slug: String,
    /// Lower case.
    pub method: String,
    pub path: String,
    pub title: String,
    /// The `operationId` as written; empty where there is none.
    pub id: String,
    /// Words of the author's, e.g. "Beta" (`x-badges`, `x-stability`).
    pub badges: Vec<String>,
    pub deprecated: bool,
    pub description_html: String,
    pub group: NavigationGroup,
    /// Who sends it.
    pub sender: Sender,
    /// Where the document serves this operation, if that is not where it serves the others.
    pub servers: Vec<Server>,
    /// What the document asks for; each entry is enough by itself. Empty: nothing.
    pub security: Vec<SecurityAlternative>,
    /// In the order path, query, header, cookie; only groups that have any.
    pub parameters: Vec<ParameterGroup>,
    pub body: Option<Body>,
    pub responses: Vec<Response>,
    /// What the API calls because of this operation; each has a page.
    pub callbacks: Vec<OperationLine>,
    pub external_docs: Option<Link>,
    pub previous: Option<OperationLine>,
    pub next: Option<OperationLine>,
    /// Parts that could not be read, each with its reason; the rest is shown all the same.
    pub faults: Vec<String>,
}

/// Who sends a call.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Sender {
    /// The reader, to the API.
    #[default]
    Client,
    /// The API, to whom it was told to: a webhook.
    Webhook,
    /// The API, because of this operation: a callback.
    Callback(Box<OperationLine>),
}

/// Schemes that are needed together.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SecurityAlternative {
    /// Empty for "nothing needed".
    pub schemes: Vec<SchemeUse>,
}

/// A security scheme where it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SchemeUse {
    pub name: String,
    /// As in [`SecurityScheme::kind`]; empty where the document has no such scheme.
    pub kind: String,
    /// Id on the overview page; empty where the document has no such scheme.
    pub anchor: String,
    /// What is said of the scheme, in one or two sentences without markup.
    pub summary: String,
    /// Scopes (or roles) asked for, with what they allow.
    pub scopes: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ParameterGroup {
    /// "Path", "Query", "Header" or "Cookie".
    pub place: String,
    pub properties: Vec<Property>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Body {
    pub required: bool,
    pub description_html: String,
    pub contents: Vec<Content>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Content {
    /// E.g. "application/json".
    pub media_type: String,
    pub schema: Option<Schema>,
    /// The schema is that of each item of a stream.
    pub stream: bool,
    /// How single parts of a form are written: their media type as kind, their style as constraints, their headers as
    /// attributes.
    pub encodings: Vec<Property>,
    /// Given, or made from the schema.
    pub examples: Vec<Example>,
    /// What a call sends where none of the examples says it; of the reader's own calls only.
    pub sent: Option<call::Body>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Example {
    /// Its name or summary; "Example" for a single one.
    pub title: String,
    pub description_html: String,
    /// Empty where the example stands elsewhere.
    pub code: Code,
    /// Where it stands, if not in the document.
    pub link: Option<Link>,
    /// Which variant of the schema's [`leading`](Schema::leading) union it is of; `None`: of any.
    pub variant: Option<u32>,
    /// What a call with this example sends; of the reader's own calls only.
    pub sent: Option<call::Body>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Response {
    /// "200", "4XX" or "default".
    pub status: String,
    /// E.g. "OK", "Not Found"; empty for "default".
    pub reason: String,
    pub description_html: String,
    pub headers: Vec<Property>,
    pub contents: Vec<Content>,
    /// Where to go from here.
    pub links: Vec<ResponseLink>,
}

/// A call that can follow an answer.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ResponseLink {
    pub name: String,
    pub description_html: String,
    /// The operation, if it is one of this document.
    pub operation: Option<OperationLine>,
    /// How the document names the operation, for those that are not found.
    pub target: String,
    /// Parameters and where their values come from, e.g. ("userId", "$response.body#/id").
    pub values: Vec<(String, String)>,
    /// What to send as the body; empty for nothing.
    pub body: String,
    /// Another server than usual; empty for the usual one.
    pub server: String,
}

/// A named value: a parameter, a header, an attribute of an object.
#[expect(clippy::struct_excessive_bools, reason = "facts that do not exclude each other")]
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Property {
    /// Unique on its page, e.g. "body.vessel.imo".
    pub anchor: String,
    pub name: String,
    pub required: bool,
    pub deprecated: bool,
    pub read_only: bool,
    pub write_only: bool,
    pub schema: Schema,
}

/// What may stand somewhere. Nested as deep as a page can bear; beyond, `more` names the page to read on.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Schema {
    /// In words, e.g. "string · date-time", "object · Vessel", "array of Pet", "string or null", "any".
    pub kind: String,
    /// Name of the schema's own page, if it has one.
    pub link: Option<String>,
    pub description_html: String,
    pub constraints: Vec<Constraint>,
    /// Allowed values, texts without quotes and everything else as JSON, with their descriptions where given
    /// (`x-enumDescriptions` and the like).
    pub values: Vec<(String, String)>,
    /// Attributes of the object, or of each item of the array.
    pub properties: Vec<Property>,
    /// `properties` are those of each item.
    pub items: bool,
    /// oneOf and anyOf, of the value or of each item.
    pub unions: Vec<Union>,
    /// Names the schema whose page shows what was left out here: too deep, or recursive.
    pub more: Option<String>,
}

impl Schema {
    /// The union that decides what the whole value looks like: the first that is not a condition.
    pub fn leading(&self) -> Option<&Union> {
        self.unions.iter().find(|union| union.is_choice())
    }
}

/// `label` may be empty, e.g. for "1 ≤ n ≤ 100".
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Constraint {
    pub label: String,
    pub value: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Union {
    /// "One of" or "Any of"; "Conditional" for if, then and else, "Depending" for what a present attribute asks for, "Not"
    /// for what must not fit.
    pub label: String,
    /// The property that tells the variants apart.
    pub discriminator: Option<String>,
    pub variants: Vec<Variant>,
}

impl Union {
    /// Whether a value is of one of the variants.
    pub fn is_choice(&self) -> bool {
        matches!(self.label.as_str(), "One of" | "Any of")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Variant {
    pub title: String,
    /// What the discriminator says of this variant; empty where it says nothing.
    pub value: String,
    pub schema: Schema,
}

/// One schema of the document on a page of its own.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SchemaReference {
    pub name: String,
    pub title: String,
    pub deprecated: bool,
    pub schema: Schema,
    pub example: Option<Code>,
    /// At most 50.
    pub used_by: Vec<OperationLine>,
    pub used_by_total: u32,
}

/// Text to copy, in coloured pieces; joined they are the text.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Code {
    pub spans: Vec<(Token, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Token {
    #[default]
    Plain,
    /// Class `k`: keywords, `null`, `true`, a program's name.
    Keyword,
    /// Class `s`
    Text,
    /// Class `n`
    Number,
    /// Class `p`: property names, options.
    Property,
    /// Class `c`
    Comment,
    /// A `<mark>`: for the reader to fill in.
    Fill,
}

impl Code {
    /// Adds a piece; pieces of one kind become one.
    pub fn push(&mut self, token: Token, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.spans.last_mut() {
            Some((last, before)) if *last == token => before.push_str(text),
            _ => self.spans.push((token, text.to_owned())),
        }
    }

    /// How many pieces have a colour, each an element of its page.
    pub fn colours(&self) -> usize {
        self.spans.iter().filter(|(token, _)| *token != Token::Plain).count()
    }

    /// The same text with at most so many coloured pieces: where all are too many those of names stay, else none.
    #[must_use]
    pub fn with_colours(self, most: usize) -> Self {
        let keeping = |kept: &dyn Fn(Token) -> bool| {
            let mut calm = Self::default();
            for (token, text) in &self.spans {
                calm.push(if kept(*token) { *token } else { Token::Plain }, text);
            }
            calm
        };
        if self.colours() <= most {
            return self;
        }
        let of_names = keeping(&|token| matches!(token, Token::Property | Token::Comment));
        if of_names.colours() <= most { of_names } else { keeping(&|_| false) }
    }

    pub fn text(&self) -> String {
        self.spans.iter().map(|(_, text)| text.as_str()).collect()
    }
}

/// Something wrong or odd in a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub severity: Severity,
    /// Stable, e.g. "missing-path-parameter".
    pub code: String,
    /// JSON pointer (RFC 6901) into the document as uploaded; empty for the whole.
    pub pointer: String,
    /// From 1; `None` where the document has no such place.
    pub line: Option<u32>,
    /// From 1.
    pub column: Option<u32>,
    /// What is wrong and what would be right.
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Warning,
    Error,
}

impl Severity {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}
