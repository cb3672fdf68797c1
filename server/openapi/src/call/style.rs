//! How the value of a parameter becomes text (OpenAPI 3.1, 4.8.12.2 to 4.8.12.4).
use super::{IN_VALUE, RESERVED};
use crate::{
    highlight,
    outline::{Dialect, members},
    part::{Parameter, Place},
    rules::style,
};
use percent_encoding::{AsciiSet, utf8_percent_encode};
use portico_contract::call::Pair;
use portico_domain::{ParameterLocation, ParameterStyle};
use serde_json::Value;

/// Items of a list, and members of an object, that a sample shows.
const SHOWN: usize = 5;
/// Characters of one value.
const CHARACTERS: usize = 200;

/// A value and the style it is written in.
pub(crate) struct Written {
    shape: Shape,
    style: ParameterStyle,
    explode: bool,
}

enum Shape {
    One(String),
    List(Vec<String>),
    Object(Vec<(String, String)>),
}

impl Written {
    /// An example, cut to what a sample shows.
    pub(crate) fn of(dialect: Dialect, parameter: &Parameter<'_>, value: &Value) -> Self {
        Self::new(dialect, parameter, value, (SHOWN, plain))
    }

    /// A value that is to be sent.
    pub(crate) fn whole(dialect: Dialect, parameter: &Parameter<'_>, value: &Value) -> Self {
        Self::new(dialect, parameter, value, (usize::MAX, text))
    }

    fn new(dialect: Dialect, parameter: &Parameter<'_>, value: &Value, room: Room) -> Self {
        let location = match parameter.place {
            Place::Path => ParameterLocation::Path,
            Place::Query => ParameterLocation::Query,
            Place::Header => ParameterLocation::Header,
            Place::Cookie => ParameterLocation::Cookie,
        };
        let (style, explode) = style::of(dialect, location, parameter.source);
        // A parameter with a media type is written in that, whole.
        let shape = if members(parameter.source.get("content")).next().is_some() {
            Shape::One(room.1(value))
        } else {
            shape(value, room)
        };
        Self { shape, style, explode }
    }

    /// Percent-encoded; may be empty.
    pub(crate) fn in_path(&self, name: &str) -> String {
        let encoded = |text: &str| encode(text, IN_VALUE);
        let name = encoded(name);
        let (lead, between) = match (self.style, self.explode) {
            (ParameterStyle::Label, true) => (".".to_owned(), "."),
            (ParameterStyle::Label, false) => (".".to_owned(), ","),
            (ParameterStyle::Matrix, true) => (";".to_owned(), ";"),
            (ParameterStyle::Matrix, false) => (format!(";{name}="), ","),
            _ => (String::new(), ","),
        };
        let matrix = self.style == ParameterStyle::Matrix && self.explode;
        let texts: Vec<String> = match &self.shape {
            Shape::One(text) if matrix => vec![format!("{name}={}", encoded(text))],
            Shape::One(text) => vec![encoded(text)],
            Shape::List(items) if matrix => items.iter().map(|item| format!("{name}={}", encoded(item))).collect(),
            Shape::List(items) => items.iter().map(|item| encoded(item)).collect(),
            Shape::Object(members) if self.explode => {
                members.iter().map(|(key, value)| format!("{}={}", encoded(key), encoded(value))).collect()
            }
            Shape::Object(members) => members.iter().flat_map(|(k, v)| [encoded(k), encoded(v)]).collect(),
        };
        let text = texts.join(between);
        if text.is_empty() { text } else { lead + &text }
    }

    pub(crate) fn in_query(&self, parameter: &Parameter<'_>) -> Vec<Pair> {
        if parameter.source.get("in").and_then(Value::as_str) == Some("querystring") {
            return self.whole_query();
        }
        let reserved = parameter.source.get("allowReserved") == Some(&Value::Bool(true));
        let set = if reserved { RESERVED } else { IN_VALUE };
        let name = encode(parameter.name, IN_VALUE);
        let separator = match self.style {
            ParameterStyle::SpaceDelimited => "%20",
            ParameterStyle::PipeDelimited => "%7C",
            ParameterStyle::TabDelimited => "%09",
            _ => ",",
        };
        self.pairs(&name, separator, set, self.style == ParameterStyle::DeepObject)
    }

