//! The answers that one node keeps: at most so many bytes, the least used going first.
//!
//! What happens to a target while an answer for it is under way must reach that answer too. So every fetch, change and
//! purge takes a number, and what was asked for before the latest change of its target counts as not there.
use super::{conditional, control::AnswerControl, freshness::Freshness};
use crate::message::fields::Fields;
use bytes::Bytes;
use foldhash::fast::RandomState;
use http::StatusCode;
use portico_domain::{Slug, Timestamp};
use quick_cache::{
    OptionsBuilder, Weighter,
    sync::{Cache, DefaultLifecycle},
};
use std::{
    collections::HashMap,
    hash::BuildHasher as _,
    iter,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Answers that one target has beside each other, e.g. by language.
const MAX_VARIANTS: usize = 32;
/// What an answer costs beside its bytes.
const OVERHEAD: u64 = 400;
/// Each has a lock of its own.
const SHARDS: usize = 4;
/// Targets share these by hash: a change of one may make another be fetched again, no more.
const CHANGE_SLOTS: usize = 4_096;

/// Whose answer it is, for which target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub(crate) api: &'a Slug,
    /// The document's path, in canonical form.
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    /// As the client wrote it: answers may hold links made of it.
    pub(crate) host: &'a [u8],
    /// The caller's app; empty for callers without one, and where callers share answers.
    pub(crate) app: &'a str,
}

impl Place<'_> {
    pub(crate) fn key(&self) -> Vec<u8> {
        let query = self.query.unwrap_or_default();
        let mut key =
            Vec::with_capacity(self.api.as_str().len() + self.path.len() + query.len() + self.host.len() + 50);
        key.extend_from_slice(self.api.as_str().as_bytes());
        key.push(0);
        key.extend_from_slice(self.path.as_bytes());
        // `/a` and `/a?` are two targets (RFC 3986 6.2.3).
        key.push(if self.query.is_some() { b'?' } else { 0 });
        key.extend_from_slice(query.as_bytes());
        key.push(0);
        key.extend(self.host.iter().map(u8::to_ascii_lowercase));
        key.push(0);
        key.extend_from_slice(self.app.as_bytes());
        key
    }
}

/// One answer with all that is needed to use it again.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) status: StatusCode,
    pub(crate) fields: Fields,
    pub(crate) body: Bytes,
    pub(crate) control: AnswerControl,
    pub(crate) freshness: Freshness,
    pub(crate) vary: Selection,
    /// When it was asked for, by [`Store::number`].
    pub(crate) number: u64,
}

/// The request fields that chose an answer, with the values that they had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selection(Box<[Chosen]>);

/// A field's name and the value it had.
type Chosen = (Box<str>, Box<[u8]>);

impl Selection {
    /// `None` where an answer says that it fits one request alone (`Vary: *`), names more fields than anybody tells apart,
    /// or depends on what the gateway tells its upstreams.
    pub(crate) fn of(settings: &[Box<str>], answer: &Fields, request: &Fields) -> Option<Self> {
        let mut names: Vec<Box<str>> = settings.to_vec();
        for name in answer.members("vary") {
            let name = std::str::from_utf8(name).ok().filter(|name| *name != "*")?.to_ascii_lowercase();
            if is_told(&name) {
                return None;
            }
            if !names.iter().any(|known| **known == *name) {
                names.push(name.into());
            }
        }
        if names.len() > 16 {
            return None;
        }
        names.sort_unstable();
        let chosen = |name: Box<str>| {
            let value = value(request, &name).into();
            (name, value)
        };
        Some(Self(names.into_iter().map(chosen).collect()))
    }

    pub(crate) fn fits(&self, request: &Fields) -> bool {
        self.0.iter().all(|(name, chosen)| {
            let mut lines = request.get_all(name);
            match (lines.next(), lines.next()) {
                (None, _) => chosen.is_empty(),
                (Some(only), None) => *only == **chosen,
                _ => value(request, name) == **chosen,
            }
        })
    }

