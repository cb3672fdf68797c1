//! The crate from outside: whole documents in, findings and pages out.
#![expect(
    clippy::unwrap_used,
    clippy::format_collect,
    reason = "a test may panic, and documents made of pieces read best so"
)]

mod it {
    mod changes;
    mod collections;
    mod corpus;
    mod findings;
    mod hostile;
    mod in_markdown;
    mod keywords;
    mod pages;
    mod rules;
    mod samples;
    mod served;
    pub(crate) mod support;
    mod tools;
}
