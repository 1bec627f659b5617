//! `payloads.toml`: what known SDKs send, field by field. A new SDK is one `[[payload]]` there.

use std::sync::Arc;

use hashbrown::HashMap;
use serde::Deserialize;

use super::text::SuffixMap;
use super::{Identifier, Part, Pattern, Problems, Rules, Text, load};
use crate::model::{Path, Place};

/// Where a layout is mainly met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// In traffic of SDKs in apps.
    App,
    /// In web views and browsers.
    Web,
}

/// One field of a layout, written `place:path = property`.
#[derive(Clone, Debug)]
pub struct LayoutField {
    /// Part of the message.
    pub place: Place,
    /// Way to the value.
    pub path: PathPattern,
    /// Id of its `[[property]]`.
    pub property: Arc<str>,
}

/// The end of a way to a value, with `*` for any one step: `events.*.device.id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern(Vec<PatternStep>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum PatternStep {
    Any,
    Name(Box<str>),
    Index(u32),
}

impl PathPattern {
    /// Whether the way to a value ends with it. SDKs wrap their messages (a form field that holds base64 that holds JSON),
    /// so what stands before does not matter. Names are compared without regard to case, because header names are.
    pub fn matches(&self, path: Path<'_>) -> bool {
        ends_with(path.steps_back(), &self.0)
    }

    /// Whether it is of numbers alone, as only fields of a protobuf are told: lists of other formats have elements of the same number.
    pub fn is_of_numbers(&self) -> bool {
        !self
            .0
            .iter()
            .any(|step| matches!(step, PatternStep::Name(_)))
    }
}

/// Whether a way, from its end, ends as wanted. Fields of a protobuf come several times without a step of their own for that:
/// behind a number a star may stand for none.
fn ends_with<'a>(
    steps: impl Iterator<Item = Result<&'a str, u32>> + Clone,
    wanted: &[PatternStep],
) -> bool {
    let Some((last, before)) = wanted.split_last() else {
        return true;
    };
    let mut way = steps.clone();
    let is_there = way.next().is_some_and(|step| last.fits(step)) && ends_with(way, before);
    let may_be_none =
        *last == PatternStep::Any && matches!(before.last(), Some(PatternStep::Index(_)));
    is_there || may_be_none && ends_with(steps, before)
}

impl PatternStep {
    fn fits(&self, step: Result<&str, u32>) -> bool {
        match (self, step) {
            (Self::Any, _) => true,
            (Self::Name(wanted), Ok(name)) => wanted.eq_ignore_ascii_case(name),
            (Self::Index(wanted), Err(index)) => *wanted == index,
            (Self::Index(wanted), Ok(name)) => {
                name.parse::<u32>().is_ok_and(|number| number == *wanted)
            }
            (Self::Name(_), Err(_)) => false,
        }
    }
}

impl From<&str> for PathPattern {
    fn from(text: &str) -> Self {
        Self(
            text.split('.')
                .map(|step| match step {
                    "*" => PatternStep::Any,
                    _ => step
                        .parse()
                        .map_or_else(|_| PatternStep::Name(step.into()), PatternStep::Index),
                })
                .collect(),
        )
    }
}

/// What one kind of request of an SDK carries.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayloadLayout {
    /// Kebab-case id.
    pub id: Arc<str>,
    /// Its name.
    pub service: Arc<str>,
    /// Company that gets it.
    pub company: Arc<str>,
    /// Where it is mainly met.
    pub scope: Scope,
    /// Host suffixes; `*` for any host.
    pub hosts: Vec<Arc<str>>,
    /// The host must also match this.
    pub host_pattern: Option<Pattern>,
    /// The path is one of these, or `path` matches it; without both, any path.
    #[serde(default)]
    pub paths: Vec<Arc<str>>,
    /// Pattern of the path.
    pub path: Option<Pattern>,
    /// Methods; empty: any.
    #[serde(default)]
    pub methods: Vec<Arc<str>>,
    /// How it is packed, in words.
    pub format: String,
    /// Number in the Exodus Privacy list of trackers.
    pub exodus_id: Option<u32>,
    /// Property → ways to it, each `place:path`.
    #[serde(default, deserialize_with = "super::ordered_map")]
    fields: Vec<(Arc<str>, Vec<String>)>,
    /// Ways that need more than a path to be told (a member chosen by another member's value): for readers.
    #[serde(default, deserialize_with = "super::ordered_map")]
    pub conditional_fields: Vec<(Arc<str>, Vec<String>)>,
    /// Further remarks.
    pub note: Option<String>,
    /// Where this is known from.
    pub source: String,
    /// When it was last looked up; by default the date of the file.
    #[serde(default)]
    pub as_of: Arc<str>,
    #[serde(skip)]
    layout: Vec<LayoutField>,
}

