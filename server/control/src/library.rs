//! Documents that have been read, kept while they are read often; and what lists and search need of each, kept always.
use crate::{Control, ControlError};
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
    pub(crate) fn put(&self, version: VersionId, size: usize, description: Arc<Description>) {
        self.cards().insert(version, Arc::new(card(&description)));
        // The place is new, so nobody has filled it.
        _ = self.place(version).set(description);
        self.tidy(version, size);
    }
}

fn card(description: &Description) -> Card {
    Card { summary: description.overview().summary, entries: description.search_entries() }
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
            let description = tokio::task::spawn_blocking(move || portico_openapi::read(&bytes).description)
                .await
                .map_err(|error| ControlError::internal(&error))?
                // It was read when it was uploaded: a later program that refuses it has a bug.
                .ok_or_else(|| ControlError::internal(&format!("the stored document {} is refused now", version.id)))?;
            self.library.tidy(version.id, size);
            Ok::<_, ControlError>(Arc::new(description))
        });
        read.await.cloned()
    }

    pub(crate) async fn card(&self, version: &ApiVersion) -> Result<Arc<Card>, ControlError> {
        if let Some(card) = self.library.cards().get(&version.id) {
            return Ok(card.clone());
        }
        let card = Arc::new(card(&*self.description(version).await?));
        self.library.cards().insert(version.id, card.clone());
        Ok(card)
    }
}
