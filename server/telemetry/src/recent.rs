//! The latest requests, for the pages that explain them.
use portico_domain::{AppId, KeyId, RequestRecord, Slug};
use std::{
    cmp::Reverse,
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Keeps as many answered requests and as many refused ones, so that heavy traffic does not push out the explanations.
pub struct Recent {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: u64,
    answered: VecDeque<Kept>,
    refused: VecDeque<Kept>,
}

struct Kept {
    /// Its place in the order of arrival; what [`Page::next`] counts in.
    seq: u64,
    record: Arc<RequestRecord>,
}

/// Which requests to show; what is `None` does not narrow them.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of these apps: what a developer may see.
    pub apps: Option<HashSet<AppId>>,
    pub api: Option<Slug>,
    pub key: Option<KeyId>,
    pub status: Option<u16>,
    /// Only those that the gateway refused, or only those it did not.
    pub refused: Option<bool>,
    /// Only those that ended with 5xx.
    pub failed: bool,
    /// Part of the id or of the path.
    pub text: Option<String>,
}

/// Some requests, the newest first.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub records: Vec<Arc<RequestRecord>>,
    /// To be given as `before` for the next page; `None` when there is none.
    pub next: Option<u64>,
    /// How many of those kept the filter lets through.
    pub total: u64,
}

/// 10,000 of each kind: some 10 MB when full.
impl Default for Recent {
    fn default() -> Self {
        Self::new(10_000)
    }
}

impl Recent {
    /// Keeps this many of each kind; one takes about half a kilobyte.
    pub fn new(capacity: usize) -> Self {
        Self { capacity, state: Mutex::default() }
    }

    /// Adds requests, the oldest first.
    pub fn add(&self, records: impl IntoIterator<Item = RequestRecord>) {
        let mut state = self.state();
        for record in records {
            let seq = state.next;
            state.next += 1;
            let ring = if record.refusal.is_some() { &mut state.refused } else { &mut state.answered };
            if ring.len() >= self.capacity {
                ring.pop_front();
            }
            ring.push_back(Kept { seq, record: Arc::new(record) });
        }
    }

    /// The request that was answered with this `X-Request-Id`.
    pub fn find(&self, id: &str) -> Option<Arc<RequestRecord>> {
        let state = self.state();
        let mut all = state.refused.iter().rev().chain(state.answered.iter().rev());
        all.find(|kept| kept.record.id == id).map(|kept| Arc::clone(&kept.record))
    }

    /// At most `limit` requests that the filter lets through, older than `before`, the newest first.
    pub fn list(&self, filter: &Filter, limit: usize, before: Option<u64>) -> Page {
        let state = self.state();
        let rings: &[&VecDeque<Kept>] = match filter.refused {
            Some(true) => &[&state.refused],
            Some(false) => &[&state.answered],
            None => &[&state.refused, &state.answered],
        };
        let (mut found, mut total) = (Vec::new(), 0);
        for ring in rings {
            let mut room = limit + 1;
            for kept in ring.iter().rev().filter(|kept| filter.passes(&kept.record)) {
                total += 1;
                if room > 0 && before.is_none_or(|before| kept.seq < before) {
                    found.push(kept);
                    room -= 1;
                }
            }
        }
        found.sort_by_key(|kept| Reverse(kept.seq));
        let next = if found.len() > limit { limit.checked_sub(1).map(|last| found[last].seq) } else { None };
        found.truncate(limit);
        Page { records: found.into_iter().map(|kept| Arc::clone(&kept.record)).collect(), next, total }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Filter {
    fn passes(&self, record: &RequestRecord) -> bool {
        self.apps.as_ref().is_none_or(|apps| record.app.is_some_and(|app| apps.contains(&app)))
            && self.api.as_ref().is_none_or(|api| record.api.as_ref() == Some(api))
            && self.key.is_none_or(|key| record.key == Some(key))
            && self.status.is_none_or(|status| record.status == status)
            && (!self.failed || record.status >= 500)
            && self.text.as_ref().is_none_or(|text| record.id.contains(text) || record.path.contains(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_domain::{Explanation, MockClock, Timestamp};

    fn record(id: usize, app: Option<AppId>, refused: bool) -> RequestRecord {
        let why = Explanation {
            code: "key_revoked".to_owned(),
            phase: portico_domain::Phase::Key,
            check: "state of the key".to_owned(),
            expected: String::new(),
            found: String::new(),
            key: None,
            errors: Vec::new(),
        };
        RequestRecord {
            id: id.to_string(),
            at: Timestamp::from_micros(1),
            method: "GET".to_owned(),
            path: "/".to_owned(),
            api: Some(if id.is_multiple_of(2) { "even" } else { "odd" }.parse().unwrap()),
            operation: None,
            app,
            key: None,
            client: "127.0.0.1".to_owned(),
            status: if refused { 401 } else { 200 },
            total_micros: 1,
            checks_micros: None,
            upstream_micros: None,
            bytes_in: 0,
            bytes_out: 0,
            refusal: refused.then_some(why),
        }
    }

    fn ids(page: &Page) -> Vec<&str> {
        page.records.iter().map(|record| record.id.as_str()).collect()
    }

    #[test]
    fn the_newest_come_first_page_by_page() {
        let recent = Recent::new(10);
        recent.add((0..7).map(|id| record(id, None, id % 3 == 0)));
        let first = recent.list(&Filter::default(), 3, None);
        assert_eq!(ids(&first), ["6", "5", "4"]);
        recent.add([record(7, None, false)]);
        let second = recent.list(&Filter::default(), 3, first.next);
        assert_eq!(ids(&second), ["3", "2", "1"]);
        let third = recent.list(&Filter::default(), 3, second.next);
        assert_eq!((ids(&third), third.next), (vec!["0"], None));
    }

    #[test]
    fn answered_requests_do_not_push_out_refused_ones() {
        let recent = Recent::new(3);
        recent.add([record(0, None, true)]);
        recent.add((1..100).map(|id| record(id, None, false)));
        assert!(recent.find("0").is_some_and(|found| found.refusal.is_some()));
        assert_eq!(recent.list(&Filter::default(), 100, None).records.len(), 4);
        assert!(recent.find("1").is_none());
    }

    #[test]
    fn filters_narrow_what_is_shown() {
        let clock = MockClock::at(Timestamp::from_micros(1));
        let (mine, other) = (AppId::new(&clock), AppId::new(&clock));
        let recent = Recent::new(10);
        recent.add([
            record(0, Some(mine), false),
            record(1, Some(mine), true),
            record(2, Some(other), true),
            record(3, None, true),
        ]);
        let shown = |filter: Filter| ids(&recent.list(&filter, 10, None)).join(" ");
        assert_eq!(shown(Filter { apps: Some([mine].into()), ..Filter::default() }), "1 0");
        assert_eq!(shown(Filter { apps: Some(HashSet::new()), ..Filter::default() }), "");
        assert_eq!(shown(Filter { refused: Some(true), ..Filter::default() }), "3 2 1");
        assert_eq!(shown(Filter { refused: Some(false), ..Filter::default() }), "0");
        assert_eq!(shown(Filter { status: Some(200), ..Filter::default() }), "0");
        assert_eq!(shown(Filter { api: Some("even".parse().unwrap()), ..Filter::default() }), "2 0");
        assert_eq!(shown(Filter { text: Some("3".to_owned()), ..Filter::default() }), "3");
    }
}
