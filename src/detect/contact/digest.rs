//! Digests: whether a list of them is of people. Anything can be hashed, so what the names, the path of the request and what stands
//! beside them say is weighed: words of contacts against those of files, pictures, code and the like.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::list::{List, Value, have_equal_length};
use super::words::{LOOK_UPS, lists_digests, lists_reachable, speaks_of_contacts};
use crate::detect::Scene;
use crate::model::{Field, Look, PathId, Place, Step};
use crate::rules::{normalise_name, words_of_name};

/// Fewest digests that are a list where nothing calls them contacts.
pub(super) const LEAST_UNTOLD: usize = 8;

/// Lengths of whole digests: MD5, SHA-1, SHA-256 and SHA-512 in hexadecimal digits, SHA-1 and SHA-256 in base64.
const LENGTHS: [usize; 8] = [32, 40, 64, 128, 27, 28, 43, 44];

/// Whether a value has the length of a digest, or the first of a list in it has: all that is looked at where no name speaks.
pub(super) fn has_length(text: &str, look: Look) -> bool {
    let is_length = |text: &str| LENGTHS.contains(&text.len());
    if look.has(Look::LIST) {
        let mut parts = text.split([',', ';', '|', '\n']);
        return parts.next().is_some_and(is_length) && parts.next().is_some_and(is_length);
    }
    is_length(text) && look.is_all(Look::BASE64)
}

/// What is said of digests, in points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Weight {
    points: i32,
    /// Something says that they are of something else than people.
    pub(super) is_doubted: bool,
}

impl Weight {
    const CONTACTS: Self = Self {
        points: CONTACTS,
        is_doubted: false,
    };

    fn add(&mut self, points: i32) {
        self.points = self.points.saturating_add(points);
        self.is_doubted |= points < 0;
    }
}

/// What names are worth: of contacts, of what people are reached by, of people or digests; of other things.
const CONTACTS: i32 = 4;
const REACHED_BY: i32 = 2;
const WORD: i32 = 1;
const OTHER: i32 = -3;
/// The same of what stands in the path of the request, and beside.
const PATH_OF_CONTACTS: i32 = 2;
const PATH_OF_OTHER: i32 = -2;
const BESIDE_OTHER: i32 = -2;

/// What is known of the digests of one message, found out once there is a list of them.
#[derive(Default)]
pub(super) struct Digests {
    of_request: OnceCell<Weight>,
    /// Objects that hold the name of a file.
    of_files: OnceCell<BTreeSet<(Place, PathId)>>,
}

impl Digests {
    /// Whether a list is of people; `None` where it is not.
    pub(super) fn weigh(&self, scene: &Scene<'_>, list: &List<'_>) -> Option<Weight> {
        let first = list.first?;
        let is_many = list.values.len() >= LEAST_UNTOLD && have_equal_length(&list.values);
        if !list.is_told && (!is_many || are_random_uuids(&list.values)) {
            return None;
        }
        let weight = self.weight(scene, first.place, first.path, list.speaks_of_contacts);
        let least = if list.is_told && !weight.is_doubted {
            i32::MIN
        } else {
            WORD
        };
        (weight.points >= least).then_some(weight)
    }

    /// What the names on the way, beside it and in the path of the request say.
    fn weight(
        &self,
        scene: &Scene<'_>,
        place: Place,
        path: PathId,
        speaks_of_contacts: bool,
    ) -> Weight {
        let mut weight = *self.of_request.get_or_init(|| of_request(scene));
        let paths = &scene.fields.paths;
        let names = paths.steps_back(path).filter_map(|step| match step {
            Step::Name(name) => Some(paths.text(name)),
            Step::Index(_) => None,
        });
        // From the digests on outwards; the first name that is sure of what they are of decides.
        for (depth, name) in names.enumerate() {
            match of_name(name, depth == 0) {
                CONTACTS => return Weight::CONTACTS,
                OTHER => {
                    weight.add(OTHER);
                    break;
                }
                points => weight.add(points),
            }
        }
        if speaks_of_contacts {
            weight.add(PATH_OF_CONTACTS);
        }
        if self.is_beside_other(scene, place, path) {
            weight.add(BESIDE_OTHER);
        }
        weight
    }

    /// Whether what stands in the same object is of a file or picture: its size, its name.
    fn is_beside_other(&self, scene: &Scene<'_>, place: Place, path: PathId) -> bool {
        const NAMES: [&str; 22] = [
            "size",
            "filesize",
            "length",
            "bytes",
            "width",
            "height",
            "mime",
            "mimetype",
            "contenttype",
            "filename",
            "path",
            "url",
            "uri",
            "src",
            "href",
            "offset",
            "duration",
            "extension",
            "mtime",
            "lastmodified",
            "version",
            "package",
        ];
        let Some((object, _)) = scene.fields.paths.split(path) else {
            return false;
        };
        let object = scene.first_of(object);
        let of_files = self.of_files.get_or_init(|| {
            let names = scene.fields.iter().filter(|field| is_file_name(field));
            let objects = names.filter_map(|field| Some((field.place, scene.object(field)?)));
            objects.collect()
        });
        let mut names = scene.names_in(object, place);
        place == Place::Body && names.any(|name| NAMES.contains(&&*name.normalised))
            || of_files.contains(&(place, object))
    }
}

