//! What the gateway takes of an API's document beside its routes.
use super::{
    mock::Mocks,
    validate::{InvalidRules, Validation},
};
use portico_domain::DocumentRules;
use std::sync::Arc;

/// Compiled off the request path, once for a version, and shared by all Worlds that serve it. Empty where the API's
/// settings ask for none of it.
#[derive(Clone, Debug, Default)]
pub struct CompiledDocument {
    pub(crate) validation: Option<Arc<Validation>>,
    pub(crate) mocks: Option<Arc<Mocks>>,
}

impl CompiledDocument {
    /// Takes time and memory in proportion to the rules: not to be called where requests are served.
    pub fn compile(rules: &DocumentRules) -> Result<Self, InvalidRules> {
        let mocks = Mocks::compile(rules);
        Ok(Self { validation: Some(Arc::new(Validation::compile(rules)?)), mocks: Some(Arc::new(mocks)) })
    }
}
