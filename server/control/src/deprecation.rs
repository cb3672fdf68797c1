//! Since when operations are deprecated, where their document only says that they are. `Deprecation` (RFC 9745) has no
//! word without a date: it is the day on which callers could first know, which is when the first version that called the
//! operation deprecated was published.
use portico_domain::{RouteSpec, Timestamp};

/// Takes over what the version that is published now says of the same operations. `published_at` is its own.
pub(crate) fn go_on(routes: &mut [RouteSpec], present: &[RouteSpec], published_at: Option<Timestamp>) {
    fill_in(routes, |route| {
        let is_same = |other: &&RouteSpec| {
            let is_in_its_place = other.method == route.method && other.template == route.template;
            other.operation == route.operation || is_in_its_place
        };
        let before = present.iter().find(is_same)?.deprecation.as_ref()?;
        if before.deprecated { before.since.or(published_at) } else { None }
    });
}

/// Dates operations by the publication of their own version, where nothing else is known.
pub(crate) fn date(routes: &mut [RouteSpec], published_at: Option<Timestamp>) {
    fill_in(routes, |_| published_at);
}

fn fill_in(routes: &mut [RouteSpec], since: impl Fn(&RouteSpec) -> Option<Timestamp>) {
    for route in routes {
        if route.deprecation.as_ref().is_some_and(|known| known.deprecated && known.since.is_none()) {
            let since = since(route);
            if let Some(deprecation) = &mut route.deprecation {
                deprecation.since = since;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_domain::Deprecation;

    fn at(day: u32) -> Option<Timestamp> {
        Timestamp::parse(&format!("2026-11-{day:02}T00:00:00Z"))
    }

    fn route(operation: &str, template: &str, deprecation: Option<Deprecation>) -> RouteSpec {
        RouteSpec {
            operation: operation.to_owned(),
            method: "GET".to_owned(),
            template: template.to_owned(),
            secured: false,
            deprecation,
            key_places: Vec::new(),
        }
    }

    fn deprecated(since: Option<Timestamp>) -> Deprecation {
        Deprecation { deprecated: true, since, ..Deprecation::default() }
    }

    fn dates(routes: &[RouteSpec]) -> Vec<Option<Timestamp>> {
        routes.iter().map(|route| route.deprecation.as_ref().and_then(|known| known.since)).collect()
    }

    #[test]
    fn the_first_publication_is_the_date_and_later_ones_keep_it() {
        let ends = Deprecation { sunset: at(30), ..Deprecation::default() };
        let document = || {
            vec![
                route("a", "/a", Some(deprecated(None))),
                route("b", "/b", Some(deprecated(at(1)))),
                route("c", "/c", Some(ends.clone())),
                route("d", "/d", None),
            ]
        };
        let mut first = document();
        go_on(&mut first, &[], None);
        assert_eq!(dates(&first), [None, at(1), None, None]);
        let mut served = first.clone();
        date(&mut served, at(3));
        assert_eq!(dates(&served), [at(3), at(1), None, None], "what only ends is not deprecated");
        // The second one calls another operation deprecated, and renames one; the third one is based on it.
        let mut second = document();
        second[0].operation = "renamed".to_owned();
        second[3].deprecation = Some(deprecated(None));
        go_on(&mut second, &first, at(3));
        assert_eq!(dates(&second), [at(3), at(1), None, None]);
        let mut third = second.clone();
        for route in &mut third {
            route.deprecation = Some(deprecated(None));
        }
        go_on(&mut third, &second, at(5));
        date(&mut third, at(8));
        assert_eq!(dates(&third), [at(3), at(1), at(8), at(5)]);
    }
}
