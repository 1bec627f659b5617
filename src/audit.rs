//! The pipeline: the one place where the stages meet.
//!
//! Phase 1 gathers one dossier per device from the small inputs, phase 2 streams the large ones. Inputs run in parallel and
//! each (or each capture of several files) has its own flows, tally and coverage; the sum is the same for any number of jobs.

mod again;
mod baseline;
mod checksum;
mod documents;
mod fleet;
mod gather;
mod known_values;
mod live;
mod mentions;
mod naming;
mod neighbours;
mod options;
mod overlap;
mod own_cipher;
mod reader;
mod sameness;
mod series;
mod volume;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use self::again::{clock_ahead, looked_up_owners, read_again, with_owners};
use self::baseline::Baseline;
use self::checksum::with_digest;
use self::fleet::{Clients, Phones, spread};
use self::gather::{gather, gather_with_digests, keys};
use self::known_values::{known_values_of, note_neglected, note_untried_salts};
pub use self::live::{Basis, Live};
use self::neighbours::Neighbours;
pub use self::options::Options;
use self::reader::{Client, Reader, Told};
use self::sameness::{Fingerprint, Part};
use self::series::series;
use self::volume::{count_reads, count_traffic, note_moment, note_owner, user};
use crate::detect::known;
use crate::intake::{Case, Input};
use crate::model::{
    Audit, Connections, Coverage, Day, DeviceId, Dossier, Event, InputId, InputReport, Observation,
    Shortfall, Tally, Timestamp, Users,
};
use crate::parallel::in_parallel;
use crate::payload::Decoded;
use crate::protocol::KeyLog;
use crate::rules::Rules;
use crate::{Error, Result, assess, detect, flow};

/// How far the work has come; read by a progress bar while [`run`] works.
#[derive(Debug, Default)]
pub struct Progress {
    /// Captured bytes read so far.
    pub bytes: AtomicU64,
}

/// An audit, and what went wrong on the way without stopping it.
#[derive(Debug)]
pub struct Outcome {
    /// The result.
    pub audit: Audit,
    /// Inputs that could not be read: the rest was audited all the same.
    pub errors: Vec<Error>,
}

