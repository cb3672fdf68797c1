//! Forms that change something.
use crate::context;
use leptos::prelude::*;

/// A form that is posted. Inputs within it show what was typed and what is wrong only when it was this form that came back:
/// several forms of one page may have fields of the same name.
#[component]
pub fn PostForm(
    #[prop(into)] action: String,
    #[prop(default = "stack")] class: &'static str,
    /// Sends files too.
    #[prop(optional)]
    multipart: bool,
    children: Children,
) -> AnyView {
    let content = context::within_form(action.clone(), children);
    view! {
        <form class=class method="post" action=action enctype=multipart.then_some("multipart/form-data")>
            {content}
        </form>
    }
    .into_any()
}

/// Inputs that belong together, side by side, with a sentence about them.
#[component]
pub fn FieldGroup(title: &'static str, about: &'static str, children: Children) -> AnyView {
    view! {
        <section class="section">
            <h2>{title}</h2>
            <p class="about-group">{about}</p>
            <div class="fields">{children()}</div>
        </section>
    }
    .into_any()
}
