//! Guides: pages that publishers write, for one API or for the portal.
use crate::{
    Moment,
    catalogue::ApiHead,
    reference::{Code, Finding, Navigation},
};
use serde::{Deserialize, Serialize};

/// A guide in a list.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GuideLine {
    pub slug: String,
    pub title: String,
    /// One sentence; may be empty.
    pub description: String,
    pub href: String,
    /// Only publishers see it.
    pub draft: bool,
}

/// A guide's text, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GuideText {
    pub parts: Vec<GuidePart>,
    /// All headings, in their order.
    pub outline: Vec<GuideHeading>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GuidePart {
    Words {
        words_html: String,
    },
    /// Blocks of code with a title each; more than one are tabs. Never empty.
    Code(Vec<(String, Code)>),
}

/// A heading of the text.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GuideHeading {
    /// 2 to 6.
    pub level: u8,
    /// Its id on the page.
    pub anchor: String,
    pub words: String,
}

/// `/guides`: the portal's own.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GuidesPage {
    pub guides: Vec<GuideLine>,
}

/// `/apis/{api}/guides/{guide}` and `/guides/{guide}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuidePage {
    /// The API it belongs to; `None` for the portal's own.
    pub api: Option<(ApiHead, Navigation)>,
    pub guide: GuideLine,
    pub text: GuideText,
    pub changed: Moment,
    /// All of the same place, in their order.
    pub guides: Vec<GuideLine>,
    /// Where it is edited; `None` for those who may not.
    pub edit: Option<String>,
}

/// A picture of a guide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuideImage {
    /// One of the few types that hold nothing but a picture.
    pub media_type: String,
    pub bytes: Vec<u8>,
}

/// `/admin/guides` and `/admin/apis/{api}/guides`
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GuidesAdmin {
    /// The API's address and title; `None` for the portal's own.
    pub api: Option<(String, String)>,
    /// With the number they are ordered by.
    pub guides: Vec<(i32, GuideLine)>,
    pub images: Vec<GuideImageLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GuideImageLine {
    pub name: String,
    pub href: String,
    /// E.g. "12 KiB".
    pub size: String,
    pub changed: Moment,
}

/// A guide as its form writes it.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GuideForm {
    /// Its address; made from the title when empty.
    pub slug: String,
    pub title: String,
    pub description: String,
    /// A whole number.
    pub order: String,
    pub draft: bool,
    pub text: String,
}

/// What is edited, and how it will look.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GuideEditor {
    /// As in [`GuidesAdmin::api`].
    pub api: Option<(String, String)>,
    pub form: GuideForm,
    /// Where readers find it; empty for one that is not kept yet.
    pub href: String,
    pub preview: GuideText,
    /// Links that lead nowhere and the like, by lines of the text.
    pub findings: Vec<Finding>,
}
