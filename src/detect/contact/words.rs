//! What names in use for contacts are made of; nearly all take them normalised.

use super::part::SHORTEST_WITH_AREA;
use crate::rules::words_of_name;

/// Whether a name, normalised, is that of a value which tells one request or session from another, and is drawn at random.
pub(in crate::detect) fn is_of_request(name: &str) -> bool {
    const WORDS: [&str; 24] = [
        "token",
        "nonce",
        "sig",
        "session",
        "key",
        "etag",
        "csrf",
        "auth",
        "trace",
        "span",
        "salt",
        "checksum",
        "device",
        // of what was sent or built
        "commit",
        "asset",
        "css",
        "script",
        "bundle",
        "build",
        "version",
        "revision",
        "integrity",
        "image",
        "cache",
    ];
    // Tokens in a row are what services for finding people call digests.
    name != "tokens" && (name.ends_with("id") || WORDS.iter().any(|word| name.contains(word)))
}

/// Whether a name, normalised, is that of ids of messages, which look like addresses.
pub(in crate::detect) fn is_of_mail(name: &str) -> bool {
    const WORDS: [&str; 5] = ["messageid", "msgid", "contentid", "inreplyto", "mailid"];
    WORDS.iter().any(|word| name.contains(word))
}

/// Whether a name, as it is written, may be a phone number: that of a map from numbers to people.
pub(in crate::detect) fn may_be_number(name: &str) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let digits = name.bytes().filter(|byte| is_digit(byte)).count();
    name.starts_with('+')
        || (SHORTEST_WITH_AREA..=15).contains(&digits)
            && name
                .bytes()
                .all(|byte| is_digit(&byte) || b" -/().".contains(&byte))
}

/// Whether a name, normalised, is that of a list of what people are reached by, plain or as digests.
pub(in crate::detect) fn lists_reachable(name: &str) -> bool {
    [
        "phones",
        "phonenumbers",
        "mobiles",
        "mobilenumbers",
        "msisdns",
        "numbers",
        "telefonnummern",
        "rufnummern",
        "mails",
        "emails",
        "emailaddresses",
        "mailaddresses",
    ]
    .contains(&name)
}

/// Whether a name, as it is written, is data: that of a person, an address or a number, rather than a word for what stands
/// behind it.
pub(super) fn is_key(name: &str) -> bool {
    const WORDS: [&str; 20] = [
        "mail", "phone", "tel", "fax", "mobil", "number", "contact", "support", "sales", "info",
        "help", "hotline", "service", "from", "to", "cc", "bcc", "reply", "sender", "owner",
    ];
    let is_written_as_name = name.chars().next().is_some_and(char::is_uppercase)
        && name.chars().skip(1).any(char::is_lowercase);
    let is_mixed = name
        .bytes()
        .any(|byte| byte.is_ascii_digit() || b" @+".contains(&byte));
    let lower = name.to_lowercase();
    // A whole word is one of two letters, a longer one also inside of others.
    let is_word = WORDS.iter().any(|word| {
        lower == *word
            || word.len() > 3 && lower.contains(word)
            || word.len() == 3 && lower.starts_with(word)
    });
    name.is_empty() || (is_written_as_name || is_mixed) && !is_word
}

/// Segments of paths, normalised, under which services say who of an address book uses them.
pub(super) const LOOK_UPS: [&str; 6] = [
    "directory",
    "friends",
    "people",
    "invite",
    "invites",
    "findpeople",
];

/// Whether a name, normalised, is that of a value which says what a message is for.
pub(in crate::detect) fn is_action(name: &str) -> bool {
    const NAMES: [&str; 14] = [
        "kind",
        "purpose",
        "intent",
        "method",
        "operationname",
        "operation",
        "action",
        "aktion",
        "event",
        "eventname",
        "command",
        "cmd",
        "topic",
        "type",
    ];
    NAMES.contains(&name)
}

/// Whether a name, normalised, is that of a list of digests, as services for finding people call them: tokens and prefixes are of
/// anything elsewhere.
pub(super) fn names_digests(name: &str) -> bool {
    ["hashes", "digests", "tokens", "prefixes"].contains(&name)
}

/// Whether a name says that digests of people are below it, as services for finding people call them.
pub(in crate::detect) fn lists_digests(name: &str) -> bool {
    const PEOPLE: [&str; 12] = [
        "phone",
        "telefon",
        "rufnummer",
        "mobile",
        "msisdn",
        "contact",
        "kontakt",
        "mail",
        "addressbook",
        "person",
        "people",
        "friend",
    ];
    const DIGESTS: [&str; 6] = ["hash", "sha", "md5", "digest", "hmac", "blake"];
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    has(&PEOPLE) && has(&DIGESTS)
}

/// Whether a name, normalised, says that phone numbers are below it, also written as bare digits.
pub(in crate::detect) fn names_numbers(name: &str) -> bool {
    const NAMES: [&str; 22] = [
        "numbers",
        "nummern",
        "numeri",
        "numeros",
        "números",
        "numéros",
        "numaralar",
        // logs of calls and short messages
        "calls",
        "calllog",
        "calllogs",
        "callhistory",
        "anrufe",
        "anrufliste",
        "llamadas",
        "appels",
        "chiamate",
        "sms",
        "smses",
        "smslist",
        "smslog",
        "smsmms",
        "mms",
    ];
    names_phones(name) || NAMES.contains(&name)
}

