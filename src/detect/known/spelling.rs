//! A known value → the ways in which apps write it.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat};
use unicode_normalization::UnicodeNormalization;

use super::super::value;
use crate::model::{KnownKind, KnownValue};

/// One way to write a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    pub(super) text: String,
    /// Found alone it may be chance: it counts where others are found beside it, or under a name that says what it is.
    pub(super) is_weak: bool,
    /// Looked for as it stands; a run of digits is compared as a whole.
    pub(super) is_written: bool,
    /// Apps compute digests of this spelling.
    pub(super) is_hashed: bool,
}

/// Shortest spelling that is looked for at all: shorter ones are in any text.
pub(super) const SHORTEST: usize = 4;
/// Shortest spelling that is believed alone.
pub(super) const SHORTEST_STRONG: usize = 8;
/// Digits of a run that is believed alone: 5,000 numbers meet a random run of 11 digits once in 20 million.
const STRONG_DIGITS: usize = 11;

/// All spellings of a value, the most usual first. Empty if it is too short to mean anything.
pub(super) fn spellings(known: &KnownValue) -> Vec<Spelling> {
    let list = List {
        has_rare: true,
        ..List::default()
    };
    fill(list, known)
}

/// The same without those of which digests are rare, for long lists.
pub(super) fn usual_spellings(known: &KnownValue) -> Vec<Spelling> {
    fill(List::default(), known)
}

fn fill(mut list: List, known: &KnownValue) -> Vec<Spelling> {
    let text = known.value.reveal().trim();
    if is_common(text) || known.is_digest {
        return list.all;
    }
    match known.kind {
        KnownKind::Phone => phone(text, &mut list),
        KnownKind::Email => email(text, &mut list),
        KnownKind::Name => name(text, &mut list),
        KnownKind::Imei => imei(text, &mut list),
        KnownKind::Sim => subscriber(text, &mut list),
        KnownKind::Mac | KnownKind::Bssid => mac(text, &mut list),
        KnownKind::AdvertisingId | KnownKind::DeviceId => identifier(text, &mut list),
        KnownKind::Serial | KnownKind::AccountId | KnownKind::Text => words(text, &mut list),
        KnownKind::Ssid => {
            words(text, &mut list);
            // as Android gives it to apps (`WifiInfo.getSSID`)
            list.rarely_hashed(format!("\"{text}\""));
        }
        KnownKind::Position | KnownKind::Digest => {}
    }
    list.all
}

/// Values that are on very many phones, or stand for none at all: found, they would say nothing of this one.
fn is_common(text: &str) -> bool {
    const COMMON: [&str; 28] = [
        "admin",
        "administrator",
        "android",
        "anonymous",
        "default",
        "guest",
        "iphone",
        "localhost",
        "mustermann",
        "nobody",
        "password",
        "samsung",
        "test",
        "tester",
        "unknown",
        "unbekannt",
        "user",
        "username",
        // what Android gives apps instead of the address of the Wi-Fi, and one that a batch of phones shared
        "02:00:00:00:00:00",
        "9774d56d682e549c",
        // placeholders in documents of vendors
        "012345678912345",
        "123456789012345",
        "1234567890",
        "12345678",
        "123456",
        "12345",
        "1234",
        "0123456789abcdef",
    ];
    let lower = text.to_lowercase();
    let mut signs = lower.bytes().filter(u8::is_ascii_alphanumeric);
    let first = signs.next();
    let is_one_sign =
        text.len() >= SHORTEST && first.is_some_and(|first| signs.all(|sign| sign == first));
    is_one_sign || COMMON.contains(&lower.as_str())
}

/// Spellings without repetition.
#[derive(Default)]
struct List {
    all: Vec<Spelling>,
    /// Whether rare ones are wanted.
    has_rare: bool,
}

impl List {
    fn add(&mut self, text: impl Into<String>, is_weak: bool, is_written: bool, is_hashed: bool) {
        let text = text.into();
        if text.len() < SHORTEST {
            return;
        }
        match self.all.iter_mut().find(|known| known.text == text) {
            Some(known) => {
                // What is only hashed says nothing of how it is written.
                known.is_weak = match (known.is_written, is_written) {
                    (true, true) => known.is_weak && is_weak,
                    (true, false) => known.is_weak,
                    (false, _) => is_weak,
                };
                known.is_written |= is_written;
                known.is_hashed |= is_hashed;
            }
            None => self.all.push(Spelling {
                text,
                is_weak,
                is_written,
                is_hashed,
            }),
        }
    }

