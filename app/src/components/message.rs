//! What the house has to say in between.
use super::{Icon, Tone};
use crate::context;
use leptos::prelude::*;
use portico_contract::PortalError;

/// A remark that stands out; the tone picks its icon.
#[component]
pub fn Callout(tone: Tone, #[prop(into)] title: String, children: Children) -> AnyView {
    let icon = match tone {
        Tone::Danger | Tone::Warn => "warn",
        Tone::Ok => "check",
        _ => "info",
    };
    view! {
        <div class=format!("callout {}", tone.class()) role="note">
            <Icon name=icon/>
            <strong>{title}</strong>
            <div>{children()}</div>
        </div>
    }
    .into_any()
}

/// Why the form was refused, with links to its inputs. Stands before the form, and shows nothing on a fresh page.
#[component]
pub fn ErrorSummary(
    /// (name, label) of inputs whose errors do not say by themselves what they are about.
    #[prop(optional)]
    labels: Vec<(&'static str, String)>,
) -> AnyView {
    let form = context::form_state();
    form.error().cloned().map(|error| {
        let content = match error {
            PortalError::Invalid(errors) => {
                let title = match errors.len() {
                    1 => "One thing needs a change".to_owned(),
                    n => format!("{n} things need a change"),
                };
                let items = errors
                    .into_iter()
                    .map(|error| {
                        if error.field.is_empty() {
                            view! { <li>{error.message}</li> }.into_any()
                        } else {
                            let label = labels.iter().find(|(name, _)| *name == error.field);
                            let words = match label {
                                Some((_, label)) => format!("{label}: {}", error.message),
                                None => error.message,
                            };
                            view! { <li><a href=format!("#{}", error.field)>{words}</a></li> }.into_any()
                        }
                    })
                    .collect_view();
                view! { <h2>{title}</h2><ul>{items}</ul> }.into_any()
            }
            other => view! { <h2>"That did not work"</h2><p>{other.to_string()}</p> }.into_any(),
        };
        view! { <div class="callout danger" role="alert" tabindex="-1" id="errors" autofocus=true><Icon name="warn"/>{content}</div> }
    }).into_any()
}
