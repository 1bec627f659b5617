//! One observation + fields + rules → findings. Detectors are pure functions without state; one file a detector, one line in
//! [`DETECTORS`]. Whatever needs several observations is a sum in the tally or a join in `assess`.

mod access;
mod access_point;
mod contact;
mod example;
mod hardware;
mod identifier;
pub mod known;
mod location;
mod lookup;
mod message;
mod name;
mod object;
mod transport;
mod unnamed_device;
mod user_agent;
mod value;

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

pub use example::failed_examples;

use crate::model::{
    Branch, Category, DecodeChain, DecodeStep, Dossier, Event, Evidence, Field, FieldPath, Fields,
    Finding, FindingKey, Grade, Observation, Outline, PathId, Place, Protection, Recipient,
    Sensitive, ServerName, Step, Tally,
};
use crate::payload::{Binaries, Decoded};
use crate::rules::{Identifier, Rules};

use name::Name;
use object::Members;

/// What a detector sees: one observation and what is known around it.
#[derive(Debug)]
pub struct Scene<'a> {
    /// The observation.
    pub observation: &'a Observation,
    /// The fields that the client sent.
    pub fields: &'a Fields<'a>,
    /// Bytes that the client sent and that are no text.
    pub binaries: &'a Binaries,
    /// The rules.
    pub rules: &'a Rules,
    /// What is known about the device.
    pub dossier: &'a Dossier,
    /// Values that are known to be on the device.
    pub known: &'a known::Index,
    /// Who received it.
    pub recipient: Recipient,
    /// How it was protected on the way.
    pub protection: Protection,
    /// What the names of the fields say.
    names: Vec<Rc<Name>>,
    /// Their paths without the numbers of elements.
    outline: &'a Outline,
    /// Two paths may be the same object.
    may_repeat: bool,
    found: Lookups,
}

/// What detectors look up in a message, each made when it is first asked for.
#[derive(Debug, Default)]
struct Lookups {
    /// For each path, the first one with the same steps.
    objects: OnceCell<Vec<PathId>>,
    /// All names, normalised.
    names: OnceCell<HashSet<Rc<str>>>,
    /// The names in each object.
    members: OnceCell<Members>,
    /// Whole segments of the request's path, by their positions.
    segments: OnceCell<HashMap<u32, usize>>,
}

impl<'a> Scene<'a> {
    /// What a field's name says.
    #[inline]
    fn name(&self, field: &Field<'_>) -> Option<&Name> {
        let name = self.fields.paths.last_name(field.path)?;
        self.names.get(name.position()).map(|name| &**name)
    }

    /// The branch of the outline that a field is on.
    #[inline]
    fn branch(&self, field: &Field<'_>) -> Branch {
        self.fields.paths.branch(field.path)
    }

    /// The object that a field belongs to: its path without the last step. `None` if it stands for itself.
    fn object(&self, field: &Field<'_>) -> Option<PathId> {
        let (parent, _) = self.fields.paths.split(field.path)?;
        Some(self.first_of(parent))
    }

    /// Whether the field at a position is a document whose values are the fields behind it.
    fn holds_document(&self, position: usize) -> bool {
        let chain = |field: &Field<'_>| self.fields.chain(field.chain);
        let (Some(own), Some(next)) = (
            self.fields.get(position),
            self.fields.get(position.saturating_add(1)),
        ) else {
            return false;
        };
        let is_inside = next.chain != own.chain && next.place == own.place;
        is_inside
            && chain(next).0.split_last().is_some_and(|(step, before)| {
                *before == *chain(own).0 && matches!(step, DecodeStep::Json | DecodeStep::Xml)
            })
    }

    /// The first path with the same steps.
    fn first_of(&self, path: PathId) -> PathId {
        if !self.may_repeat {
            return path;
        }
        let objects = self
            .found
            .objects
            .get_or_init(|| object::objects(&self.fields.paths));
        objects.get(path.position()).copied().unwrap_or(path)
    }

    /// What the names of the fields of the same object say; each name once, however often it comes.
    fn names_beside(&self, field: &Field<'_>) -> impl Iterator<Item = &Name> {
        self.names_in(self.object(field).unwrap_or_default(), field.place)
    }

