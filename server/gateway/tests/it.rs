//! The gateway through its sockets: raw bytes in, raw bytes recorded at the upstream.
#![expect(clippy::unwrap_used, reason = "what does not work here is a failed test")]

mod it {
    pub(crate) mod certificates;
    pub(crate) mod house;
    pub(crate) mod upstream;

    mod attacks;
    mod change;
    mod document;
    mod drills;
    mod explained;
    mod failing;
    mod guests;
    mod hostile;
    mod journey;
    mod key_places;
    mod life;
    mod limits;
    mod listening;
    mod passing;
    mod policies;
    mod upstreams;
}
