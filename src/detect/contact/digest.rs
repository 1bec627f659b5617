//! Digests: whether a list of them is of people. Anything can be hashed, so what the names, the path of the request and what stands
//! beside them say is weighed: words of contacts against those of files, pictures, code and the like.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::list::{List, Value, have_equal_length};
use super::words::{LOOK_UPS, lists_digests, lists_reachable, names_digests, speaks_of_contacts};
use crate::detect::Scene;
use crate::model::{Field, Look, PathId, Place, Step, is_below};
use crate::rules::{normalise_name, words_of_name};

/// Fewest digests that are a list where nothing calls them contacts.
pub(super) const LEAST_UNTOLD: usize = 8;
/// The same in a request that looks people up.
pub(super) const LEAST_ASKED: usize = 5;

/// Whether a whole digest has so many characters: MD5, SHA-1, SHA-256 and SHA-512 in hexadecimal digits, SHA-1 and SHA-256 in base64.
#[inline]
fn is_length(characters: usize) -> bool {
    matches!(characters, 32 | 40 | 64 | 128 | 27 | 28 | 43 | 44)
}

/// Whether a value has the length of a digest, or the first of a list in it has: all that is looked at where no name speaks.
#[inline]
pub(super) fn has_length(text: &str, look: Look) -> bool {
    if look.has(Look::LIST) {
        let is_length = |part: &str| is_length(part.len());
        let mut parts = text.split([',', ';', '|', '\n']);
        return parts.next().is_some_and(is_length) && parts.next().is_some_and(is_length);
    }
    is_length(text.len()) && look.is_all(Look::BASE64)
}

/// What is said of digests: signs that they are of people, and doubts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Weight {
    signs: u8,
    doubts: u32,
}

/// Signs: names of contacts, of what people are reached by, of users, of digests, and a request that looks something up or discovers it.
const PEOPLE: u8 = 1;
const REACHED: u8 = 1 << 1;
const USERS: u8 = 1 << 2;
const DIGESTS: u8 = 1 << 3;
const LOOK_UP: u8 = 1 << 4;
/// A request for finding people by what is said of them: the whole of a segment is that word.
const DISCOVERY: u8 = 1 << 5;

/// What names of other things count against signs, in the path of the request, and beside.
const OTHER_NAME: u32 = 3;
const OTHER_PATH: u32 = 2;
const OTHER_BESIDE: u32 = 2;

/// Fewest signs of lists that nothing calls contacts: anything is hashed, looked up, or a user's.
const LEAST_SIGNS: u32 = 2;

impl Weight {
    const CONTACTS: Self = Self {
        signs: PEOPLE | REACHED | DIGESTS,
        doubts: 0,
    };

    fn has(self, signs: u8) -> bool {
        self.signs & signs != 0
    }

    /// Something says that they are of something else than people.
    pub(super) const fn is_doubted(self) -> bool {
        self.doubts > 0
    }

    const fn points(self) -> u32 {
        self.signs.count_ones().saturating_sub(self.doubts)
    }

    /// Whether a request with these signs may be one that looks people up.
    const fn looks_people_up(self) -> bool {
        const USERS_LOOKED_UP: u8 = USERS | LOOK_UP;
        self.signs & USERS_LOOKED_UP == USERS_LOOKED_UP || self.signs & DISCOVERY != 0
    }

