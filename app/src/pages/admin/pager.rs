//! The way through lists that come in parts.
use leptos::prelude::*;
use portico_contract::Listing;

/// Says how much there is, and leads on to the next part and back to the first. `path` is the list's address with its
/// filters; `what` names one and many of its things.
pub(super) fn pager<T>(listing: &Listing<T>, path: &str, first: bool, what: (&str, &str)) -> impl IntoView + use<T> {
    let join = if path.contains('?') { '&' } else { '?' };
    let next = listing.next.as_deref().map(|after| {
        let after: String = url::form_urlencoded::byte_serialize(after.as_bytes()).collect();
        view! { <a class="button small" rel="next" href=format!("{path}{join}after={after}")>"Next"</a> }
    });
    let back = (!first).then(|| view! { <a class="button quiet small" href=path.to_owned()>"First page"</a> });
    let total = crate::components::words::counted(listing.total, what.0, what.1);
    view! {
        <div class="section split note">
            <span>{total}</span>
            <span class="row tight">{back}{next}</span>
        </div>
    }
}
