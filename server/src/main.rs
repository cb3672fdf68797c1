//! Portico: a developer portal with an API gateway inside, in one program.
//!
//! `commands` reads the command line; `serve` runs the three listeners; `house` puts the crates together.

mod assets;
mod brand;
mod commands;
mod conditional;
mod descriptors;
mod documents;
mod house;
mod inner_call;
mod listener;
mod llms;
mod logging;
mod markdown;
mod mcp;
mod ops;
mod origin;
mod own_text;
mod page_cache;
mod secret;
mod serve;
mod session;
mod settings;
mod sitemap;
mod to_the_end;
mod try_it;

/// A proxied call makes some twenty short-lived allocations; the system's allocator takes twice as long over them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    commands::run()
}
