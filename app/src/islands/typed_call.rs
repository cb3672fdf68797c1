//! The call that the reader is filling in, which one island writes and another shows: islands have no parent in common.
use leptos::prelude::*;
use portico_contract::call::Call;
use std::sync::LazyLock;

/// Of the page, so only the browser writes it.
static CALL: LazyLock<ArcRwSignal<Option<Call>>> = LazyLock::new(|| ArcRwSignal::new(None));

/// `None` until the reader begins. Who reads it is called again when it changes.
pub(super) fn current() -> Option<Call> {
    CALL.get()
}

pub(super) fn set(call: Call) {
    CALL.set(Some(call));
}
