//! Subscribing an app to an API: which API, which plan, which app.
use crate::{
    actions::apps as actions,
    components::{Breadcrumb, Choice, Choices, Empty, ErrorSummary, Field, HiddenField, Icon, Mark, PostForm, Select},
    context,
    page::{Page, Section},
    server::{House, page as draw},
};
use axum::Router;
use leptos::prelude::*;
use portico_contract::{
    PortalResult,
    catalogue::{Access, ApiPage, PlanOffer},
};

pub(crate) fn routes() -> Router<House> {
    Router::new().route("/subscribe", draw(page).post(actions::subscribe))
}

/// First the API, then its plan and the app.
pub(crate) async fn page() -> PortalResult<Page> {
    context::caller().signed_in()?;
    let (api, app) = (context::value("api"), context::value("app"));
    if api.is_empty() { choose_api(&app).await } else { choose_plan(&api, &app).await }
}

/// An API to choose: its address here, its title, what is said beside it.
struct Offer {
    href: String,
    title: String,
    note: String,
}

async fn choose_api(app: &str) -> PortalResult<Page> {
    let (portal, caller) = (context::portal(), context::caller());
    let offers: Vec<_> = if app.is_empty() {
        let items = portal.catalogue(&caller).await?.items.into_iter().filter(|api| api.access != Access::Open);
        items
            .map(|api| Offer { href: format!("/subscribe?api={}", api.slug), title: api.title, note: api.summary })
            .collect()
    } else {
        let offers = portal.app(&caller, app).await?.offers;
        offers
            .into_iter()
            .map(|offer| {
                let plans: Vec<_> = offer.plans.into_iter().map(|(_, name, _, _)| name).collect();
                let href = format!("/subscribe?api={}&app={app}", offer.api);
                Offer { href, title: offer.title, note: plans.join(", ") }
            })
            .collect()
    };
    Ok(Page::centre(Section::Apps, "Subscribe to an API", api_list(offers)))
}

fn api_list(offers: Vec<Offer>) -> impl IntoView {
    let list = if offers.is_empty() {
        view! {
            <Empty icon="layers" title="Nothing to subscribe to">
                <p>"Every API with a plan that you may use is subscribed already, or none is published yet."</p>
                <a class="button" href="/apis">"All APIs"</a>
            </Empty>
        }
        .into_any()
    } else {
        let items = offers
            .into_iter()
            .map(|offer| {
                view! {
                    <li>
                        <a class="item" href=offer.href>
                            <Icon name="layers"/>
                            <span class="what"><b>{offer.title}</b><span class="sub">{offer.note}</span></span>
                        </a>
                    </li>
                }
            })
            .collect_view();
        view! { <ul class="list">{items}</ul> }.into_any()
    };
    view! {
        <div class="stack loose lg">
            <div class="stack tight">
                <h1>"Subscribe to an API"</h1>
                <p class="prose">"Which one? Its plan comes next."</p>
            </div>
            {list}
        </div>
    }
}

async fn choose_plan(api: &str, app: &str) -> PortalResult<Page> {
    let (portal, caller) = (context::portal(), context::caller());
    let view = portal.api(&caller, api, None).await?;
    let apps = portal.apps(&caller).await?.apps.into_iter().map(|app| (app.id, app.name)).collect();
    let title = format!("Subscribe to {}", view.head.title);
    Ok(Page::centre(Section::Apps, title, form(view, apps, app)))
}

/// `apps`: (id, name); `app`: the one chosen already.
fn form(view: ApiPage, apps: Vec<(String, String)>, app: &str) -> AnyView {
    let title = view.head.title.clone();
    let plans: Vec<_> = view.plans.iter().map(choice).collect();
    let head = view! {
        <div class="stack tight">
            <Breadcrumb
                crumbs=vec![("APIs".to_owned(), "/apis".to_owned()), (title.clone(), format!("/apis/{}", view.head.slug))]
                current="Subscribe"
            />
            <h1>{format!("Subscribe to {title}")}</h1>
        </div>
    };
    if plans.is_empty() {
        return view! {
            <div class="stack loose lg">
                {head}
                <Empty icon="list" title="No plan yet">
                    <p>"This API offers no plan just now, so there is nothing to subscribe to."</p>
                    <a class="button" href="/apis">"All APIs"</a>
                </Empty>
            </div>
        }
        .into_any();
    }
    let first_plan = plans.first().map(|plan| plan.value.clone()).unwrap_or_default();
    let help = if view.plans.iter().any(|plan| plan.manual) {
        "All keys of the app share its limits. Where it needs approval, a publisher looks at the request first."
    } else {
        "All keys of the app share its limits."
    };
    let whose = if apps.is_empty() {
        view! {
            <HiddenField name="app" value=""/>
            <Field
                name="new_app"
                label="Name of the new app"
                autocomplete="off"
                help="An app stands for one program of yours. It holds keys and subscriptions."
            />
        }
        .into_any()
    } else {
        let mut options = apps;
        let chosen = if app.is_empty() { options[0].0.clone() } else { app.to_owned() };
        options.push((String::new(), "A new app".to_owned()));
        view! {
            <Select name="app" label="App" options value=chosen help="The program that will make the calls."/>
            <Field name="new_app" label="Name of the new app" autocomplete="off" mark=Mark::Optional help="Only when you chose a new app."/>
        }
        .into_any()
    };
    view! {
        <div class="stack loose lg">
            {head} <ErrorSummary/>
            <PostForm action="/subscribe" class="stack loose">
                <HiddenField name="api" value=view.head.slug/>
                <Choices name="plan" legend="Plan" choices=plans value=first_plan help/>
                {whose}
                <div class="row">
                    <button class="button primary">"Subscribe"</button>
                    <a class="button quiet" href="/apps">"Cancel"</a>
                </div>
            </PostForm>
        </div>
    }
    .into_any()
}

fn choice(plan: &PlanOffer) -> Choice {
    let mut note = match (plan.limits.rate.as_str(), plan.limits.quota.as_str()) {
        ("no limit", "no limit") => "No limits".to_owned(),
        (rate, "no limit") => rate.to_owned(),
        ("no limit", quota) => quota.to_owned(),
        (rate, quota) => format!("{rate}, {quota}"),
    };
    if plan.manual {
        note.push_str("; needs approval");
    }
    if plan.yours {
        note.push_str("; you have it already");
    }
    Choice { value: plan.slug.clone(), label: plan.name.clone(), note }
}
