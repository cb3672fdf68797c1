//! The control plane's parts, put together once by the server.
use crate::{
    ControlError, brand::KnownBrand, changes::Compared, downloads::Tags, library::Library, passwords::Passwords,
    publisher::Publisher, rules::Compiled, traffic::Flush, tries::Tries,
};
use portico_domain::{Clock, InstallationSecret};
use portico_gateway::Gateway;
use portico_mail::Post;
use portico_store::Store;
use portico_telemetry::{Metrics, Recent};
use std::sync::Arc;
use url::Url;

/// What the control plane is made of.
pub struct Parts {
    pub store: Store,
    /// `None` on the command line: a running server notices its changes within a second.
    pub gateway: Option<Arc<Gateway>>,
    pub metrics: Arc<Metrics>,
    pub recent: Arc<Recent>,
    pub clock: Arc<dyn Clock>,
    pub secret: InstallationSecret,
    pub gateway_url: Url,
    pub portal_url: Url,
    /// `None` on the command line: a running server carries the letters.
    pub post: Option<Post>,
    /// For `/admin/settings`.
    pub settings: Vec<ShownSetting>,
}

/// A setting as admins may see it: never with a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownSetting {
    pub name: String,
    pub value: String,
    /// Where it came from: flag, environment, file or default.
    pub source: String,
}

/// The use cases; see the crate's head.
pub struct Control {
    pub(crate) store: Store,
    pub(crate) gateway: Option<Arc<Gateway>>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) recent: Arc<Recent>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) secret: InstallationSecret,
    pub(crate) gateway_url: Url,
    pub(crate) portal_url: Url,
    pub(crate) post: Option<Post>,
    pub(crate) settings: Vec<ShownSetting>,
    pub(crate) passwords: Passwords,
    pub(crate) tries: Tries,
    pub(crate) library: Library,
    pub(crate) compared: Compared,
    pub(crate) compiled: Compiled,
    pub(crate) tags: Tags,
    pub(crate) publisher: Publisher,
    pub(crate) known_brand: KnownBrand,
    pub(crate) flush: Flush,
}

impl Control {
    pub fn new(parts: Parts) -> Result<Arc<Self>, ControlError> {
        let Parts { store, gateway, metrics, recent, clock, secret, gateway_url, portal_url, post, settings } = parts;
        Ok(Arc::new(Self {
            flush: Flush::new(&*clock),
            store,
            gateway,
            metrics,
            recent,
            clock,
            secret,
            gateway_url,
            portal_url,
            post,
            settings,
            passwords: Passwords::new(),
            tries: Tries::default(),
            library: Library::default(),
            compared: Compared::default(),
            compiled: Compiled::default(),
            tags: Tags::default(),
            publisher: Publisher::default(),
            known_brand: KnownBrand::default(),
        }))
    }
    /// Whether the database answers.
    pub async fn is_store_up(&self) -> bool {
        self.store.last_change().await.is_ok()
    }
}
