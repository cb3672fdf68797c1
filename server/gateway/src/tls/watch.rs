//! Keeps the set of certificates in step with the files.
//!
//! Files are looked at, not listened for: that works on every file system and with links that are switched over, as
//! container platforms do it. A set with a fault anywhere is not taken at all.
use super::{
    pair::{CERTIFICATE, CLIENTS, KEY, PairError},
    set::CertificateSet,
};
use arc_swap::ArcSwap;
use portico_domain::{CertificateExpiry, Clock, Timestamp};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

/// How often files are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// What the listener serves with: always whole, always the last set that was free of faults.
pub(crate) struct Certificates {
    directory: PathBuf,
    clock: Arc<dyn Clock>,
    set: ArcSwap<CertificateSet>,
}

/// By which a change of a file shows without reading it: size, inode, and time of change with nanoseconds.
type Looks = BTreeMap<OsString, (u64, u64, i64, i64)>;

impl Certificates {
    /// Reads the directory once.
    pub(crate) fn open(directory: &Path, clock: Arc<dyn Clock>) -> Result<Self, PairError> {
        let set = CertificateSet::read(directory, clock.now(), None)?;
        Ok(Self { directory: directory.to_owned(), clock, set: ArcSwap::from_pointee(set) })
    }

    pub(crate) fn expiries(&self) -> Vec<CertificateExpiry> {
        self.set.load().expiries()
    }

    /// Reads all files anew. With a fault in any of them, what is served stays as it is.
    pub(super) fn reload(&self) -> Result<(), PairError> {
        let set = CertificateSet::read(&self.directory, self.clock.now(), Some(&self.set.load()))?;
        self.set.store(Arc::new(set));
        Ok(())
    }

    /// Looks for changes until the returned handle is dropped.
    pub(crate) fn watch(self: &Arc<Self>) -> io::Result<Watch> {
        let certificates = Arc::clone(self);
        let (stop, stopped) = mpsc::channel::<()>();
        // What changed between the first reading and this look is found by the first comparison.
        let mut seen = None;
        thread::Builder::new().name("gateway-tls".into()).spawn(move || {
            while stopped.recv_timeout(EVERY) == Err(mpsc::RecvTimeoutError::Timeout) {
                certificates.look(&mut seen);
            }
        })?;
        Ok(Watch { _stop: stop })
    }

    pub(super) fn look(&self, seen: &mut Option<Looks>) {
        let now = looks(&self.directory);
        if seen.as_ref() == Some(&now) {
            return;
        }
        let first = seen.replace(now).is_none();
        match self.reload() {
            Ok(()) if first => {}
            Ok(()) => tracing::info!(directory = %self.directory.display(), "certificates read anew"),
            Err(error) => tracing::error!("certificates were not read anew, and those in use stay: {error}"),
        }
    }

    pub(super) fn current(&self) -> Arc<CertificateSet> {
        self.set.load_full()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Ends the watching when dropped.
pub(crate) struct Watch {
    _stop: mpsc::Sender<()>,
}

/// How the files look. What cannot be looked at is left out: reading it will say why.
fn looks(directory: &Path) -> Looks {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let ours =
                name.to_str().is_some_and(|name| [CERTIFICATE, KEY, CLIENTS].iter().any(|end| name.ends_with(end)));
            // Through links, so that one that was switched over is seen.
            let found = ours.then(|| fs::metadata(entry.path()).ok()).flatten()?;
            Some((name, (found.size(), found.ino(), found.mtime(), found.mtime_nsec())))
        })
        .collect()
}