    pub(crate) fn names(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| **known == *name)
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len() + 32).sum()
    }
}

/// Fields of requests that the gateway writes itself, for each call anew.
fn is_told(name: &str) -> bool {
    let ours = ["forwarded", "traceparent", "tracestate", "via", "x-request-id"];
    ours.contains(&name) || name.starts_with("x-forwarded-") || name.starts_with("x-portico-")
}

/// All lines of a field as one (RFC 9110 5.2).
fn value(request: &Fields, name: &str) -> Vec<u8> {
    request.get_all(name).collect::<Vec<_>>().join(&b", "[..])
}

impl Kept {
    fn weight(&self) -> u64 {
        (self.fields.size() + self.body.len() + self.vary.bytes()) as u64 + OVERHEAD
    }

    /// With what a 304 says anew (RFC 9111 3.2), which came for a request of this number.
    pub(crate) fn renewed(
        &self,
        told: &Fields,
        ttl: u32,
        asked_at: Timestamp,
        came_at: Timestamp,
        number: u64,
    ) -> Self {
        let mut fields = self.fields.clone();
        let says = |name: &str| told.contains(name);
        fields.retain(|name, _| {
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            !says(&name) || is_of_the_body(&name)
        });
        for (name, value) in told.iter().filter(|(name, _)| !is_of_the_body(name)) {
            fields.push(name, value);
        }
        if !says("date") {
            fields.remove("date");
        }
        let control = AnswerControl::read(&fields);
        // Said nothing, as before: the settings speak again.
        let freshness = Freshness::of(&fields, control, ttl, asked_at, came_at).unwrap_or(self.freshness);
        fields.remove("age");
        Self {
            status: self.status,
            fields,
            body: self.body.clone(),
            control,
            freshness,
            vary: self.vary.clone(),
            number,
        }
    }

    pub(crate) fn has_validator(&self) -> bool {
        self.fields.contains("etag") || self.fields.contains("last-modified")
    }

    /// Puts the questions of this answer into a request in place of the caller's own.
    pub(crate) fn ask(&self, request: &mut Fields) {
        for name in conditional::CONDITIONS {
            request.remove(name);
        }
        if let Some(tag) = self.fields.get("etag") {
            request.push("if-none-match", tag);
        }
        if let Some(modified) = self.fields.get("last-modified") {
            request.push("if-modified-since", modified);
        }
    }
}

/// Fields that belong to the bytes that we have, not to what a 304 stands for.
fn is_of_the_body(name: &str) -> bool {
    [
        "content-encoding",
        "content-length",
        "content-range",
        "content-type",
        "set-cookie",
        "cache-status",
        "x-request-id",
    ]
    .iter()
    .any(|known| name.eq_ignore_ascii_case(known))
}

/// The answers of one target, the newest last.
type Variants = Arc<[Arc<Kept>]>;

#[derive(Clone, Copy, Debug)]
struct Bytewise;

impl Weighter<Box<[u8]>, Variants> for Bytewise {
    fn weight(&self, key: &Box<[u8]>, variants: &Variants) -> u64 {
        key.len() as u64 + variants.iter().map(|kept| kept.weight()).sum::<u64>()
    }
}

pub(crate) struct Store {
    kept: Cache<Box<[u8]>, Variants, Bytewise, RandomState>,
    /// The number of the latest change of each target that hashes here.
    changes: Box<[AtomicU64]>,
    /// The number of each API's latest purge.
    purges: Mutex<HashMap<Slug, u64>>,
    numbers: AtomicU64,
    hasher: RandomState,
    largest: usize,
}

/// What is kept for a request.
#[derive(Debug)]
pub(crate) enum Found {
    Nothing,
    /// The target is known, but not for such a request.
    Otherwise,
    Kept(Arc<Kept>),
}

