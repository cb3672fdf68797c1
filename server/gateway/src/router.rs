//! Finds the operation of a path within one API.
//!
//! A tree of segments, made for what documents really hold: parameters beside literals, parts of segments
//! (`/Accounts/{Sid}.json`, `/compare/{base}...{head}`), the same template under different parameter names, greedy ends
//! (`/{proxy+}`). The most concrete template wins, as OpenAPI asks; the method is looked at once the template is found.
//! One node of the tree is visited at most once for a path.
use crate::{path::canonical_literal, world::Operation};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use http::Method;
use memchr::memchr2;
use smallvec::SmallVec;
use std::sync::Arc;

/// Deeper templates are refused: none is that deep, and matching follows the depth.
const MAX_SEGMENTS: usize = 128;
/// So many literals beside each other are compared in turn.
const FEW: usize = 8;
/// No literal: canonical paths have no such character.
const PARAMETER: &str = "\0";

#[derive(Debug, Default)]
pub(crate) struct Router {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    /// Segments that must come before this node is reached, with slashes between; a `PARAMETER` takes any. Most templates
    /// branch near their root alone, and what stands in one piece is read from memory at once.
    lane: Option<Box<str>>,
    literals: Literals,
    /// Longest fixed text first.
    patterns: Vec<(Pattern, Node)>,
    parameter: Option<Box<Node>>,
    /// Takes this segment and all that follow.
    rest: Option<Box<Methods>>,
    end: Option<Methods>,
}

/// The literal segments that may follow. Nearly all nodes have one or two: to compare them takes less time than to hash
/// what came, and a table for each of a document's thousands of nodes would be most of its memory.
#[derive(Debug)]
enum Literals {
    Few(Vec<(Box<str>, Node)>),
    Many(HashMap<Box<str>, Node, RandomState>),
}

/// The operations of one template.
#[derive(Debug, Default)]
pub(crate) struct Methods(SmallVec<[(Method, Arc<Operation>); 1]>);

/// A segment with fixed text around parameters, e.g. `{sid}.json`; a parameter takes one character at least.
#[derive(Debug, PartialEq, Eq)]
struct Pattern {
    start: Box<str>,
    middle: Vec<Box<str>>,
    end: Box<str>,
}

enum Segment {
    Literal(String),
    Pattern(Pattern),
    Parameter,
    Rest,
}

impl Router {
    /// Adds an operation. Of two that share method and template the first is found, since a path cannot tell them apart
    /// (`/#Action=Start` and `/#Action=Stop`, say); it asks for whatever the other asks for.
    pub(crate) fn add(&mut self, method: &str, template: &str, operation: Arc<Operation>) -> Result<(), &'static str> {
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| "its method is none")?;
        let path = template.split(['?', '#']).next().unwrap_or_default();
        let path = path.strip_prefix('/').unwrap_or(path);
        if path.split('/').count() > MAX_SEGMENTS {
            return Err("its path has more than 128 segments");
        }
        let mut node = &mut self.root;
        let mut segments = path.split('/').peekable();
        while let Some(segment) = segments.next() {
            node = match Segment::read(segment, segments.peek().is_none()) {
                Segment::Literal(text) => node.literals.at(text.into()),
                Segment::Pattern(pattern) => node.pattern(pattern),
                Segment::Parameter => node.parameter.get_or_insert_default(),
                Segment::Rest => {
                    node.rest.get_or_insert_default().add(method, operation);
                    return Ok(());
                }
            };
        }
        node.end.get_or_insert_default().add(method, operation);
        Ok(())
    }

    /// The same, found with fewer steps. Nothing can be added behind it.
    pub(crate) fn straightened(mut self) -> Self {
        self.root.straighten_below();
        self
    }

    /// The operations of the most concrete template that fits a canonical path, which begins with `/`.
    pub(crate) fn find(&self, path: &str) -> Option<&Methods> {
        self.root.find(path.strip_prefix('/')?)
    }
}

