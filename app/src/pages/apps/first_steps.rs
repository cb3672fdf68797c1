//! Four steps to a first answer. Each ticks itself when the house sees it done.
use crate::components::{Field, Icon, PostForm};
use leptos::prelude::*;
use portico_contract::{apps::Progress, catalogue::CatalogueItem};

/// APIs named beside the steps; the catalogue has them all.
const MAX_READING: usize = 4;

pub(super) fn done(progress: Progress) -> bool {
    progress.app && progress.subscription && progress.key && progress.call
}

struct Step {
    done: bool,
    title: &'static str,
    about: &'static str,
    /// What to do, shown while it is this step's turn.
    action: AnyView,
}

/// `app` is the app that the steps go on with; `name` the reader's.
pub(super) fn view(
    progress: Progress,
    app: Option<&str>,
    name: &str,
    reading: Vec<CatalogueItem>,
) -> impl IntoView + use<> {
    let first_name = name.split_whitespace().next().unwrap_or(name).to_owned();
    let link = |path: String, words: &'static str| {
        view! {
            <p class="row">
                <a class="button primary" href=path>{words}</a>
            </p>
        }
        .into_any()
    };
    let subscribe = app.map_or_else(|| "/subscribe".to_owned(), |app| format!("/subscribe?app={app}"));
    let new_key = app.map_or_else(|| "/apps/new".to_owned(), |app| format!("/apps/{app}/keys/new"));
    let steps = [
        Step {
            done: progress.app,
            title: "Create an app",
            about: "An app stands for one program of yours. It holds keys and subscriptions, and its traffic is counted together.",
            action: view! {
                <PostForm action="/apps" class="row app-form">
                    <Field name="name" label="Name of the app" autocomplete="off"/>
                    <button class="button primary">"Create app"</button>
                </PostForm>
            }
            .into_any(),
        },
        Step {
            done: progress.subscription,
            title: "Subscribe it to an API",
            about: "Under a plan, which says how many calls it may make.",
            action: link(subscribe, "Choose an API"),
        },
        Step {
            done: progress.key,
            title: "Create a key",
            about: "Shown once, with a call ready to paste.",
            action: link(new_key, "Create a key"),
        },
        Step {
            done: progress.call,
            title: "Make the first call",
            about: "With the key in the header X-API-Key. We watch for it, and this step ticks itself.",
            action: link("/requests".to_owned(), "See what has arrived"),
        },
    ];
    let turn = steps.iter().position(|step| !step.done);
    let steps = steps
        .into_iter()
        .enumerate()
        .map(|(i, step)| {
            let is_turn = turn == Some(i);
            let tone = if step.done {
                "ok"
            } else if is_turn {
                "info"
            } else {
                "muted"
            };
            let mark = if step.done {
                view! { <Icon name="check"/><span class="visually-hidden">"Done"</span> }.into_any()
            } else {
                (i + 1).into_any()
            };
            view! {
                <li class=tone aria-current=is_turn.then_some("step")>
                    <span class="mark">{mark}</span>
                    <div>
                        <h2>{step.title}</h2>
                        <p>{step.about}</p>
                        {is_turn.then_some(step.action)}
                    </div>
                </li>
            }
        })
        .collect_view();
    let reading = reading
        .into_iter()
        .take(MAX_READING)
        .map(|api| {
            view! {
                <li>
                    <a class="item" href=format!("/apis/{}", api.slug)>
                        <Icon name="doc"/>
                        <span class="what"><b>{api.title}</b></span>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <div class="intro">
            <h1>{format!("Welcome, {first_name}")}</h1>
            <p class="lead">"Four steps to a first answer. The last one ticks itself."</p>
        </div>
        <div class="columns aside">
            <ol class="steps checklist card">{steps}</ol>
            <aside class="stack" aria-label="Good to read">
                <h2 class="note">"Good to read meanwhile"</h2>
                <ul class="list">
                    {reading}
                    <li>
                        <a class="item" href="/apis">
                            <Icon name="layers"/>
                            <span class="what"><b>"All APIs"</b></span>
                        </a>
                    </li>
                </ul>
            </aside>
        </div>
    }
}
