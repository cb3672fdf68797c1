//! The brand as pages show it and as its form writes it.
use crate::{BrandChange, Control, ControlError, Who};
use portico_contract::{Brand, admin::BrandForm};
use portico_domain::fingerprint;

const OWN_NAME: &str = "Portico";

impl Control {
    pub(super) async fn show_brand(&self) -> Brand {
        let brand = self.brand().await;
        let stylesheet = brand.accent.map(|accent| accent.shades().stylesheet());
        Brand {
            name: brand.name.as_ref().map_or(OWN_NAME, |name| name.as_str()).to_owned(),
            // A change of what stands there is a change of address, so browsers may keep it for good.
            stylesheet: stylesheet.map(|css| format!("/brand.css?v={}", short(css.as_bytes()))),
            logo: brand.logo.as_ref().map(|logo| format!("/brand/logo?v={}", short(&logo.bytes))),
        }
    }

    pub(super) async fn brand_form(&self) -> BrandForm {
        let brand = self.brand().await;
        let drawn = brand.accent.map(|accent| {
            let shades = accent.shades();
            (shades.light.accent, shades.dark.accent)
        });
        BrandForm {
            name: brand.name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default(),
            accent: brand.accent.map(|accent| accent.to_string()).unwrap_or_default(),
            drawn,
            logo: self.show_brand().await.logo,
        }
    }

    pub(super) async fn save_brand_by_form(&self, who: &Who, name: &str, accent: &str) -> Result<(), ControlError> {
        let change = BrandChange { name: Some(name.to_owned()), accent: Some(accent.to_owned()) };
        self.change_brand(who, change).await?;
        Ok(())
    }
}

fn short(bytes: &[u8]) -> String {
    fingerprint(bytes).chars().take(12).collect()
}