impl Node {
    fn pattern(&mut self, pattern: Pattern) -> &mut Self {
        let known = self.patterns.iter().position(|(known, _)| *known == pattern);
        let place = known.unwrap_or_else(|| {
            let place = self.patterns.partition_point(|(known, _)| known.fixed() >= pattern.fixed());
            self.patterns.insert(place, (pattern, Self::default()));
            place
        });
        &mut self.patterns[place].1
    }

    fn find(&self, path: &str) -> Option<&Methods> {
        let (segment, rest) = first_segment(path);
        if let Some(found) = self.literals.get(segment).and_then(|node| node.follow(rest)) {
            return Some(found);
        }
        if segment.is_empty() {
            return None;
        }
        // Servers that drop ;parameters would read this segment as the literal beside: it is not to be had as a parameter.
        if self.is_disguised(segment) {
            return None;
        }
        for (pattern, node) in &self.patterns {
            if pattern.matches(segment)
                && let Some(found) = node.follow(rest)
            {
                return Some(found);
            }
        }
        self.parameter.as_ref().and_then(|node| node.follow(rest)).or_else(|| self.all_of(path))
    }

    /// The greedy end, for a path that nothing else fits. Servers that drop a slash at the end would read such a path as
    /// one that something else fits: that is not to be had in this way.
    fn all_of(&self, path: &str) -> Option<&Methods> {
        let rest = self.rest.as_deref()?;
        match path.strip_suffix('/').filter(|path| !path.is_empty()) {
            Some(bare) if !self.find(bare).is_some_and(|found| std::ptr::eq(found, rest)) => None,
            _ => Some(rest),
        }
    }

    fn is_disguised(&self, segment: &str) -> bool {
        if memchr2(b';', b'%', segment.as_bytes()).is_none() {
            return false;
        }
        let end = segment.find(';').into_iter().chain(segment.find("%3B")).min();
        end.is_some_and(|end| self.literals.get(&segment[..end]).is_some())
    }

    fn straighten_below(&mut self) {
        match &mut self.literals {
            Literals::Few(nodes) => nodes.iter_mut().for_each(|(_, node)| node.straighten()),
            Literals::Many(nodes) => nodes.values_mut().for_each(Self::straighten),
        }
        self.patterns.iter_mut().for_each(|(_, node)| node.straighten());
        if let Some(node) = &mut self.parameter {
            node.straighten();
        }
    }

    /// Becomes the node at the end of its lane.
    fn straighten(&mut self) {
        while let Some((segment, node)) = self.only_way() {
            let lane = match &self.lane {
                None => segment,
                Some(lane) => [&**lane, "/", &*segment].concat().into(),
            };
            *self = Self { lane: Some(lane), ..node };
        }
        self.straighten_below();
    }

    /// What follows, taken out, where nothing else may come and nothing ends here.
    fn only_way(&mut self) -> Option<(Box<str>, Self)> {
        let Self { lane: _, literals: Literals::Few(literals), patterns, parameter, rest: None, end: None } = self
        else {
            return None;
        };
        match (literals.len(), patterns.len(), parameter.is_some()) {
            (1, 0, false) => literals.pop(),
            (0, 0, true) => parameter.take().map(|node| (PARAMETER.into(), *node)),
            _ => None,
        }
    }

    fn follow(&self, mut rest: Option<&str>) -> Option<&Methods> {
        if let Some(lane) = &self.lane {
            for expected in lane.split('/') {
                let (segment, behind) = first_segment(rest?);
                let fits = if expected == PARAMETER { !segment.is_empty() } else { segment == expected };
                if !fits {
                    return None;
                }
                rest = behind;
            }
        }
        match rest {
            Some(rest) => self.find(rest),
            None => self.end.as_ref(),
        }
    }
}