    /// Whether that is enough where nothing calls for digests of people.
    fn is_of_people(self) -> bool {
        self.points() >= LEAST_SIGNS
            && (self.has(PEOPLE | REACHED) || self.looks_people_up() && self.has(DIGESTS | USERS))
    }
}

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
        let is_many = list.are_many() && have_equal_length(&list.values);
        if !list.is_told && (!is_many || are_random_uuids(&list.values)) {
            return None;
        }
        let weight = self.weight(scene, first.place, first.path, list.speaks_of_contacts);
        let is_of_people = if list.is_told {
            !weight.is_doubted() || weight.points() > 0
        } else {
            weight.is_of_people()
                && !are_base62(&list.values)
                && (weight.has(DIGESTS | REACHED) || !are_as_short_as_ids(&list.values))
        };
        is_of_people.then_some(weight)
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
            match of_name(name, depth) {
                Said::Contacts => return Weight::CONTACTS,
                Said::Other => {
                    weight.doubts = weight.doubts.saturating_add(OTHER_NAME);
                    break;
                }
                Said::Signs(signs) => weight.signs |= signs,
            }
        }
        if speaks_of_contacts {
            weight.signs |= PEOPLE | REACHED;
        }
        // Where nothing has a name, that they are digests is all that can be said.
        if paths.last_name(path).is_none() {
            weight.signs |= DIGESTS;
        }
        if self.is_beside_other(scene, place, path) {
            weight.doubts = weight.doubts.saturating_add(OTHER_BESIDE);
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

/// Whether a request is for the picture of a person by the digest of an address, as Gravatar and Libravatar give it
/// (<https://docs.gravatar.com/general/images/>): at their hosts, or with what they call the picture to show where there is none.
fn is_of_avatar(scene: &Scene<'_>) -> bool {
    const HOSTS: [&str; 2] = ["gravatar.com", "libravatar.org"];
    const DEFAULTS: [&str; 2] = ["d", "default"];
    const PICTURES: [&str; 10] = [
        "404",
        "mp",
        "mm",
        "identicon",
        "monsterid",
        "wavatar",
        "retro",
        "robohash",
        "blank",
        "initials",
    ];
    let digest = scene.request_path().strip_prefix("/avatar/");
    let is_digest = digest.is_some_and(|digest| {
        matches!(digest.len(), 32 | 64) && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    let is_host = || HOSTS.iter().any(|known| is_below(scene.host(), known));
    let has_default = || {
        let mut query = scene
            .fields
            .iter()
            .filter(|field| field.place == Place::Query);
        query.any(|field| {
            DEFAULTS.contains(&scene.fields.name(field))
                && (PICTURES.contains(&&*field.value)
                    || field.value.starts_with("https://")
                    || field.value.starts_with("http://"))
        })
    };
    is_digest && (is_host() || has_default())
}

/// What the path of the request says.
fn of_request(scene: &Scene<'_>) -> Weight {
    const WORDS: [&str; 14] = [
        "exist",
        "exists",
        "check",
        "registered",
        "resolve",
        "match",
        "matches",
        "matching",
        "find",
        "lookup",
        "discover",
        "discovery",
        "intersect",
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
    /// What users have, in the names of services for them.
    const ACCOUNTS: [&str; 4] = ["account", "accounts", "identity", "identities"];
    /// What they are looked up by, as segments are called, normalised.
    const BY: [&str; 3] = ["byhash", "byphone", "byemail"];
    if is_of_avatar(scene) {
        return Weight::CONTACTS;
    }
    let mut weight = Weight::default();
    for segment in scene.request_path().split('/') {
        let words = words_of_name(segment);
        if words
            .iter()
            .any(|word| is_of_other(word) && !MUTE.contains(&&**word))
        {
            weight.doubts = OTHER_PATH;
            continue;
        }
        let normalised = normalise_name(segment);
        if LOOK_UPS.contains(&&*normalised)
            || BY.contains(&&*normalised)
            || words.iter().any(|word| WORDS.contains(&&**word))
        {
            weight.signs |= LOOK_UP;
        }
        if DISCOVERIES.contains(&&*normalised) {
            weight.signs |= DISCOVERY;
        }
        if words
            .iter()
            .any(|word| is_of_users(word) || ACCOUNTS.contains(&&**word))
        {
            weight.signs |= USERS;
        }
    }
    weight
}

/// Segments of paths, normalised, that say that people are found by what is said of them.
const DISCOVERIES: [&str; 2] = ["discover", "discovery"];

/// Whether a request may look people up who are no contacts by its path, whatever it holds.
pub(super) fn looks_users_up(scene: &Scene<'_>) -> bool {
    const WORDS: [&str; 6] = ["user", "people", "person", "account", "identit", "discover"];
    let path = scene.request_path().as_bytes();
    let may_begin = |first: u8| matches!(first | 0x20, b'u' | b'p' | b'a' | b'i' | b'd');
    let begins = |rest: &[u8], word: &str| {
        let head = rest.get(..word.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
    };
    let mut starts = (0_usize..)
        .zip(path)
        .filter(|(_, first)| may_begin(**first));
    let may_be = starts.any(|(at, _)| {
        let rest = path.get(at..).unwrap_or_default();
        WORDS.iter().any(|word| begins(rest, word))
    });
    may_be && {
        let of_request = of_request(scene);
        of_request.looks_people_up() && !of_request.is_doubted()
    }
}

/// Whether a digest in a request is that of a person who is looked up: `/discover/0a1b…`, `/users/hash/0a1b…`, `/users?hash=0a1b…`, and
/// `hash=0a1b…` in what is sent to `/users/exists`. Files and packages are looked up by theirs, too.
pub(super) fn looks_person_up(
    scene: &Scene<'_>,
    field: &Field<'_>,
    request_looks_users_up: bool,
) -> bool {
    const HASHES: [&str; 7] = [
        "hash", "hashes", "byhash", "digest", "sha256", "sha1", "md5",
    ];
    let may_be = match field.place {
        Place::Path | Place::Query => true,
        Place::Body => request_looks_users_up,
        Place::Header | Place::Cookie => false,
    };
    if !may_be || !has_length(&field.value, field.look) {
        return false;
    }
    let is_hash = |name: &str| HASHES.contains(&&*normalise_name(name));
    let has_name_of_hash = || {
        let name = scene.name(field);
        name.is_some_and(|name| is_hash(&name.normalised))
    };
    if field.place == Place::Body {
        // What is asked for, and nothing else is said of it.
        let is_query = matches!(scene.fields.name(field), "h" | "q");
        return is_query || has_name_of_hash();
    }
    let of_request = of_request(scene);
    let path = || scene.request_path().split('/');
    let is_discovery = |segment: &str| DISCOVERIES.contains(&&*normalise_name(segment));
    let is_of_people = || of_request.has(USERS) || path().any(is_discovery);
    let is_asked = match scene.segment_before(field) {
        Some("avatar") => is_of_avatar(scene),
        Some(before) => is_discovery(before) || is_hash(before) && is_of_people(),
        None => has_name_of_hash() && is_of_people(),
    };
    is_asked && !of_request.is_doubted()
}

/// What a name says of digests.
enum Said {
    Contacts,
    Other,
    Signs(u8),
}

/// Whether a word is of people whom a service knows: contacts only where they are looked up.
fn is_of_users(word: &str) -> bool {
    ["user", "users", "people", "person", "persons"].contains(&word)
}

/// What one name says; that of the digests themselves may be one of digests, or of what people are reached by.
fn of_name(name: &str, depth: usize) -> Said {
    const FRIENDS: [&str; 5] = ["friend", "friends", "invite", "invites", "invitees"];
    const BY: [&str; 11] = [
        "email",
        "mail",
        "emailaddress",
        "phone",
        "tel",
        "telefon",
        "mobile",
        "msisdn",
        "phonenumber",
        "mobilenumber",
        "e164",
    ];
    const OF_DIGESTS: [&str; 6] = ["hash", "sha", "md5", "digest", "hmac", "blake"];
    let normalised = normalise_name(name);
    let bare = normalised.trim_end_matches(|letter: char| letter.is_ascii_digit());
    if lists_digests(bare) || speaks_of_contacts(&normalised) {
        return Said::Contacts;
    }
    if words_of_name(name).iter().any(|word| is_of_other(word)) {
        return Said::Other;
    }
    let is_own = depth == 0;
    let mut signs = 0;
    for (is_so, sign) in [
        // `{"emails": [{"hash": …}]}`
        (depth == 1 && lists_reachable(bare), REACHED),
        (
            is_own && (BY.contains(&bare) || lists_reachable(bare)),
            PEOPLE | REACHED,
        ),
        (
            is_own
                && (names_digests(bare) || OF_DIGESTS.iter().any(|word| normalised.contains(word))),
            DIGESTS,
        ),
        (FRIENDS.contains(&bare), PEOPLE),
        (is_of_users(bare), USERS),
    ] {
        signs |= if is_so { sign } else { 0 };
    }
    Said::Signs(signs)
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

/// Whether all are of letters and digits alone, beyond those of hexadecimal: ids in base62 (KSUID and the like). In base64 one in
/// 32 characters is another.
fn are_base62(values: &[Value]) -> bool {
    let is_all = |is_so: fn(&u8) -> bool| {
        let mut bytes = values.iter().flat_map(|(text, _)| text.bytes());
        bytes.all(|byte| is_so(&byte))
    };
    is_all(u8::is_ascii_alphanumeric) && !is_all(u8::is_ascii_hexdigit)
}

/// Whether all are as long as MD5 or SHA-1 in hexadecimal digits, which ids are more often.
fn are_as_short_as_ids(values: &[Value]) -> bool {
    values
        .iter()
        .all(|(text, _)| matches!(text.len(), 1..=24 | 32 | 40))
}
