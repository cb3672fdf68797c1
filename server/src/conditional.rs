//! What a request says of what its sender has and takes.
use axum::http::{HeaderMap, HeaderName, header};

/// Whether the sender has what bears this tag (without its quotes), as `If-None-Match` says it (RFC 9110, 13.1.2).
pub(crate) fn knows(request: &HeaderMap, tag: &str) -> bool {
    let bears = |known: &str| {
        let quoted = known.strip_prefix("W/").unwrap_or(known);
        quoted.strip_prefix('"').and_then(|known| known.strip_suffix('"')) == Some(tag)
    };
    list(request, &header::IF_NONE_MATCH).any(|known| known == "*" || bears(known))
}

/// The items of a comma-separated header, however many lines it came in.
pub(crate) fn list<'a>(request: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    request
        .get_all(name)
        .into_iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
}

/// An item without its weight, and the weight (RFC 9110, section 12.4.2). What is no weight counts as nought.
pub(crate) fn weighed(item: &str) -> (&str, f32) {
    let mut parts = item.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    (name, weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_in_every_way_to_say_so() {
        for (lines, known) in [
            (&["\"7\""][..], true),
            (&["\"6\", W/\"7\""], true),
            (&["\"6\"", "\"7\""], true),
            (&["*"], true),
            (&["\"8\""], false),
            (&["7"], false),
            (&[], false),
        ] {
            let headers = lines.iter().map(|line| (header::IF_NONE_MATCH, line.parse().unwrap())).collect();
            assert_eq!(knows(&headers, "7"), known, "{lines:?}");
        }
    }

    #[test]
    fn weights_are_read() {
        for (item, weighed) in
            [("br", ("br", 1.0)), ("br;q=0", ("br", 0.0)), ("a/b;v=1; q=0.5", ("a/b", 0.5)), ("br;q=x", ("br", 0.0))]
        {
            assert_eq!(super::weighed(item), weighed);
        }
    }
}