impl Default for Literals {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Literals {
    fn get(&self, segment: &str) -> Option<&Node> {
        match self {
            Self::Few(nodes) => nodes.iter().find(|(text, _)| **text == *segment).map(|(_, node)| node),
            Self::Many(nodes) => nodes.get(segment),
        }
    }

    /// The node of a literal, which is made where there is none.
    fn at(&mut self, literal: Box<str>) -> &mut Node {
        if let Self::Few(nodes) = self
            && nodes.len() == FEW
            && nodes.iter().all(|(text, _)| *text != literal)
        {
            *self = Self::Many(std::mem::take(nodes).into_iter().collect());
        }
        match self {
            Self::Few(nodes) => {
                let known = nodes.iter().position(|(text, _)| *text == literal);
                let place = known.unwrap_or_else(|| {
                    nodes.reserve_exact(1);
                    nodes.push((literal, Node::default()));
                    nodes.len() - 1
                });
                &mut nodes[place].1
            }
            Self::Many(nodes) => nodes.entry(literal).or_default(),
        }
    }
}

impl Methods {
    fn add(&mut self, method: Method, operation: Arc<Operation>) {
        let Some((_, first)) = self.0.iter_mut().find(|(known, _)| *known == method) else {
            self.0.push((method, operation));
            return;
        };
        if let Some(first) = Arc::get_mut(first) {
            first.secured |= operation.secured;
            first.also.push(operation.name.clone());
        }
    }

    fn exactly(&self, method: &Method) -> Option<&Arc<Operation>> {
        self.0.iter().find(|(known, _)| known == method).map(|(_, operation)| operation)
    }

    /// HEAD is served by GET where the document has none of its own.
    pub(crate) fn get(&self, method: &Method) -> Option<&Arc<Operation>> {
        self.exactly(method).or_else(|| if *method == Method::HEAD { self.exactly(&Method::GET) } else { None })
    }

    /// For the `Allow` field.
    pub(crate) fn allow(&self) -> String {
        let mut methods: Vec<&str> = self.0.iter().map(|(method, _)| method.as_str()).collect();
        for (implied, present) in [("HEAD", methods.contains(&"GET")), ("OPTIONS", true)] {
            if present && !methods.contains(&implied) {
                methods.push(implied);
            }
        }
        methods.join(", ")
    }
}

impl Segment {
    fn read(text: &str, last: bool) -> Self {
        let mut fixed = vec![String::new()];
        let mut rest = text;
        while let Some((before, name, after)) = next_parameter(rest) {
            if last
                && before.is_empty()
                && after.is_empty()
                && fixed.len() == 1
                && (name.ends_with('+') || name.starts_with('*'))
            {
                return Self::Rest;
            }
            if let Some(text) = fixed.last_mut() {
                text.push_str(&canonical_literal(before));
            }
            fixed.push(String::new());
            rest = after;
        }
        let end = canonical_literal(rest);
        if fixed.len() == 1 {
            return Self::Literal(end);
        }
        let mut fixed = fixed.into_iter();
        let start = fixed.next().unwrap_or_default();
        let mut middle: Vec<Box<str>> = fixed.map(Into::into).collect();
        middle.pop();
        if start.is_empty() && end.is_empty() && middle.iter().all(|text| text.is_empty()) {
            return Self::Parameter;
        }
        Self::Pattern(Pattern { start: start.into(), middle, end: end.into() })
    }
}

/// And what follows it, if anything does.
fn first_segment(path: &str) -> (&str, Option<&str>) {
    match path.split_once('/') {
        Some((segment, rest)) => (segment, Some(rest)),
        None => (path, None),
    }
}

/// The text before the next `{name}`, the name, and what follows. A brace without its partner is plain text.
fn next_parameter(text: &str) -> Option<(&str, &str, &str)> {
    let open = text.find('{')?;
    let close = open + text[open..].find('}')?;
    Some((&text[..open], &text[open + 1..close], &text[close + 1..]))
}

impl Pattern {
    fn fixed(&self) -> usize {
        self.start.len() + self.end.len() + self.middle.iter().map(|text| text.len()).sum::<usize>()
    }

