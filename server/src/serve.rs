//! Runs the portal, the gateway and the operations listener in one process, and stops them in order.
use crate::{
    assets, brand, descriptors, documents,
    house::{self, Running},
    listener, llms,
    markdown::{self, Pages},
    mcp,
    ops::{self, Ops},
    origin::{self, OwnOrigin},
    page_cache::{self, PageCache},
    session,
    settings::{Scheme, Settings, public_url_of},
    sitemap, try_it,
};
use anyhow::Context as _;
use axum::{Router, extract::DefaultBodyLimit, middleware};
use leptos::config::LeptosOptions;
use portico_app::{context::Site, server as portal};
use portico_control::Control;
use portico_domain::SystemClock;
use portico_gateway::{Gateway, GatewaySettings};
use portico_telemetry::{Metrics, Recent};
use std::{
    io::Write as _,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
};
use tower_http::compression::{
    CompressionLayer, CompressionLevel,
    predicate::{NotForContentType, Predicate as _, SizeAbove},
};
use url::Url;

/// What is under way when a signal comes may take this long.
const DRAIN: Duration = Duration::from_secs(30);

pub(crate) async fn serve(settings: Settings) -> anyhow::Result<()> {
    let foundation = house::found(&settings).await?;
    let portal_listener = bind(settings.portal_listen, "portal", "PORTICO_PORTAL_LISTEN").await?;
    let ops_listener = bind(settings.ops_listen, "operations", "PORTICO_OPS_LISTEN").await?;
    let portal_url = public_url(settings.portal_public_url.clone(), Scheme::Http, portal_listener.local_addr()?)?;

    let wanted = settings.gateway_max_connections.get();
    let limit = descriptors::raise();
    let max_connections = descriptors::connections(wanted, limit);
    if let Some(limit) = limit.filter(|_| max_connections < wanted) {
        tracing::warn!(
            limit,
            "the gateway takes {max_connections} connections instead of {wanted}: this process may open no more files; raise its limit (LimitNOFILE, ulimit -n)"
        );
    }
    let mut gateway_settings = GatewaySettings {
        listen: settings.gateway_listen,
        public_url: public_url(
            settings.gateway_public_url.clone(),
            settings.gateway_scheme(),
            settings.gateway_listen,
        )?,
        max_connections,
        cache_bytes: settings.gateway_cache_bytes,
        tls_dir: settings.gateway_tls_dir.clone(),
        proxy_protocol: settings.gateway_proxy_protocol,
        trusted_proxies: settings.gateway_trusted_proxies.clone(),
        upstream_allow: settings.upstream_allow.clone(),
        upstream_tls_dir: settings.upstream_tls_dir.clone(),
        ..GatewaySettings::default()
    };
    gateway_settings.threads = settings.gateway_threads.unwrap_or(gateway_settings.threads);
    let started = Gateway::start(gateway_settings, Arc::new(SystemClock), foundation.secret.clone());
    let gateway = Arc::new(started.context("the gateway did not start")?);
    let gateway_url = public_url(settings.gateway_public_url.clone(), settings.gateway_scheme(), gateway.local_addr())?;

    let (metrics, recent) = (Arc::new(Metrics::default()), Arc::new(Recent::default()));
    let urls = (portal_url.clone(), gateway_url.clone());
    let post = house::post(&settings, &portal_url)?;
    let running = Running { gateway: gateway.clone(), metrics: metrics.clone(), recent, post };
    let control = house::build(&settings, &foundation, Some(running), urls)?;
    control.add_starter_plan().await?;
    control.catch_up().await?;

    let ops = Arc::new(Ops { gateway: gateway.clone(), metrics, draining: AtomicBool::new(false) });
    let background =
        [Work::Follow, Work::Count, Work::Sweep, Work::ReadAhead, Work::Deliver].map(|work| spawn(&control, work));
    let (stop_portal, portal_stopped) = watch::channel(false);
    let (stop_operations, operations_stopped) = watch::channel(false);
    let sessions = session::layer(foundation.store.sessions(&foundation.secret), portal_url.scheme() == "https");
    let router = portal_router(&control, sessions, &portal_url, &gateway_url);
    let portal = tokio::spawn(listener::serve(portal_listener, router, ended(portal_stopped), DRAIN));
    let operations = tokio::spawn(listener::serve(
        ops_listener,
        ops::router(ops.clone()),
        ended(operations_stopped),
        Duration::from_secs(1),
    ));

    greet(&control, &portal_url, &gateway_url).await?;
    wait_for_signal().await?;

    tracing::info!("stopping: what is under way is finished first");
    ops.draining.store(true, Ordering::Relaxed);
    tokio::spawn(async {
        // A second signal means now.
        if wait_for_signal().await.is_ok() {
            std::process::exit(130);
        }
    });
    // Portal and gateway drain side by side; the operations listener tells until the end that they do.
    let _ = stop_portal.send(true);
    let ((), portal) = tokio::join!(gateway.shutdown(DRAIN), portal);
    portal?;
    let _ = stop_operations.send(true);
    operations.await?;
    for task in background {
        task.abort();
    }
    control.flush_traffic().await;
    foundation.store.close().await;
    Ok(())
}