/// Audits a case.
pub fn run(case: &Case, rules: &Rules, options: &Options, progress: &Progress) -> Result<Outcome> {
    let mut errors = Vec::new();
    let mut coverage = Coverage::default();
    let (dossiers, digests) = gather_with_digests(case, rules, options, &mut coverage, &mut errors);
    let Phones {
        names,
        mut dossiers,
        is_list,
    } = spread(case, dossiers, rules);
    mentions::refuse_unknown(case, rules, &dossiers)?;
    let keys = keys(case, &mut dossiers, options, &mut coverage)?;
    let known = known_values_of(case, &mut dossiers, rules, options, &mut coverage)?;
    // What is one phone's own tells nothing of the others on its network.
    let networks: Vec<Dossier> = if options.has_split_clients {
        dossiers.iter().map(Dossier::of_network).collect()
    } else {
        Vec::new()
    };
    let read = dossiers.iter().zip(keys.iter().zip(&known)).zip(0..);
    let stages = read.map(|((dossier, (keys, known)), id)| Stage {
        device: DeviceId(id),
        dossier,
        keys,
        known,
        rules,
        options,
        progress,
        is_network: false,
        notes_owners: false,
        clock_ahead: 0,
    });
    let told = OnceCell::new();
    let mut tasks = tasks(case, stages, &networks);
    let mut streamed = in_parallel(&tasks, options.jobs, |task| {
        stream(&task.stage, &task.inputs, &digests)
    });
    let told = told.get_or_init(|| with_owners(&tasks, &mut streamed));
    read_again(&mut tasks, &mut streamed, told, &digests, options.jobs);

    let mut inputs = Vec::new();
    let mut parts = Vec::new();
    let mut began: BTreeMap<DeviceId, Timestamp> = BTreeMap::new();
    let mut clients = Clients::new(names.len());
    for (task, streamed) in tasks.iter().zip(&streamed) {
        clients.learn(task.stage.device, streamed);
    }
    for (task, mut streamed) in tasks.iter().zip(streamed) {
        let stage = &task.stage;
        inputs.extend(task.reports(&mut streamed, &mut coverage, &mut errors));
        let of_clients = if stage.is_network {
            clients.take_over(stage.device, &mut streamed)
        } else {
            vec![stage.device]
        };
        if sameness::is_traffic(&task.inputs) {
            note_begin(&of_clients, &streamed.clients, &mut began);
        }
        if let Some(first) = task.inputs.first() {
            note_untried_salts(first.id, streamed.untried_salts, &mut coverage);
        }
        parts.extend(task.part(streamed));
    }
    inputs.sort_unstable_by_key(|input| input.id);
    leave_out(case, &mut inputs, &mut coverage, &mut errors);
    parts.sort_unstable_by_key(|part| part.input);
    let tally = summed(parts, &mut coverage);
    note_neglected(case, &known, &tally, &mut coverage);
    let policy = (&case.policy, last_day(&inputs));
    let baseline = Baseline::read(next_id(&inputs), rules, options, &mut errors)?;
    inputs.extend(baseline.inputs.iter().cloned());
    coverage.merge(baseline.coverage.clone());
    let is_empty = |dossier: &Dossier| options.has_split_clients && dossier.is_empty();
    let shown = shown(&is_list, dossiers.iter().map(is_empty), &tally);
    let clients = clients.named(&names, &networks);
    let known = names.into_iter().zip(dossiers);
    let mut devices: Vec<(String, Dossier)> = known.chain(clients).collect();
    let shown = shown.into_iter().chain(std::iter::repeat(true));
    let is_only = devices.iter().zip(shown.clone()).filter(|it| it.1).count() == 1;
    put_beside(&mut devices, (case, options), &began, (&baseline, is_only));
    let reports = assess::assess(rules, policy, &devices, &tally);
    mentions::note_unused((case, rules), &devices, &reports, &mut coverage);
    let audit = Audit {
        case: case.name.clone(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        rules_sha256: rules.sha256().to_owned(),
        law_as_of: rules.legal().as_of.to_string(),
        options: options.named(case),
        method: rules.legal().scoring.profile.to_string(),
        controller: case.policy.controller(),
        inputs,
        devices: reports
            .into_iter()
            .zip(shown)
            .filter_map(|(report, is_shown)| is_shown.then_some(report))
            .collect(),
        coverage,
    };
    Ok(Outcome { audit, errors })
}

/// Which phones reports show: lists of apps of many phones are none, nor are networks of which nothing is left.
fn shown(is_list: &[bool], is_empty: impl Iterator<Item = bool>, tally: &Tally) -> Vec<bool> {
    let seen = tally.devices();
    let phones = (0..).map(DeviceId).zip(is_list.iter().zip(is_empty));
    phones
        .map(|(device, (is_list, is_empty))| !is_list && (!is_empty || seen.contains(&device)))
        .collect()
}

/// The day on which the last input ended, by which exceptions are judged: there is no other clock.
fn last_day(inputs: &[InputReport]) -> Option<Day> {
    let periods = inputs.iter().filter_map(|input| input.period);
    periods.map(|(_, last)| last).max().and_then(Day::of)
}

/// Inputs that are read one after the other, whose they are, and what is known beforehand.
struct Task<'a> {
    stage: Stage<'a>,
    device: &'a str,
    inputs: Vec<&'a Input>,
}

impl<'a> Task<'a> {
    /// What reports say of its inputs, now that they were read.
    fn reports(
        &self,
        streamed: &mut Streamed,
        coverage: &mut Coverage,
        errors: &mut Vec<Error>,
    ) -> Vec<InputReport> {
        let read = std::mem::take(&mut streamed.inputs);
        let report = |(input, (digest, read)): (&&Input, (_, Result<Extent>))| {
            let extent = read.unwrap_or_else(|error| {
                note_unreadable(input, coverage);
                errors.push(error);
                Extent::default()
            });
            report_of(input, self.device, digest, extent)
        };
        self.inputs.iter().zip(read).map(report).collect()
    }

