//! Search over what the caller may see: APIs, operations, schemas.
use crate::{Control, ControlError, Who};
use portico_contract::catalogue::{HitKind, SearchHit, SearchPage};
use portico_openapi::{SearchEntry, SearchKind};

/// Hits shown.
const SHOWN: usize = 50;
/// Words of a question that count.
const WORDS: usize = 8;

struct Scored {
    score: u32,
    hit: SearchHit,
}

impl Control {
    pub(super) async fn show_search(
        &self,
        who: &Who,
        query: &str,
        kind: Option<HitKind>,
    ) -> Result<SearchPage, ControlError> {
        let query: String = query.trim().chars().take(200).collect();
        let words: Vec<String> = query.split_whitespace().take(WORDS).map(str::to_lowercase).collect();
        let mut found = Vec::new();
        if !words.is_empty() {
            for api in self.visible_apis(who).await? {
                let Some(published) = api.published else { continue };
                let Some(version) = self.store.version(published).await? else { continue };
                let card = self.card(&version).await?;
                let root = format!("/apis/{}", api.slug);
                if let Some(score) = score(&words, &[(&version.title, 12), (api.slug.as_str(), 8), (&card.summary, 2)])
                {
                    let hit = SearchHit {
                        kind: HitKind::Api,
                        href: root.clone(),
                        place: format!("Version {}", version.version),
                        method: None,
                        title: marked(&version.title, &words),
                        excerpt: excerpt(&card.summary, &words),
                    };
                    found.push(Scored { score: score + 4, hit });
                }
                let entries = card.entries.iter().filter_map(|entry| entry_hit(entry, &words, &root, &version.title));
                found.extend(entries);
            }
        }
        let count = |kind| found.iter().filter(|scored| scored.hit.kind == kind).count() as u64;
        let counts = [HitKind::Api, HitKind::Operation, HitKind::Schema].map(|kind| (kind, count(kind))).into();
        found.retain(|scored| kind.is_none_or(|kind| scored.hit.kind == kind));
        // Stable: equal scores stay in the order of their APIs and documents.
        found.sort_by_key(|scored| std::cmp::Reverse(scored.score));
        let total = found.len() as u64;
        let hits = found.into_iter().take(SHOWN).map(|scored| scored.hit).collect();
        Ok(SearchPage { query, hits, total, counts })
    }
}

fn entry_hit(entry: &SearchEntry, words: &[String], root: &str, api: &str) -> Option<Scored> {
    let fields = [
        (entry.title.as_str(), 10),
        (entry.slug_or_name.as_str(), 8),
        (entry.path.as_str(), 5),
        (entry.method.as_str(), 1),
        (entry.group.as_str(), 2),
        (entry.text.as_str(), 1),
    ];
    let score = score(words, &fields)?;
    let (kind, page) = match entry.kind {
        SearchKind::Operation => (HitKind::Operation, "operations"),
        SearchKind::Schema => (HitKind::Schema, "schemas"),
    };
    let place = if entry.group.is_empty() { api.to_owned() } else { format!("{api} / {}", entry.group) };
    let text = if entry.text.is_empty() { &entry.path } else { &entry.text };
    Some(Scored {
        score,
        hit: SearchHit {
            kind,
            href: format!("{root}/{page}/{}", escaped(&entry.slug_or_name)),
            place,
            method: (kind == HitKind::Operation).then(|| entry.method.to_lowercase()),
            title: marked(&entry.title, words),
            excerpt: excerpt(text, words),
        },
    })
}

/// Every word has to be found somewhere; the beginnings of fields and of words count more.
fn score(words: &[String], fields: &[(&str, u32)]) -> Option<u32> {
    let mut sum = 0;
    for word in words {
        let best = fields.iter().filter_map(|(text, weight)| {
            let text = text.to_lowercase();
            let place = text.find(word.as_str())?;
            let start_of_word = place == 0 || !text.as_bytes()[place - 1].is_ascii_alphanumeric();
            let whole = text.len() == word.len();
            Some(weight * (1 + u32::from(start_of_word) + u32::from(place == 0) + 2 * u32::from(whole)))
        });
        sum += best.max()?;
    }
    Some(sum)
}

/// The text in pieces; those that match a word are true.
fn marked(text: &str, words: &[String]) -> Vec<(bool, String)> {
    // Lower case may have other byte lengths than the text: compare only where it has not.
    let lower = text.to_lowercase();
    if lower.len() != text.len() {
        return vec![(false, text.to_owned())];
    }
    let mut hits = vec![false; text.len()];
    for word in words {
        for (place, _) in lower.match_indices(word.as_str()) {
            hits[place..place + word.len()].fill(true);
        }
    }
    let mut pieces: Vec<(bool, String)> = Vec::new();
    for (place, character) in text.char_indices() {
        match pieces.last_mut() {
            Some((hit, piece)) if *hit == hits[place] => piece.push(character),
            _ => pieces.push((hits[place], character.to_string())),
        }
    }
    pieces
}

/// The part of a text around the first word found in it.
fn excerpt(text: &str, words: &[String]) -> Vec<(bool, String)> {
    const BEFORE: usize = 60;
    const LENGTH: usize = 180;
    let lower = text.to_lowercase();
    let place = words.iter().filter_map(|word| lower.find(word.as_str())).min().unwrap_or(0);
    let skipped = lower.get(..place).map_or(0, |before| before.chars().count()).saturating_sub(BEFORE);
    let mut part: String = text.chars().skip(skipped).take(LENGTH).collect();
    if skipped > 0 {
        part.insert(0, '…');
    }
    if text.chars().count() > skipped + LENGTH {
        part.push('…');
    }
    marked(&part, words)
}

/// One path segment, percent-encoded where it has to be (RFC 3986, 3.3).
fn escaped(segment: &str) -> String {
    use std::fmt::Write as _;
    segment.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn every_word_has_to_be_found_and_beginnings_win() {
        let fields = |title| [(title, 10), ("", 1)];
        assert_eq!(score(&words("tug xyz"), &fields("Replace tug requests")), None);
        let (first, inner) = (score(&words("tug"), &fields("Tug requests")), score(&words("tug"), &fields("Atug")));
        assert!(first > inner, "{first:?} {inner:?}");
    }

    #[test]
    fn hits_are_marked_also_in_other_scripts() {
        let pieces = marked("List tug availability", &words("tug li"));
        let joined: String =
            pieces.iter().map(|(hit, text)| if *hit { format!("[{text}]") } else { text.clone() }).collect();
        assert_eq!(joined, "[Li]st [tug] availabi[li]ty");
        assert_eq!(marked("İstanbul", &words("ist")), [(false, "İstanbul".to_owned())]);
        assert!(excerpt(&"ü".repeat(500), &words("ü")).len() == 2);
    }
}
