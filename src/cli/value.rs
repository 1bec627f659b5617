//! What stands behind a flag, and how it is written.

use std::path::PathBuf;

use clap::ValueEnum;
use phonehome::gate::Evidence;
use phonehome::model::Grade;

/// Language of texts.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LanguageChoice {
    /// English
    En,
    /// German
    De,
}

/// When to colour.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal that can, and unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// From which level on to exit with status 1.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FailOn {
    /// Never
    Never,
    /// 1 and above
    Low,
    /// 4 and above
    Medium,
    /// 9 and above
    High,
    /// 13 and above
    VeryHigh,
}

/// One `--format`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FormatAndFile {
    /// Name of the format.
    pub(crate) format: &'static str,
    /// Where to write it, if not where `--output` says.
    pub(crate) file: Option<PathBuf>,
}

/// Reads a moment of consent.
pub(super) fn consent(text: &str) -> Result<phonehome::model::Consent, String> {
    phonehome::intake::consent(text).ok_or_else(|| {
        "write a time like 2026-10-05T08:12:00+02:00, a span like +90s, or never".to_owned()
    })
}

/// Reads `90s`, `10m`, `2h`, or seconds without a letter.
pub(super) fn duration(text: &str) -> Result<std::time::Duration, String> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) => (number, text.chars().last().unwrap_or('s')),
        None => (text, 's'),
    };
    let seconds = match unit {
        'm' => 60,
        'h' => 3600,
        _ => 1,
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(seconds))
        .filter(|seconds| *seconds > 0)
        .map(std::time::Duration::from_secs)
        .ok_or_else(|| "a time is written like 90s, 10m or 2h".to_owned())
}

/// Reads 1 to 100, with or without the sign of percent.
pub(super) fn percent(text: &str) -> Result<u8, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim().parse().ok();
    number
        .filter(|percent| (1..=100).contains(percent))
        .ok_or_else(|| "write 1 to 100".to_owned())
}

/// Reads a grade, or percent with or without their sign.
pub(super) fn evidence(text: &str) -> Result<Evidence, String> {
    if let Some(grade) = Grade::ALL.into_iter().find(|grade| grade.as_str() == text) {
        return Ok(Evidence::Grade(grade));
    }
    if text == "transmitted" {
        // The word of reports for all grades that were seen in what was sent.
        let grades = Grade::ALL.into_iter();
        let weakest = grades.filter(|grade| grade.is_transmitted()).max();
        return weakest
            .map(Evidence::Grade)
            .ok_or_else(|| "no grade is".to_owned());
    }
    let number = text.strip_suffix('%').unwrap_or(text).trim().parse();
    number
        .ok()
        .filter(|percent| *percent <= 100)
        .map(Evidence::Percent)
        .ok_or_else(|| {
            let grades = Grade::ALL.map(Grade::as_str).join(", ");
            format!("neither percent nor one of transmitted, {grades}")
        })
}

/// Reads `FORMAT` or `FORMAT=FILE`.
pub(super) fn format_and_file(text: &str) -> Result<FormatAndFile, String> {
    let (name, file) = match text.split_once('=') {
        Some((_, "")) => return Err("a file name is missing after “=”".to_owned()),
        Some((name, file)) => (name, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let known = || phonehome::report::FORMATS.iter().map(|format| format.name);
    let format = known().find(|format| *format == name).ok_or_else(|| {
        let most = (name.len() / 4).max(1);
        let near = |known: &&str| strsim::damerau_levenshtein(known, name) <= most;
        match known().find(near) {
            Some(near) => format!("there is no format “{name}”; did you mean “{near}”?"),
            None => format!(
                "there is no format “{name}”; there are: {}",
                known().collect::<Vec<_>>().join(", ")
            ),
        }
    })?;
    Ok(FormatAndFile { format, file })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        let seconds = |text| duration(text).map(|time| time.as_secs());
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("10m"), Ok(600));
        assert_eq!(seconds("2h"), Ok(7200));
        assert_eq!(seconds("5"), Ok(5));
        for text in ["", "m", "0s", "-1s", "99999999999999999999h"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_format_may_name_its_file() {
        assert_eq!(
            format_and_file("json=a=b.json").unwrap().file,
            Some("a=b.json".into())
        );
        assert_eq!(format_and_file("table").unwrap().file, None);
        assert!(format_and_file("json=").is_err());
        assert!(format_and_file("portable").unwrap_err().contains("json"));
        assert!(
            format_and_file("jsn")
                .unwrap_err()
                .ends_with("did you mean “json”?")
        );
    }
}
