//! Media types: what a message says it is, and what the document says it may be.
use super::Media;
use portico_domain::MediaRule;

/// A media type or a range of them, as the document writes it.
#[derive(Debug)]
pub(super) struct Range {
    /// In lower case; `*` for any.
    kind: Box<str>,
    subkind: Box<str>,
}

impl Range {
    pub(super) fn new(written: &str) -> Self {
        let essence = written.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let (kind, subkind) = essence.split_once('/').unwrap_or((&essence, "*"));
        Self { kind: kind.trim().into(), subkind: subkind.trim().into() }
    }

    /// How closely it names a type; `None` where that is not in it.
    fn closeness(&self, essence: &str) -> Option<u8> {
        let (kind, subkind) = essence.split_once('/')?;
        match (self.kind.as_ref(), self.subkind.as_ref()) {
            (own, other) if own == kind && other == subkind => Some(3),
            (own, "*") if own == kind => Some(2),
            ("*", "*") => Some(1),
            _ => None,
        }
    }
}

/// Type and subtype in lower case, without parameters.
pub(super) fn essence(field: &str) -> Option<String> {
    let essence = field.split(';').next()?.trim();
    let fits = essence.split_once('/').is_some_and(|(kind, subkind)| !kind.is_empty() && !subkind.is_empty());
    fits.then(|| essence.to_ascii_lowercase())
}

pub(super) fn is_json(essence: &str) -> bool {
    essence == "application/json" || essence.ends_with("+json") || essence == "text/json"
}

/// The one that names the type most closely, the first of several.
pub(super) fn closest<'a>(media: &'a [Media], essence: &str) -> Option<&'a Media> {
    let fitting = media.iter().rev().filter_map(|one| Some((one.range.closeness(essence)?, one)));
    fitting.max_by_key(|(closeness, _)| *closeness).map(|(_, one)| one)
}

/// E.g. `application/json or text/csv`.
pub(super) fn listed(media: &[MediaRule]) -> Box<str> {
    let mut names: Vec<&str> = Vec::new();
    for rule in media {
        let fits = rule.media_type.len() <= 100 && rule.media_type.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        if fits && names.len() < 10 && !names.contains(&rule.media_type.as_str()) {
            names.push(&rule.media_type);
        }
    }
    names.join(" or ").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_range_is_chosen() {
        let ranges = ["*/*", "application/*", "application/json; charset=utf-8", "application/vnd.x+json"];
        let media: Vec<Media> =
            ranges.iter().map(|range| Media { range: Range::new(range), entry: None, form: None }).collect();
        for (sent, at) in [
            ("Application/JSON;charset=latin1", 2),
            ("application/xml", 1),
            ("text/plain", 0),
            ("application/vnd.x+json", 3),
        ] {
            let found = closest(&media, &essence(sent).unwrap()).unwrap();
            assert!(std::ptr::eq(found, &raw const media[at]), "{sent}");
        }
        assert!(closest(&media[1..], "text/plain").is_none());
        assert_eq!(essence("json"), None);
    }
}
