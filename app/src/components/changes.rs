//! What changed, in words: by operation and schema, breaking first.
use super::{Badge, Method, Path, Tone, link::Root, text::escape, words::counted};
use leptos::prelude::*;
use portico_contract::changes::{Change, ChangeClass, ChangeSubject, Changes, Edition};

/// How many of each class there are, as a line of text; "Nothing changed" where there are none.
pub fn change_counts(changes: &Changes) -> String {
    let counts = [
        (changes.breaking, "breaking change", "breaking changes"),
        (changes.compatible, "compatible change", "compatible changes"),
        (changes.docs, "change of words", "changes of words"),
    ];
    let counts: Vec<String> =
        counts.into_iter().filter(|(n, _, _)| *n > 0).map(|(n, one, many)| counted(n.into(), one, many)).collect();
    if counts.is_empty() { "Nothing changed for callers".to_owned() } else { counts.join(", ") }
}

/// Changes grouped by what they concern. `roots`: where the pages of the older and the later version begin. At most
/// `most` are shown; says whether that were all there are.
pub fn change_list(changes: Changes, roots: (&Root, &Root), most: usize) -> (AnyView, bool) {
    let total = (changes.breaking + changes.compatible + changes.docs) as usize;
    let whole = total <= most && !changes.cut;
    let mut groups: Vec<(ChangeSubject, Vec<Change>)> = Vec::new();
    for change in changes.items.into_iter().take(most) {
        // The same subject comes once for each class.
        match groups.iter_mut().find(|(subject, _)| *subject == change.subject) {
            Some((_, group)) => group.push(change),
            None => groups.push((change.subject.clone(), vec![change])),
        }
    }
    let groups = groups.into_iter().map(|(subject, changes)| group(&subject, changes, roots)).collect_view();
    (view! { <div class="stack">{groups}</div> }.into_any(), whole)
}

fn group(subject: &ChangeSubject, changes: Vec<Change>, roots: (&Root, &Root)) -> AnyView {
    let users = match subject {
        ChangeSubject::Schema { .. } => users(&changes, roots),
        _ => None,
    };
    let lines = changes.into_iter().map(line).collect_view();
    view! { <section class="stack tight"><h3 class="row tight">{heading(subject, roots)}</h3>{users}<ul class="changes">{lines}</ul></section> }
        .into_any()
}

fn heading(subject: &ChangeSubject, (before, after): (&Root, &Root)) -> AnyView {
    match subject {
        ChangeSubject::Document => "The API as a whole".into_any(),
        ChangeSubject::Operation { names, method, path, title } => {
            let what = if path.is_empty() {
                view! { <span>{title.clone()}</span> }.into_any()
            } else {
                view! { <Path path=path.clone()/> }.into_any()
            };
            let href = match (&names.after, &names.before) {
                (Some(slug), _) => Some(after.operation(slug)),
                (None, Some(slug)) => Some(before.operation(slug)),
                (None, None) => None,
            };
            view! { <Method method=method.clone()/><a href=href title=title.clone()>{what}</a> }.into_any()
        }
        ChangeSubject::Schema { name, edition } => {
            let root = if *edition == Edition::Before { before } else { after };
            view! { <span class="note">"Schema"</span><a href=root.schema(name)><code>{name.clone()}</code></a> }
                .into_any()
        }
    }
}

/// Which operations use a schema that changed.
fn users(changes: &[Change], (before, after): (&Root, &Root)) -> Option<AnyView> {
    const SHOWN: usize = 6;
    let longest = changes.iter().max_by_key(|change| change.operations.len())?;
    let total = longest.operations.len();
    let links = longest
        .operations
        .iter()
        .filter_map(|names| match (&names.after, &names.before) {
            (Some(slug), _) => Some((slug, after.operation(slug))),
            (None, Some(slug)) => Some((slug, before.operation(slug))),
            (None, None) => None,
        })
        .take(SHOWN)
        .enumerate()
        .map(|(n, (slug, href))| view! { {(n > 0).then_some(", ")}<a href=href>{slug.clone()}</a> })
        .collect_view();
    let more = (total > SHOWN).then(|| format!(" and {} more", total - SHOWN));
    (total > 0).then(|| view! { <p class="note">"Used by "{links}{more}</p> }.into_any())
}

fn line(change: Change) -> AnyView {
    let (words, tone) = match change.class {
        ChangeClass::Breaking => ("Breaking", Tone::Danger),
        ChangeClass::Compatible => ("Compatible", Tone::Ok),
        ChangeClass::Docs => ("Words", Tone::Muted),
    };
    let advice = (!change.advice.is_empty()).then(|| view! { " "<span class="note">{change.advice}</span> });
    view! { <li><Badge text=words tone/><span><span inner_html=coded(&change.message)></span>"."{advice}</span></li> }
        .into_any()
}

/// A sentence as markup; what stands in backticks is code.
pub fn coded(sentence: &str) -> String {
    let mut html = String::with_capacity(sentence.len() * 2);
    for (n, piece) in sentence.split('`').enumerate() {
        if n % 2 == 1 {
            html.push_str("<code>");
            html.push_str(&escape(piece));
            html.push_str("</code>");
        } else {
            html.push_str(&escape(piece));
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_in_a_sentence_is_marked_and_escaped() {
        assert_eq!(coded("`a<b>` is \"new\""), "<code>a&lt;b&gt;</code> is &quot;new&quot;");
    }
}
