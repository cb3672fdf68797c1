//! An API as a collection of requests, for the programs that people try APIs with.
//!
//! [`request`] makes one request of each operation, with all its parameters and an example of its body; [`postman`] and
//! [`bruno`] write them down. The address and the key are variables: a collection holds no secret, and what a document
//! says is never taken for a variable.
mod bruno;
mod postman;
mod request;

use crate::{description::Description, in_markdown, markdown, outline::text, typed::said};
use portico_domain::Access;
use request::Request;

/// Of the address of the API, and of the caller's key.
const BASE_URL: &str = "baseUrl";
const KEY: &str = "apiKey";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Collection {
    /// Postman Collection, version 2.1.
    Postman,
    /// What Bruno imports as a collection of its own, in one file.
    Bruno,
}

/// Requests that belong together.
struct Folder {
    name: String,
    /// Markdown.
    description: String,
    requests: Vec<Request>,
}

impl Description {
    /// The collection as JSON. `access` says which requests come with the key.
    pub fn collection(&self, kind: Collection, base_url: &str, access: Access) -> Vec<u8> {
        let folders = folders(self, access);
        let value = match kind {
            Collection::Postman => postman::write(self, &folders, base_url),
            Collection::Bruno => bruno::write(self, &folders, base_url),
        };
        let mut written = serde_json::to_vec_pretty(&value).unwrap_or_default();
        written.push(b'\n');
        written
    }
}

fn folders(description: &Description, access: Access) -> Vec<Folder> {
    let (outline, frame) = (description.outline(), description.frame());
    let folders = outline.groups.iter().map(|group| {
        let tag = group.tag.and_then(|at| frame.tags.get(at));
        let entries = group.members.iter().filter_map(|&member| outline.operations.get(member));
        let requests = entries.filter(|entry| !entry.unroutable).filter_map(|entry| {
            let needs_key = match access {
                Access::Key => true,
                Access::Document => entry.secured,
                Access::Open => false,
            };
            Request::of(description, entry, needs_key)
        });
        Folder {
            name: group.name.clone(),
            description: words(tag.and_then(|tag| said(tag.description.as_ref())).unwrap_or_default()),
            requests: requests.collect(),
        }
    });
    folders.filter(|folder| !folder.requests.is_empty()).collect()
}

fn about(description: &Description) -> String {
    let info = description.root().get("info");
    words(info.and_then(|info| text(info, "description")).unwrap_or_default())
}

/// Markdown as the portal would show it, without an author's HTML.
fn words(text: &str) -> String {
    in_markdown::again(&markdown::markdown(text, 1))
}

/// Text that no program takes for one of its variables.
fn plain(text: &str) -> String {
    text.replace("{{", "{ {")
}
