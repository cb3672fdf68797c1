//! How the value of a parameter is written.
use crate::outline::{Dialect, text};
use portico_domain::{ParameterLocation, ParameterStyle};
use serde_json::Value;

/// The style, and whether the items of a list stand apart (`explode`).
pub(crate) fn of(dialect: Dialect, location: ParameterLocation, source: &Value) -> (ParameterStyle, bool) {
    use ParameterStyle::{DeepObject, Form, Label, Matrix, PipeDelimited, Simple, SpaceDelimited, TabDelimited};
    let usual = match location {
        ParameterLocation::Path | ParameterLocation::Header => Simple,
        ParameterLocation::Query | ParameterLocation::Cookie => Form,
    };
    if dialect == Dialect::Swagger2 {
        // Items of lists have a format of their own, which nobody uses.
        return match text(source, "collectionFormat").unwrap_or("csv") {
            "multi" => (Form, true),
            "ssv" => (SpaceDelimited, false),
            "pipes" => (PipeDelimited, false),
            "tsv" => (TabDelimited, false),
            _ => (usual, false),
        };
    }
    let style = match text(source, "style").unwrap_or_default() {
        "simple" => Simple,
        "label" => Label,
        "matrix" => Matrix,
        "form" | "cookie" => Form,
        "spaceDelimited" => SpaceDelimited,
        "pipeDelimited" => PipeDelimited,
        "deepObject" => DeepObject,
        _ => usual,
    };
    let explode = source.get("explode").and_then(Value::as_bool).unwrap_or(style == Form);
    (style, explode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_version_has_its_own_defaults() {
        use ParameterLocation::{Cookie, Header, Path, Query};
        use ParameterStyle::{Form, PipeDelimited, Simple, TabDelimited};
        for (dialect, location, source, style) in [
            (Dialect::Three, Query, json!({}), (Form, true)),
            (Dialect::Three, Query, json!({"explode": false}), (Form, false)),
            (Dialect::ThreeOne, Cookie, json!({}), (Form, true)),
            (Dialect::Three, Path, json!({}), (Simple, false)),
            (Dialect::Three, Header, json!({"explode": true}), (Simple, true)),
            (Dialect::Three, Query, json!({"style": "pipeDelimited"}), (PipeDelimited, false)),
            (Dialect::Swagger2, Query, json!({}), (Form, false)),
            (Dialect::Swagger2, Query, json!({"collectionFormat": "multi"}), (Form, true)),
            (Dialect::Swagger2, Header, json!({}), (Simple, false)),
            (Dialect::Swagger2, Query, json!({"collectionFormat": "tsv"}), (TabDelimited, false)),
        ] {
            assert_eq!(of(dialect, location, &source), style, "{dialect:?} {location:?} {source}");
        }
    }
}
