//! What is wrong or odd in a document.
use crate::{finding::Findings, outline::Outline};
use serde_json::Value;

pub(crate) fn all(_root: &Value, _outline: &mut Outline, _findings: &mut Findings) {}
