//! `portico migrate`
use crate::{house, settings::Settings};
use portico_store::Store;
use std::process::ExitCode;

pub(super) async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    house::make_data_dir(&settings.data_dir)?;
    let store = Store::open(&settings.database_url).await?;
    let pending = store.pending_migrations().await?;
    if pending.is_empty() {
        eprintln!("The database is up to date.");
        return Ok(ExitCode::SUCCESS);
    }
    store.migrate().await?;
    for name in pending {
        eprintln!("applied {name}");
    }
    Ok(ExitCode::SUCCESS)
}