    /// Its part of the sum; none without inputs.
    fn part(&self, streamed: Streamed) -> Option<Part<'a>> {
        let first = self.inputs.first()?;
        Some(Part {
            device: self.stage.device,
            input: first.id,
            format: first.format,
            path: &first.display,
            streamed,
        })
    }
}

/// What there is to stream of each device. With `networks`, traffic is that of a network.
fn tasks<'a>(
    case: &'a Case,
    stages: impl Iterator<Item = Stage<'a>>,
    networks: &'a [Dossier],
) -> Vec<Task<'a>> {
    let mut tasks = Vec::new();
    for (device, stage) in case.devices.iter().zip(stages) {
        let network = networks.get(stage.device.0 as usize);
        let has_records = device.inputs.iter().any(again::is_record);
        // Lists and traces name more than captures do, and each owner only once.
        let notes_owners = has_records && !stage.dossier.connections.has_owners();
        for inputs in series(&device.inputs) {
            let network = network.filter(|_| sameness::is_traffic(&inputs));
            tasks.push(Task {
                stage: Stage {
                    dossier: network.unwrap_or(stage.dossier),
                    is_network: network.is_some(),
                    notes_owners: notes_owners && network.is_none(),
                    ..stage
                },
                device: &device.name,
                inputs,
            });
        }
    }
    tasks
}

fn report_of(input: &Input, device: &str, digest: Result<Digest>, extent: Extent) -> InputReport {
    let (sha256, bytes) = digest
        .ok()
        .flatten()
        .unwrap_or_else(|| (String::new(), input.bytes));
    InputReport {
        id: input.id,
        path: input.display.clone(),
        device: device.to_owned(),
        format: input.format.to_owned(),
        sha256,
        bytes,
        items: extent.items,
        period: extent.period,
    }
}

fn note_unreadable(input: &Input, coverage: &mut Coverage) {
    let shortfall = Shortfall::Unreadable;
    coverage.add(input.id, shortfall, None, input.bytes, String::new);
}

/// The number behind those of the inputs.
fn next_id(inputs: &[InputReport]) -> u32 {
    let last = inputs.last();
    last.map_or(0, |input| input.id.0.saturating_add(1))
}

/// Names the files that were left out, behind the inputs, and says why.
fn leave_out(
    case: &Case,
    inputs: &mut Vec<InputReport>,
    coverage: &mut Coverage,
    errors: &mut Vec<Error>,
) {
    let next = next_id(inputs);
    for ((path, shortfall, reason), id) in case.left_out.iter().zip(next..) {
        let id = InputId(id);
        coverage.add(id, *shortfall, None, 0, || reason.clone());
        if *shortfall == Shortfall::Unreadable {
            errors.push(Error::LeftOut {
                path: path.into(),
                reason: reason.clone(),
            });
        }
        let (sha256, bytes) = case.digest_of_left_out(path);
        inputs.push(InputReport {
            id,
            path: path.clone(),
            device: String::new(),
            format: "unknown".to_owned(),
            sha256,
            bytes,
            items: 0,
            period: None,
        });
    }
}

/// The sum over all inputs, each piece of traffic counted once.
fn summed(mut parts: Vec<Part<'_>>, coverage: &mut Coverage) -> Tally {
    sameness::count_once(&mut parts, coverage);
    let mut tally = Tally::default();
    let first = parts
        .first()
        .map_or_else(Default::default, |part| part.input);
    for part in parts {
        tally.merge(part.streamed.tally);
        coverage.merge(part.streamed.coverage);
    }
    if tally.overflow > 0 {
        let overflow = tally.overflow;
        coverage.add(first, Shortfall::FindingLimit, None, 0, || {
            format!("{overflow} more")
        });
    }
    tally
}

