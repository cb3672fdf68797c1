//! `/settings/brand`: how the portal looks. For admins.
use crate::{
    House,
    input::{NoQuery, Patch, expect_type, given, read},
    problem::Problem,
};
use axum::{
    Extension, Json, Router,
    extract::{Request, State},
    routing::{get, put},
};
use portico_control::{BrandChange, Who};
use portico_domain::{Accent, Brand, BrandName, LogoType, Shades};
use serde::{Deserialize, Serialize};

const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/webp", "image/svg+xml"];
/// More than any logo has, so that the answer can say what is right.
const LOGO_LIMIT: usize = 1024 * 1024;

pub(crate) fn router() -> Router<House> {
    Router::new()
        .route("/settings/brand", get(show).patch(change))
        .route("/settings/brand/logo", put(set_logo).delete(remove_logo))
}

#[derive(Serialize)]
struct BrandView {
    name: Option<BrandName>,
    accent: Option<Accent>,
    /// What the accent is on light and on dark pages.
    shades: Option<Shades>,
    logo: Option<LogoView>,
}

#[derive(Serialize)]
struct LogoView {
    media_type: LogoType,
    bytes: usize,
}

impl From<&Brand> for BrandView {
    fn from(brand: &Brand) -> Self {
        Self {
            name: brand.name.clone(),
            accent: brand.accent,
            shades: brand.accent.map(Accent::shades),
            logo: brand.logo.as_ref().map(|logo| LogoView { media_type: logo.media_type, bytes: logo.bytes.len() }),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BrandPatch {
    #[serde(default, deserialize_with = "given")]
    name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    accent: Option<Option<String>>,
}

async fn show(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
) -> Result<Json<BrandView>, Problem> {
    Ok(Json(BrandView::from(&house.find_brand(&who).await?)))
}

async fn change(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Patch(BrandPatch { name, accent }): Patch<BrandPatch>,
) -> Result<Json<BrandView>, Problem> {
    let change =
        BrandChange { name: name.map(Option::unwrap_or_default), accent: accent.map(Option::unwrap_or_default) };
    Ok(Json(BrandView::from(&house.change_brand(&who, change).await?)))
}

async fn set_logo(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    request: Request,
) -> Result<Json<BrandView>, Problem> {
    expect_type(request.headers(), &PICTURES)?;
    let bytes = read(request, LOGO_LIMIT, "1 MiB").await?;
    Ok(Json(BrandView::from(&house.set_logo(&who, bytes.into()).await?)))
}

async fn remove_logo(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
) -> Result<Json<BrandView>, Problem> {
    Ok(Json(BrandView::from(&house.remove_logo(&who).await?)))
}
