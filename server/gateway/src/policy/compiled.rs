//! The policies of an API and of its operations, as the pipeline's phases ask for them.
use super::{
    addresses::Addresses,
    cache,
    cors::Cors,
    document::CompiledDocument,
    lifecycle::{self, Lifecycle},
    maintenance::Maintenance,
    mock::OperationMocks,
    transform::Transform,
    validate::OperationChecks,
};
use portico_domain::{ErrorStyle, InvalidSettings, Mock, Policies, RouteSpec, ValidateResponse};
use std::sync::Arc;

/// Of a whole API. What is off is `None`.
#[derive(Debug)]
pub(crate) struct ApiPolicies {
    pub(crate) cors: Option<Cors>,
    pub(crate) addresses: Option<Addresses>,
    pub(crate) maintenance: Option<Maintenance>,
    pub(crate) compress: bool,
    pub(crate) errors: ErrorStyle,
    /// Whether any answer of the API is changed once it is there.
    pub(crate) closes: bool,
}

/// Of one operation, with what the API says for all of them.
#[derive(Debug, Default)]
pub(crate) struct OperationPolicies {
    /// Boxed, since most operations have none.
    pub(crate) transform: Option<Box<Transform>>,
    pub(crate) cache: Option<Arc<cache::Policy>>,
    pub(crate) lifecycle: Option<Lifecycle>,
    /// Calls are checked by them.
    pub(crate) call_checks: Option<Arc<OperationChecks>>,
    /// Answers are reported on by them.
    pub(crate) answer_checks: Option<Arc<OperationChecks>>,
    /// When mock answers are given, and which there are.
    pub(crate) mock: (Mock, Option<Arc<OperationMocks>>),
}

impl ApiPolicies {
    /// `operations` are those that were compiled for the same API.
    pub(crate) fn compile<'a>(
        settings: &Policies,
        operations: impl IntoIterator<Item = &'a OperationPolicies>,
    ) -> Self {
        let cors = settings.cors.as_ref().map(Cors::compile);
        let operations_close =
            operations.into_iter().any(|operation| operation.lifecycle.is_some() || operation.changes_answers());
        Self {
            closes: cors.is_some() || settings.compress || settings.errors != ErrorStyle::Problem || operations_close,
            cors,
            addresses: Addresses::compile(&settings.allow_ips, &settings.deny_ips),
            maintenance: settings.maintenance.as_ref().map(Maintenance::compile),
            compress: settings.compress,
            errors: settings.errors,
        }
    }
}

impl OperationPolicies {
    /// Of a setting that cannot be kept, the error tells the JSON pointer and what is wrong.
    pub(crate) fn compile(
        settings: &Policies,
        route: &RouteSpec,
        document: &CompiledDocument,
    ) -> Result<Self, InvalidSettings> {
        let own = settings.operations.get(&route.operation);
        let transform = Transform::compile(&settings.transform, own.map(|own| &own.transform), &route.template);
        let name = route.operation.replace('~', "~0").replace('/', "~1");
        let transform = transform.map_err(|unfit| {
            let above = if unfit.of_operation { format!("/operation_settings/{name}") } else { String::new() };
            InvalidSettings { pointer: format!("{above}/transform{}", unfit.pointer), message: unfit.problem }
        })?;
        let cache =
            settings.cache.as_ref().map(|api| Arc::new(cache::Policy::compile(api, own.and_then(|own| own.cache))));
        let facts = route.deprecation.as_ref().map(|end| lifecycle::Facts {
            deprecated_since: end.since,
            sunset: end.sunset,
            link: end.link.as_deref(),
        });
        let validate = own.and_then(|own| own.validate).unwrap_or(settings.validate);
        let checks = || document.validation.as_ref()?.operation(&route.operation);
        let mock = own.and_then(|own| own.mock).unwrap_or(settings.mock);
        let mocks = || document.mocks.as_ref()?.operation(&route.operation);
        Ok(Self {
            transform: transform.map(Box::new),
            cache,
            lifecycle: facts.and_then(Lifecycle::compile),
            call_checks: if validate.request { checks() } else { None },
            answer_checks: if validate.response == ValidateResponse::Report {
                checks().filter(|checks| checks.checks_answers())
            } else {
                None
            },
            mock: (mock, if mock == Mock::Off { None } else { mocks() }),
        })
    }

    fn changes_answers(&self) -> bool {
        self.transform.as_ref().is_some_and(|transform| transform.changes_answers())
    }

    /// Whether requests are looked at before they are passed on.
    pub(crate) fn precedes(&self) -> bool {
        self.transform.is_some() || self.cache.is_some() || self.call_checks.is_some() || self.mock.1.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policies(json: serde_json::Value) -> Policies {
        serde_json::from_value(json).unwrap()
    }

    fn route() -> RouteSpec {
        serde_json::from_value(serde_json::json!({
            "operation": "a/b", "method": "GET", "template": "/pets/{id}", "secured": true,
        }))
        .unwrap()
    }

    #[test]
    fn what_is_not_set_is_off() {
        let settings = Policies::default();
        let operation = OperationPolicies::compile(&settings, &route(), &CompiledDocument::default()).unwrap();
        assert!(!operation.precedes());
        let api = ApiPolicies::compile(&settings, [&operation]);
        assert!(!api.closes && api.addresses.is_none() && api.maintenance.is_none());
    }

    #[test]
    fn an_operations_rules_make_its_api_look_at_answers() {
        let settings = policies(serde_json::json!({"transform": {"response": {"remove": ["server"]}}}));
        let operation = OperationPolicies::compile(&settings, &route(), &CompiledDocument::default()).unwrap();
        assert!(operation.precedes() && ApiPolicies::compile(&settings, [&operation]).closes);
    }

    #[test]
    fn a_fault_is_named_where_it_stands() {
        let rules = serde_json::json!({"request": {"set": {"x-id": "{path.toy}"}}});
        let settings = policies(serde_json::json!({"operation_settings": {"a/b": {"transform": rules}}}));
        let problem = OperationPolicies::compile(&settings, &route(), &CompiledDocument::default()).unwrap_err();
        assert_eq!(problem.pointer, "/operation_settings/a~1b/transform/request/set/x-id");
        assert_eq!(problem.message, "/pets/{id} has no parameter toy");
    }
}
