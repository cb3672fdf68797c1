//! `multipart/form-data` by hand, for languages whose clients do not write it (RFC 7578).
use crate::writer::add;
use portico_contract::call::{Part, PartContent};

/// The body from beginning to end.
pub(crate) enum Chunk {
    Text(Vec<(bool, String)>),
    /// The bytes of this file.
    File(String),
}

/// No text of the form has it in itself.
pub(crate) fn boundary(parts: &[Part]) -> String {
    let holds = |boundary: &str| {
        parts.iter().any(|part| matches!(&part.content, PartContent::Text(text) if text.contains(boundary)))
    };
    let mut boundary = "portico-7f3c2b9e5a10".to_owned();
    while holds(&boundary) {
        boundary.push('x');
    }
    boundary
}

/// Texts and files in turn.
pub(crate) fn chunks(parts: &[Part], boundary: &str) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut text = Vec::new();
    let mut end = "";
    for part in parts {
        let Part { name, media_type, content } = part;
        let mut head = format!("{end}--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"");
        if let PartContent::File(file) = content {
            add(&mut head, format_args!("; filename=\"{}\"", base(file)));
        }
        let file_type = matches!(content, PartContent::File(_)).then_some("application/octet-stream");
        if let Some(media_type) = media_type.as_deref().or(file_type) {
            add(&mut head, format_args!("\r\nContent-Type: {media_type}"));
        }
        text.push((false, head + "\r\n\r\n"));
        match content {
            PartContent::Text(value) => text.push((true, value.clone())),
            PartContent::File(file) => {
                chunks.push(Chunk::Text(std::mem::take(&mut text)));
                chunks.push(Chunk::File(file.clone()));
            }
        }
        end = "\r\n";
    }
    text.push((false, format!("{end}--{boundary}--\r\n")));
    chunks.push(Chunk::Text(text));
    chunks
}

/// A file's name without its folders.
pub(crate) fn base(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

/// Whether two parts share a name.
pub(crate) fn has_twins(parts: &[Part]) -> bool {
    parts.iter().enumerate().any(|(n, part)| parts[..n].iter().any(|before| before.name == part.name))
}
