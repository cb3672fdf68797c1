//! What the answer to a request needs to know of it, noted while it is there.
use crate::{
    account::Account,
    message::{Answer, Body, Fields},
    policy::{
        compress::{self, Coding, Compressed, Head},
        transform::Values,
    },
    world::Api,
};
use http::Method;
use portico_domain::ErrorStyle;
use std::sync::Arc;

/// Of a request to an API that changes its answers.
pub(crate) struct Closing {
    api: Arc<Api>,
    origin: Option<Box<[u8]>>,
    coding: Option<Coding>,
    to_head_request: bool,
    /// The document's, in canonical form; for rules that ask for a part of it.
    path: Box<str>,
}

impl Closing {
    /// `None` where the API changes no answers.
    pub(crate) fn note(api: &Arc<Api>, method: &Method, path: &str, fields: &Fields) -> Option<Box<Self>> {
        let policies = &api.policies;
        if !policies.closes {
            return None;
        }
        Some(Box::new(Self {
            origin: policies.cors.as_ref().and_then(|_| fields.get("origin")).map(Into::into),
            coding: if policies.compress { compress::negotiate(fields) } else { None },
            to_head_request: *method == Method::HEAD,
            path: path.into(),
            api: Arc::clone(api),
        }))
    }

    /// How refusals look.
    pub(crate) fn errors(&self) -> ErrorStyle {
        self.api.policies.errors
    }

    /// Before the gateway's own fields are written. `refused` answers were made here, and rules for what upstreams say do
    /// not touch them.
    pub(crate) fn change(&self, answer: &mut Answer, account: &Account, refused: bool) {
        if let Some(operation) = &account.operation {
            if let Some(transform) = operation.policies.transform.as_ref().filter(|_| !refused) {
                with_values(account, &self.path, |values| transform.response(&mut answer.fields, values));
            }
            if let Some(lifecycle) = &operation.policies.lifecycle {
                lifecycle.complete(&mut answer.fields);
            }
        }
        if self.api.policies.compress && answer.tunnel.is_none() {
            self.compress(answer);
        }
    }

    fn compress(&self, answer: &mut Answer) {
        let head = Head {
            to_head_request: self.to_head_request,
            status: answer.status,
            fields: &answer.fields,
            length: answer.body.length(),
        };
        if !compress::is_compressible(head) {
            return;
        }
        let coding = self.coding.filter(|coding| {
            // An encoder that cannot be had leaves the answer plain.
            let plain = std::mem::take(&mut answer.body);
            match Compressed::new(plain, *coding) {
                Ok(compressed) => {
                    answer.body = Body::wrap(compressed);
                    true
                }
                Err(plain) => {
                    answer.body = plain;
                    false
                }
            }
        });
        compress::rewrite(&mut answer.fields, coding);
    }

    /// Behind all other fields, since it says which of them a script may read.
    pub(crate) fn share(&self, answer: &mut Fields) {
        if let Some(cors) = &self.api.policies.cors {
            cors.complete(self.origin.as_deref(), answer);
        }
    }
}

/// Lets `write` put in what placeholders stand for in this request.
pub(crate) fn with_values<T>(account: &Account, path: &str, write: impl FnOnce(&Values<'_>) -> T) -> T {
    let id = account.id.to_string();
    let app = account.key.as_ref().map(|key| key.app.to_string()).unwrap_or_default();
    write(&Values {
        request_id: &id,
        app: &app,
        plan: account.standing.as_ref().map_or("", |standing| standing.plan.plan.slug.as_str()),
        operation: account.operation.as_ref().map_or("", |operation| &*operation.name),
        client_ip: account.client,
        path,
    })
}
