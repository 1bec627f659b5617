//! The pipeline: the one place where the stages meet.
//!
//! Phase 1 gathers one dossier per device from the small inputs, phase 2 streams the large ones. Inputs run in parallel and
//! each (or each capture of several files) has its own flows, tally and coverage; the sum is the same for any number of jobs.

mod baseline;
mod fleet;
mod live;
mod overlap;
mod own_cipher;
mod reader;
mod sameness;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use zeroize::Zeroize;

use self::baseline::Baseline;
use self::fleet::{Clients, Phones, spread};
use crate::detect::known;
use crate::intake::{self, Case, Gathered, Input, Item};
use crate::manifest::CodeName;
use crate::model::{
    AppId, Audit, Consent, ContentState, Coverage, Day, DeviceId, Dossier, Event, InputId,
    InputReport, KnownValue, Moment, Observation, ReadKey, Reads, Recipient, Shortfall, Tally,
    Timestamp, TrafficKey,
};
use crate::payload::Decoded;
use crate::protocol::KeyLog;
use crate::rules::Rules;
use crate::{Error, Result, assess, detect, flow};
pub use live::{Basis, Live};
use reader::{Client, Reader, Told};
use sameness::{Fingerprint, Part};

/// What the user asked for beside the inputs.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The app that all traffic belongs to (`--app`), but for that of the operating system.
    pub app: Option<AppId>,
    /// Key logs of all devices (`--keylog`), beside those that lie among the inputs.
    pub key_logs: Vec<PathBuf>,
    /// Lists of known values of all devices (`--known`), beside those that lie among the inputs.
    pub known: Vec<PathBuf>,
    /// Secrets that vendors mix into digests (`--pepper`).
    pub peppers: Vec<Vec<u8>>,
    /// BPF expression that packets must match (`--filter`); needs the feature `live`.
    pub filter: Option<String>,
    /// Code in app packages is also told by a list of trackers (`--trackers`), which the rules have in them.
    pub has_trackers: bool,
    /// Labels of values are made with a key (`--pseudonym-key`), which only reports need.
    pub has_pseudonyms: bool,
    /// Each client of a network is a phone of its own in captures and records of its traffic (`--split-clients`).
    pub has_split_clients: bool,
    /// When the people at the phones agreed (`--consent-at`), where `phonehome.toml` says nothing of a phone.
    pub consent: Option<Consent>,
    /// Captures of the same phones without contacts on them (`--baseline-capture`).
    pub baseline: Vec<PathBuf>,
    /// Inputs read at once; 0 means one per core.
    pub jobs: usize,
}

impl Options {
    /// What decides about the result, by the names of the flags: nothing of the machine, no secret, no path.
    fn named(&self) -> BTreeMap<String, String> {
        let text = |text: &Option<String>| text.clone();
        let count = |count: usize| (count > 0).then(|| count.to_string());
        let all = [
            ("app", self.app.as_ref().map(ToString::to_string)),
            ("baseline-capture", count(self.baseline.len())),
            (
                "consent-at",
                self.consent.map(|consent| consent.to_string()),
            ),
            ("filter", text(&self.filter)),
            ("keylog", count(self.key_logs.len())),
            ("known", count(self.known.len())),
            ("pepper", count(self.peppers.len())),
            ("pseudonym-key", count(usize::from(self.has_pseudonyms))),
            ("split-clients", count(usize::from(self.has_split_clients))),
            ("trackers", count(usize::from(self.has_trackers))),
        ];
        let named = all.into_iter();
        named
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }

