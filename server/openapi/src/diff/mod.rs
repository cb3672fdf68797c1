//! What changed between two documents, in words, with what it means to callers.
//!
//! One rule decides most: a request may get looser, an answer may get tighter ([`ledger::Turn`]); what is sent by the API
//! (webhooks, callbacks) is judged the other way round. Both documents may be written in different versions of OpenAPI: all
//! that is compared comes from [`crate::part`] and [`crate::schema::facets`], which bring them to one form.
//!
//! [`operations`] finds which operation was which → [`operation`] compares two → [`schema`] and [`facets`] compare what
//! they send and answer → [`frame`] what is told of the document as a whole → [`ledger`] gathers and sorts.
//! Time and memory are bounded by `limits`; what was left out for that is told by [`Changes::cut`].
//! One more rule: a call of `note` or `say` with a code of its own, and a line in `tests/it/changes.rs`.
mod facets;
mod frame;
mod ledger;
mod operation;
mod operations;
mod schema;
mod security;
mod words;

use crate::{Description, example::Side, limits, part::Reader};
use ledger::{Found, Ledger};
use portico_contract::changes::{ChangeClass, Changes, Edition};
use schema::Spot;
use serde_json::Value;
use std::collections::HashMap;

/// What changed from one document to another. Nothing between documents that say the same, however they are written.
pub fn changes(before: &Description, after: &Description) -> Changes {
    if before.bytes() == after.bytes() {
        return Changes::default();
    }
    let mut comparing = Comparing {
        before: before.reader(),
        after: after.reader(),
        ledger: Ledger::default(),
        pairs: HashMap::new(),
        ahead: Vec::new(),
        room: limits::CHANGE_STEPS,
    };
    let document = comparing.ledger.document();
    comparing.frame(document, before, after);
    comparing.operations(before.outline(), after.outline());
    while let Some((unit, side, was, is)) = comparing.ahead.pop() {
        comparing.schemas(&Spot::top(unit, side, ""), &[was], &[is]);
    }
    comparing.ledger.cut |= comparing.room == 0;
    comparing.ledger.finish(before.root(), after.root())
}

struct Comparing<'d> {
    before: Reader<'d>,
    after: Reader<'d>,
    ledger: Ledger,
    /// Units of named schemas, by where both lie in memory.
    pairs: HashMap<(*const Value, *const Value, Side), usize>,
    /// Named schemas not yet compared.
    ahead: Vec<(usize, Side, &'d Value, &'d Value)>,
    /// Steps left.
    room: usize,
}

impl Comparing<'_> {
    fn spend(&mut self, steps: usize) -> bool {
        let enough = self.room >= steps;
        self.room = if enough { self.room - steps } else { 0 };
        enough
    }

    /// Notes a change of what is no schema.
    fn tell(
        &mut self,
        unit: usize,
        class: ChangeClass,
        code: &'static str,
        (edition, target): (Edition, Option<&Value>),
        (message, advice): (impl Into<String>, &'static str),
    ) {
        let target = target.map(std::ptr::from_ref);
        self.ledger.add(unit, Found { class, code, edition, target, message: message.into(), advice });
    }

    /// Notes that a unit's words for readers changed; once is enough.
    fn reworded(&mut self, unit: usize) {
        let words = ("descriptions were reworded", "");
        self.tell(unit, ChangeClass::Docs, "reworded", (Edition::After, None), words);
    }
}
