//! The crate from outside: whole documents in, findings and pages out.
mod it {
    mod corpus;
    mod findings;
    mod hostile;
    mod pages;
    mod samples;
    pub(crate) mod support;
}