    /// Takes over from a saved report what it names and the user did not.
    pub fn take_over(&mut self, named: &BTreeMap<String, String>) {
        if self.app.is_none() {
            self.app = named.get("app").map(|app| AppId::new(app));
        }
        if self.consent.is_none() {
            let consent = named.get("consent-at");
            self.consent = consent.and_then(|text| Consent::parse(text));
        }
        if self.filter.is_none() {
            self.filter = named.get("filter").cloned();
        }
        self.has_split_clients |= named.contains_key("split-clients");
    }
}

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
    let dossiers = gather(case, rules, &mut coverage, &mut errors);
    let Phones {
        names,
        mut dossiers,
        is_list,
    } = spread(case, dossiers, rules);
    let keys = keys(case, &mut dossiers, options, &mut coverage)?;
    let known = known_values(&mut dossiers, rules, options)?;
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
    });
    let tasks = tasks(case, stages, &networks);
    let streamed = in_parallel(&tasks, options.jobs, |task| {
        stream(&task.stage, &task.inputs)
    });

    let mut inputs = Vec::new();
    let mut parts = Vec::new();
    let mut began: BTreeMap<DeviceId, Timestamp> = BTreeMap::new();
    let mut clients = Clients::new(names.len());
    for (task, mut streamed) in tasks.iter().zip(streamed) {
        let Task { stage, device, .. } = task;
        note_begin(task, &streamed, &mut began);
        for (input, (digest, read)) in task.inputs.iter().zip(std::mem::take(&mut streamed.inputs))
        {
            let extent = read.unwrap_or_else(|error| {
                note_unreadable(input, &mut coverage);
                errors.push(error);
                Extent::default()
            });
            inputs.push(report_of(input, device, digest, extent));
        }
        if stage.is_network {
            clients.take_over(stage.device, &mut streamed);
        }
        if let Some(first) = task.inputs.first() {
            parts.push(Part {
                device: stage.device,
                input: first.id,
                format: first.format,
                path: &first.display,
                streamed,
            });
        }
    }
    inputs.sort_unstable_by_key(|input| input.id);
    leave_out(case, &mut inputs, &mut coverage);
    parts.sort_unstable_by_key(|part| part.input);
    let tally = summed(parts, &mut coverage);
    note_neglected(case, &known, &tally, &mut coverage);
    let baseline = Baseline::read(rules, options, &mut errors)?;
    let seen = tally.devices();
    let shown: Vec<bool> = (0..)
        .map(DeviceId)
        .zip(is_list.iter().zip(&dossiers))
        .map(|(device, (is_list, dossier))| {
            let is_empty_network = options.has_split_clients && dossier.is_empty();
            !is_list && (!is_empty_network || seen.contains(&device))
        })
        .collect();
    let clients = clients.named(&names, &networks);
    let known = names.into_iter().zip(dossiers);
    let mut devices: Vec<(String, Dossier)> = known.chain(clients).collect();
    put_beside(&mut devices, (case, options), &began, &baseline);
    let policy = (&case.policy, last_day(&inputs));
    let reports = assess::assess(rules, policy, &devices, &tally);
    let shown = shown.into_iter().chain(std::iter::repeat(true));
    let audit = Audit {
        case: case.name.clone(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        rules_sha256: rules.sha256.clone(),
        law_as_of: rules.legal().as_of.to_string(),
        options: options.named(),
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

/// What there is to stream of each device. With `networks`, traffic is that of a network.
fn tasks<'a>(
    case: &'a Case,
    stages: impl Iterator<Item = Stage<'a>>,
    networks: &'a [Dossier],
) -> Vec<Task<'a>> {
    let mut tasks = Vec::new();
    for (device, stage) in case.devices.iter().zip(stages) {
        let network = networks.get(stage.device.0 as usize);
        for inputs in series(&device.inputs) {
            let network = network.filter(|_| sameness::is_traffic(&inputs));
            tasks.push(Task {
                stage: Stage {
                    dossier: network.unwrap_or(stage.dossier),
                    is_network: network.is_some(),
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

/// Names the files that were left out, behind the inputs, and says why.
fn leave_out(case: &Case, inputs: &mut Vec<InputReport>, coverage: &mut Coverage) {
    let next = inputs
        .last()
        .map_or(0, |input| input.id.0.saturating_add(1));
    for ((path, shortfall, reason), id) in case.left_out.iter().zip(next..) {
        let id = InputId(id);
        coverage.add(id, *shortfall, None, 0, || reason.clone());
        inputs.push(InputReport {
            id,
            path: path.clone(),
            device: String::new(),
            format: "unknown".to_owned(),
            sha256: String::new(),
            bytes: 0,
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
    let dossiers = gather(case, rules, &mut coverage, &mut errors);
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

/// Phase 1: what the inputs of each device say about it.
fn gather(
    case: &Case,
    rules: &Rules,
    coverage: &mut Coverage,
    errors: &mut Vec<Error>,
) -> Vec<Dossier> {
    let mut dossiers = Vec::new();
    for device in &case.devices {
        let mut dossier = Dossier::default();
        for input in &device.inputs {
            match gather_one(input, rules) {
                Ok(None) => {}
                Ok(Some((part, shortfalls))) => {
                    dossier.merge(part);
                    for (shortfall, detail) in shortfalls {
                        coverage.add(input.id, shortfall, None, 0, || detail);
                    }
                }
                Err(error) => {
                    note_unreadable(input, coverage);
                    errors.push(error);
                }
            }
        }
        dossiers.push(dossier);
    }
    dossiers
}

/// What one input says, with the third parties' code in the apps whose packages it holds.
fn gather_one(input: &Input, rules: &Rules) -> Result<Option<Gathered>> {
    let Some((mut part, mut shortfalls)) = input.gather()? else {
        return Ok(None);
    };
    if let Some((declaration, _)) = part.declarations.values_mut().next() {
        let mut matcher = rules.embedded_code();
        shortfalls.extend(input.code_names(&mut |name| match name {
            CodeName::Class(class) => matcher.class(class.name),
            CodeName::Framework(name) => matcher.framework(name),
        })?);
        declaration.embedded = matcher.finish();
    }
    Ok(Some((part, shortfalls)))
}

/// The secrets of each device: those among its inputs and those that the user named. The texts they stood in are wiped.
fn keys(
    case: &Case,
    dossiers: &mut [Dossier],
    options: &Options,
    coverage: &mut Coverage,
) -> Result<Vec<Arc<KeyLog>>> {
    let mut keys: Vec<KeyLog> = Vec::new();
    for dossier in dossiers {
        let mut of_device = KeyLog::default();
        for text in std::mem::take(&mut dossier.key_logs) {
            of_device.take(text);
        }
        keys.push(of_device);
    }
    for path in &options.key_logs {
        let mut text = intake::read_key_log(path)?;
        for of_device in &mut keys {
            if !of_device.read(&text) {
                return Err(Error::Format {
                    path: path.clone(),
                    reason: "it has no line that names a secret of TLS or QUIC".to_owned(),
                });
            }
        }
        text.zeroize();
    }
    for (device, keys) in case.devices.iter().zip(&keys) {
        if let Some(input) = device.inputs.first()
            && keys.unreadable() > 0
        {
            let shortfall = Shortfall::KeyLogLines;
            coverage.add_many(input.id, shortfall, keys.unreadable(), None, 0, String::new);
        }
    }
    Ok(keys.into_iter().map(Arc::new).collect())
}

/// Bytes from which on a checksum is worth a thread of its own.
const LARGE_INPUT: u64 = 1 << 20;

/// Does the work on an input, and its checksum beside it: hashing takes longer than reading, and the second of two readers of
/// one file finds it in the page cache.
fn with_digest<R>(input: &Input, work: impl FnOnce() -> Result<R>) -> (Result<Digest>, Result<R>) {
    if input.bytes < LARGE_INPUT {
        return (input.digest(), work());
    }
    std::thread::scope(|scope| {
        let digest = scope.spawn(|| input.digest());
        let done = work();
        let digest = digest.join();
        (
            digest.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            done,
        )
    })
}

/// The known values of each device: those among its inputs and those that the user named.
fn known_values(
    dossiers: &mut [Dossier],
    rules: &Rules,
    options: &Options,
) -> Result<Vec<Arc<known::Index>>> {
    let mut named = Vec::new();
    for path in &options.known {
        named.extend(intake::read_known_values(path)?);
    }
    let jobs = threads(options.jobs);
    let index = |values| Arc::new(known::Index::new(values, &options.peppers, rules, jobs));
    let shared = index(named.clone());
    let of_device = |dossier: &mut Dossier| {
        let own = std::mem::take(&mut dossier.known);
        if own.is_empty() {
            dossier.address_book = known::address_book(&named);
            return Arc::clone(&shared);
        }
        let all: Vec<KnownValue> = own.into_iter().chain(named.iter().cloned()).collect();
        dossier.address_book = known::address_book(&all);
        index(all)
    };
    Ok(dossiers.iter_mut().map(of_device).collect())
}

/// Notes when the first thing of a phone's traffic was seen.
fn note_begin(task: &Task<'_>, streamed: &Streamed, began: &mut BTreeMap<DeviceId, Timestamp>) {
    let has_traffic = task.inputs.iter().any(|input| input.has_traffic());
    if let Some((first, _)) = streamed.period.filter(|_| has_traffic) {
        let earliest = began.entry(task.stage.device).or_insert(first);
        *earliest = first.min(*earliest);
    }
}

/// Puts the moment of consent and what sessions without contacts sent to what is known of each phone.
fn put_beside(
    devices: &mut [(String, Dossier)],
    (case, options): (&Case, &Options),
    began: &BTreeMap<DeviceId, Timestamp>,
    baseline: &Baseline,
) {
    for ((name, dossier), id) in devices.iter_mut().zip(0..) {
        let said = case.policy.device(name).and_then(|said| said.consent_at);
        let began = began.get(&DeviceId(id)).copied();
        dossier.consent = said.or(options.consent).and_then(|it| it.moment(began));
        dossier.baseline = baseline.of(name);
    }
}

/// Says of all phones which known values are not looked for in full.
fn note_neglected(
    case: &Case,
    known: &[Arc<known::Index>],
    tally: &Tally,
    coverage: &mut Coverage,
) {
    for ((device, index), id) in case.devices.iter().zip(known).zip(0..) {
        let bytes = readable_bytes(tally, DeviceId(id));
        neglected(device.inputs.first(), index, bytes, coverage);
    }
}

/// Bytes that a phone sent and that could be read.
fn readable_bytes(tally: &Tally, device: DeviceId) -> u64 {
    let of_device = tally.traffic.iter().filter(|(key, _)| {
        let is_readable = matches!(
            key.content,
            ContentState::Clear | ContentState::Decrypted | ContentState::PartlyDecrypted
        );
        key.device == device && is_readable
    });
    let bytes = of_device.map(|(_, volume)| volume.sent_bytes);
    bytes.fold(0, u64::saturating_add)
}

/// Says which known values are not looked for in full, and how often chance would meet them in so many bytes.
#[expect(clippy::cast_precision_loss, reason = "an estimate with two digits")]
fn neglected(input: Option<&Input>, index: &known::Index, bytes: u64, coverage: &mut Coverage) {
    let Some(input) = input else { return };
    let known::Neglected {
        refused,
        weak,
        left_out,
        refused_per_byte,
        weak_per_byte,
    } = index.neglected();
    let by_chance = |per_byte: f64| {
        let expected = per_byte * bytes as f64;
        format!(" ({expected:.2e} hits expected by chance in {bytes} readable bytes)")
    };
    for (count, what, chance) in [
        (
            refused,
            "known values too short or too common to be looked for",
            by_chance(refused_per_byte),
        ),
        (
            weak,
            "known values so short that they count only beside others",
            by_chance(weak_per_byte),
        ),
        (
            left_out,
            "encodings and digests left out because the list is long",
            String::new(),
        ),
    ] {
        if count > 0 {
            coverage.add(input.id, Shortfall::KnownValues, None, 0, || {
                format!("{count} {what}{chance}")
            });
        }
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
        count_traffic(observation, told, tally);
        count_reads(observation, tally);
        note_moment(observation, tally);
        let origin = observation.sighting.origin;
        for (shortfall, bytes, detail) in &decoded.shortfalls {
            coverage.add(origin.input, *shortfall, Some(origin), *bytes, || {
                (*detail).to_owned()
            });
        }
        detect::inspect(observation, decoded, self.around(), tally);
    }
}

/// Checksum and size of an input; `None` if it can be read only once.
type Digest = Option<(String, u64)>;

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
    /// The phones of a network.
    clients: Vec<Client>,
}

/// How much an input held.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    items: u64,
    period: Option<(Timestamp, Timestamp)>,
}

/// Inputs that belong together: a capture that was written into several files, in the order of time. Such files lie in one
/// folder and differ by digits in their names (`tcpdump -C` and `-G`, `dumpcap -b`). So do the logs of the phone, which
/// overlap. All others stand alone.
fn series(inputs: &[Input]) -> Vec<Vec<&Input>> {
    let mut all: Vec<(Option<String>, Vec<&Input>)> = Vec::new();
    for input in inputs {
        let is_file = input.has_traffic() && !input.is_stdin();
        let name = is_file.then(|| {
            if input.is_phone_log() {
                return String::new();
            }
            let (folder, file) = input
                .display
                .rsplit_once('/')
                .unwrap_or(("", &input.display));
            format!(
                "{folder}/{}",
                file.replace(|letter: char| letter.is_ascii_digit(), "")
            )
        });
        let known = all.iter_mut().find(|(known, inputs)| {
            let is_alike = |other: &&Input| {
                other.format == input.format || (other.is_phone_log() && input.is_phone_log())
            };
            *known == name && inputs.iter().all(is_alike)
        });
        match known {
            Some((_, inputs)) if name.is_some() => inputs.push(input),
            _ => all.push((name, vec![input])),
        }
    }
    all.into_iter()
        .map(|(_, mut inputs)| {
            if inputs.len() > 1 {
                inputs.sort_by_cached_key(|input| first_time(input));
            }
            inputs
        })
        .collect()
}

/// When the first thing in an input was seen; later, `read` says what is wrong with one that cannot be opened.
fn first_time(input: &Input) -> Option<Timestamp> {
    let mut source = input.open().ok()??;
    loop {
        match source.next_item().ok()?? {
            Item::Packet(packet) => return Some(packet.origin.time),
            Item::Sighting(sighting) => return Some(sighting.origin.time),
            Item::Shortfall { .. } => {}
        }
    }
}

/// Phase 2 for inputs that belong together.
fn stream(stage: &Stage<'_>, inputs: &[&Input]) -> Streamed {
    let mut fingerprint = Fingerprint::default();
    let mut tally = Tally::default();
    let mut coverage = Coverage::default();
    let mut take =
        |observation: &Observation, decoded: &Decoded<'_>, told: Told, coverage: &mut Coverage| {
            fingerprint.add(observation);
            stage.tally(observation, decoded, told, &mut tally, coverage);
        };
    let mut reader = reader(*stage, inputs);
    let inputs: Vec<(Result<Digest>, Result<Extent>)> = inputs
        .iter()
        .map(|input| with_digest(input, || reader.read(input, &mut coverage, &mut take)))
        .collect();
    reader.finish(&mut coverage, &mut take);
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
        clients: reader.clients().cloned().collect(),
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
        self.period = Some(match self.period {
            Some((first, last)) => (first.min(time), last.max(time)),
            None => (time, time),
        });
    }
}

/// Adds what the system says that an app read.
fn count_reads(observation: &Observation, tally: &mut Tally) {
    let Event::Access(access) = &observation.sighting.event else {
        return;
    };
    if access.host.is_some() || access.resource == "network" {
        return;
    }
    let time = observation.sighting.origin.time;
    let count = access.count.max(1);
    let is_read = !access.is_refused;
    let key = ReadKey {
        device: observation.device,
        app: observation.app.clone(),
        resource: Arc::from(access.resource.as_str()),
    };
    let reads = Reads {
        count: if is_read { count } else { 0 },
        refused: if is_read { 0 } else { count },
        in_background: if is_read && access.in_background == Some(true) {
            count
        } else {
            0
        },
        first: if is_read { time } else { Timestamp::default() },
        last: if is_read { time } else { Timestamp::default() },
        tags: access.tag.iter().filter(|_| is_read).cloned().collect(),
    };
    tally.add_reads(key, reads);
}

/// Notes when a host was looked up or contacted, by the clock of the phone or of the capture.
fn note_moment(observation: &Observation, tally: &mut Tally) {
    let sighting = &observation.sighting;
    let host = match &sighting.event {
        Event::Lookup(lookup) if !lookup.is_response && !lookup.is_local => {
            Some(Arc::from(lookup.name.as_str()))
        }
        Event::Handshake(handshake) => handshake.sni.as_deref().map(Arc::from),
        Event::Access(access) => access.host.clone(),
        _ => None,
    };
    let time = sighting.origin.time;
    if let Some(host) = host.filter(|_| time != Timestamp::default()) {
        let moment = Moment {
            device: observation.device,
            host,
            is_log: sighting.flow.is_none(),
        };
        tally.add_moment(moment, time);
    }
}

/// Adds flows, exchanges that a proxy recorded, and contacts that a device log tells of, to the traffic of their app.
fn count_traffic(observation: &Observation, told: Told, tally: &mut Tally) {
    let sighting = &observation.sighting;
    let key = |content| TrafficKey {
        device: observation.device,
        app: observation.app.clone(),
        recipient: Recipient::of(sighting),
        content,
    };
    match &sighting.event {
        Event::Traffic(traffic) => tally.add_traffic(key(traffic.content), traffic),
        Event::Exchange(exchange) if told == Told::Record => {
            let content = if exchange.is_protected {
                ContentState::Decrypted
            } else {
                ContentState::Clear
            };
            tally.add_exchange(key(content), sighting.origin, exchange);
        }
        Event::Access(access) if access.host.is_some() => {
            tally.add_contact(key(ContentState::NotExamined), sighting.origin, access);
        }
        _ => {}
    }
}

/// Threads for so many jobs; one per core for 0.
fn threads(jobs: usize) -> usize {
    match jobs {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        jobs => jobs,
    }
}

/// Runs `work` over all tasks on up to `jobs` threads; results in the order of the tasks.
fn in_parallel<T: Sync, R: Send>(
    tasks: &[T],
    jobs: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let jobs = threads(jobs).min(tasks.len());
    if jobs <= 1 {
        return tasks.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let mut results: Vec<(usize, R)> = std::thread::scope(|scope| {
        let worker = || {
            let mut done = Vec::new();
            loop {
                let position = next.fetch_add(1, Ordering::Relaxed);
                let Some(task) = tasks.get(position) else {
                    return done;
                };
                done.push((position, work(task)));
            }
        };
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(worker)).collect();
        let mut all = Vec::new();
        for handle in workers {
            match handle.join() {
                Ok(done) => all.extend(done),
                // A panic is a bug of ours: let it end the program as it would without threads.
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    results.sort_unstable_by_key(|(position, _)| *position);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parallel_work_keeps_the_order_of_tasks() {
        let tasks: Vec<u32> = (0..100).collect();
        for jobs in [0, 1, 2, 7] {
            assert_eq!(
                in_parallel(&tasks, jobs, |task| task * 2),
                tasks.iter().map(|task| task * 2).collect::<Vec<_>>()
            );
        }
    }
}