impl PayloadLayout {
    /// The fields, in the order of the file.
    pub fn fields(&self) -> &[LayoutField] {
        &self.layout
    }

    /// The field that stands at a place.
    pub fn field(&self, place: Place, path: Path<'_>) -> Option<&LayoutField> {
        self.layout
            .iter()
            .find(|field| field.place == place && field.path.matches(path))
    }

    fn fits(&self, host: &str, path: &str) -> bool {
        let host_fits = self
            .host_pattern
            .as_ref()
            .is_none_or(|pattern| pattern.is_match(host));
        let any_path = self.paths.is_empty() && self.path.is_none();
        host_fits
            && (any_path
                || self.paths.iter().any(|wanted| &**wanted == path)
                || self
                    .path
                    .as_ref()
                    .is_some_and(|pattern| pattern.is_match(path)))
    }

    /// Turns `fields` into `layout`.
    fn lay_out(&mut self, problems: &mut Problems) {
        for (property, ways) in &self.fields {
            for way in ways {
                let parsed = way
                    .split_once(':')
                    .and_then(|(place, path)| Some((place_of(place)?, path)));
                match parsed {
                    Some((place, path)) => self.layout.push(LayoutField {
                        place,
                        path: PathPattern::from(path),
                        property: property.clone(),
                    }),
                    None => problems.add(
                        "payloads.toml",
                        format!("payload {}: {way:?} does not begin with path:, query:, header:, cookie: or body:", self.id),
                    ),
                }
            }
        }
    }
}

fn place_of(word: &str) -> Option<Place> {
    [
        Place::Path,
        Place::Query,
        Place::Header,
        Place::Cookie,
        Place::Body,
    ]
    .into_iter()
    .find(|place| place.as_str() == word)
}

/// What a property of layouts counts as.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Property {
    /// Kebab-case id.
    pub id: Arc<str>,
    /// Id of the identifier that it counts as; `None` if it says nothing about a person or device.
    pub identifier: Option<Arc<str>>,
    /// Its name.
    pub label: Text,
}

/// `payloads.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PayloadFile {
    as_of: Arc<str>,
    credit: String,
    #[serde(default, rename = "property")]
    properties: Vec<Property>,
    #[serde(default, rename = "payload")]
    payloads: Vec<PayloadLayout>,
}

/// Layouts with their indexes.
#[derive(Debug, Default)]
pub(super) struct Payloads {
    pub(super) layouts: Vec<PayloadLayout>,
    properties: Vec<Property>,
    credit: String,
    property_by_id: HashMap<Arc<str>, usize>,
    by_host: SuffixMap<Vec<usize>>,
    of_any_host: Vec<usize>,
}

impl Part for Payloads {
    fn read(rules: &Rules, problems: &mut Problems) -> Self {
        let file: PayloadFile = load::parse("payloads.toml", rules, problems);
        let identifiers = rules.identifiers();
        let mut all = Self {
            layouts: file.payloads,
            properties: file.properties,
            credit: file.credit,
            ..Self::default()
        };
        for (position, property) in all.properties.iter().enumerate() {
            if all
                .property_by_id
                .insert(property.id.clone(), position)
                .is_some()
            {
                problems.duplicate("payloads.toml", "property", &property.id);
            }
            if let Some(wanted) = &property.identifier
                && !identifiers
                    .iter()
                    .any(|identifier| identifier.id == *wanted)
            {
                problems.dangling("payloads.toml", &property.id, "identifier", wanted);
            }
        }
        problems.unique(
            "payloads.toml",
            "payload",
            all.layouts.iter().map(|layout| &layout.id),
        );
        for (position, layout) in all.layouts.iter_mut().enumerate() {
            if layout.as_of.is_empty() {
                layout.as_of = file.as_of.clone();
            }
            layout.lay_out(problems);
            for (property, _) in layout.fields.iter().chain(&layout.conditional_fields) {
                if !all.property_by_id.contains_key(property) {
                    problems.dangling("payloads.toml", &layout.id, "property", property);
                }
            }
            for host in &layout.hosts {
                if &**host == "*" {
                    all.of_any_host.push(position);
                } else {
                    all.by_host.entry(host).push(position);
                }
            }
        }
        all
    }
}

