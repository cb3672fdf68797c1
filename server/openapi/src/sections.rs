//! Groups in their order, with the headings they share: `x-tagGroups`, or the parents of 3.2's tags.
use crate::{
    frame,
    outline::{Entry, Group, text},
    refer,
    typed::said,
};
use openapiv3::Tag;
use serde_json::Value;
use std::collections::HashMap;

/// The heading of groups that `x-tagGroups` does not name.
const OTHERS: &str = "Other";

/// Tags above tags.
const LEVELS: usize = 8;

/// Leaves out the groups that nothing is to be told of and puts those of one section together.
pub(crate) fn arrange(root: &Value, tags: &[Tag], groups: Vec<Group>, operations: &mut [Entry]) -> Vec<Group> {
    let told = |group: &Group| {
        let tag = group.tag.and_then(|at| tags.get(at));
        !group.members.is_empty() || tag.is_some_and(|tag| said(tag.description.as_ref()).is_some())
    };
    let mut groups: Vec<Group> = groups.into_iter().filter(told).collect();
    let order = match tag_groups(root) {
        order if order.is_empty() => by_parents(root, tags, &mut groups),
        listed => by_list(tags, &listed, &mut groups),
    };
    let mut placed: Vec<(usize, Group)> = order.into_iter().zip(groups).collect();
    placed.sort_by_key(|(place, _)| *place);
    let groups: Vec<Group> = placed.into_iter().map(|(_, group)| group).collect();
    for (at, group) in groups.iter().enumerate() {
        for &member in &group.members {
            operations[member].group = at;
        }
    }
    groups
}

/// Names of tags by the sections that list them.
fn tag_groups(root: &Value) -> Vec<(&str, Vec<&str>)> {
    let listed = root.get("x-tagGroups").and_then(Value::as_array).into_iter().flatten();
    let read = listed.filter_map(|section| {
        let tags = section.get("tags")?.as_array()?.iter().filter_map(Value::as_str).map(str::trim).collect();
        Some((text(section, "name")?, tags))
    });
    read.collect()
}

fn tag_name(tags: &[Tag], group: &Group) -> String {
    group.tag.and_then(|at| tags.get(at)).map_or(group.name.as_str(), |tag| tag.name.trim()).to_owned()
}

fn by_list(tags: &[Tag], listed: &[(&str, Vec<&str>)], groups: &mut [Group]) -> Vec<usize> {
    let mut places: HashMap<&str, (usize, &str)> = HashMap::new();
    for (section, names) in listed {
        for name in names {
            let next = places.len();
            places.entry(name).or_insert((next, section));
        }
    }
    let place = |group: &mut Group| {
        let found = places.get(tag_name(tags, group).as_str()).copied();
        let (place, section) = found.unwrap_or((usize::MAX, OTHERS));
        group.section = refer::shorten(section).into_owned();
        place
    };
    groups.iter_mut().map(place).collect()
}

/// A tag without parent and children stands before all sections, as it does in the document.
fn by_parents(root: &Value, tags: &[Tag], groups: &mut [Group]) -> Vec<usize> {
    let listed = root.get("tags").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let parents: HashMap<&str, &str> =
        listed.iter().filter_map(|tag| Some((text(tag, "name")?, text(tag, "parent")?))).collect();
    if parents.is_empty() {
        return vec![0; groups.len()];
    }
    let display = |name: &str| {
        let tag = tags.iter().find(|tag| tag.name.trim() == name);
        tag.map_or_else(|| name.to_owned(), |tag| frame::display_name(tag).to_owned())
    };
    let mut places: HashMap<String, usize> = HashMap::new();
    let place = |group: &mut Group| {
        let name = tag_name(tags, group);
        let mut above = vec![name.as_str()];
        while let Some(parent) = parents.get(above[above.len() - 1]).filter(|_| above.len() <= LEVELS) {
            above.push(parent);
        }
        let root_of = above[above.len() - 1];
        let is_parent = parents.values().any(|parent| *parent == name.as_str());
        if above.len() == 1 && !is_parent {
            return 0;
        }
        // Between the root and the group's own name: what the section alone does not tell.
        let between: Vec<String> = above[1..above.len().max(2) - 1].iter().rev().map(|name| display(name)).collect();
        if !between.is_empty() {
            group.name = refer::shorten(&format!("{} / {}", between.join(" / "), group.name)).into_owned();
        }
        let section = display(root_of);
        let next = places.len() + 1;
        group.section = refer::shorten(&section).into_owned();
        *places.entry(section).or_insert(next)
    };
    groups.iter_mut().map(place).collect()
}
