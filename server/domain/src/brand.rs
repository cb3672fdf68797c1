//! What makes a portal its owner's: a name, one colour, a logo.
use color::{Oklch, OpaqueColor, Srgb};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::{fmt, str::FromStr};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Brand {
    /// Stands in titles and beside the mark; Portico's own where there is none.
    pub name: Option<BrandName>,
    pub accent: Option<Accent>,
    pub logo: Option<Logo>,
}

/// 1 to 40 characters, trimmed, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct BrandName(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a name: 1 to 40 characters on one line")]
pub struct InvalidBrandName;

/// The colour of links, buttons and what is chosen, as its owner wrote it. [`Accent::shades`] are what pages show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accent([u8; 3]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a colour: # and six hexadecimal digits, e.g. #3b4fd9")]
pub struct InvalidAccent;

/// A picture in the top bar, drawn 24 pixels high.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logo {
    pub media_type: LogoType,
    #[serde(with = "base64")]
    pub bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogoType {
    #[serde(rename = "image/png")]
    Png,
    #[serde(rename = "image/jpeg")]
    Jpeg,
    #[serde(rename = "image/webp")]
    Webp,
    #[serde(rename = "image/svg+xml")]
    Svg,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLogo {
    #[error("larger than 64 KiB")]
    TooLarge,
    #[error("neither PNG, JPEG, WebP nor SVG")]
    UnknownType,
}

/// The colours that pages are drawn with, each as `#rrggbb`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shades {
    pub light: Shade,
    pub dark: Shade,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shade {
    pub accent: String,
    /// The ground of what is chosen.
    pub tint: String,
}

/// Least contrast of text (WCAG 2.2, 1.4.3).
const READABLE: f32 = 4.5;
/// The grounds that links stand on, as `style/tokens.css` has them: page, surface, sunken, hover.
const LIGHT_GROUNDS: [u32; 4] = [0xff_ffff, 0xf8_fafc, 0xf1_f5f9, 0xee_f2f7];
const DARK_GROUNDS: [u32; 4] = [0x0d_1117, 0x13_1a24, 0x0a_0e14, 0x1b_2533];

type Colour = OpaqueColor<Srgb>;

impl Accent {
    /// The colour as written where it can be read on every ground, else made darker or lighter until it can. Its hue stays.
    pub fn shades(self) -> Shades {
        let [r, g, b] = self.0;
        let [lightness, chroma, hue] = Colour::from_rgb8(r, g, b).convert::<Oklch>().components;
        let shade = |tint: Colour, grounds: [u32; 4], step: f32| {
            let grounds: Vec<Colour> = grounds.map(of_hex).into_iter().chain([tint]).collect();
            let mut lightness = lightness;
            loop {
                let accent = in_gamut(lightness, chroma, hue);
                let readable = grounds.iter().all(|ground| contrast(accent, *ground) >= READABLE);
                if readable || !(0.0..=1.0).contains(&lightness) {
                    return Shade { accent: to_hex(accent), tint: to_hex(tint) };
                }
                lightness += step;
            }
        };
        Shades {
            light: shade(in_gamut(0.96, chroma.min(0.03), hue), LIGHT_GROUNDS, -0.005),
            dark: shade(in_gamut(0.25, chroma.min(0.05), hue), DARK_GROUNDS, 0.005),
        }
    }
}

impl Shades {
    /// What takes the place of the design's own colours. `--c1` is the first line of charts.
    pub fn stylesheet(&self) -> String {
        let Self { light, dark } = self;
        let pair = |light: &str, dark: &str| format!("light-dark({light}, {dark})");
        let (accent, tint) = (pair(&light.accent, &dark.accent), pair(&light.tint, &dark.tint));
        format!(":root {{ --accent: {accent}; --focus: {accent}; --c1: {accent}; --tint: {tint} }}\n")
    }
}

fn of_hex(hex: u32) -> Colour {
    let [_, r, g, b] = hex.to_be_bytes();
    Colour::from_rgb8(r, g, b)
}

fn to_hex(colour: Colour) -> String {
    let rgba = colour.to_rgba8();
    format!("#{:02x}{:02x}{:02x}", rgba.r, rgba.g, rgba.b)
}

/// The most colourful one of this lightness and hue that a screen can show, rounded as it will be written.
fn in_gamut(lightness: f32, mut chroma: f32, hue: f32) -> Colour {
    loop {
        let colour = OpaqueColor::<Oklch>::new([lightness, chroma, hue]).convert::<Srgb>();
        let fits = colour.components.iter().all(|part| (-0.001..=1.001).contains(part));
        if fits || chroma < 0.001 {
            let rgba = colour.to_rgba8();
            return Colour::from_rgb8(rgba.r, rgba.g, rgba.b);
        }
        chroma *= 0.97;
    }
}

/// WCAG 2.2, "contrast ratio".
fn contrast(a: Colour, b: Colour) -> f32 {
    let (a, b) = (a.relative_luminance(), b.relative_luminance());
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

impl Logo {
    const LARGEST: usize = 64 * 1024;

    /// Knows the type by the bytes; what somebody says of them does not count.
    pub fn read(bytes: Vec<u8>) -> Result<Self, InvalidLogo> {
        if bytes.len() > Self::LARGEST {
            return Err(InvalidLogo::TooLarge);
        }
        let media_type = match &bytes[..] {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => LogoType::Png,
            [0xff, 0xd8, 0xff, ..] => LogoType::Jpeg,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => LogoType::Webp,
            _ if is_svg(&bytes) => LogoType::Svg,
            _ => return Err(InvalidLogo::UnknownType),
        };
        Ok(Self { media_type, bytes })
    }
}

/// Whether its first element is `svg`. What scripts it holds never run: it is only shown as a picture.
fn is_svg(bytes: &[u8]) -> bool {
    let Ok(mut text) = std::str::from_utf8(bytes) else { return false };
    text = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let end = if text.starts_with("<?") {
            "?>"
        } else if text.starts_with("<!--") {
            "-->"
        } else if text.starts_with("<!DOCTYPE") {
            ">"
        } else {
            return text.starts_with("<svg") && text.contains("http://www.w3.org/2000/svg");
        };
        let Some((_, rest)) = text.split_once(end) else { return false };
        text = rest.trim_start();
    }
}

impl LogoType {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Svg => "image/svg+xml",
        }
    }
}

