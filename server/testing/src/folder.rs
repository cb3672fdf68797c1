use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

/// A new, empty folder of its own; removed with all it holds when dropped.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// # Panics
    /// When the system's folder for temporary files cannot be written.
    #[expect(clippy::new_without_default, reason = "it makes something outside the program")]
    pub fn new() -> Self {
        Self(make_folder("portico-test").unwrap_or_else(|error| panic!("no folder for a test: {error}")))
    }
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed stays with the system's other temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A folder that no other test, in this process or another, has.
pub(crate) fn make_folder(prefix: &str) -> io::Result<PathBuf> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("{prefix}-{}-{number}", process::id()));
        match fs::create_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|()| path),
        }
    }
}
