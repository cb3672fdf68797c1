//! The operations of an API as tools, for whoever calls with a key.
use crate::{Control, ControlError, Who};
use portico_domain::{Key, KeyStatus, MalformedKey, PublicKeyId, Purpose, SecretToken, Slug, TokenKind};
use portico_openapi::{Description, Tool, ToolCall};
use serde_json::{Map, Value};
use std::sync::Arc;

/// What somebody may call of an API's published version.
pub struct Toolbox {
    pub api: Slug,
    pub title: String,
    pub version: String,
    /// On whose behalf calls are made.
    pub who: Who,
    description: Arc<Description>,
    /// Names of the tools and of their operations.
    names: Vec<(String, String)>,
}

impl Toolbox {
    /// Part of the tools, in the order of the document; `None` where there are no more.
    pub fn list(&self, from: usize, most: usize) -> (Vec<Tool>, Option<usize>) {
        let part = self.names.iter().skip(from).take(most);
        let tools = part.filter_map(|(name, operation)| self.description.tool(operation, name));
        let end = from.saturating_add(most);
        (tools.collect(), (end < self.names.len()).then_some(end))
    }

    /// The call that a tool makes of these arguments; `None` where there is no such tool.
    pub fn call(&self, name: &str, arguments: &Map<String, Value>) -> Option<Result<ToolCall, String>> {
        let (_, operation) = self.names.iter().find(|(known, _)| known == name)?;
        Some(self.description.tool_call(operation, arguments))
    }
}

impl Control {
    /// The tools of an API. Who brings a good key is its owner; any other key makes nobody of them, and the gateway says
    /// at the call what is wrong with it. What the key's scope forbids is not among the tools.
    pub async fn toolbox(&self, caller: &Who, key: Option<&str>, api: &str) -> Result<Toolbox, ControlError> {
        let holder = match key {
            Some(secret) => self.key_holder(secret, caller.client()).await?,
            None => None,
        };
        let (who, key) = holder.map_or((caller.clone(), None), |(who, key)| (who, Some(key)));
        let missing = || ControlError::not_found(format!("API {api}"));
        let slug: Slug = api.parse().map_err(|_| missing())?;
        let api = self.find_api(&who, &slug).await?;
        // The gateway serves what is published.
        let published = api.published.ok_or_else(missing)?;
        let version = self.store.version(published).await?.ok_or_else(missing)?;
        let description = self.description(&version).await?;
        let may_call = |operation: &str| {
            key.as_ref().is_none_or(|key| {
                (key.apis.is_empty() || key.apis.contains(&slug))
                    && (key.operations.is_empty() || key.operations.iter().any(|known| known == operation))
            })
        };
        let mut names = description.tools();
        names.retain(|(_, operation)| may_call(operation));
        Ok(Toolbox { api: slug.clone(), title: version.title, version: version.version, who, description, names })
    }

    /// Whose key it is, as the gateway would find it: there, in force, and its app's owner still here.
    async fn key_holder(&self, secret: &str, client: &str) -> Result<Option<(Who, Key)>, ControlError> {
        let digest = self.secret.digest(Purpose::ApiKey, secret);
        let id = match SecretToken::inspect(secret) {
            Ok((TokenKind::ApiKey(_), id)) => id,
            // Perhaps one that another gateway made.
            Err(MalformedKey::Shape) => PublicKeyId::of_imported(&digest),
            Ok((TokenKind::Management, _)) | Err(MalformedKey::Checksum) => return Ok(None),
        };
        let Some(key) = self.store.key_by_public_id(id).await? else { return Ok(None) };
        let now = self.clock.now();
        let previous = key.previous.as_ref().is_some_and(|(_, known, until)| *known == digest && *until > now);
        if key.status(now) != KeyStatus::Active || key.digest != digest && !previous {
            return Ok(None);
        }
        let Some(app) = self.store.app(key.app).await? else { return Ok(None) };
        let Some(owner) = self.store.account(app.owner).await? else { return Ok(None) };
        Ok(Some((Who::Account { id: owner.id, role: owner.role, client: client.to_owned() }, key)))
    }
}