    /// The leftmost place for each fixed text is enough: what a parameter takes is free.
    fn matches(&self, segment: &str) -> bool {
        let Some(mut rest) = segment.strip_prefix(&*self.start) else { return false };
        for text in &self.middle {
            let mut ends = rest.char_indices().map(|(place, character)| place + character.len_utf8());
            let Some(first) = ends.next() else { return false };
            let Some(found) = rest[first..].find(&**text) else { return false };
            rest = &rest[first + found + text.len()..];
        }
        rest.len() > self.end.len() && rest.ends_with(&*self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router(templates: &[&str]) -> Router {
        let mut router = Router::default();
        for template in templates {
            let (method, template) = template.split_once(' ').unwrap();
            router.add(method, template, Arc::new(Operation::named(&format!("{method} {template}")))).unwrap();
        }
        router.straightened()
    }

    fn found<'a>(router: &'a Router, method: &str, path: &str) -> Option<&'a str> {
        router.find(path).and_then(|methods| methods.get(&method.parse().unwrap())).map(|operation| &*operation.name)
    }

    #[test]
    fn the_most_concrete_template_wins() {
        let router = router(&[
            "GET /",
            "GET /pets",
            "POST /pets",
            "GET /pets/{id}",
            "GET /pets/mine",
            "GET /pets/{id}/toys",
            "GET /pets/mine/{x}",
            "GET /{kind}/list",
        ]);
        for (path, template) in [
            ("/", Some("GET /")),
            ("/pets", Some("GET /pets")),
            ("/pets/7", Some("GET /pets/{id}")),
            ("/pets/mine", Some("GET /pets/mine")),
            ("/pets/mine/toys", Some("GET /pets/mine/{x}")),
            ("/pets/7/toys", Some("GET /pets/{id}/toys")),
            ("/birds/list", Some("GET /{kind}/list")),
            ("/pets/list", Some("GET /pets/{id}")),
            ("/pets/", None),
            ("/Pets", None),
            ("/pets/7/", None),
            ("/pets/7/toys/1", None),
            ("/pets/mine;v=1", None),
        ] {
            assert_eq!(found(&router, "GET", path), template, "{path}");
        }
        assert_eq!(found(&router, "POST", "/pets"), Some("POST /pets"));
        assert_eq!(found(&router, "HEAD", "/pets"), Some("GET /pets"));
        assert_eq!(router.find("/pets").unwrap().allow(), "GET, POST, HEAD, OPTIONS");
    }

