//! How the value of a parameter becomes text, by what its document says.
use crate::{
    highlight,
    outline::{self, Dialect, members},
    part::{Parameter, Place},
    rules::style,
};
use portico_contract::{
    call::Pair,
    written::{Manner, Shape, Style, whole_query},
};
use portico_domain::{ParameterLocation, ParameterStyle};
use serde_json::Value;

/// Items of a list, and members of an object, that a sample shows.
const SHOWN: usize = 5;
/// Characters of one value.
const CHARACTERS: usize = 200;

/// A value and the manner it is written in.
pub(crate) struct Written {
    shape: Shape,
    manner: Manner,
}

/// How the document wants the parameter written.
pub(super) fn manner(dialect: Dialect, parameter: &Parameter<'_>) -> Manner {
    let location = match parameter.place {
        Place::Path => ParameterLocation::Path,
        Place::Query => ParameterLocation::Query,
        Place::Header => ParameterLocation::Header,
        Place::Cookie => ParameterLocation::Cookie,
    };
    let (style, explode) = style::of(dialect, location, parameter.source);
    let style = match style {
        ParameterStyle::Simple => Style::Simple,
        ParameterStyle::Label => Style::Label,
        ParameterStyle::Matrix => Style::Matrix,
        ParameterStyle::Form => Style::Form,
        ParameterStyle::SpaceDelimited => Style::SpaceDelimited,
        ParameterStyle::PipeDelimited => Style::PipeDelimited,
        ParameterStyle::TabDelimited => Style::TabDelimited,
        ParameterStyle::DeepObject => Style::DeepObject,
    };
    Manner { style, explode, reserved: parameter.source.get("allowReserved") == Some(&Value::Bool(true)) }
}

/// A parameter with a media type is written in that, whole.
pub(super) fn is_whole(parameter: &Parameter<'_>) -> bool {
    members(parameter.source.get("content")).next().is_some()
}

/// Whether the parameter is the query (3.2's `in: querystring`).
pub(super) fn is_query(parameter: &Parameter<'_>) -> bool {
    outline::text(parameter.source, "in") == Some("querystring")
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
        let shape = if is_whole(parameter) { Shape::One(room.1(value)) } else { shape(value, room) };
        Self { shape, manner: manner(dialect, parameter) }
    }

    /// Percent-encoded; may be empty.
    pub(crate) fn in_path(&self, name: &str) -> String {
        self.manner.in_path(name, &self.shape)
    }

    pub(crate) fn in_query(&self, parameter: &Parameter<'_>) -> Vec<Pair> {
        if !is_query(parameter) {
            return self.manner.in_query(parameter.name, &self.shape);
        }
        let written = match &self.shape {
            Shape::One(text) => serde_json::from_str(text)
                .ok()
                .filter(Value::is_object)
                .as_ref()
                .map(|value| shape(value, (SHOWN, plain))),
            _ => None,
        };
        whole_query(written.as_ref().unwrap_or(&self.shape))
    }

    pub(crate) fn in_cookie(&self, name: &str) -> Vec<Pair> {
        self.manner.in_cookie(name, &self.shape)
    }

    pub(crate) fn in_header(&self) -> String {
        self.manner.in_header(&self.shape)
    }
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
        let pairs = |pairs: Vec<Pair>| -> Vec<String> {
            pairs.into_iter().map(|pair| format!("{}={}", pair.name, pair.value)).collect()
        };
        match parameter.place {
            Place::Path => written.in_path(parameter.name),
            Place::Query => pairs(written.in_query(&parameter)).join("&"),
            Place::Header => written.in_header(),
            Place::Cookie => pairs(written.in_cookie(parameter.name)).join("; "),
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
