//! Migrations are compiled in; a new file among them must make the crate build again.
fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