    /// Written and hashed.
    fn both(&mut self, text: impl Into<String>, is_weak: bool) {
        self.add(text, is_weak, true, true);
    }

    /// Only hashed: written, it is found by another spelling.
    fn hashed(&mut self, text: impl Into<String>) {
        self.add(text, false, false, true);
    }

    /// The same where rare ones are wanted.
    fn rarely_hashed(&mut self, text: impl Into<String>) {
        if self.has_rare {
            self.hashed(text);
        }
    }
}

/// The country code of Brazil (ITU-T E.164).
const BRAZIL: i32 = 55;

/// E.164 with and without its plus, with the international prefix, national with and without the trunk prefix
/// (ITU-T E.123, E.164).
fn phone(text: &str, list: &mut List) {
    // No numbering plan may know it yet: the auditor says that it is a number.
    let parsed = value::phone_number(text).or_else(|| PHONE_NUMBER_UTIL.parse(text, None).ok());
    let Some(parsed) = parsed else {
        number(text, list);
        list.rarely_hashed(text);
        return;
    };
    let e164 = parsed.format_as(PhoneNumberFormat::E164).into_owned();
    let digits = e164.trim_start_matches('+').to_owned();
    let is_short = digits.len() < STRONG_DIGITS;
    list.hashed(e164.clone());
    list.both(digits.clone(), is_short);
    list.both(format!("00{digits}"), false);
    let national = only_digits(&parsed.format_as(PhoneNumberFormat::National));
    let significant = digits
        .strip_prefix(&parsed.country_code.to_string())
        .map(str::to_owned)
        .unwrap_or_default();
    list.both(national.clone(), national.len() < STRONG_DIGITS);
    if parsed.country_code == BRAZIL {
        // libphonenumber knows the trunk prefix there with the code of a carrier only.
        list.both(format!("0{significant}"), false);
    }
    // Ten digits are also a time in seconds.
    list.both(significant, true);
    list.hashed(
        parsed
            .format_as(PhoneNumberFormat::International)
            .into_owned(),
    );
    list.hashed(format!("tel:{e164}"));
    // as the address book has it
    list.rarely_hashed(text);
    list.rarely_hashed(parsed.format_as(PhoneNumberFormat::National).into_owned());
}

fn only_digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn email(text: &str, list: &mut List) {
    let lower = text.to_lowercase();
    list.both(lower.clone(), lower.len() < SHORTEST_STRONG);
    list.hashed(text);
    list.hashed(text.to_uppercase());
    // as keyboards begin a text
    list.rarely_hashed(capitalised(&lower));
    if let Some((local, domain)) = lower.split_once('@') {
        // Gmail takes no notice of dots and of what follows a plus; vendors normalise that before they hash.
        let bare: String = local.split('+').next().unwrap_or(local).replace('.', "");
        list.hashed(format!("{bare}@{domain}"));
        list.hashed(format!("mailto:{lower}"));
        // Names of hosts beyond ASCII travel in Punycode (RFC 5891 §4.4), and lists may have them so.
        for form in [
            idna::domain_to_ascii(domain).unwrap_or_default(),
            idna::domain_to_unicode(domain).0,
        ] {
            if !form.is_empty() && form != domain {
                list.both(format!("{local}@{form}"), false);
            }
        }
    }
    if !lower.is_ascii() {
        list.both(lower.nfc().collect::<String>(), false);
        list.add(lower.nfd().collect::<String>(), false, true, false);
    }
}

/// A text whose first letter is a capital.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters.clone()).collect()
}

/// A text in lower case, whose dotted capital I is the letter i as in Turkish: by Unicode alone it is one with a second dot.
pub(super) fn lower(text: &str) -> String {
    let lower = text.to_lowercase();
    if lower.contains('\u{307}') {
        lower.replace("i\u{307}", "i")
    } else {
        lower
    }
}