    pub(crate) fn in_cookie(&self, name: &str) -> Vec<Pair> {
        // A comma is none of the characters that a cookie's value is made of (RFC 6265, 4.1.1).
        self.pairs(name, "%2C", IN_VALUE, false)
    }

    fn pairs(&self, name: &str, separator: &str, set: &'static AsciiSet, deep: bool) -> Vec<Pair> {
        let one = |value: String| vec![Pair::new(name, value)];
        match &self.shape {
            Shape::One(text) => one(encode(text, set)),
            Shape::List(items) if self.explode && !items.is_empty() => {
                items.iter().map(|item| Pair::new(name, encode(item, set))).collect()
            }
            Shape::List(items) => one(joined(items.iter().map(|item| encode(item, set)), separator)),
            Shape::Object(members) if deep => {
                let key = |key: &str| format!("{name}%5B{}%5D", encode(key, IN_VALUE));
                members.iter().map(|(k, v)| Pair::new(key(k), encode(v, set))).collect()
            }
            Shape::Object(members) if self.explode => {
                members.iter().map(|(k, v)| Pair::new(encode(k, IN_VALUE), encode(v, set))).collect()
            }
            Shape::Object(members) => {
                one(joined(members.iter().flat_map(|(k, v)| [encode(k, set), encode(v, set)]), separator))
            }
        }
    }

    /// The parameter is the query (3.2's `in: querystring`), written as a form.
    fn whole_query(&self) -> Vec<Pair> {
        match &self.shape {
            Shape::Object(members) => {
                members.iter().map(|(k, v)| Pair::new(encode(k, IN_VALUE), encode(v, IN_VALUE))).collect()
            }
            Shape::One(text) => match serde_json::from_str::<Value>(text) {
                Ok(value @ Value::Object(_)) => {
                    Self { shape: shape(&value, (SHOWN, plain)), style: self.style, explode: self.explode }
                        .whole_query()
                }
                _ => vec![Pair::new(encode(text, IN_VALUE), "")],
            },
            Shape::List(_) => Vec::new(),
        }
    }

    pub(crate) fn in_header(&self) -> String {
        match &self.shape {
            Shape::One(text) => text.clone(),
            Shape::List(items) => items.join(","),
            Shape::Object(members) => {
                let sign = if self.explode { '=' } else { ',' };
                joined(members.iter().map(|(key, value)| format!("{key}{sign}{value}")), ",")
            }
        }
    }
}

fn joined(texts: impl Iterator<Item = String>, separator: &str) -> String {
    texts.collect::<Vec<_>>().join(separator)
}

fn encode(text: &str, set: &'static AsciiSet) -> String {
    utf8_percent_encode(text, set).to_string()
}

/// How many items and members, and how one of them is text.
type Room = (usize, fn(&Value) -> String);

fn shape(value: &Value, (most, text): Room) -> Shape {
    match value {
        Value::Array(items) => Shape::List(items.iter().take(most).map(text).collect()),
        Value::Object(members) => {
            Shape::Object(members.iter().take(most).map(|(key, value)| (key.clone(), text(value))).collect())
        }
        value => Shape::One(text(value)),
    }
}

/// A value as text, whole.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        value => value.to_string(),
    }
}