enum Work {
    Follow,
    Count,
    Sweep,
    ReadAhead,
    Deliver,
}

fn spawn(control: &Arc<Control>, work: Work) -> tokio::task::JoinHandle<()> {
    let control = control.clone();
    tokio::spawn(async move {
        match work {
            Work::Follow => control.follow().await,
            Work::Count => control.count().await,
            Work::Sweep => control.sweep().await,
            Work::ReadAhead => control.read_ahead().await,
            Work::Deliver => control.deliver().await,
        }
    })
}

async fn bind(address: SocketAddr, what: &str, setting: &str) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    bound.with_context(|| format!("the {what} listener cannot listen on {address}: free the port, or set {setting}"))
}

fn public_url(set: Option<Url>, scheme: Scheme, listener: SocketAddr) -> anyhow::Result<Url> {
    set.map_or_else(|| Ok(public_url_of(scheme, listener).parse()?), Ok)
}

async fn ended(mut stopped: watch::Receiver<bool>) {
    // A sender that is gone has stopped, too.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// From the outside in: pages that are kept, compression, session, caller, origin; then pages, documents and the management API.
fn portal_router(
    control: &Arc<Control>,
    sessions: tower_sessions::SessionManagerLayer<portico_store::Sessions>,
    portal_url: &Url,
    gateway_url: &Url,
) -> Router {
    let site = Site {
        leptos: LeptosOptions::builder().output_name(assets::PACKAGE).site_pkg_dir("pkg").build(),
        css: assets::STYLESHEET.to_owned(),
        font: assets::FONT.to_owned(),
        gateway_url: gateway_url.as_str().trim_end_matches('/').to_owned(),
        portal_url: portal_url.as_str().trim_end_matches('/').to_owned(),
    };
    let sheets = Pages::new(control.clone(), portal_url);
    let pages = portal::router(control.clone(), site)
        .layer(middleware::from_fn_with_state(sheets.clone(), markdown::choose))
        .merge(documents::router(control.clone()))
        .merge(llms::router(sheets))
        .merge(brand::router(control.clone()))
        .merge(sitemap::router(control.clone(), portal_url))
        .merge(mcp::router(control.clone(), portal_url))
        .merge(try_it::router(control.clone()));
    let worth_it = SizeAbove::new(512)
        .and(NotForContentType::GRPC)
        .and(NotForContentType::IMAGES)
        .and(NotForContentType::SSE)
        // Answers of tried calls: what streams must not wait for a compressor.
        .and(NotForContentType::const_new("application/octet-stream"));
    pages
        .nest("/api/v1", portico_management::router(control.clone()))
        .layer(DefaultBodyLimit::max(40 * 1024 * 1024))
        .layer(middleware::from_fn_with_state(OwnOrigin::of(portal_url), origin::check))
        .layer(middleware::from_fn_with_state(control.clone(), session::identify))
        .layer(sessions)
        .layer(CompressionLayer::new().quality(CompressionLevel::Precise(5)).compress_when(worth_it))
        .layer(middleware::from_fn_with_state(PageCache::new(control.clone()), page_cache::keep))
        // Compressed when they were built, those that gain by it.
        .merge(assets::router())
}

/// The first lines that whoever starts Portico reads.
async fn greet(control: &Control, portal: &Url, gateway: &Url) -> anyhow::Result<()> {
    let first = control.first_admin_link().await?;
    let first = first.map(|link| format!("  first administrator, within 15 minutes: {link}\n")).unwrap_or_default();
    let text = format!("Portico {}\n  portal   {portal}\n  gateway  {gateway}\n{first}", env!("CARGO_PKG_VERSION"));
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Nobody reads there any more: no reason to stop.
        tracing::warn!(%error, "the first lines could not be written to standard output");
    }
    Ok(())
}

async fn wait_for_signal() -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