/// Streams a case one input after the other and hands out each observation with its fields (`phonehome observe`).
pub fn observe(
    case: &Case,
    rules: &Rules,
    options: &Options,
    each: &mut dyn FnMut(&Observation, &Decoded<'_>) -> Result<()>,
) -> Result<Vec<Error>> {
    let mut errors = Vec::new();
    let mut coverage = Coverage::default();
    let dossiers = gather(case, rules, options, &mut coverage, &mut errors);
    let mut dossiers = spread(case, dossiers, rules).dossiers;
    let keys = keys(case, &mut dossiers, options, &mut coverage)?;
    let progress = Progress::default();
    // Observations are what was seen, before anything is looked for in it.
    let known = known::Index::default();
    let devices = case.devices.iter().zip(dossiers.iter().zip(&keys));
    for ((device, (dossier, keys)), id) in devices.zip(0..) {
        let stage = Stage {
            device: DeviceId(id),
            dossier,
            keys,
            known: &known,
            rules,
            options,
            progress: &progress,
            is_network: false,
            notes_owners: false,
            clock_ahead: 0,
        };
        let told = looked_up_owners(stage, &device.inputs);
        let stage = Stage {
            dossier: told.as_ref().unwrap_or(dossier),
            clock_ahead: clock_ahead(stage, &device.inputs),
            ..stage
        };
        // A failing sink (a closed pipe) ends the work; a failing input does not.
        let mut refused = None;
        let mut take =
            |observation: &Observation, decoded: &Decoded<'_>, _: Told, _: &mut Coverage| {
                if refused.is_none() {
                    refused = each(observation, decoded).err();
                }
            };
        for inputs in series(&device.inputs) {
            let mut reader = reader(stage, &inputs);
            for input in inputs {
                errors.extend(reader.read(input, &mut coverage, &mut take).err());
            }
            reader.finish(&mut coverage, &mut take);
        }
        if let Some(error) = refused {
            return Err(error);
        }
    }
    Ok(errors)
}

/// Notes when the first thing of each phone's traffic was seen.
fn note_begin(devices: &[DeviceId], clients: &[Client], began: &mut BTreeMap<DeviceId, Timestamp>) {
    for (device, client) in devices.iter().zip(clients) {
        if let Some(first) = client.first {
            let earliest = began.entry(*device).or_insert(first);
            *earliest = first.min(*earliest);
        }
    }
}

/// Puts the moment of consent and what sessions without contacts sent to what is known of each phone.
fn put_beside(
    devices: &mut [(String, Dossier)],
    (case, options): (&Case, &Options),
    began: &BTreeMap<DeviceId, Timestamp>,
    (baseline, is_only): (&Baseline, bool),
) {
    for ((name, dossier), id) in devices.iter_mut().zip(0..) {
        let said = case.policy.device(name).and_then(|said| said.consent_at);
        let began = began.get(&DeviceId(id)).copied();
        dossier.consent = said.or(options.consent).and_then(|it| it.moment(began));
        dossier.baseline = baseline.of(name, is_only);
    }
}

/// What phase 2 needs to know beside the input.
#[derive(Clone, Copy, Debug)]
struct Stage<'a> {
    device: DeviceId,
    dossier: &'a Dossier,
    keys: &'a Arc<KeyLog>,
    known: &'a known::Index,
    rules: &'a Rules,
    options: &'a Options,
    progress: &'a Progress,
    /// The clients of a network are told apart.
    is_network: bool,
    /// Owners that captures name are wanted for the records beside them, which name none.
    notes_owners: bool,
    /// Nanoseconds by which the phone's clock is ahead of that of its captures, where that is known and matters.
    clock_ahead: i64,
}

impl<'a> Stage<'a> {
    /// What detection knows around each observation.
    fn around(&self) -> detect::Device<'a> {
        detect::Device {
            rules: self.rules,
            dossier: self.dossier,
            known: self.known,
        }
    }

    /// Adds one observation up.
    fn tally(
        &self,
        observation: &Observation,
        decoded: &Decoded<'_>,
        told: Told,
        tally: &mut Tally,
        coverage: &mut Coverage,
    ) {
        let user = user(&observation.sighting, &self.dossier.connections);
        count_traffic(observation, user, told, tally);
        count_reads(observation, tally);
        note_moment(observation, told, tally);
        let origin = observation.sighting.origin;
        for (shortfall, bytes, detail) in &decoded.shortfalls {
            coverage.add(origin.input, *shortfall, Some(origin), *bytes, || {
                (*detail).to_owned()
            });
        }
        let since = match &observation.sighting.event {
            Event::Access(access) => access.began(origin.time),
            _ => None,
        };
        if user.is_none() && since.is_none() {
            return detect::inspect(observation, decoded, self.around(), tally);
        }
        let mut found = Tally::default();
        detect::inspect(observation, decoded, self.around(), &mut found);
        for occurrences in found.findings.values_mut() {
            occurrences.users = Users::of(user, occurrences.count);
            occurrences.first = since.unwrap_or(occurrences.first);
        }
        tally.merge(found);
    }
}

