//! The portal's reading pages as Markdown (CommonMark with GitHub's lists and code), for programs and language models.
//!
//! Each function takes the view that the page is drawn from, so both say the same. Text of a document comes in by
//! [`sheet`] and [`prose`] alone, which escape it: it can neither become a heading of the page nor leave its list or its
//! code block.
mod api;
mod changes;
mod guide;
mod lists;
mod operation;
mod prose;
mod schema;
mod sheet;

pub use api::api;
pub use changes::{changes, version_changes};
pub use guide::guide;
pub use lists::{catalogue, llms};
pub use operation::operation;
pub use schema::schema;

use crate::slug;
use portico_contract::reference::OperationLine;
use sheet::{code, link, text};

/// Markdown of the sanitised HTML of a description.
pub(crate) fn again(html: &str) -> String {
    prose::prose(html, 1)
}

/// Where the portal is, e.g. `https://developers.example.org`: whoever reads a page may have nothing but its text.
#[derive(Clone, Copy, Debug)]
pub struct Portal<'a>(pub &'a str);

impl Portal<'_> {
    /// Of a path of the portal.
    fn whole(self, path: &str) -> String {
        format!("{}{path}", self.0.trim_end_matches('/'))
    }
    /// Of a page in Markdown, where pages of the API begin with `root`.
    fn operation(self, root: &str, slug: &str) -> String {
        self.whole(&format!("{root}/operations/{}.md", slug::escaped(slug)))
    }
    fn schema(self, root: &str, name: &str) -> String {
        self.whole(&format!("{root}/schemas/{}.md", slug::escaped(name)))
    }
    /// One line of a list of operations.
    fn line(self, root: &str, line: &OperationLine) -> String {
        let deprecated = if line.deprecated { " (deprecated)" } else { "" };
        let call = match line.path.as_str() {
            "" => line.method.to_uppercase(),
            path => format!("{} {path}", line.method.to_uppercase()),
        };
        let title = link(&text(&line.title), &self.operation(root, &line.slug));
        format!("{title}: {}{deprecated}", code(&call))
    }
}