    #[test]
    fn what_real_documents_hold_is_routed() {
        let router = router(&[
            "GET /repos/{owner}/{repo}/compare/{base}...{head}",
            "GET /repos/{owner}/{repo}/{archive_format}/{ref}",
            "POST /repos/{org}/{name}/forks",
            "GET /Accounts/{Sid}.json",
            "GET /Accounts/{AccountSid}/Calls/{Sid}.json",
            "GET /{a}-{b}",
            "GET /{x}",
            "GET /{y}",
            "GET /v1/{name}:cancel",
            "GET /v1/{name}",
            "GET /trailing/{id}/",
            "GET /files/{path+}",
            "GET /assets/{*rest}",
            "GET /odd/{unclosed",
            "GET /odd/{}{}",
            "GET /#Action=Describe",
            "GET no/slash",
        ]);
        for (path, template) in [
            ("/repos/a/b/compare/main...next", Some("GET /repos/{owner}/{repo}/compare/{base}...{head}")),
            ("/repos/a/b/compare/main", Some("GET /repos/{owner}/{repo}/{archive_format}/{ref}")),
            ("/repos/a/b/tarball/v1", Some("GET /repos/{owner}/{repo}/{archive_format}/{ref}")),
            ("/Accounts/AC1.json", Some("GET /Accounts/{Sid}.json")),
            ("/Accounts/.json", None),
            ("/Accounts/AC1", None),
            ("/Accounts/AC1/Calls/CA2.json", Some("GET /Accounts/{AccountSid}/Calls/{Sid}.json")),
            ("/left-right", Some("GET /{a}-{b}")),
            ("/left-", Some("GET /{x}")),
            ("/one", Some("GET /{x}")),
            ("/v1/ops:cancel", Some("GET /v1/{name}:cancel")),
            ("/v1/ops", Some("GET /v1/{name}")),
            ("/trailing/1/", Some("GET /trailing/{id}/")),
            ("/trailing/1", None),
            ("/files/a/b/c", Some("GET /files/{path+}")),
            ("/assets/x", Some("GET /assets/{*rest}")),
            ("/odd/%7Bunclosed", Some("GET /odd/{unclosed")),
            ("/odd/xy", Some("GET /odd/{}{}")),
            ("/", Some("GET /#Action=Describe")),
            ("/no/slash", Some("GET no/slash")),
        ] {
            assert_eq!(found(&router, "GET", path), template, "{path}");
        }
        assert_eq!(found(&router, "POST", "/repos/a/b/forks"), Some("POST /repos/{org}/{name}/forks"));
    }

    #[test]
    fn many_literals_are_told_apart_as_few_are() {
        let mut router = Router::default();
        for number in 0..100 {
            for template in [format!("/s{number}/users/{{id}}"), format!("/s{number}/all")] {
                router.add("GET", &template, Arc::new(Operation::named(&format!("GET {template}")))).unwrap();
            }
        }
        let router = router.straightened();
        for number in 0..100 {
            let name = found(&router, "GET", &format!("/s{number}/users/7"));
            assert_eq!(name, Some(&*format!("GET /s{number}/users/{{id}}")));
            assert_eq!(found(&router, "GET", &format!("/s{number}/all")), Some(&*format!("GET /s{number}/all")));
        }
        assert_eq!(found(&router, "GET", "/s100/all"), None);
    }

    #[test]
    fn no_operation_is_reached_in_the_disguise_of_another() {
        let router = router(&[
            "GET /admin",
            "GET /admin/{x}",
            "GET /{any}",
            "GET /{any}/x",
            "GET /{name}.json",
            "GET /files/secret",
            "GET /files/{path+}",
        ]);
        for (path, template) in [
            ("/admin;v=1", None),
            ("/admin%3Bv=1", None),
            ("/admin;.json", None),
            ("/admin;v=1/x", None),
            ("/admins;v=1", Some("GET /{any}")),
            ("/files/secret;a", None),
            ("/files/secret/", None),
            ("/files/secret/a", Some("GET /files/{path+}")),
            ("/files/other/", Some("GET /files/{path+}")),
            ("/files/a/b/", Some("GET /files/{path+}")),
        ] {
            assert_eq!(found(&router, "GET", path), template, "{path}");
        }
    }

    #[test]
    fn operations_that_cannot_be_told_apart_are_guarded_as_one() {
        let mut router = Router::default();
        let open = Operation { secured: false, ..Operation::named("start") };
        router.add("POST", "/#Action=Start", Arc::new(open)).unwrap();
        router.add("POST", "/#Action=Stop", Arc::new(Operation::named("stop"))).unwrap();
        let found = router.find("/").unwrap().get(&Method::POST).unwrap();
        assert_eq!((&*found.name, found.secured, &*found.also[0]), ("start", true, "stop"));
    }

    #[test]
    fn a_template_too_deep_is_refused_and_a_hostile_path_is_not_followed_far() {
        let mut router = Router::default();
        let deep = "/{a}".repeat(129);
        assert!(router.add("GET", &deep, Arc::new(Operation::named("deep"))).is_err());
        assert!(router.find(&"/a".repeat(4_000)).is_none());
    }
}