/// Whether a value is the name of a file: a short ending of letters behind the last dot.
fn is_file_name(field: &Field<'_>) -> bool {
    const LONGEST: usize = 128;
    field.place == Place::Body
        && field.look.has(Look::DOT)
        && !field.look.has(Look::AT)
        && field.value.len() <= LONGEST
        && field.value.rsplit_once('.').is_some_and(|(name, ending)| {
            !name.is_empty()
                && (2..=5).contains(&ending.len())
                && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
                && ending.starts_with(|first: char| first.is_ascii_alphabetic())
        })
}

/// What the path of the request says.
fn of_request(scene: &Scene<'_>) -> Weight {
    const WORDS: [&str; 12] = [
        "match",
        "matches",
        "matching",
        "find",
        "lookup",
        "discover",
        "discovery",
        "sync",
        "search",
        "intersect",
        "identity",
        "psi",
    ];
    /// What is done with anything.
    const MUTE: [&str; 14] = [
        "update",
        "updates",
        "backup",
        "object",
        "objects",
        "post",
        "session",
        "key",
        "keys",
        "config",
        "storage",
        "map",
        "resource",
        "resources",
    ];
    let mut weight = Weight::default();
    let mut is_told = false;
    for segment in scene.request_path().split('/') {
        let words = words_of_name(segment);
        if words
            .iter()
            .any(|word| is_of_other(word) && !MUTE.contains(&&**word))
        {
            if !weight.is_doubted {
                weight.add(PATH_OF_OTHER);
            }
        } else if !is_told
            && (LOOK_UPS.contains(&&*normalise_name(segment))
                || words.iter().any(|word| WORDS.contains(&&**word)))
        {
            is_told = true;
            weight.add(WORD);
        }
    }
    weight
}

/// What one name says; that of the digests themselves may be one of digests, or of what people are reached by.
fn of_name(name: &str, is_own: bool) -> i32 {
    const PEOPLE: [&str; 14] = [
        "user",
        "users",
        "people",
        "person",
        "persons",
        "member",
        "members",
        "friend",
        "friends",
        "invites",
        "invitees",
        "participants",
        "recipients",
        "followers",
    ];
    const REACHED: [&str; 12] = [
        "email",
        "mail",
        "emailaddress",
        "phone",
        "tel",
        "telefon",
        "mobile",
        "msisdn",
        "number",
        "phonenumber",
        "mobilenumber",
        "e164",
    ];
    const DIGESTS: [&str; 7] = ["hash", "sha", "md5", "digest", "hmac", "blake", "token"];
    let normalised = normalise_name(name);
    let bare = normalised.trim_end_matches(|letter: char| letter.is_ascii_digit());
    if lists_digests(bare) || speaks_of_contacts(&normalised) {
        return CONTACTS;
    }
    if words_of_name(name).iter().any(|word| is_of_other(word)) {
        return OTHER;
    }
    if is_own && (REACHED.contains(&bare) || lists_reachable(bare)) {
        return REACHED_BY;
    }
    let is_of_digests = is_own && DIGESTS.iter().any(|word| normalised.contains(word));
    if is_of_digests || PEOPLE.contains(&bare) {
        WORD
    } else {
        0
    }
}

/// Whether a word, in small letters, is of what is hashed so that it is known again, and is no person.
fn is_of_other(word: &str) -> bool {
    const BEGINNINGS: [&str; 62] = [
        "file",
        "asset",
        "chunk",
        "block",
        "commit",
        "cert",
        "etag",
        "image",
        "avatar",
        "photo",
        "picture",
        "thumb",
        "media",
        "video",
        "audio",
        "sticker",
        "attach",
        "document",
        "package",
        "bundle",
        "module",
        "layer",
        "blob",
        "object",
        "integrity",
        "checksum",
        "version",
        "revision",
        "cache",
        "script",
        "style",
        "font",
        "tile",
        "creative",
        "advert",
        "experiment",
        "signature",
        "nonce",
        "transaction",
        "wallet",
        "article",
        "product",
        "resource",
        "download",
        "artifact",
        "crash",
        "symbol",
        "manifest",
        "patch",
        "snapshot",
        "piece",
        "torrent",
        "icon",
        "logo",
        "emoji",
        "wallpaper",
        "backup",
        "repo",
        "update",
        "build",
        "feature",
        "firmware",
    ];
    const WORDS: [&str; 44] = [
        "img", "pic", "pin", "ref", "tree", "css", "js", "ad", "tag", "apk", "dex", "lib", "git",
        "oid", "url", "key", "part", "node", "track", "song", "post", "feed", "story", "cookie",
        "session", "order", "book", "config", "flag", "variant", "segment", "proof", "root",
        "leaf", "leaves", "stack", "frame", "map", "bucket", "storage", "sri", "txid", "tx",
        "infohash",
    ];
    let single = word.strip_suffix('s').unwrap_or(word);
    WORDS.contains(&word)
        || WORDS.contains(&single)
        || BEGINNINGS
            .iter()
            .any(|beginning| word.starts_with(beginning))
}

/// Whether all are random UUIDs without hyphens (RFC 9562 §5.4), which digests are not by chance.
fn are_random_uuids(values: &[Value]) -> bool {
    let is_uuid = |text: &str| {
        let digit = |position: usize| text.as_bytes().get(position).map(u8::to_ascii_lowercase);
        text.len() == 32
            && digit(12) == Some(b'4')
            && matches!(digit(16), Some(b'8' | b'9' | b'a' | b'b'))
    };
    values.iter().all(|(text, _)| is_uuid(text))
}
