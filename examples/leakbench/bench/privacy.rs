//! Whether any planted value stands in any report: as it is, encoded, or as a digest.

use std::io::{Cursor, Read as _};

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use phonehome::model::{Audit, RiskLevel};
use phonehome::report::{FORMATS, Language, Options, Presentable};
use phonehome::rules::Rules;
use sha2::Digest as _;

use super::encode::hex;

/// How a value could be given away, in lower case.
pub(crate) fn disguises(value: &str) -> Vec<String> {
    let bare: String = value
        .chars()
        .filter(|letter| !" +-()".contains(*letter))
        .collect();
    let mut all = Vec::new();
    for text in [value, &bare] {
        all.extend([
            text.to_owned(),
            STANDARD_NO_PAD.encode(text),
            URL_SAFE_NO_PAD.encode(text),
            hex(text.as_bytes()),
            hex(&sha2::Sha256::digest(text)),
            hex(&sha1::Sha1::digest(text)),
            hex(&md5::Md5::digest(text)),
        ]);
    }
    all.iter().map(|text| text.to_lowercase()).collect()
}

/// Output as text; the parts of a workbook one after the other.
pub(crate) fn readable(output: &[u8]) -> String {
    if !output.starts_with(b"PK") {
        return String::from_utf8_lossy(output).into_owned();
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(output)).unwrap();
    let mut text = String::new();
    for position in 0..archive.len() {
        archive
            .by_index(position)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
    }
    text
}

/// Formats that show a value, with the first one each.
pub(crate) fn shown(audit: &Audit, values: &[String], rules: &Rules) -> Vec<String> {
    let hidden: Vec<String> = values.iter().flat_map(|value| disguises(value)).collect();
    let search = AhoCorasick::new(&hidden).unwrap();
    let report = Presentable::new(audit, rules, false);
    let options = Options {
        language: Language::English,
        width: 100,
        color: false,
        level: RiskLevel::Low,
    };
    let mut shown = Vec::new();
    for format in FORMATS {
        let mut out = Vec::new();
        (format.write)(&report, rules, options, &mut out).unwrap();
        let text = readable(&out).to_lowercase();
        if let Some(found) = search.find(&text) {
            shown.push(format!("{} shows {}", format.name, &text[found.range()]));
        }
    }
    shown
}