    /// What the names of the fields of an object say; the object is the first path with its steps.
    fn names_in(&self, object: PathId, place: Place) -> impl Iterator<Item = &Name> {
        let object_of = |field: &Field<'_>| self.object(field).unwrap_or_default();
        let members = self
            .found
            .members
            .get_or_init(|| Members::of(self.fields, object_of));
        let names = members.names(object, place);
        let names = names.take(crate::limits::NAMES_BESIDE);
        names.filter_map(|name| self.names.get(name.position()).map(|name| &**name))
    }

    /// Whether a field of the same object has one of these names, normalised.
    fn has_name_beside(&self, field: &Field<'_>, names: &[impl AsRef<str>]) -> bool {
        let all = self.found.names.get_or_init(|| {
            let names = self.names.iter();
            names.map(|name| Rc::clone(&name.normalised)).collect()
        });
        if names.iter().all(|wanted| !all.contains(wanted.as_ref())) {
            return false;
        }
        let mut beside = self.names_beside(field);
        beside.any(|name| {
            names
                .iter()
                .any(|wanted| *name.normalised == *wanted.as_ref())
        })
    }

    /// Adds a finding of this scene to the tally.
    fn report(&self, tally: &mut Tally, finding: Finding) {
        self.report_with(tally, Vec::new(), finding);
    }

    /// [`Self::report`] with more evidence of the same occurrence.
    fn report_with(&self, tally: &mut Tally, more: Vec<Evidence>, finding: Finding) {
        let key = FindingKey {
            device: self.observation.device,
            app: self.observation.app.clone(),
            category: finding.category,
            rule: finding.rule.clone(),
            recipient: self.recipient.clone(),
            grade: finding.grade,
            protection: self.protection,
            is_opted_out: finding.is_opted_out,
        };
        tally.add_with(key, finding, more);
    }

    /// One occurrence of an identifier rule: `value` in `field`.
    fn finding(&self, rule: &Identifier, grade: Grade, field: &Field<'_>, value: &str) -> Finding {
        let sensitive = Sensitive::new(value);
        Finding {
            rule: rule.id.clone(),
            category: rule.category,
            grade,
            items: 1,
            precision_metres: None,
            is_opted_out: false,
            values: vec![sensitive.clone()],
            evidence: Evidence {
                origin: self.observation.sighting.origin,
                flow: self.observation.sighting.flow,
                place: Some(field.place),
                path: self.fields.path(field).to_field_path(),
                chain: self.fields.chain(field.chain).clone(),
                value: Some(sensitive),
            },
        }
    }

    /// One occurrence of something that is no field: how it was sent, who was asked for.
    fn circumstance(&self, rule: &str, category: Category, grade: Grade) -> Finding {
        Finding {
            rule: Arc::from(rule),
            category,
            grade,
            items: 1,
            precision_metres: None,
            is_opted_out: false,
            values: Vec::new(),
            evidence: Evidence {
                origin: self.observation.sighting.origin,
                flow: self.observation.sighting.flow,
                place: None,
                path: FieldPath::default(),
                chain: DecodeChain::default(),
                value: None,
            },
        }
    }

    /// The host of the recipient as far as a name is known.
    fn host(&self) -> &str {
        match &self.observation.sighting.event {
            Event::Exchange(exchange) => exchange.request.host.as_deref().unwrap_or_default(),
            _ => self
                .observation
                .sighting
                .server
                .as_ref()
                .map_or("", ServerName::as_str),
        }
    }

    /// The segment of the request's path that stands before a whole one.
    fn segment_before(&self, field: &Field<'_>) -> Option<&'a str> {
        let name = self.field_before(field)?.value.as_ref();
        // As with other names, what is longer is data.
        (name.len() <= crate::limits::NAME_BYTES).then_some(name)
    }

    /// The field of that segment.
    fn field_before(&self, field: &Field<'_>) -> Option<&'a Field<'a>> {
        if field.place != Place::Path {
            return None;
        }
        let paths = &self.fields.paths;
        let position = |field: &Field<'_>| match paths.split(field.path) {
            Some((parent, Step::Index(position))) if parent == PathId::default() => Some(position),
            _ => None,
        };
        let segments = self.found.segments.get_or_init(|| {
            let of_path = self
                .fields
                .iter()
                .take_while(|other| other.place == Place::Path);
            let mut segments = HashMap::new();
            for (at, other) in of_path.enumerate() {
                if let Some(position) = position(other) {
                    segments.entry(position).or_insert(at);
                }
            }
            segments
        });
        let before = segments.get(&position(field)?.checked_sub(1)?)?;
        self.fields.get(*before)
    }