impl Store {
    pub(crate) fn new(bytes: u64) -> Self {
        let options = OptionsBuilder::new()
            .weight_capacity(bytes)
            .estimated_items_capacity(usize::try_from(bytes / 16_384).unwrap_or(usize::MAX).max(64))
            .shards(SHARDS)
            .build()
            .unwrap_or_else(|_| unreachable!("both capacities are set"));
        Self {
            kept: Cache::with_options(options, Bytewise, RandomState::default(), DefaultLifecycle::default()),
            changes: iter::repeat_with(AtomicU64::default).take(CHANGE_SLOTS).collect(),
            purges: Mutex::default(),
            numbers: AtomicU64::new(1),
            hasher: RandomState::default(),
            largest: usize::try_from(bytes / 8).unwrap_or(usize::MAX),
        }
    }

    /// Larger answers are never kept, whatever an API's settings say: one would drive out too many.
    pub(crate) fn largest(&self) -> usize {
        self.largest
    }

    /// The next number: later events have higher ones.
    pub(crate) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn find(&self, key: &[u8], place: Place<'_>, request: &Fields) -> Found {
        let Some(variants) = self.kept.get(key) else { return Found::Nothing };
        let changed = self.slot(place).load(Ordering::Acquire);
        let mut valid = variants.iter().rev().filter(|kept| kept.number > changed).peekable();
        if valid.peek().is_none() {
            return Found::Nothing;
        }
        valid.find(|kept| kept.vary.fits(request)).map_or(Found::Otherwise, |kept| Found::Kept(Arc::clone(kept)))
    }

    /// Keeps an answer in place of the one that was chosen by the same fields.
    pub(crate) fn insert(&self, key: &[u8], api: &Slug, kept: Arc<Kept>) {
        let purges = self.purges.lock().unwrap_or_else(PoisonError::into_inner);
        if purges.get(api).is_some_and(|purged| *purged >= kept.number) {
            return;
        }
        let before = self.kept.peek(key);
        let before = before.iter().flat_map(|variants| variants.iter());
        let others: Vec<_> = before.filter(|other| other.vary != kept.vary).cloned().collect();
        let skip = (others.len() + 1).saturating_sub(MAX_VARIANTS);
        let variants: Variants = others.into_iter().skip(skip).chain([kept]).collect();
        // Under the lock, so that a purge finds either the answer here or its own number there.
        self.kept.insert(key.into(), variants);
        drop(purges);
    }

    /// Forgets a target for all callers.
    pub(crate) fn invalidate(&self, place: Place<'_>) {
        self.slot(place).fetch_max(self.number(), Ordering::AcqRel);
    }

    /// Forgets the answers of an API, or those of a path and all paths below it. Answers how many targets it were.
    pub(crate) fn purge(&self, api: &Slug, path: Option<&str>) -> usize {
        {
            // What is under way is not kept when it comes, even for other paths: a purge is rare.
            let number = self.number();
            self.purges.lock().unwrap_or_else(PoisonError::into_inner).insert(api.clone(), number);
        }
        let start = [api.as_str().as_bytes(), b"\0"].concat();
        let below = path.unwrap_or_default().trim_end_matches('/').as_bytes();
        let count = AtomicU64::new(0);
        self.kept.retain(|key, _| {
            let rest = key.strip_prefix(&*start).and_then(|target| target.strip_prefix(below));
            let hit = rest.is_some_and(|rest| below.is_empty() || matches!(rest.first(), Some(b'/' | b'?' | 0)));
            count.fetch_add(u64::from(hit), Ordering::Relaxed);
            !hit
        });
        count.into_inner() as usize
    }

    fn slot(&self, place: Place<'_>) -> &AtomicU64 {
        let hash = self.hasher.hash_one((place.api.as_str(), place.path, place.query));
        &self.changes[hash as usize % CHANGE_SLOTS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields.push(name, value);
        }
        fields
    }

    fn kept(store: &Store, answer: &[(&str, &str)], request: &[(&str, &str)], body: &str) -> Arc<Kept> {
        let answer = fields(answer);
        let control = AnswerControl::read(&answer);
        let at = Timestamp::from_micros(0);
        Arc::new(Kept {
            status: StatusCode::OK,
            freshness: Freshness::of(&answer, control, 60, at, at).unwrap(),
            vary: Selection::of(&[], &answer, &fields(request)).unwrap(),
            fields: answer,
            body: Bytes::copy_from_slice(body.as_bytes()),
            control,
            number: store.number(),
        })
    }

