//! What calls are checked by and mocked with: made of a version's document, compiled once, kept while it is served.
//!
//! Rules are several times the size of their document and quickly made, so they are not stored: a node makes them of the
//! document it has, off the threads that serve, and only where an API's settings ask for them. What every API needs (that
//! an operation is deprecated, where keys may stand) is small, and stands in the stored routes.
use crate::{Control, ControlError};
use portico_domain::{ApiSettings, ApiVersion, Mock, Validate, ValidateResponse, VersionId};
use portico_gateway::CompiledDocument;
use portico_openapi::{Description, Wanted};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// By version, with what it was made for.
#[derive(Default)]
pub(crate) struct Compiled(Mutex<HashMap<VersionId, (Wanted, CompiledDocument)>>);

impl Compiled {
    fn shelf(&self) -> MutexGuard<'_, HashMap<VersionId, (Wanted, CompiledDocument)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, version: VersionId, wanted: Wanted) -> Option<CompiledDocument> {
        let shelf = self.shelf();
        shelf.get(&version).filter(|(made_for, _)| *made_for == wanted).map(|(_, document)| document.clone())
    }

    /// Lets go of versions that are not served any more.
    pub(crate) fn keep(&self, served: &HashSet<VersionId>) {
        self.shelf().retain(|version, _| served.contains(version));
    }
}

/// Which rules the settings ask for, for any of their operations.
fn wanted(settings: &ApiSettings) -> Wanted {
    let policies = &settings.policies;
    let validates = || {
        let own = policies.operations.values().filter_map(|operation| operation.validate);
        own.chain([policies.validate])
    };
    let mut mocks = policies.operations.values().filter_map(|operation| operation.mock).chain([policies.mock]);
    Wanted {
        requests: validates().any(|Validate { request, .. }| request),
        answers: validates().any(|Validate { response, .. }| response == ValidateResponse::Report),
        mocks: mocks.any(|mock| mock != Mock::Off),
    }
}

impl Control {
    /// What the gateway takes of a version's document under these settings.
    pub(crate) async fn compiled_document(
        &self,
        version: &ApiVersion,
        settings: &ApiSettings,
    ) -> Result<CompiledDocument, ControlError> {
        let wanted = wanted(settings);
        if wanted == Wanted::default() {
            return Ok(CompiledDocument::default());
        }
        if let Some(known) = self.compiled.get(version.id, wanted) {
            return Ok(known);
        }
        let description = self.description(version).await?;
        self.compile(version.id, description, wanted).await
    }

    /// The same for a document that is at hand, before its version is published.
    pub(crate) async fn compile_document(
        &self,
        version: VersionId,
        description: &Arc<Description>,
        settings: &ApiSettings,
    ) -> Result<(), ControlError> {
        let wanted = wanted(settings);
        if wanted != Wanted::default() && self.compiled.get(version, wanted).is_none() {
            self.compile(version, Arc::clone(description), wanted).await?;
        }
        Ok(())
    }

    async fn compile(
        &self,
        version: VersionId,
        description: Arc<Description>,
        wanted: Wanted,
    ) -> Result<CompiledDocument, ControlError> {
        let making = tokio::task::spawn_blocking(move || CompiledDocument::compile(&description.rules(wanted)));
        let made = making.await.map_err(|error| ControlError::internal(&error))?;
        let document = made.map_err(|error| {
            ControlError::conflict(format!("Calls cannot be checked against this document: {error}."))
        })?;
        self.compiled.shelf().insert(version, (wanted, document.clone()));
        Ok(document)
    }
}
