//! Calls of published APIs that come through the portal, with one of the caller's keys. Nobody has its secret but who was
//! shown it, so such a call enters the gateway as the key's guest.
use crate::{Control, ControlError, Who};
use portico_domain::{KeyId, Slug};
use portico_gateway::Guest;
use std::net::{IpAddr, Ipv4Addr};
use tokio::io::DuplexStream;

/// A way into the gateway, for calls of one API.
pub struct Entry {
    /// HTTP/1.1 is spoken on it.
    pub stream: DuplexStream,
    /// For the field `Host`.
    pub host: String,
    /// Before the document's path; empty for an API at `/`.
    pub base_path: String,
}

impl Control {
    /// Lets somebody in who may see the API, to call what is published of it and nothing else. The key must be of an app of
    /// their own, whatever else they may look at. Without one, calls are what they are from outside: open, or with the
    /// secret of a key in the usual field.
    pub async fn enter(&self, who: &Who, api: &Slug, key: Option<KeyId>) -> Result<Entry, ControlError> {
        let api = self.find_api(who, api).await?;
        if let Some(key) = key {
            let account = who.signed_in()?;
            let missing = || ControlError::not_found("such key of yours");
            let key = self.store.key(key).await?.ok_or_else(missing)?;
            let app = self.store.app(key.app).await?.ok_or_else(missing)?;
            if app.owner != account {
                return Err(missing());
            }
        }
        let client = who.client().parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let guest = Guest { client, api: api.slug.clone(), key };
        let stream = self
            .gateway
            .as_ref()
            .and_then(|gateway| gateway.welcome(guest))
            .ok_or(ControlError::TooManyTries { seconds: 1 })?;
        let (host, base_path) = self.served_at(&api);
        Ok(Entry { stream, host, base_path: base_path.to_owned() })
    }
}