    fn slug(text: &str) -> Slug {
        text.parse().unwrap()
    }

    fn place<'a>(api: &'a Slug, path: &'a str, app: &'a str) -> Place<'a> {
        Place { api, path, query: None, host: b"a.example", app }
    }

    fn body(store: &Store, place: Place<'_>, request: &[(&str, &str)]) -> Option<String> {
        match store.find(&place.key(), place, &fields(request)) {
            Found::Kept(kept) => Some(String::from_utf8_lossy(&kept.body).into_owned()),
            Found::Nothing => None,
            Found::Otherwise => Some("otherwise".to_owned()),
        }
    }

    #[test]
    fn no_two_targets_and_no_two_callers_share_a_key() {
        let (api, other) = (slug("pets"), slug("pets2"));
        let base = Place { api: &api, path: "/a", query: None, host: b"h", app: "" };
        let places = [
            base,
            Place { api: &other, ..base },
            Place { path: "/a/b", ..base },
            Place { query: Some(""), ..base },
            Place { query: Some("b"), ..base },
            Place { host: b"g", ..base },
            Place { app: "x", ..base },
        ];
        let keys: std::collections::HashSet<_> = places.iter().map(Place::key).collect();
        assert_eq!(keys.len(), places.len());
        assert_eq!(base.key(), Place { host: b"H", ..base }.key());
    }

    #[test]
    fn variants_are_told_apart_by_what_the_answer_names() {
        let (store, api) = (Store::new(1 << 20), slug("pets"));
        let place = place(&api, "/a", "");
        for language in ["de", "fr"] {
            let request = [("accept-language", language)];
            store.insert(&place.key(), &api, kept(&store, &[("vary", "Accept-Language")], &request, language));
        }
        assert_eq!(body(&store, place, &[("Accept-Language", "de")]).as_deref(), Some("de"));
        assert_eq!(body(&store, place, &[("Accept-Language", "fr")]).as_deref(), Some("fr"));
        assert_eq!(body(&store, place, &[]).as_deref(), Some("otherwise"));
        let again = [("accept-language", "de")];
        store.insert(&place.key(), &api, kept(&store, &[("vary", "Accept-Language")], &again, "neu"));
        assert_eq!(body(&store, place, &again).as_deref(), Some("neu"));
        assert_eq!(store.kept.get(&*place.key()).unwrap().len(), 2);
        for number in 0..100 {
            let request = [("accept-language", &*number.to_string())];
            store.insert(&place.key(), &api, kept(&store, &[("vary", "Accept-Language")], &request, "x"));
        }
        assert_eq!(store.kept.get(&*place.key()).unwrap().len(), MAX_VARIANTS);
    }

    #[test]
    fn a_selection_compares_whole_fields() {
        let answer = fields(&[("vary", "X-A, x-b"), ("Vary", "x-a")]);
        let request = fields(&[("x-a", "1"), ("x-a", "2")]);
        let selection = Selection::of(&["x-c".into()], &answer, &request).unwrap();
        assert!(selection.fits(&request) && selection.fits(&fields(&[("X-A", "1, 2")])));
        for other in [&[("x-a", "1")][..], &[("x-a", "1, 2"), ("x-b", "3")], &[("x-a", "1, 2"), ("x-c", "3")], &[]] {
            assert!(!selection.fits(&fields(other)), "{other:?}");
        }
        for vary in ["x-a, *", "X-Portico-App", "x-forwarded-for", "Via"] {
            assert!(Selection::of(&[], &fields(&[("vary", vary)]), &request).is_none(), "{vary}");
        }
        let many = (0..17).map(|number| format!("x-{number}")).collect::<Vec<_>>().join(",");
        assert!(Selection::of(&[], &fields(&[("vary", &many)]), &request).is_none());
    }

    #[test]
    fn a_change_reaches_all_callers_and_what_is_under_way() {
        let (store, api) = (Store::new(1 << 20), slug("pets"));
        let (one, two) = (place(&api, "/a", "one"), place(&api, "/a", "two"));
        let other = place(&api, "/b", "one");
        let under_way = kept(&store, &[], &[], "old");
        for place in [one, other] {
            store.insert(&place.key(), &api, kept(&store, &[], &[], "kept"));
        }
        store.invalidate(two);
        store.insert(&two.key(), &api, under_way);
        assert_eq!(body(&store, one, &[]), None);
        assert_eq!(body(&store, two, &[]), None);
        assert_eq!(body(&store, other, &[]).as_deref(), Some("kept"));
        store.insert(&one.key(), &api, kept(&store, &[], &[], "new"));
        assert_eq!(body(&store, one, &[]).as_deref(), Some("new"));
    }

    #[test]
    fn a_purge_takes_an_api_or_paths_below_one() {
        let (store, api, other) = (Store::new(1 << 20), slug("pets"), slug("pets-2"));
        let fill = || {
            for (api, path) in [(&api, "/a"), (&api, "/a/b"), (&api, "/ab"), (&other, "/a")] {
                let place = place(api, path, "");
                store.insert(&place.key(), api, kept(&store, &[], &[], "kept"));
            }
        };
        let there = || {
            [(&api, "/a"), (&api, "/a/b"), (&api, "/ab"), (&other, "/a")]
                .map(|(api, path)| body(&store, place(api, path, ""), &[]).is_some())
        };
        fill();
        assert_eq!(store.purge(&api, Some("/a")), 2);
        assert_eq!(there(), [false, false, true, true]);
        fill();
        assert_eq!(store.purge(&api, Some("/")), 3);
        fill();
        let under_way = kept(&store, &[], &[], "old");
        assert_eq!(store.purge(&api, None), 3);
        let place = place(&api, "/a", "");
        store.insert(&place.key(), &api, under_way);
        assert_eq!(there(), [false, false, false, true]);
        assert_eq!(store.purge(&slug("unknown"), None), 0);
    }

    #[test]
    fn it_never_holds_more_than_it_may() {
        let (store, api) = (Store::new(100_000), slug("pets"));
        let text = "x".repeat(5_000);
        for number in 0..200 {
            let path = format!("/{number}");
            let place = place(&api, &path, "");
            store.insert(&place.key(), &api, kept(&store, &[], &[], &text));
            assert!(store.kept.weight() <= 100_000);
        }
        assert!(store.kept.len() > 4);
    }

    #[test]
    fn a_304_renews_all_but_what_belongs_to_the_bytes() {
        let store = Store::new(1 << 20);
        let old = kept(
            &store,
            &[
                ("Content-Type", "text/plain"),
                ("X-A", "1"),
                ("x-b", "2"),
                ("cache-control", "max-age=1"),
                ("etag", "\"1\""),
            ],
            &[],
            "body",
        );
        let told = fields(&[
            ("content-type", "text/html"),
            ("x-a", "9"),
            ("x-c", "3"),
            ("Cache-Control", "max-age=50"),
            ("age", "7"),
        ]);
        let at = Timestamp::from_micros(5_000_000);
        let new = old.renewed(&told, 0, at, at, 77);
        let shown: Vec<_> =
            new.fields.iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value))).collect();
        assert_eq!(
            shown,
            ["Content-Type: text/plain", "x-b: 2", "etag: \"1\"", "x-a: 9", "x-c: 3", "Cache-Control: max-age=50"]
        );
        assert_eq!((new.freshness.left(at), new.number, &new.body[..]), (43, 77, &b"body"[..]));
        let mut request = fields(&[("if-none-match", "\"mine\""), ("if-modified-since", "x")]);
        new.ask(&mut request);
        assert_eq!(request.get_all("if-none-match").collect::<Vec<_>>(), [b"\"1\""]);
        assert!(!request.contains("if-modified-since") && new.has_validator());
    }
}
