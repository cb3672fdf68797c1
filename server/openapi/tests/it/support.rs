//! What the tests share.
use portico_contract::reference::{Property, Schema};
use portico_openapi::{Description, Reading, read};

/// Reads a document that must be good.
pub(crate) fn description(bytes: &[u8]) -> Description {
    let Reading { findings, description } = read(bytes);
    description.unwrap_or_else(|| panic!("refused: {findings:#?}"))
}

/// Finds a property by its path, e.g. "tag.name".
pub(crate) fn property<'a>(schema: &'a Schema, path: &str) -> &'a Property {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let found = schema.properties.iter().find(|property| property.name == name);
    let found = found.unwrap_or_else(|| panic!("no {name} in {schema:#?}"));
    match rest {
        Some(rest) => property(&found.schema, rest),
        None => found,
    }
}

/// All properties of a schema, at every depth.
pub(crate) fn count(schema: &Schema) -> usize {
    let properties: usize = schema.properties.iter().map(|property| 1 + count(&property.schema)).sum();
    let variants = schema.unions.iter().flat_map(|union| &union.variants);
    properties + variants.map(|variant| count(&variant.schema)).sum::<usize>()
}

/// "label: value" of every constraint.
pub(crate) fn chips(schema: &Schema) -> Vec<String> {
    let words = schema.constraints.iter().map(|chip| match chip.label.as_str() {
        "" => chip.value.clone(),
        label => format!("{label}: {}", chip.value),
    });
    words.collect()
}