    /// The path of the request, or of the one that opened a `WebSocket`; empty for other events.
    fn request_path(&self) -> &str {
        match &self.observation.sighting.event {
            Event::Exchange(exchange) => exchange.request.path(),
            Event::Message(message) => &message.path,
            _ => "",
        }
    }
}

/// A detector.
#[derive(Debug)]
pub struct Detector {
    /// Its name.
    pub name: &'static str,
    /// Looks at one scene.
    pub inspect: fn(&Scene<'_>, &mut Tally),
}

/// All detectors.
pub const DETECTORS: &[Detector] = &[
    Detector {
        name: "known",
        inspect: known::inspect,
    },
    Detector {
        name: "contact",
        inspect: contact::inspect,
    },
    Detector {
        name: "location",
        inspect: location::inspect,
    },
    Detector {
        name: "access-point",
        inspect: access_point::inspect,
    },
    Detector {
        name: "identifier",
        inspect: identifier::inspect,
    },
    Detector {
        name: "hardware",
        inspect: hardware::inspect,
    },
    Detector {
        name: "user-agent",
        inspect: user_agent::inspect,
    },
    Detector {
        name: "unnamed-device",
        inspect: unnamed_device::inspect,
    },
    Detector {
        name: "transport",
        inspect: transport::inspect,
    },
    Detector {
        name: "lookup",
        inspect: lookup::inspect,
    },
    Detector {
        name: "message",
        inspect: message::inspect,
    },
    Detector {
        name: "access",
        inspect: access::inspect,
    },
];

/// What is known around all observations of one device.
#[derive(Clone, Copy, Debug)]
pub struct Device<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// What phase 1 learnt.
    pub dossier: &'a Dossier,
    /// Values that are known to be on it.
    pub known: &'a known::Index,
}

/// Runs all detectors over one observation.
pub fn inspect(
    observation: &Observation,
    decoded: &Decoded<'_>,
    device: Device<'_>,
    tally: &mut Tally,
) {
    inspect_by(DETECTORS, observation, decoded, device, tally);
}

/// Runs some detectors over one observation.
pub fn inspect_by(
    detectors: &[Detector],
    observation: &Observation,
    decoded: &Decoded<'_>,
    device: Device<'_>,
    tally: &mut Tally,
) {
    if matches!(observation.sighting.event, Event::Traffic(_)) {
        return;
    }
    let (names, has_name_twice) = Name::all(&decoded.fields.paths, device.rules);
    let outline = decoded.fields.paths.outline();
    let scene = Scene {
        observation,
        fields: &decoded.fields,
        binaries: &decoded.binaries,
        rules: device.rules,
        dossier: device.dossier,
        known: device.known,
        recipient: Recipient::of(&observation.sighting),
        protection: protection(&observation.sighting.event),
        names,
        outline,
        may_repeat: has_name_twice || outline.may_repeat(),
        found: Lookups::default(),
    };
    for detector in detectors {
        (detector.inspect)(&scene, tally);
    }
}

/// How an event was protected on the way.
fn protection(event: &Event) -> Protection {
    let is_protected = match event {
        // what is told of a call is protected as the call itself: its streams are readable, what was said is another matter
        Event::Message(message) if message.protocol == "rtp" => {
            return message::media_protection(message);
        }
        Event::Exchange(exchange) => exchange.is_protected,
        Event::Message(message) => message.is_protected,
        Event::Handshake(_) => true,
        Event::Lookup(_) => false,
        Event::Traffic(_) | Event::Access(_) => return Protection::Unknown,
    };
    if is_protected {
        Protection::Encrypted
    } else {
        Protection::Cleartext
    }
}
