//! Samples from outside: run where their tools are at hand, read by the rules of their languages everywhere.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod it {
    mod calls;
    mod echo;
    mod quoting;
    mod running;
    mod tools;
}
