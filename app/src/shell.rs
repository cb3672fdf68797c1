//! The document around a page: head, top bar, sidebar, footer.
use crate::{
    components::{
        Icon, Menu,
        icon::{Mark, Sprite},
    },
    context::{self, Site, Theme},
    islands::{Copying, Filtering, KeepPlace, SearchPalette, ThemeSwitch},
    metadata::metadata,
    page::{Page, Pane, Section},
};
use leptos::prelude::*;
use portico_contract::{Brand, Role, SignedIn, catalogue::ApiHead};

pub(crate) fn document(page: Page) -> AnyView {
    let theme = context::theme();
    let head = head(&page);
    let body = body(page);
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=(theme != Theme::System).then(|| theme.as_str())>{head}{body}</html>
    }
    .into_any()
}

fn head(page: &Page) -> AnyView {
    let site = context::site();
    let brand = context::brand();
    let title = format!("{} · {}", page.title, brand.name);
    let feed = page.place.as_ref().filter(|head| !head.draft).map(|head| {
        let (href, title) = (format!("/apis/{}/changes.rss", head.slug), format!("Changes of {}", head.title));
        view! { <link rel="alternate" r#type="application/rss+xml" href=href title=title/> }
    });
    view! {
        <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <title>{title}</title>
            <meta name="description" content=page.description.clone()/>
            <link rel="preload" href=site.font.clone() r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
            <link rel="stylesheet" href=site.css.clone()/>
            {brand.stylesheet.map(|own| view! { <link rel="stylesheet" href=own/> })}
            <link rel="icon" href=brand.logo.unwrap_or_else(|| "/favicon.svg".to_owned())/>
            {feed}
            {metadata(page)}
            {scripts(&site)}
        </head>
    }
    .into_any()
}

/// What starts the browser's half.
pub(crate) fn scripts(site: &Site) -> AnyView {
    view! { <HydrationScripts options=site.leptos.clone() islands=true/> }.into_any()
}

fn body(page: Page) -> AnyView {
    let has_sidebar = page.sidebar.is_some();
    let sidebar = page.sidebar.map(|content| sidebar(content, page.place.as_ref()));
    view! {
        <body>
            <a class="skip" href="#main">"Skip to content"</a>
            {topbar(page.section, page.place, has_sidebar)}
            <div class=page.kind.class()>
                {sidebar}
                <main class="content" id="main" tabindex="-1">{page.content}</main>
                {page.pane.map(pane)}
            </div>
            {footer()}
            <SearchPalette/>
            <ThemeSwitch/>
            <Copying/>
            {has_sidebar.then(|| view! { <KeepPlace/><Filtering/> })}
            <Sprite/>
        </body>
    }
    .into_any()
}

/// The owner's logo, else Portico's mark; the name stands beside it.
fn mark(brand: &Brand) -> AnyView {
    match brand.logo.clone() {
        Some(logo) => view! { <img src=logo alt="" height="24"/> }.into_any(),
        None => view! { <Mark/> }.into_any(),
    }
}

fn pane(pane: Pane) -> AnyView {
    view! {
        <aside class="pane" aria-label=pane.label>
            <div class="sticky" tabindex="0" role="group" aria-label=pane.label.clone()><div class="stack">{pane.content}</div></div>
        </aside>
    }
    .into_any()
}

/// Words, address, section of the places the reader may go to.
fn places(account: Option<&SignedIn>) -> Vec<(&'static str, &'static str, Section)> {
    let mut places = vec![("APIs", "/apis", Section::Apis)];
    if let Some(account) = account {
        places.push(("Apps", "/apps", Section::Apps));
        places.push(("Usage", "/usage", Section::Usage));
        places.push(("Requests", "/requests", Section::Requests));
        if account.role >= Role::Publisher {
            places.push(("Admin", "/admin", Section::Admin));
        }
    }
    places
}

fn topbar(section: Section, place: Option<ApiHead>, has_sidebar: bool) -> AnyView {
    let brand = context::brand();
    let caller = context::caller();
    let places = places(caller.account.as_ref());
    let links = places
        .iter()
        .map(|(words, href, target)| {
            let current = (*target == section).then_some("true");
            view! { <li><a class="button quiet" href=*href aria-current=current>{*words}</a></li> }
        })
        .collect_view();
    let drawer = has_sidebar.then(|| {
        view! {
            <button class="button quiet square drawer-button" type="button" popovertarget="sidebar" aria-label="Open navigation">
                <Icon name="menu"/>
            </button>
        }
    });
    let name_class = place.is_some().then_some("only-wide");
    view! {
        <header class="topbar"><div class="inner">
            {drawer}
            <a class="brand" href="/" aria-label=brand.name.clone()>{mark(&brand)}<span class=name_class>{brand.name.clone()}</span></a>
            {place.map(switcher)}
            <nav aria-label="Main"><ul>{links}</ul></nav>
            <a class="button search-button" href="/search">
                <Icon name="search"/><span>"Search"</span><kbd class="needs-script" aria-hidden="true">"Ctrl K"</kbd>
            </a>
            {theme_menu()}
            {account_menu(caller.account, &places)}
        </div></header>
    }
    .into_any()
}

/// The API and the version shown, and which else there are.
fn switcher(head: ApiHead) -> AnyView {
    let others = head
        .others
        .into_iter()
        .map(|(slug, title)| {
            let current = (slug == head.slug).then_some("true");
            view! { <a href=format!("/apis/{slug}") aria-current=current>{title}</a> }
        })
        .collect_view();
    let apis = view! { {others}<hr/><a href="/apis">"All APIs"</a> };
    let face = view! { <span>{head.title.clone()}</span><Icon name="updown"/> }.into_any();
    let versions = (!head.versions.is_empty()).then(|| {
        let changes = format!("/apis/{}/changes", head.slug);
        let links = head
            .versions
            .into_iter()
            .map(|link| {
                let words = if link.published { format!("{} — published", link.version) } else { link.version };
                view! { <a href=link.href aria-current=link.current.then_some("true")>{words}</a> }
            })
            .collect_view();
        let face = view! { <span>{head.version.clone()}</span><Icon name="updown"/> }.into_any();
        view! {
            <Menu label=format!("Version: {}. Change", head.version) class="quiet" face>
                {links}
                <hr/>
                <a href=changes>"All versions"</a>
            </Menu>
        }
    });
    view! {
        <div class="place">
            <Menu label=format!("API: {}. Change", head.title) class="quiet" face>{apis}</Menu>
            {versions}
        </div>
    }
    .into_any()
}

fn theme_menu() -> AnyView {
    let chosen = context::theme();
    let buttons = Theme::ALL
        .into_iter()
        .map(|theme| {
            let words = match theme {
                Theme::System => "Same as system",
                Theme::Light => "Light",
                Theme::Dark => "Dark",
            };
            let pressed = if theme == chosen { "true" } else { "false" };
            view! { <button name="theme" value=theme.as_str() aria-pressed=pressed>{words}</button> }
        })
        .collect_view();
    view! {
        <Menu label="Colour theme" class="quiet square" face=view! { <Icon name="theme"/> }.into_any()>
            <form method="post" action="/theme" id="theme">
                <input type="hidden" name="next" value=context::address().href()/>
                {buttons}
            </form>
        </Menu>
    }
    .into_any()
}

fn account_menu(account: Option<SignedIn>, places: &[(&'static str, &'static str, Section)]) -> AnyView {
    let Some(account) = account else {
        return view! {
            <a class="button quiet" href="/sign-in">"Sign in"</a>
            <a class="button only-wide" href="/sign-up">"Sign up"</a>
        }
        .into_any();
    };
    let links = places.iter().map(|(words, href, _)| view! { <a href=*href>{*words}</a> }).collect_view();
    view! {
        <Menu
            label=format!("Account of {}", account.name)
            class="quiet square"
            face=view! { <Icon name="user"/> }.into_any()
        >
            <p class="note">{account.name.clone()}<br/>{account.email.clone()}</p>
            <hr/>
            {links}
            <hr/>
            <a href="/account">"Account"</a>
            <form method="post" action="/sign-out"><button>"Sign out"</button></form>
        </Menu>
    }
    .into_any()
}

fn sidebar(content: AnyView, place: Option<&ApiHead>) -> AnyView {
    let brand = context::brand();
    let place = place.map(|head| {
        let versions = (head.versions.len() > 1).then(|| {
            view! { <li><a href=format!("/apis/{}/changes", head.slug)>{format!("Version {}, choose another", head.version)}</a></li> }
        });
        view! {
            <nav class="nav only-drawer" aria-label="This API"><ul>
                <li><a href=head.root.clone()><b>{head.title.clone()}</b></a></li>
                {versions}
                <li><a href="/apis">"All APIs"</a></li>
            </ul></nav>
        }
    });
    view! {
        <aside class="sidebar" id="sidebar" popover="auto" aria-label="Section">
            <div class="split only-drawer">
                <a class="brand" href="/">{mark(&brand)}<span>{brand.name.clone()}</span></a>
                <button class="button quiet square" type="button" popovertarget="sidebar" popovertargetaction="hide" aria-label="Close navigation">
                    <Icon name="x"/>
                </button>
            </div>
            {place}
            {content}
        </aside>
    }
    .into_any()
}

fn footer() -> AnyView {
    view! {
        <footer class="footer"><div class="inner">
            <span>{context::brand().name}</span>
            <a href="/apis">"APIs"</a>
            <a href="/search">"Search"</a>
        </div></footer>
    }
    .into_any()
}
