//! The gateway through its sockets: raw bytes in, raw bytes recorded at the upstream.
mod it {
    pub(crate) mod house;
    pub(crate) mod upstream;

    mod journey;
}
