//! Opens what every command works on: data folder, database, secret.
use crate::secret;
use crate::settings::Settings;
use anyhow::Context as _;
use portico_control::{Control, Parts, ShownSetting};
use portico_domain::{InstallationSecret, SystemClock};
use portico_gateway::Gateway;
use portico_mail::Post;
use portico_store::Store;
use portico_telemetry::{Metrics, Recent};
use std::{fs, os::unix::fs::DirBuilderExt as _, path::Path, sync::Arc};
use url::Url;

/// The database, up to date, and the secret that belongs to it.
pub(crate) struct Foundation {
    pub(crate) store: Store,
    pub(crate) secret: InstallationSecret,
}

pub(crate) async fn found(settings: &Settings) -> anyhow::Result<Foundation> {
    make_data_dir(&settings.data_dir)?;
    let store = Store::open(&settings.database_url).await?;
    store.migrate().await?;
    let secret = secret::open(&settings.secret_file, &store).await?;
    Ok(Foundation { store, secret })
}

/// For this user alone: it holds the secret, and the database of small installations.
pub(crate) fn make_data_dir(folder: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(|| {
        format!(
            "the data folder {} cannot be made: give this user the right, or set PORTICO_DATA_DIR",
            folder.display()
        )
    })
}

/// What only a running server has.
pub(crate) struct Running {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) recent: Arc<Recent>,
    pub(crate) post: Post,
}

/// Carries letters to the mail server that is set, or into the data folder.
pub(crate) fn post(settings: &Settings, portal_url: &Url) -> anyhow::Result<Post> {
    let host = portal_url.domain().unwrap_or("localhost");
    let from = settings.mail_from.clone().unwrap_or_else(|| format!("Portico <portico@{host}>"));
    let post = match &settings.mail_url {
        Some(server) => Post::by_smtp(server, &from),
        None => Post::into_folder(settings.data_dir.join("outbox"), &from),
    };
    post.context("letters cannot be sent: see PORTICO_MAIL_URL and PORTICO_MAIL_FROM")
}

/// The use cases on top of it. On the command line nothing runs: a server beside takes changes over within a second.
pub(crate) fn build(
    settings: &Settings,
    foundation: &Foundation,
    running: Option<Running>,
    urls: (Url, Url),
) -> anyhow::Result<Arc<Control>> {
    let shown = settings.list().iter().map(|setting| ShownSetting {
        name: setting.name.to_owned(),
        value: setting.value.clone(),
        source: setting.origin.as_str().to_owned(),
    });
    let (gateway, metrics, recent, post) = match running {
        Some(Running { gateway, metrics, recent, post }) => (Some(gateway), metrics, recent, Some(post)),
        None => (None, Arc::default(), Arc::default(), None),
    };
    let control = Control::new(Parts {
        store: foundation.store.clone(),
        gateway,
        metrics,
        recent,
        post,
        clock: Arc::new(SystemClock),
        secret: foundation.secret.clone(),
        portal_url: urls.0,
        gateway_url: urls.1,
        settings: shown.collect(),
    })?;
    Ok(control)
}
