//! `/guides` and `/apis/{api}/guides`: pages that publishers write, and their pictures.
use crate::{
    House,
    input::{NoQuery, Query, expect_type, name, read},
    list::{List, Part, list},
    problem::{FindingView, Problem},
};
use axum::{
    Extension, Json, Router,
    extract::{FromRequestParts, RawPathParams, Request, State},
    http::request::Parts,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{StatusCode, header};
use portico_control::{GuideWritten, Who};
use portico_domain::{
    Guide, GuideHead, GuideImage, GuideImageLine, GuidePlace, ImageName, InvalidImageName, Role, Slug, Timestamp,
};
use serde::Serialize;

const IMAGE_TYPES: [&str; 5] = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];
/// Of a file: its text and its front matter.
const GUIDE_LIMIT: usize = Guide::TEXT + 8 * 1024;

pub(crate) fn router() -> Router<House> {
    Router::new()
        .route("/guides", get(index))
        .route("/guides/{guide}", get(show).put(write).delete(remove))
        .route("/guide-images", get(images))
        .route("/guide-images/{image}", get(image).put(write_image).delete(remove_image))
        .route("/apis/{api}/guides", get(index))
        .route("/apis/{api}/guides/{guide}", get(show).put(write).delete(remove))
        .route("/apis/{api}/guide-images", get(images))
        .route("/apis/{api}/guide-images/{image}", get(image).put(write_image).delete(remove_image))
}

/// What the path names: a place, and a guide or picture there.
struct At {
    place: GuidePlace,
    name: String,
}

impl<S: Send + Sync> FromRequestParts<S> for At {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params =
            RawPathParams::from_request_parts(parts, state).await.map_err(|_| Problem::not_found("such path"))?;
        let mut at = Self { place: GuidePlace::Portal, name: String::new() };
        for (param, value) in &params {
            if param == "api" {
                at.place = GuidePlace::Api(value.parse().map_err(|_| Problem::no_such_api())?);
            } else {
                value.clone_into(&mut at.name);
            }
        }
        Ok(at)
    }
}

impl At {
    fn guide(&self) -> Result<Slug, Problem> {
        name(&self.name, "such guide")
    }
    fn image(&self) -> Result<ImageName, Problem> {
        name(&self.name, "such picture")
    }
}

#[derive(Serialize)]
struct HeadView {
    guide: Slug,
    title: String,
    description: String,
    order: i32,
    draft: bool,
}

impl From<GuideHead> for HeadView {
    fn from(GuideHead { slug, title, description, order, draft }: GuideHead) -> Self {
        Self { guide: slug, title, description, order, draft }
    }
}

#[derive(Serialize)]
struct GuideView {
    #[serde(flatten)]
    head: HeadView,
    text: String,
    created_at: Timestamp,
    changed_at: Timestamp,
}

impl From<Guide> for GuideView {
    fn from(Guide { head, text, created_at, changed_at, .. }: Guide) -> Self {
        Self { head: head.into(), text, created_at, changed_at }
    }
}

#[derive(Serialize)]
struct WrittenView {
    #[serde(flatten)]
    guide: GuideView,
    findings: Vec<FindingView>,
}

#[derive(Serialize)]
struct ImageView {
    image: ImageName,
    media_type: &'static str,
    bytes: u64,
    changed_at: Timestamp,
}

impl From<GuideImageLine> for ImageView {
    fn from(GuideImageLine { name, bytes, changed_at }: GuideImageLine) -> Self {
        Self { media_type: name.kind().media_type(), image: name, bytes, changed_at }
    }
}

async fn index(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    at: At,
    Query(part): Query<Part>,
) -> Result<Json<List<HeadView>>, Problem> {
    let page = house.list_guides(&who, &at.place, part.after.as_deref(), part.limit.0).await;
    Ok(list(page.map_err(Problem::of_api_or_query)?, HeadView::from))
}

async fn show(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    at: At,
    _: NoQuery,
) -> Result<Json<GuideView>, Problem> {
    Ok(Json(house.find_guide(&who, &at.place, &at.guide()?).await?.into()))
}

async fn write(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    at: At,
    _: NoQuery,
    request: Request,
) -> Result<(StatusCode, Json<WrittenView>), Problem> {
    let slug = at.name.parse::<Slug>().map_err(|error| Problem::parameter("guide", &error.to_string()))?;
    expect_type(request.headers(), &["text/markdown"])?;
    // Who may not write is told so by the house, and need not be listened to before.
    let source = if is_publisher(&who) {
        let bytes = read(request, GUIDE_LIMIT, "264 KiB").await?;
        let not_text = |_| Problem::body(String::new(), "This is not UTF-8; save the guide as UTF-8.".to_owned());
        String::from_utf8(bytes.into()).map_err(not_text)?
    } else {
        String::new()
    };
    let GuideWritten { created, guide, findings } = house.put_guide(&who, &at.place, &slug, source).await?;
    let written = WrittenView { guide: guide.into(), findings: findings.into_iter().map(FindingView::from).collect() };
    Ok((if created { StatusCode::CREATED } else { StatusCode::OK }, Json(written)))
}

async fn remove(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    at: At,
    _: NoQuery,
) -> Result<StatusCode, Problem> {
    house.remove_guide(&who, &at.place, &at.guide()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn images(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    at: At,
    Query(part): Query<Part>,
) -> Result<Json<List<ImageView>>, Problem> {
    let page = house.list_guide_images(&who, &at.place, part.after.as_deref(), part.limit.0).await;
    Ok(list(page.map_err(Problem::of_api_or_query)?, ImageView::from))
}

async fn image(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    at: At,
    _: NoQuery,
) -> Result<Response, Problem> {
    let image = house.find_guide_image(&who, &at.place, &at.image()?).await?;
    let headers = [(header::CONTENT_TYPE, image.name.kind().media_type()), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    Ok((headers, image.bytes).into_response())
}

async fn write_image(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    at: At,
    _: NoQuery,
    request: Request,
) -> Result<(StatusCode, Json<ImageView>), Problem> {
    let wrong = |error: InvalidImageName| Problem::parameter("image", &error.to_string());
    let name = at.name.parse::<ImageName>().map_err(wrong)?;
    expect_type(request.headers(), &IMAGE_TYPES)?;
    let bytes = if is_publisher(&who) { read(request, GuideImage::BYTES, "2 MiB").await?.into() } else { Vec::new() };
    let (created, line) = house.put_guide_image(&who, &at.place, &name, bytes).await?;
    Ok((if created { StatusCode::CREATED } else { StatusCode::OK }, Json(line.into())))
}

async fn remove_image(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    at: At,
    _: NoQuery,
) -> Result<StatusCode, Problem> {
    house.remove_guide_image(&who, &at.place, &at.image()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn is_publisher(who: &Who) -> bool {
    who.role() >= Some(Role::Publisher)
}