impl FromStr for BrandName {
    type Err = InvalidBrandName;
    fn from_str(text: &str) -> Result<Self, InvalidBrandName> {
        let text = text.trim();
        let fits = (1..=40).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidBrandName) }
    }
}

impl BrandName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for BrandName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

impl FromStr for Accent {
    type Err = InvalidAccent;
    fn from_str(text: &str) -> Result<Self, InvalidAccent> {
        let digits = text.trim().strip_prefix('#').ok_or(InvalidAccent)?;
        if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(InvalidAccent);
        }
        let number = u32::from_str_radix(digits, 16).map_err(|_| InvalidAccent)?;
        let [_, r, g, b] = number.to_be_bytes();
        Ok(Self([r, g, b]))
    }
}

impl fmt::Display for Accent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

impl Serialize for Accent {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Accent {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// Bytes as text, for the settings are JSON.
mod base64 {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64_STANDARD.encode(bytes))
    }
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        BASE64_STANDARD.decode(String::deserialize(from)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(hex: &str) -> Colour {
        of_hex(u32::from_str_radix(&hex[1..], 16).unwrap())
    }

    #[test]
    fn every_colour_becomes_readable_on_every_ground() {
        for number in (0..=0xff_ffff).step_by(65_521).chain([0xff_ff00, 0, 0xff_ffff, 0x80_8080]) {
            let accent: Accent = format!("#{number:06x}").parse().unwrap();
            let shades = accent.shades();
            for (shade, grounds) in [(&shades.light, LIGHT_GROUNDS), (&shades.dark, DARK_GROUNDS)] {
                for ground in grounds.map(of_hex).into_iter().chain([colour(&shade.tint)]) {
                    let found = contrast(colour(&shade.accent), ground);
                    assert!(found >= READABLE, "{accent}: {} on {}: {found}", shade.accent, to_hex(ground));
                }
            }
            // Support text stands on tints, and what a button says on the accent.
            assert!(contrast(colour("#526077"), colour(&shades.light.tint)) >= READABLE, "{accent}");
            assert!(contrast(colour("#93a1b3"), colour(&shades.dark.tint)) >= READABLE, "{accent}");
            assert!(contrast(colour("#ffffff"), colour(&shades.light.accent)) >= READABLE, "{accent}");
            assert!(contrast(colour("#0b1020"), colour(&shades.dark.accent)) >= READABLE, "{accent}");
        }
    }

    #[test]
    fn a_readable_colour_stays_as_it_was_written() {
        let shades = "#3B4FD9".parse::<Accent>().unwrap().shades();
        assert_eq!(shades.light.accent, "#3b4fd9");
        assert!(shades.stylesheet().starts_with(":root { --accent: light-dark(#3b4fd9, #"), "{}", shades.stylesheet());
        for wrong in ["", "3b4fd9", "#3b4fd", "#3b4fd9 ; }", "#3b4fdg", "#+b4fd9", "red"] {
            assert_eq!(wrong.parse::<Accent>(), Err(InvalidAccent), "{wrong}");
        }
    }

    #[test]
    fn a_logo_is_what_its_bytes_are() {
        let svg = b"\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- mark --><svg xmlns=\"http://www.w3.org/2000/svg\"/>";
        assert_eq!(Logo::read(svg.to_vec()).map(|logo| logo.media_type), Ok(LogoType::Svg));
        assert_eq!(Logo::read(b"\x89PNG\r\n\x1a\nrest".to_vec()).map(|logo| logo.media_type), Ok(LogoType::Png));
        assert_eq!(
            Logo::read(b"<html><svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec()),
            Err(InvalidLogo::UnknownType)
        );
        assert_eq!(Logo::read(vec![0; 65_537]), Err(InvalidLogo::TooLarge));
    }

    #[test]
    fn a_brand_is_kept_as_it_was() {
        let logo = Logo::read(b"\x89PNG\r\n\x1a\nrest".to_vec()).unwrap();
        let brand = Brand {
            name: Some(" Nordwind ".parse().unwrap()),
            accent: Some("#00ff00".parse().unwrap()),
            logo: Some(logo),
        };
        let written = serde_json::to_value(&brand).unwrap();
        assert_eq!((&written["name"], &written["accent"]), (&"Nordwind".into(), &"#00ff00".into()));
        assert_eq!(serde_json::from_value::<Brand>(written).unwrap(), brand);
        assert_eq!(serde_json::from_value::<Brand>(serde_json::json!({})).unwrap(), Brand::default());
        assert!("a\nb".parse::<BrandName>().is_err());
    }
}