/// First and last name in both orders, with and without diacritics.
fn name(text: &str, list: &mut List) {
    let words: Vec<&str> = text.split_whitespace().collect();
    let joined = words.join(" ");
    let is_weak = words.len() < 2 || joined.len() < SHORTEST_STRONG;
    // One short word is in any text.
    if words.len() < 2 && joined.len() < 6 {
        return;
    }
    text_forms(&joined, is_weak, list);
    list.rarely_hashed(joined.to_uppercase());
    for form in without_accents(&lower(&joined)) {
        let words: Vec<&str> = form.split(' ').collect();
        let [given @ .., family] = words.as_slice() else {
            continue;
        };
        if given.is_empty() {
            continue;
        }
        let given = given.join(" ");
        for turned in [
            format!("{family}, {given}"),
            format!("{family} {given}"),
            // as vCard has them (RFC 6350 §6.2.2)
            format!("{family};{given}"),
            format!("{given}.{family}"),
            format!("{given}{family}"),
            format!("{given}_{family}"),
        ] {
            list.add(turned, is_weak, true, false);
        }
    }
}

/// In lower case, composed and decomposed (Unicode Standard Annex #15), without diacritics, with German digraphs.
fn text_forms(text: &str, is_weak: bool, list: &mut List) {
    let lower = lower(text);
    list.both(lower.nfc().collect::<String>(), is_weak);
    list.hashed(text);
    if lower.is_ascii() {
        return;
    }
    list.hashed(text.to_lowercase().nfc().collect::<String>());
    list.add(lower.nfd().collect::<String>(), is_weak, true, false);
    list.add(lower.nfkc().collect::<String>(), is_weak, true, false);
    for form in without_accents(&lower) {
        list.add(form, is_weak, true, false);
    }
}

/// A text in lower case as it is, without diacritics, with German digraphs, and with one letter i as capital letters have it.
pub(super) fn without_accents(lower: &str) -> Vec<String> {
    let composed: String = lower.nfc().collect();
    if composed.is_ascii() {
        return vec![composed];
    }
    let mut bare = String::with_capacity(lower.len());
    for letter in lower.nfd().filter(|letter| !is_mark(*letter)) {
        match BARE_LETTERS.iter().find(|(known, _)| *known == letter) {
            Some((_, ascii)) => bare.push_str(ascii),
            None => bare.push(letter),
        }
    }
    let mut digraphs = composed.clone();
    for (letter, digraph) in [("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")] {
        digraphs = digraphs.replace(letter, digraph);
    }
    // as its capital is (Unicode Standard, SpecialCasing.txt)
    let sharp = composed.replace('ß', "ss");
    let mut forms = vec![composed, bare, digraphs, sharp];
    let dotted = forms
        .iter()
        .filter(|form| form.contains('ı'))
        .map(|form| form.replace('ı', "i"));
    forms.extend(dotted.collect::<Vec<_>>());
    forms.dedup();
    forms
}

/// Letters that Unicode does not take apart, and what is written where there is but ASCII.
const BARE_LETTERS: [(char, &str); 10] = [
    ('ł', "l"),
    ('ø', "o"),
    ('đ', "d"),
    ('ð', "d"),
    ('þ', "th"),
    ('ħ', "h"),
    ('ı', "i"),
    ('æ', "ae"),
    ('œ', "oe"),
    ('ß', "ss"),
];

fn is_mark(character: char) -> bool {
    unicode_normalization::char::is_combining_mark(character)
}

/// A number of fixed length.
fn number(text: &str, list: &mut List) {
    let digits = only_digits(text);
    if digits.len() >= 7 {
        list.both(digits.clone(), digits.len() < STRONG_DIGITS);
    }
}

/// Digits of an IMEI without its check digit: what it has in common with an IMEISV (3GPP TS 23.003 §6.2).
pub(super) const UNCHECKED_IMEI: usize = 14;

/// An IMEI, also without its check digit; a MEID or ESN (3GPP2 C.R1001).
fn imei(text: &str, list: &mut List) {
    if text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        equipment(text, list);
        return;
    }
    number(text, list);
    let digits = only_digits(text);
    if digits.len() == UNCHECKED_IMEI.saturating_add(1)
        && let Some(unchecked) = digits.get(..UNCHECKED_IMEI)
    {
        list.both(unchecked, false);
    }
}

