//! `/` and `/apis`: which APIs there are.
use crate::{
    components::{Badge, Empty, Icon, SearchForm, Segment, Segments, Time, Tone, guide, link::segment, words::counted},
    context,
    page::{Page, Section},
    server::{House, page},
};
use axum::Router;
use leptos::prelude::*;
use portico_contract::{
    PortalResult, Role,
    catalogue::{Access, Catalogue, CatalogueItem, Visibility},
};

pub(crate) fn routes() -> Router<House> {
    Router::new().route("/", page(list)).route("/apis", page(list))
}

async fn list() -> PortalResult<Page> {
    let caller = context::caller();
    let catalogue = context::portal().catalogue(&caller).await?;
    let publisher = caller.role() >= Some(Role::Publisher);
    let filter = Filter::parse(context::address().field("show"));
    Ok(Page::wide(Section::Apis, "APIs", content(catalogue, filter, publisher))
        .described("All APIs of this portal, with their documentation."))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filter {
    All,
    Subscribed,
    Open,
}

impl Filter {
    const EVERY: [Self; 3] = [Self::All, Self::Subscribed, Self::Open];

    fn parse(text: &str) -> Self {
        match text {
            "subscribed" => Self::Subscribed,
            "open" => Self::Open,
            _ => Self::All,
        }
    }
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::All => ("All", "/apis"),
            Self::Subscribed => ("Subscribed", "/apis?show=subscribed"),
            Self::Open => ("Open", "/apis?show=open"),
        }
    }
    fn holds(self, item: &CatalogueItem) -> bool {
        match self {
            Self::All => true,
            Self::Subscribed => item.subscribed,
            Self::Open => item.access == Access::Open,
        }
    }
}

fn content(catalogue: Catalogue, filter: Filter, publisher: bool) -> AnyView {
    let intro = view! {
        <div class="intro">
            <h1>"APIs"</h1>
            <p class="lead">"Read freely; one key opens what asks for it."</p>
            <SearchForm primary=true/>
        </div>
    };
    let guides = guide::section(catalogue.guides.clone());
    if catalogue.items.is_empty() {
        return view! { {intro}{guides}{nothing_yet(publisher)} }.into_any();
    }
    let segments = Filter::EVERY
        .into_iter()
        .map(|each| {
            let (label, href) = each.words();
            let count = catalogue.items.iter().filter(|item| each.holds(item)).count();
            Segment {
                label: label.to_owned(),
                href: href.to_owned(),
                current: each == filter,
                count: Some(count as u64),
            }
        })
        .collect();
    let cells: Vec<AnyView> = catalogue.items.into_iter().filter(|item| filter.holds(item)).map(cell).collect();
    let cells = if cells.is_empty() {
        let (title, words) = match filter {
            Filter::Subscribed => {
                ("No subscriptions yet", "Open an API and choose a plan to subscribe one of your apps.")
            }
            _ => ("No open APIs", "Every API here asks for a key."),
        };
        view! { <Empty icon="layers" title=title><p>{words}</p></Empty> }.into_any()
    } else {
        view! { <ul class="cells">{cells}</ul> }.into_any()
    };
    view! { {intro}<div class="split filters"><Segments label="Filter" segments=segments/></div>{cells}{guides} }
        .into_any()
}

fn nothing_yet(publisher: bool) -> AnyView {
    if publisher {
        view! {
            <Empty icon="layers" title="No APIs yet">
                <p>"Upload an OpenAPI document, and its documentation and gateway route are there at once."</p>
                <a class="button" href="/admin/apis/new"><Icon name="plus"/>"Publish an API"</a>
            </Empty>
        }
        .into_any()
    } else {
        view! {
            <Empty icon="layers" title="No APIs yet">
                <p>"Nothing is published that you may read. Publishers sign in to add APIs; some are shown only to readers who are signed in."</p>
            </Empty>
        }
        .into_any()
    }
}

fn cell(item: CatalogueItem) -> AnyView {
    let subscribed = item.subscribed.then(|| view! { <Badge text="Subscribed" tone=Tone::Ok icon="check"/> });
    let visibility = match item.visibility {
        Visibility::Public => None,
        Visibility::SignedIn => Some(view! { <Badge text="Signed-in readers" tone=Tone::Muted/> }),
        Visibility::Private => Some(view! { <Badge text="Private" tone=Tone::Special/> }),
    };
    let (icon, access) = match item.access {
        Access::Key => ("key", "Key"),
        Access::Document => ("key", "Key where asked"),
        Access::Open => ("open", "Open"),
    };
    let operations = counted(u64::from(item.operations), "operation", "operations");
    view! {
        <li class="cell">
            <div class="row tight"><span class="note">{item.version}</span>{subscribed}{visibility}</div>
            <h2><a href=format!("/apis/{}", segment(&item.slug))>{item.title}</a></h2>
            <p>{item.summary}</p>
            <div class="meta">
                <span>{operations}</span>
                <span><Icon name=icon/>{access}</span>
                <span>"Changed "<Time moment=item.changed/></span>
            </div>
        </li>
    }
    .into_any()
}