/// A value as the text of a parameter or a form's field; NUL is nothing that any shell or client could pass on.
pub(crate) fn plain(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        value => highlight::compact(value, 4 * CHARACTERS),
    };
    let structured = matches!(value, Value::Array(_) | Value::Object(_));
    text.chars().filter(|c| *c != '\0').take(if structured { usize::MAX } else { CHARACTERS }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::part::Reader;
    use serde_json::json;

    /// Path, query and cookie of one parameter.
    fn written(parameter: &Value, value: &Value) -> String {
        let root = json!({});
        let reader = Reader { root: &root, dialect: Dialect::ThreeOne };
        let parameter = reader.parameter(parameter).unwrap().unwrap();
        let written = Written::of(Dialect::ThreeOne, &parameter, value);
        let pairs = |pairs: Vec<Pair>| pairs.into_iter().map(|pair| format!("{}={}", pair.name, pair.value));
        match parameter.place {
            Place::Path => written.in_path(parameter.name),
            Place::Query => joined(pairs(written.in_query(&parameter)), "&"),
            Place::Header => written.in_header(),
            Place::Cookie => joined(pairs(written.in_cookie(parameter.name)), "; "),
        }
    }

    /// The table of OpenAPI 3.1, 4.8.12.4, with its values.
    #[test]
    fn styles_write_as_the_specification_shows() {
        let list = json!(["blue", "black", "brown"]);
        let object = json!({"R": 100, "G": 200, "B": 150});
        for (place, style, explode, of_text, of_list, of_object) in [
            ("path", "matrix", false, ";color=blue", ";color=blue,black,brown", ";color=R,100,G,200,B,150"),
            ("path", "matrix", true, ";color=blue", ";color=blue;color=black;color=brown", ";R=100;G=200;B=150"),
            ("path", "label", false, ".blue", ".blue,black,brown", ".R,100,G,200,B,150"),
            ("path", "label", true, ".blue", ".blue.black.brown", ".R=100.G=200.B=150"),
            ("path", "simple", false, "blue", "blue,black,brown", "R,100,G,200,B,150"),
            ("header", "simple", true, "blue", "blue,black,brown", "R=100,G=200,B=150"),
            ("query", "form", false, "color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150"),
            ("query", "form", true, "color=blue", "color=blue&color=black&color=brown", "R=100&G=200&B=150"),
            (
                "query",
                "spaceDelimited",
                false,
                "color=blue",
                "color=blue%20black%20brown",
                "color=R%20100%20G%20200%20B%20150",
            ),
            (
                "query",
                "pipeDelimited",
                false,
                "color=blue",
                "color=blue%7Cblack%7Cbrown",
                "color=R%7C100%7CG%7C200%7CB%7C150",
            ),
            (
                "query",
                "deepObject",
                true,
                "color=blue",
                "color=blue&color=black&color=brown",
                "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150",
            ),
            ("cookie", "form", true, "color=blue", "color=blue; color=black; color=brown", "R=100; G=200; B=150"),
            ("cookie", "form", false, "color=blue", "color=blue%2Cblack%2Cbrown", "color=R%2C100%2CG%2C200%2CB%2C150"),
        ] {
            let parameter = json!({"name": "color", "in": place, "style": style, "explode": explode});
            assert_eq!(written(&parameter, &json!("blue")), of_text, "{parameter}");
            assert_eq!(written(&parameter, &list), of_list, "{parameter}");
            assert_eq!(written(&parameter, &object), of_object, "{parameter}");
        }
    }

    #[test]
    fn what_a_media_type_or_a_flag_says_is_kept() {
        let json = json!({"name": "f", "in": "query", "content": {"application/json": {"schema": {}}}});
        assert_eq!(written(&json, &json!({"a": [1]})), "f=%7B%22a%22%3A%5B1%5D%7D");
        let reserved = json!({"name": "f", "in": "query", "allowReserved": true});
        assert_eq!(written(&reserved, &json!("a/b?c&d'e")), "f=a/b?c%26d%27e");
        let whole = json!({"name": "q", "in": "querystring", "content": {"application/x-www-form-urlencoded": {}}});
        assert_eq!(written(&whole, &json!({"a": "x y", "b": 1})), "a=x%20y&b=1");
        let empty = json!({"name": "f", "in": "query"});
        assert_eq!(written(&empty, &json!([])), "f=");
        assert_eq!(written(&empty, &json!(null)), "f=");
    }
}