/// Whether a name, normalised, says in so many words that phone numbers are below it: others have numbers of any kind below them.
pub(in crate::detect) fn names_phones(name: &str) -> bool {
    const PARTS: [&str; 7] = [
        "phone",
        "telefon",
        "msisdn",
        "rufnummer",
        "handy",
        "mobil",
        "cellnumber",
    ];
    PARTS.iter().any(|part| name.contains(part)) || matches!(name, "tel" | "tels" | "telnumbers")
}

/// Whether a name, normalised, is that of a number of the kind that names above it say: `{"calls": [{"number": …}]}`.
pub(in crate::detect) fn is_number(name: &str) -> bool {
    const NAMES: [&str; 12] = [
        "number", "num", "nummer", "numero", "nr", "no", "address", "adresse", "peer", "caller",
        "callee", "value",
    ];
    NAMES.contains(&name)
}

/// Whether a name, as it is written, is that of ids: by its last word, as `paid` and `grid` end in the same letters.
pub(in crate::detect) fn is_of_ids(name: &str) -> bool {
    const WORDS: [&str; 10] = [
        "id",
        "ids",
        "uid",
        "uids",
        "uuid",
        "guid",
        "ref",
        "refs",
        "kennung",
        "kennungen",
    ];
    /// What ids are of, where names are written in one word.
    const HOLDERS: [&str; 14] = [
        "contact", "kontakt", "user", "person", "people", "phone", "account", "customer", "member",
        "record", "group", "row", "raw", "client",
    ];
    let words = words_of_name(name);
    let Some(last) = words.iter().rfind(|word| !word.is_empty()) else {
        return false;
    };
    WORDS.contains(&last.as_str())
        || WORDS.iter().any(|word| {
            let holder = last.strip_suffix(word);
            holder.is_some_and(|holder| HOLDERS.iter().any(|known| holder.ends_with(known)))
        })
}

/// Whether a name, normalised, is that of a value which tells a state of something from an earlier one, or a picture from another:
/// `etag` of an address book is no digest of a person.
pub(in crate::detect) fn is_of_state(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "etag",
        "ctag",
        "version",
        "revision",
        "checksum",
        "synctoken",
        "photo",
        "avatar",
        "picture",
        "thumbnail",
        "cursor",
        "bild",
    ];
    name == "rev" || WORDS.iter().any(|word| name.contains(word))
}

/// Whether a name, normalised, is of numbers that are no phone's: of articles, invoices, files.
pub(in crate::detect) fn names_other_numbers(name: &str) -> bool {
    const PARTS: [&str; 14] = [
        "beleg",
        "rechnung",
        "invoice",
        "artikel",
        "article",
        "bauteil",
        "ersatzteil",
        "aktenzeichen",
        "sku",
        "partno",
        "product",
        "produkt",
        "etag",
        "kundennr",
    ];
    const ENDS: [&str; 8] = [
        "orderid",
        "ordernr",
        "orderno",
        "ordernumber",
        "code",
        "codes",
        "zeichen",
        "crc",
    ];
    !names_numbers(name)
        && (PARTS.iter().any(|part| name.contains(part))
            || ENDS.iter().any(|end| name.ends_with(end)))
}

/// Whether a name, normalised, says that what is below it are contacts: parts of names in use for address-book uploads.
pub(in crate::detect) fn speaks_of_contacts(name: &str) -> bool {
    const WORDS: [&str; 20] = [
        "contact",
        "kontakt",
        // Italian, Turkish, Spanish and French
        "rubrica",
        "rehber",
        "agendatel",
        "carnetdadresse",
        "telefonbuch",
        "adressbuch",
        "hashednumber",
        "numberhash",
        "findfriends",
        "addressbook",
        "phonebook",
        "invitee",
        "msisdns",
        "mobilenos",
        "mobilenohash",
        "phonehash",
        "emailhash",
        "hashedphone",
    ];
    // Contact forms and support pages speak of one contact: the sender himself.
    WORDS.iter().any(|word| name.contains(word))
        && !["contactus", "contactform", "contactinfo", "kontaktformular"].contains(&name)
}

/// Whether a key, normalised, names a person.
pub(in crate::detect) fn is_person_name(name: &str) -> bool {
    const NAMES: [&str; 35] = [
        "name",
        "fname",
        "lname",
        // of languages nearby
        "prenom",
        "prénom",
        "apellido",
        "apellidos",
        "cognome",
        "sobrenome",
        "imie",
        "imię",
        "nazwisko",
        "voornaam",
        "achternaam",
        "fornavn",
        "efternamn",
        // of directories (RFC 4519)
        "cn",
        "anzeigename",
        "vorname",
        "nachname",
        "kontaktname",
        "personname",
        "namefirst",
        "namelast",
        "displayname",
        "givenname",
        "familyname",
        "firstname",
        "lastname",
        "fullname",
        "nickname",
        "contactname",
        "fn",
        "surname",
        "middlename",
    ];
    NAMES.contains(&name)
}

/// Whether a key, normalised, may be a part of a person's name: shops have a `nom`, too, and lists a `last`.
pub(in crate::detect) fn may_be_part_of_person(name: &str) -> bool {
    matches!(name, "nom" | "nombre" | "first" | "last")
}

/// Whether what such a key names is a person's, as another part of the name stands beside it.
pub(super) fn is_part_of_person(name: &str, beside: &str) -> bool {
    const PARTS: [&str; 14] = [
        "prenom",
        "prénom",
        "apellido",
        "apellidos",
        "given",
        "givenname",
        "family",
        "familyname",
        "firstname",
        "lastname",
        "surname",
        "middlename",
        "vorname",
        "nachname",
    ];
    matches!((name, beside), ("first", "last") | ("last", "first")) || PARTS.contains(&beside)
}
