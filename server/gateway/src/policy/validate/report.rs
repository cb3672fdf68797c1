//! Answers that do not fit the document: passed on as they are, counted, and reported in the log under their request's
//! id.
use super::{Fault, MAX_ANSWER_BODY, OperationChecks};
use crate::{
    account::RequestId,
    message::{Answer, Body, Fields},
    worker::Worker,
    world::Operation,
};
use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// Looks at an answer's head now, and at its body while that passes.
pub(crate) fn watch(
    worker: &Arc<Worker>,
    answer: &mut Answer,
    operation: &Arc<Operation>,
    checks: &Arc<OperationChecks>,
    id: RequestId,
) {
    let status = answer.status.as_u16();
    let check = checks.answer(status, &answer.fields, !answer.body.is_over());
    if !check.needs_body() {
        report(worker, operation, id, &check.faults);
        return;
    }
    answer.body = Body::wrap(Watched {
        inner: std::mem::take(&mut answer.body),
        copy: Some(BytesMut::new()),
        worker: Arc::clone(worker),
        checks: Arc::clone(checks),
        status,
        fields: answer.fields.clone(),
        operation: Arc::clone(operation),
        id,
    });
}

/// Names the first fault only: an answer may have many, and each call may bring them again.
fn report(worker: &Worker, operation: &Operation, id: RequestId, faults: &[Fault]) {
    if let (Some(first), Some(api)) = (faults.first(), &operation.api) {
        *worker.tally().unfit_answers.entry(api.clone()).or_default() += 1;
        let (name, count) = (&*operation.name, faults.len());
        let Fault { pointer, message } = first;
        tracing::warn!(%api, operation = name, request_id = %id, count, pointer, message, "an answer does not fit the document");
    }
}

struct Watched {
    inner: Body,
    /// Until it grows too large.
    copy: Option<BytesMut>,
    worker: Arc<Worker>,
    checks: Arc<OperationChecks>,
    status: u16,
    fields: Fields,
    operation: Arc<Operation>,
    id: RequestId,
}

impl Watched {
    fn take(&mut self, data: &Bytes) {
        let fits = self.copy.as_ref().is_some_and(|copy| copy.len() + data.len() <= MAX_ANSWER_BODY);
        match &mut self.copy {
            Some(copy) if fits => copy.extend_from_slice(data),
            copy => *copy = None,
        }
    }

    fn end(&mut self) {
        if let Some(whole) = self.copy.take() {
            let faults = self.checks.answer(self.status, &self.fields, true).check(&whole);
            report(&self.worker, &self.operation, self.id, &faults);
        }
    }
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        let frame = ready!(this.inner.poll_next(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            this.take(data);
        }
        // Nobody asks again after the last byte of a body whose length is known.
        if frame.is_none() || this.inner.is_end_stream() {
            this.end();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
