//! What was acknowledged is there, whatever happens to the process.
use super::house::{House, Raw, key};
use portico_domain::{Actor, AppId, KeyId, SystemClock};
use portico_store::Store;
use rand::{Rng as _, SeedableRng, rngs::StdRng};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
};

const URL: &str = "PORTICO_TEST_WRITER_URL";
const APP: &str = "PORTICO_TEST_WRITER_APP";
const SEED: &str = "PORTICO_TEST_WRITER_SEED";
const ACKNOWLEDGED: &str = "acknowledged ";

/// The process to be killed: adds keys, and says of each when it is safe. Does nothing unless asked by the test below.
#[tokio::test]
async fn writer() {
    let (Ok(url), Ok(app), Ok(seed)) = (std::env::var(URL), std::env::var(APP), std::env::var(SEED)) else { return };
    let store = Store::open(&url).await.unwrap();
    let app: AppId = app.parse().unwrap();
    let mut rng = StdRng::seed_from_u64(seed.parse().unwrap());
    loop {
        let key = key(&SystemClock, app, &mut rng);
        let mut tx = store.begin(Actor::System).await.unwrap();
        tx.add_key(&key).await.unwrap();
        tx.commit().await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "{ACKNOWLEDGED}{}", key.id).unwrap();
        out.flush().unwrap();
    }
}

on_both! {
    async fn nothing_acknowledged_is_lost_when_the_process_is_killed(house) {
        let (_, app, _) = house.furnish().await;
        let furniture = house.store.last_change().await.unwrap();
        let House { store, url, _folder, .. } = house;
        store.close().await;
        let seed: u64 = rand::rng().random();
        println!("seed {seed}");
        let mut rng = StdRng::seed_from_u64(seed);
        let mut acknowledged = Vec::new();
        for round in 0..6 {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["it::durability::writer", "--exact", "--nocapture"])
                .envs([(URL, url.clone()), (APP, app.id.to_string()), (SEED, rng.random::<u64>().to_string())])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let patience = rng.random_range(1..40);
            let mut seen = 0;
            for line in BufReader::new(child.stdout.take().unwrap()).lines() {
                // The harness begins a line of its own before the first.
                let line = line.unwrap();
                let Some((_, id)) = line.split_once(ACKNOWLEDGED) else { continue };
                acknowledged.push(id.parse::<KeyId>().unwrap());
                seen += 1;
                if seen == patience {
                    child.kill().unwrap();
                }
            }
            child.wait().unwrap();
            assert!(seen >= patience, "round {round} ended after {seen} keys");

            let store = Store::open(&url).await.unwrap();
            for id in &acknowledged {
                assert!(store.key(*id).await.unwrap().is_some(), "{id} is lost in round {round}");
            }
            store.close().await;
            let mut raw = Raw::connect(&url).await;
            let keys = raw.number("SELECT COUNT(*) FROM keys").await;
            assert_eq!(raw.number("SELECT COUNT(*) FROM changes").await, furniture + keys, "a write and its change are one");
            assert_eq!(raw.number("SELECT seq FROM log_head").await, furniture + keys);
            if let Raw::Sqlite(connection) = &mut raw {
                let verdict: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(connection).await.unwrap();
                assert_eq!(verdict, "ok");
            }
        }
    }
}