/// Checksum and size of an input; `None` if it can be read only once.
type Digest = Option<(String, u64)>;

/// Those that were made while the inputs were first read.
type Digests = BTreeMap<InputId, (String, u64)>;

/// What phase 2 keeps of inputs that belong together.
#[derive(Default)]
struct Streamed {
    tally: Tally,
    coverage: Coverage,
    /// Of each, how much it held.
    inputs: Vec<(Result<Digest>, Result<Extent>)>,
    /// First and last moment of all of them.
    period: Option<(Timestamp, Timestamp)>,
    fingerprint: Fingerprint,
    /// Connections whose owners its packets name.
    owned: Connections,
    /// The phone; of a network, what is no client's, and its phones behind it.
    clients: Vec<Client>,
    /// Addresses that one of these alone has used, with its place among them.
    addresses: Vec<(IpAddr, usize)>,
    /// Salts of messages with which known values were not hashed.
    untried_salts: u64,
}

/// How much an input held.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    items: u64,
    period: Option<(Timestamp, Timestamp)>,
}

/// Phase 2 for inputs that belong together.
fn stream(stage: &Stage<'_>, inputs: &[&Input], digests: &Digests) -> Streamed {
    // What is found must not depend on what other threads read meanwhile.
    let known = stage.known.afresh();
    let stage = &Stage {
        known: &known,
        ..*stage
    };
    let mut fingerprint = Fingerprint::default();
    let mut owned = Connections::default();
    let mut neighbours = Neighbours::default();
    let mut tally = Tally::default();
    let mut coverage = Coverage::default();
    let mut take =
        |observation: &Observation, decoded: &Decoded<'_>, told: Told, coverage: &mut Coverage| {
            fingerprint.add(observation);
            neighbours.add(observation);
            if stage.notes_owners && told == Told::Packets {
                note_owner(&observation.sighting, &mut owned, coverage);
            }
            stage.tally(observation, decoded, told, &mut tally, coverage);
        };
    let mut reader = reader(*stage, inputs);
    let first = inputs.first().map(|input| input.id);
    let inputs: Vec<(Result<Digest>, Result<Extent>)> = inputs
        .iter()
        .map(|input| {
            let mut read = || reader.read(input, &mut coverage, &mut take);
            match digests.get(&input.id) {
                Some(digest) => (Ok(Some(digest.clone())), read()),
                None => with_digest(input, read),
            }
        })
        .collect();
    reader.finish(&mut coverage, &mut take);
    if let Some(input) = first.filter(|_| !stage.is_network) {
        neighbours.note(input, &mut coverage);
    }
    let period = inputs
        .iter()
        .filter_map(|(_, read)| read.as_ref().ok()?.period)
        .reduce(|all, next| (all.0.min(next.0), all.1.max(next.1)));
    Streamed {
        tally,
        coverage,
        inputs,
        period,
        fingerprint,
        owned,
        clients: reader.clients().cloned().collect(),
        addresses: reader.addresses(),
        untried_salts: known.untried_salts(),
    }
}

fn reader<'a>(stage: Stage<'a>, inputs: &[&Input]) -> Reader<'a> {
    let clients = stage.is_network.then(|| flow::Clients::new([]));
    let mut reader = Reader::new(stage, clients);
    if inputs.len() > 1 {
        reader.count_once();
    }
    reader
}

impl Extent {
    fn add(&mut self, time: Timestamp) {
        self.items = self.items.saturating_add(1);
        // A record without a time says nothing of when.
        if time == Timestamp::default() {
            return;
        }
        self.period = Some(match self.period {
            Some((first, last)) => (first.min(time), last.max(time)),
            None => (time, time),
        });
    }
}
