//! Guides: pages that publishers write, for one API or for the portal, and the pictures in them.
use crate::{Slug, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::{fmt, str::FromStr, sync::Arc};

/// Where a guide belongs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GuidePlace {
    Portal,
    /// Seen by whoever may see the API, and gone with it.
    Api(Slug),
}

impl GuidePlace {
    /// Guides of one place.
    pub const GUIDES: usize = 200;
    /// Pictures of one place.
    pub const IMAGES: usize = 200;

    pub const fn api(&self) -> Option<&Slug> {
        match self {
            Self::Portal => None,
            Self::Api(slug) => Some(slug),
        }
    }
    /// Address of a page or picture below it, e.g. `/apis/pets/guides/first-steps`.
    pub fn href(&self, below: &str) -> String {
        match self {
            Self::Portal => format!("/guides/{below}"),
            Self::Api(slug) => format!("/apis/{slug}/guides/{below}"),
        }
    }
}

/// A guide without its text, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuideHead {
    pub slug: Slug,
    /// 1 to [`GuideHead::TITLE`] characters on one line.
    pub title: String,
    /// At most [`GuideHead::DESCRIPTION`] characters on one line; may be empty.
    pub description: String,
    /// Lower ones come first, alike ones by title.
    pub order: i32,
    /// Only publishers see it.
    pub draft: bool,
}

impl GuideHead {
    pub const TITLE: usize = 120;
    pub const DESCRIPTION: usize = 300;
}

/// A page that a publisher wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guide {
    pub place: GuidePlace,
    pub head: GuideHead,
    /// Markdown, without front matter; at most [`Guide::TEXT`] bytes.
    pub text: String,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
}

impl Guide {
    pub const TEXT: usize = 256 * 1024;
}

/// A picture of the guides of one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuideImage {
    pub name: ImageName,
    /// What `name` says they are.
    pub bytes: Vec<u8>,
    pub changed_at: Timestamp,
}

impl GuideImage {
    /// Bytes of one.
    pub const BYTES: usize = 2 * 1024 * 1024;
}

/// A picture in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuideImageLine {
    pub name: ImageName,
    pub bytes: u64,
    pub changed_at: Timestamp,
}

/// Pictures that hold nothing but a picture: SVG may hold script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageKind {
    Png,
    Jpeg,
    Gif,
    Webp,
    Avif,
}

impl ImageKind {
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Avif => "image/avif",
        }
    }
    fn of_ending(ending: &str) -> Option<Self> {
        match ending {
            "png" => Some(Self::Png),
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "gif" => Some(Self::Gif),
            "webp" => Some(Self::Webp),
            "avif" => Some(Self::Avif),
            _ => None,
        }
    }
    /// What the first bytes say; `None` for anything else.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f' | b's', ..] => Some(Self::Avif),
            _ => None,
        }
    }
}

/// A picture's name: up to 71 small letters, digits, `.`, `_` and `-`, not beginning with a dot, and the ending of its
/// kind, e.g. `login-form.png`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ImageName(Arc<str>);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is no name for a picture: up to 71 of a–z, 0–9, ., - and _, and the ending .png, .jpg, .jpeg, .gif, .webp or .avif"
)]
pub struct InvalidImageName(String);

impl ImageName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
    pub fn kind(&self) -> ImageKind {
        let ending = self.0.rsplit('.').next().unwrap_or_default();
        // Names without one are not made.
        ImageKind::of_ending(ending).unwrap_or(ImageKind::Png)
    }
}

impl FromStr for ImageName {
    type Err = InvalidImageName;
    fn from_str(text: &str) -> Result<Self, InvalidImageName> {
        let known = text.rsplit_once('.').is_some_and(|(stem, ending)| {
            let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
            !stem.is_empty()
                && !stem.starts_with('.')
                && stem.len() <= 71
                && stem.bytes().all(fits)
                && ImageKind::of_ending(ending).is_some()
        });
        if known { Ok(Self(text.into())) } else { Err(InvalidImageName(text.chars().take(80).collect())) }
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ImageName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_pictures_are_strict() {
        for good in ["a.png", "login-form_2.jpeg", "v1.2.webp", "x.avif"] {
            assert!(good.parse::<ImageName>().is_ok(), "{good}");
        }
        let long = format!("{}.png", "a".repeat(80));
        for bad in ["", ".png", "a", "a.svg", "A.png", "../a.png", "a/b.png", ".a.png", "a.png ", "a.html", &long] {
            assert!(bad.parse::<ImageName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn bytes_say_what_they_are() {
        for (bytes, kind) in [
            (&b"\x89PNG\r\n\x1a\n...."[..], Some(ImageKind::Png)),
            (b"\xff\xd8\xff\xe0", Some(ImageKind::Jpeg)),
            (b"GIF89a", Some(ImageKind::Gif)),
            (b"RIFF1234WEBPVP8 ", Some(ImageKind::Webp)),
            (b"\0\0\0\x20ftypavif", Some(ImageKind::Avif)),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
            (b"<script>alert(1)</script>", None),
            (b"", None),
        ] {
            assert_eq!(ImageKind::of_bytes(bytes), kind);
        }
    }
}
