//! Letters as files, for installations without a mail server.
use crate::Undelivered;
use std::{io, path::Path};
use tokio::{fs, io::AsyncWriteExt as _};

/// Writes `<id>.eml`; whoever reads the folder never sees half a letter.
pub(crate) async fn put(folder: &Path, id: &str, bytes: Vec<u8>) -> Result<(), Undelivered> {
    let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !plain {
        return Err(Undelivered::Never(format!("\"{id}\" is no name for a file")));
    }
    let written = write(folder, id, &bytes).await;
    written.map_err(|error| Undelivered::Later(format!("a letter cannot be written to {}: {error}", folder.display())))
}

async fn write(folder: &Path, id: &str, bytes: &[u8]) -> io::Result<()> {
    // Letters may hold what opens an account: for this user alone.
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).await?;
    let unfinished = folder.join(format!(".{id}"));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished).await?;
    file.write_all(bytes).await?;
    file.sync_all().await?;
    fs::rename(&unfinished, folder.join(format!("{id}.eml"))).await
}
