//! What opens above the page, by `popover` and so without script.
use crate::context;
use leptos::prelude::*;

/// A button that opens a menu of links, buttons and forms. `label` names the button for those who do not see `face`.
#[component]
pub fn Menu(
    #[prop(into)] label: String,
    face: AnyView,
    /// Classes of the button beside `button`.
    #[prop(default = "quiet small square")]
    class: &'static str,
    children: Children,
) -> AnyView {
    let id = context::next_id("menu");
    view! {
        <button class=format!("button {class}") type="button" popovertarget=id.clone() aria-label=label>{face}</button>
        <div class="menu" popover="auto" id=id>{children()}</div>
    }
    .into_any()
}

/// A button that asks before it acts: it opens a question with the form that does it. `children` say what will happen;
/// they may hold further inputs of the form.
#[component]
pub fn Confirm(
    /// Words on the first button, e.g. "Revoke".
    #[prop(into)]
    ask: String,
    /// Names the first button more exactly where several stand on a page, e.g. "Revoke nightly".
    #[prop(optional, into)]
    label: Option<String>,
    /// Where the form is sent.
    #[prop(into)]
    action: String,
    /// Words on the button that does it, e.g. "Revoke this key".
    #[prop(into)]
    confirm: String,
    #[prop(default = "quiet small danger")] class: &'static str,
    /// Nothing is lost by it.
    #[prop(optional)]
    harmless: bool,
    children: Children,
) -> AnyView {
    let id = context::next_id("confirm");
    view! {
        <button class=format!("button {class}") type="button" popovertarget=id.clone() aria-label=label>{ask.clone()}</button>
        <div class="menu confirm" popover="auto" id=id.clone() role="dialog" aria-label=ask>
            <form method="post" action=action>
                {children()}
                <button class=(!harmless).then_some("danger")>{confirm}</button>
            </form>
            <button type="button" popovertarget=id.clone() popovertargetaction="hide">"Cancel"</button>
        </div>
    }
    .into_any()
}
