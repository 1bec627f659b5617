//! Google Play's data safety form, as its console exports it (CSV) → data label.
//!
//! Questions and answers are told by their ids alone: the texts beside them are in the console's language.

use super::Read;
use crate::limits;
use crate::model::{CollectedData, DataLabel, LabelForm};

/// First column of the header, which all exports have had.
pub(crate) const HEADER: &[u8] = b"Question ID (machine readable)";

/// An exported data safety form. `None` without any of its questions.
pub fn data_safety(bytes: &[u8], source: &str) -> Read<Option<DataLabel>> {
    let mut damage = Vec::new();
    let mut label = DataLabel::new(LabelForm::DataSafety, source);
    let mut has_questions = false;
    // A German Excel saves it with semicolons.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let is_german = bytes
        .strip_prefix(HEADER)
        .is_some_and(|rest| rest.starts_with(b";"));
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(if is_german { b';' } else { b',' })
        .flexible(true)
        .from_reader(bytes);
    let mut row = csv::ByteRecord::new();
    for _ in 0..limits::DATA_SAFETY_ROWS {
        match rows.read_byte_record(&mut row) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                damage.push(format!("a data safety form that is damaged: {error}"));
                break;
            }
        }
        let cell = |at| String::from_utf8_lossy(row.get(at).unwrap_or_default());
        let (question, response, value) = (cell(0), cell(1), cell(2));
        if question.contains("PSL_DATA_") {
            has_questions = true;
            answer(question.trim(), response.trim(), truth(&value), &mut label);
        }
    }
    if !has_questions {
        damage.push("a table without the questions of the data safety form".to_owned());
    }
    Read {
        value: has_questions.then_some(label),
        damage,
    }
}

fn truth(value: &str) -> Option<bool> {
    // Excel writes truth values in its own language.
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "wahr" => Some(true),
        "false" | "falsch" => Some(false),
        _ => None,
    }
}

fn answer(question: &str, response: &str, value: Option<bool>, label: &mut DataLabel) {
    match question {
        "PSL_DATA_COLLECTION_COLLECTS_PERSONAL_DATA" => label.is_collecting = value,
        "PSL_DATA_COLLECTION_ENCRYPTED_IN_TRANSIT" => label.is_encrypted = value,
        _ if question.starts_with("PSL_DATA_TYPES_") => {
            if value == Some(true) {
                label.collected.entry(response.to_owned()).or_default();
            }
        }
        _ => {
            let mut parts = question.split(':');
            if let (Some("PSL_DATA_USAGE_RESPONSES"), Some(kind), Some(asked)) =
                (parts.next(), parts.next(), parts.next())
                // What is said of a kind that is not chosen is left over from an earlier answer; kinds come before uses.
                && let Some(data) = label.collected.get_mut(kind)
            {
                usage(asked, response, value, data);
            }
        }
    }
}

fn usage(asked: &str, response: &str, value: Option<bool>, data: &mut CollectedData) {
    let is_chosen = value == Some(true);
    match (asked, response) {
        ("PSL_DATA_USAGE_COLLECTION_AND_SHARING", "PSL_DATA_USAGE_ONLY_COLLECTED") => {
            data.is_collected = is_chosen;
        }
        ("PSL_DATA_USAGE_COLLECTION_AND_SHARING", "PSL_DATA_USAGE_ONLY_SHARED") => {
            data.is_shared = Some(is_chosen);
        }
        ("PSL_DATA_USAGE_EPHEMERAL", _) => data.is_ephemeral = value,
        ("DATA_USAGE_USER_CONTROL", response) if is_chosen => {
            data.is_optional = Some(response.ends_with("_OPTIONAL"));
        }
        ("DATA_USAGE_COLLECTION_PURPOSE" | "DATA_USAGE_SHARING_PURPOSE", purpose) if is_chosen => {
            data.purposes.insert(purpose.to_owned());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "Question ID (machine readable),Response ID (machine readable),Response value,Answer requirement,Human-friendly question label\r\n\
        PSL_DATA_COLLECTION_COLLECTS_PERSONAL_DATA,,TRUE,REQUIRED,\"Sammelt \"\"sie\"\" Daten,\r\noder nicht?\"\r\n\
        PSL_DATA_TYPES_CONTACTS,PSL_CONTACTS,true,MULTIPLE_CHOICE,x\r\n\
        PSL_DATA_TYPES_LOCATION,PSL_APPROX_LOCATION,,MULTIPLE_CHOICE,x\r\n\
        PSL_DATA_USAGE_RESPONSES:PSL_CONTACTS:PSL_DATA_USAGE_COLLECTION_AND_SHARING,PSL_DATA_USAGE_ONLY_COLLECTED,true,,x\r\n\
        PSL_DATA_USAGE_RESPONSES:PSL_CONTACTS:PSL_DATA_USAGE_COLLECTION_AND_SHARING,PSL_DATA_USAGE_ONLY_SHARED,true,,x\r\n\
        PSL_DATA_USAGE_RESPONSES:PSL_CONTACTS:PSL_DATA_USAGE_EPHEMERAL,,false,,x\r\n\
        PSL_DATA_USAGE_RESPONSES:PSL_CONTACTS:DATA_USAGE_USER_CONTROL,PSL_DATA_USAGE_USER_CONTROL_REQUIRED,true,,x\r\n\
        PSL_DATA_USAGE_RESPONSES:PSL_CONTACTS:DATA_USAGE_COLLECTION_PURPOSE,PSL_ANALYTICS,true,,x\r\n\
        PSL_DATA_USAGE_RESPONSES:PSL_APPROX_LOCATION:PSL_DATA_USAGE_EPHEMERAL,,true,,x\r\n";

    #[test]
    fn answers_are_told_by_their_ids() {
        let read = data_safety(FORM.as_bytes(), "form.csv");
        assert_eq!(read.damage, Vec::<String>::new());
        let label = read.value.unwrap();
        assert_eq!(label.is_collecting, Some(true));
        assert_eq!(label.is_encrypted, None);
        let kinds: Vec<&String> = label.collected.keys().collect();
        assert_eq!(kinds, ["PSL_CONTACTS"]);
        let contacts = &label.collected["PSL_CONTACTS"];
        assert!(contacts.is_collected);
        assert_eq!(contacts.is_shared, Some(true));
        assert_eq!(contacts.is_ephemeral, Some(false));
        assert_eq!(contacts.is_optional, Some(false));
        assert!(contacts.purposes.contains("PSL_ANALYTICS"));
    }

    #[test]
    fn a_form_that_a_german_excel_saved_says_the_same() {
        let german = FORM
            .replace("TRUE", "WAHR")
            .replace("true", "WAHR")
            .replace("false", "FALSCH")
            .replace("Daten,", "Daten-")
            .replace(',', ";");
        let read = data_safety(german.as_bytes(), "form.csv").value.unwrap();
        let english = data_safety(FORM.as_bytes(), "form.csv").value.unwrap();
        assert_eq!(read, english);
    }

    #[test]
    fn another_table_is_no_form() {
        let read = data_safety(b"a,b\n1,2\n", "x.csv");
        assert!(read.value.is_none());
        assert_eq!(read.damage.len(), 1);
    }
}
