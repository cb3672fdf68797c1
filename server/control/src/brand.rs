//! What makes the portal its owner's: kept as one setting, shown on every page.
use crate::{Control, ControlError, Fault, Who, permit::ManageSettings};
use portico_domain::{Accent, Brand, BrandName, Logo};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SETTING: &str = "brand";

/// The brand as it was in an edition of what the portal shows.
#[derive(Default)]
pub(crate) struct KnownBrand(Mutex<Option<(u64, Arc<Brand>)>>);

impl KnownBrand {
    fn lock(&self) -> MutexGuard<'_, Option<(u64, Arc<Brand>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Texts as somebody typed them; `None` keeps what is there, an empty one goes back to Portico's own.
#[derive(Clone, Debug, Default)]
pub struct BrandChange {
    pub name: Option<String>,
    pub accent: Option<String>,
}

impl Control {
    /// As it is now; the last that was known while the database is away.
    pub async fn brand(&self) -> Arc<Brand> {
        let edition = self.edition();
        let known = self.known_brand.lock().clone();
        if let Some((_, brand)) = known.as_ref().filter(|(of, _)| *of == edition) {
            return Arc::clone(brand);
        }
        match self.stored_brand().await {
            Ok(brand) => {
                let brand = Arc::new(brand);
                *self.known_brand.lock() = Some((edition, Arc::clone(&brand)));
                brand
            }
            Err(_) => known.map(|(_, brand)| brand).unwrap_or_default(),
        }
    }

    async fn stored_brand(&self) -> Result<Brand, ControlError> {
        match self.store.setting(SETTING).await? {
            Some(value) => serde_json::from_value(value).map_err(|error| ControlError::internal(&error)),
            None => Ok(Brand::default()),
        }
    }

    /// As it is stored.
    pub async fn find_brand(&self, who: &Who) -> Result<Brand, ControlError> {
        who.permit::<ManageSettings>()?;
        self.stored_brand().await
    }

    /// Tells all that is wrong at once.
    pub async fn change_brand(&self, who: &Who, change: BrandChange) -> Result<Brand, ControlError> {
        who.permit::<ManageSettings>()?;
        let mut faults = Vec::new();
        let name = read::<BrandName>("name", change.name, &mut faults);
        let accent = read::<Accent>("accent", change.accent, &mut faults);
        if !faults.is_empty() {
            return Err(ControlError::Invalid(faults));
        }
        self.write_brand(who, |brand| {
            brand.name = name.over(brand.name.take());
            brand.accent = accent.over(brand.accent);
        })
        .await
    }

    pub async fn set_logo(&self, who: &Who, bytes: Vec<u8>) -> Result<Brand, ControlError> {
        who.permit::<ManageSettings>()?;
        let logo = Logo::read(bytes).map_err(|error| {
            ControlError::invalid_at(
                "",
                "file",
                format!("This picture is {error}. A logo is one of PNG, JPEG, WebP or SVG, at most 64 KiB."),
            )
        })?;
        self.write_brand(who, |brand| brand.logo = Some(logo)).await
    }

    pub async fn remove_logo(&self, who: &Who) -> Result<Brand, ControlError> {
        self.write_brand(who, |brand| brand.logo = None).await
    }

    async fn write_brand(&self, who: &Who, change: impl FnOnce(&mut Brand) + Send) -> Result<Brand, ControlError> {
        let permit = who.permit::<ManageSettings>()?;
        let mut tx = self.store.begin(permit.actor()).await?;
        let mut brand = self.stored_brand().await?;
        change(&mut brand);
        let value = serde_json::to_value(&brand).map_err(|error| ControlError::internal(&error))?;
        tx.put_setting(SETTING, &value).await?;
        tx.commit().await?;
        self.catch_up().await?;
        Ok(brand)
    }
}

/// What somebody wants of a value.
enum Wish<T> {
    Keep,
    /// Portico's own.
    Reset,
    Set(T),
}

impl<T> Wish<T> {
    fn over(self, present: Option<T>) -> Option<T> {
        match self {
            Self::Keep => present,
            Self::Reset => None,
            Self::Set(value) => Some(value),
        }
    }
}

fn read<T: std::str::FromStr<Err: std::fmt::Display>>(
    field: &str,
    text: Option<String>,
    faults: &mut Vec<Fault>,
) -> Wish<T> {
    let Some(text) = text else { return Wish::Keep };
    if text.trim().is_empty() {
        return Wish::Reset;
    }
    match text.parse() {
        Ok(value) => Wish::Set(value),
        Err(error) => {
            let message = format!("This is {error}.");
            faults.push(Fault { pointer: format!("/{field}"), field: field.to_owned(), message });
            Wish::Keep
        }
    }
}