/// A MEID or ESN in hexadecimal digits, and in decimal ones of its maker and of the rest.
fn equipment(text: &str, list: &mut List) {
    identifier(text, list);
    let parts = match text.len() {
        14 => Some((8, 10, 8)),
        8 => Some((2, 3, 8)),
        _ => None,
    };
    let Some((at, of_maker, of_rest)) = parts else {
        return;
    };
    let number = |digits: &str| u64::from_str_radix(digits, 16).ok();
    let halves = text.split_at_checked(at);
    let numbers = halves.and_then(|(maker, rest)| number(maker).zip(number(rest)));
    if let Some((maker, rest)) = numbers {
        list.both(format!("{maker:0of_maker$}{rest:0of_rest$}"), false);
    }
}

/// What stands before an IMSI in the name that a subscriber has in networks: for EAP-AKA, EAP-SIM and EAP-AKA' (3GPP TS 23.003
/// §14.3, §19.3.2).
const NAMES_OF_SUBSCRIBER: [&str; 3] = ["0", "1", "6"];

/// An ICCID, or an IMSI, which is also the name of a subscriber.
fn subscriber(text: &str, list: &mut List) {
    number(text, list);
    let digits = only_digits(text);
    if (14..=15).contains(&digits.len()) {
        for mark in NAMES_OF_SUBSCRIBER {
            list.add(format!("{mark}{digits}"), false, true, false);
        }
    }
}

/// Colons, hyphens, dots (Cisco) or nothing between the octets, in either case.
fn mac(text: &str, list: &mut List) {
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    let digits = digits.to_ascii_lowercase();
    if digits.len() != 12 {
        words(text, list);
        return;
    }
    let separated = |size: usize, separator: &str| {
        let parts: Vec<&str> = (0..digits.len())
            .step_by(size)
            .filter_map(|start| digits.get(start..start.saturating_add(size)))
            .collect();
        parts.join(separator)
    };
    for form in [
        separated(2, ":"),
        digits.clone(),
        separated(2, "-"),
        separated(4, "."),
    ] {
        list.both(form.clone(), false);
        list.hashed(form.to_ascii_uppercase());
    }
    for separator in ["_", " "] {
        list.add(separated(2, separator), false, true, false);
    }
    // iOS writes octets as numbers, without a leading zero.
    let octets = separated(2, ":");
    let octets = octets
        .split(':')
        .map(|octet| octet.strip_prefix('0').unwrap_or(octet));
    list.both(octets.collect::<Vec<_>>().join(":"), false);
    packed(&digits, list);
    // As the number of 48 bits that scans of networks have.
    if let Ok(number) = u64::from_str_radix(&digits, 16)
        && number >= 10_u64.pow(10)
    {
        list.add(number.to_string(), false, true, false);
    }
}

/// A UUID or hexadecimal identifier, with and without its hyphens, in either case.
fn identifier(text: &str, list: &mut List) {
    let lower = text.to_lowercase();
    let bare = lower.replace('-', "");
    for form in [lower, bare] {
        list.both(form.clone(), form.len() < SHORTEST_STRONG);
        list.hashed(form.to_uppercase());
    }
    list.hashed(text);
    packed(&text.replace('-', ""), list);
    // As the number of 64 bits that the digits are, without a sign and with one: programs keep `ANDROID_ID` that way.
    if text.len() == 16
        && let Ok(number) = u64::from_str_radix(text, 16)
    {
        for number in [number, number.cast_signed().unsigned_abs()] {
            if number >= 10_u64.pow(10) {
                list.add(number.to_string(), false, true, false);
            }
        }
    }
}

/// The 16 bytes of a UUID or the 6 of a hardware address in base64, as JSON has them of a field of bytes.
fn packed(bare: &str, list: &mut List) {
    let bytes = crate::payload::hex_bytes(bare.as_bytes());
    let bytes = bytes.filter(|bytes| matches!(bytes.len(), 6 | 16));
    for engine in [&BASE64_STANDARD_NO_PAD, &BASE64_URL_SAFE_NO_PAD] {
        if let Some(bytes) = &bytes {
            list.add(engine.encode(bytes), false, true, false);
        }
    }
}