impl Rules {
    /// The layouts that fit a request, those of named hosts before those of any host, else in the order of the file.
    pub fn layouts(&self, host: &str, path: &str) -> Vec<&PayloadLayout> {
        let payloads = self.payloads.get(self);
        let mut named: Vec<usize> = payloads.by_host.matches(host).flatten().copied().collect();
        named.sort_unstable();
        named.dedup();
        named
            .iter()
            .chain(&payloads.of_any_host)
            .filter_map(|position| payloads.layouts.get(*position))
            .filter(|layout| layout.fits(host, path))
            .collect()
    }

    /// Whether a host (lower case) belongs to an SDK whose layouts are known: there short names count.
    pub fn is_sdk_host(&self, host: &str) -> bool {
        self.payloads.get(self).by_host.longest(host).is_some()
    }

    /// All layouts, in the order of the file.
    pub fn all_layouts(&self) -> &[PayloadLayout] {
        &self.payloads.get(self).layouts
    }

    /// Whom the layouts are owed to.
    pub fn layout_credit(&self) -> &str {
        &self.payloads.get(self).credit
    }

    /// The property of that id.
    pub fn property(&self, id: &str) -> Option<&Property> {
        let payloads = self.payloads.get(self);
        payloads.properties.get(*payloads.property_by_id.get(id)?)
    }

    /// All properties, in the order of the file.
    pub fn properties(&self) -> &[Property] {
        &self.payloads.get(self).properties
    }

    /// What a field of a layout counts as; `None` if it says nothing about a person or device.
    pub fn identifier_of_field(&self, field: &LayoutField) -> Option<&Identifier> {
        self.identifier(self.property(&field.property)?.identifier.as_deref()?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::PathPattern;
    use crate::model::{PathId, Paths, Step};

    fn matches(pattern: &PathPattern, steps: &[Result<&str, u32>]) -> bool {
        let mut paths = Paths::default();
        let path = steps.iter().fold(PathId::default(), |path, step| {
            let step = match step {
                Ok(name) => Step::Name(paths.add_name(Arc::from(*name))),
                Err(index) => Step::Index(*index),
            };
            paths.add(path, step)
        });
        pattern.matches(paths.path(path))
    }

    #[test]
    fn behind_a_number_of_a_protobuf_a_star_may_stand_for_none() {
        let pattern = PathPattern::from("1.*.19");
        let matches = |steps: &[Result<&str, u32>]| matches(&pattern, steps);
        assert!(matches(&[Err(1), Err(19)]));
        assert!(matches(&[Err(1), Err(0), Err(19)]));
        assert!(!matches(&[Err(2), Err(19)]));
        assert!(!matches(&[Err(19)]));
    }

    #[test]
    fn a_star_stands_for_exactly_one_step() {
        let pattern = PathPattern::from("events.*.device.id");
        let matches = |steps: &[Result<&str, u32>]| matches(&pattern, steps);
        assert!(matches(&[Ok("events"), Err(3), Ok("device"), Ok("id")]));
        assert!(matches(&[
            Ok("events"),
            Ok("first"),
            Ok("device"),
            Ok("id")
        ]));
        assert!(!matches(&[Ok("events"), Ok("device"), Ok("id")]));
        assert!(matches(&[
            Ok("data"),
            Ok("Events"),
            Err(0),
            Ok("device"),
            Ok("id")
        ]));
    }
}
