//! What a key takes: `cargo run --release -p portico-gateway --example keyring [KEYS]` (Linux).
//!
//! Fills a keyring and prints the resident memory of the process per key, as `/proc/self/statm` has it.
use portico_domain::{AppId, KeyDigest, KeyId, PublicKeyId};
use portico_gateway::{KeyEntry, Keyring};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::time::Instant;
use uuid::Uuid;

fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or_default() * 4_096
}

fn main() {
    let keys: u64 = std::env::args().nth(1).and_then(|keys| keys.parse().ok()).unwrap_or(1_000_000);
    let mut rng = StdRng::seed_from_u64(1);
    let keyring = Keyring::default();
    let (before, started) = (resident_bytes(), Instant::now());
    for number in 0..keys {
        let digest = KeyDigest(rng.random());
        keyring.put(KeyEntry {
            id: KeyId(Uuid::from_u128(number.into())),
            app: AppId(Uuid::from_u128(u128::from(number) % 1_000)),
            public_id: PublicKeyId::of_imported(&digest),
            digest,
            previous: None,
            expires_at: None,
            revoked_at: None,
            scope: None,
        });
    }
    let (took, after) = (started.elapsed(), resident_bytes());
    println!(
        "{} keys, {:.1} bytes of resident memory a key, filled in {:.2} s",
        keyring.len(),
        (after - before) as f64 / keys as f64,
        took.as_secs_f64()
    );
}
