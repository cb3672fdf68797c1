//! Documents that have been read, kept while they are read often; and what lists and search need of each, kept always.
use crate::{Control, ControlError};
use portico_contract::reference::Finding;
use portico_domain::{ApiVersion, VersionId};
use portico_openapi::{Description, SearchEntry};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::OnceCell;

/// Documents are kept up to this many bytes as uploaded; in memory each takes some ten times its size.
const KEPT: usize = 12 * 1024 * 1024;

/// What lists and search show of a version without reading its document again.
pub(crate) struct Card {
    pub(crate) summary: String,
    pub(crate) entries: Vec<SearchEntry>,
    pub(crate) findings: Vec<Finding>,
}

#[derive(Default)]
pub(crate) struct Library {
    shelf: Mutex<Shelf>,
    cards: Mutex<HashMap<VersionId, Arc<Card>>>,
}

#[derive(Default)]
struct Shelf {
    books: HashMap<VersionId, Book>,
    /// Grows with each use: the book with the lowest was used longest ago.
    uses: u64,
}

struct Book {
    /// Filled by the first reader; the others wait for it instead of reading too.
    description: Arc<OnceCell<Arc<Description>>>,
    size: usize,
    used: u64,
}

impl Library {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn cards(&self) -> MutexGuard<'_, HashMap<VersionId, Arc<Card>>> {
        self.cards.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn place(&self, version: VersionId) -> Arc<OnceCell<Arc<Description>>> {
        let mut shelf = self.shelf();
        shelf.uses += 1;
        let used = shelf.uses;
        let book = shelf.books.entry(version).or_insert_with(|| Book { description: Arc::default(), size: 0, used });
        book.used = used;
        book.description.clone()
    }
    /// Puts what was used longest ago away, until the rest fits.
    fn tidy(&self, version: VersionId, size: usize) {
        let mut shelf = self.shelf();
        if let Some(book) = shelf.books.get_mut(&version) {
            book.size = size;
        }
        while shelf.books.len() > 1 && shelf.books.values().map(|book| book.size).sum::<usize>() > KEPT {
            let oldest = shelf.books.iter().filter(|(id, _)| **id != version).min_by_key(|(_, book)| book.used);
            let Some(oldest) = oldest.map(|(id, _)| *id) else { break };
            shelf.books.remove(&oldest);
        }
    }
    /// Keeps a document that has just been read.
    pub(crate) fn put(&self, version: VersionId, size: usize, description: Arc<Description>, findings: Vec<Finding>) {
        self.file(version, &description, findings);
        // A place that somebody filled meanwhile holds the same.
        _ = self.place(version).set(description);
        self.tidy(version, size);
    }
    fn file(&self, version: VersionId, description: &Description, findings: Vec<Finding>) -> Arc<Card> {
        let (summary, entries) = (description.overview().summary, description.search_entries());
        let card = Arc::new(Card { summary, entries, findings });
        self.cards().insert(version, Arc::clone(&card));
        card
    }
}

impl Control {
    /// The document of a version, read.
    pub(crate) async fn description(&self, version: &ApiVersion) -> Result<Arc<Description>, ControlError> {
        let place = self.library.place(version.id);
        let read = place.get_or_try_init(|| async {
            let bytes = self.store.document(version.id).await?;
            let bytes =
                bytes.ok_or_else(|| ControlError::not_found(format!("version {} any more", version.version)))?;
            let size = bytes.len();
            let reading = tokio::task::spawn_blocking(move || portico_openapi::read(&bytes))
                .await
                .map_err(|error| ControlError::internal(&error))?;
            // It was read when it was uploaded: a later program that refuses it has a bug.
            let refused = || ControlError::internal(&format!("the stored document {} is refused now", version.id));
            let description = reading.description.ok_or_else(refused)?;
            self.library.file(version.id, &description, reading.findings);
            self.library.tidy(version.id, size);
            Ok::<_, ControlError>(Arc::new(description))
        });
        read.await.cloned()
    }

    /// What lists and search need of a version.
    pub(crate) async fn card(&self, version: &ApiVersion) -> Result<Arc<Card>, ControlError> {
        let known = || self.library.cards().get(&version.id).cloned();
        if let Some(card) = known() {
            return Ok(card);
        }
        let description = self.description(version).await?;
        // Reading it has filed its card, unless that happened in the moment between.
        Ok(known().unwrap_or_else(|| self.library.file(version.id, &description, Vec::new())))
    }

    /// Reads what is published, so that the first visitor after a start need not wait.
    pub async fn read_ahead(&self) {
        let published = match self.store.published().await {
            Ok(published) => published,
            Err(error) => return tracing::warn!(%error, "documents could not be read ahead"),
        };
        for published in published {
            if let Err(error) = self.card(&published.version).await {
                tracing::warn!(api = %published.api.slug, %error, "a document could not be read ahead");
            }
        }
    }
}