/// Free text and identifiers of no fixed form.
fn words(text: &str, list: &mut List) {
    text_forms(text, text.len() < SHORTEST_STRONG, list);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(kind: KnownKind, value: &str) -> Vec<String> {
        spellings(&KnownValue::own(kind, value))
            .into_iter()
            .map(|spelling| spelling.text)
            .collect()
    }

    #[test]
    fn a_phone_number_has_its_international_and_national_forms() {
        let texts = texts(KnownKind::Phone, "+49 30 23125 111");
        for form in [
            "+493023125111",
            "493023125111",
            "00493023125111",
            "03023125111",
            "3023125111",
        ] {
            assert!(texts.iter().any(|text| text == form), "{form}");
        }
    }

    #[test]
    fn the_national_form_without_its_prefix_is_weak() {
        let known = KnownValue::own(KnownKind::Phone, "+493023125111");
        let weak = |form: &str| {
            spellings(&known)
                .iter()
                .any(|spelling| spelling.text == form && spelling.is_weak)
        };
        assert!(weak("3023125111"));
        assert!(!weak("493023125111"));
    }

    #[test]
    fn a_number_in_brazil_is_also_written_with_a_zero() {
        assert!(texts(KnownKind::Phone, "+5521962160691").contains(&"021962160691".to_owned()));
    }

    #[test]
    fn sixteen_digits_are_also_a_number() {
        let texts = texts(KnownKind::DeviceId, "9f3a77c1b2e4d055");
        for form in ["11473614674493493333", "6973129399216058283"] {
            assert!(texts.iter().any(|text| text == form), "{texts:?}");
        }
    }

    #[test]
    fn names_are_written_with_and_without_umlauts() {
        let texts = texts(KnownKind::Name, "Jürgen Beispiel");
        for form in [
            "jürgen beispiel",
            "ju\u{308}rgen beispiel",
            "jurgen beispiel",
            "juergen beispiel",
            "beispiel, jürgen",
        ] {
            assert!(texts.iter().any(|text| text == form), "{form}");
        }
    }

    #[test]
    fn devices_of_cdma_have_numbers_in_both_kinds_of_digits() {
        let texts = texts(KnownKind::Imei, "A0000012345678");
        for form in ["a0000012345678", "268435457803430008"] {
            assert!(texts.contains(&form.to_owned()), "{texts:?}");
        }
    }

    #[test]
    fn digests_are_of_what_apps_hold() {
        let is_hashed = |kind, value: &str, form: &str| {
            let known = KnownValue::own(kind, value);
            let mut spellings = spellings(&known).into_iter();
            spellings.any(|spelling| spelling.text == form && spelling.is_hashed)
        };
        assert!(is_hashed(
            KnownKind::Ssid,
            "Musternetz 5",
            "\"Musternetz 5\""
        ));
        assert!(is_hashed(
            KnownKind::Phone,
            "030 / 23125-111",
            "030 / 23125-111"
        ));
        assert!(is_hashed(KnownKind::Name, "Erika Muster", "ERIKA MUSTER"));
        let capitalised = "Erika@post.example";
        assert!(is_hashed(
            KnownKind::Email,
            "erika@post.example",
            capitalised
        ));
        assert!(texts(KnownKind::Name, "Käthe Voß").contains(&"käthe voss".to_owned()));
    }

    #[test]
    fn what_means_nothing_is_refused() {
        assert!(texts(KnownKind::Name, "Max").is_empty());
        assert!(texts(KnownKind::AccountId, "ab1").is_empty());
        assert!(texts(KnownKind::Imei, "123").is_empty());
        assert!(texts(KnownKind::Mac, "02:00:00:00:00:00").is_empty());
        assert!(texts(KnownKind::Imei, "000000000000000").is_empty());
        assert!(texts(KnownKind::AccountId, "Admin").is_empty());
        assert!(!texts(KnownKind::Name, "Thea Mustermann").is_empty());
    }
}
