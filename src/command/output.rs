//! Where reports go, and how they are written there.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use phonehome::gate::Gate;
use phonehome::model::RiskLevel;
use phonehome::report::{self, BINARY, FORMATS, Language, Presentable};
use phonehome::rules::Rules;
use phonehome::{Error, Result};

use super::keys;
use crate::cli::{FormatAndFile, OutputOptions, TalkOptions};

/// A format, and the file that it goes to if not to standard output.
pub(super) type Target = (&'static report::Format, Option<PathBuf>);

/// Where each report goes. Two reports in one place would overwrite or mix each other.
pub(super) fn targets(options: &OutputOptions) -> Result<Vec<Target>> {
    if let Some(output) = &options.output
        && !options.formats.is_empty()
        && options.formats.iter().all(|format| format.file.is_some())
    {
        let reason = format!(
            "nothing would go to {}: each --format names its own file",
            output.display()
        );
        return Err(Error::Usage(reason));
    }
    let mut taken = BTreeSet::new();
    let mut targets = Vec::new();
    let by_name = [FormatAndFile {
        format: format_by_name(options.output.as_deref())?,
        file: None,
    }];
    let formats = if options.formats.is_empty() {
        by_name.as_slice()
    } else {
        &options.formats
    };
    for FormatAndFile { format, file } in formats {
        let file = file.clone().or_else(|| options.output.clone());
        if !taken.insert(file.clone()) {
            let place = file.map_or_else(
                || "standard output".to_owned(),
                |file| file.display().to_string(),
            );
            let advice = "give each its own file: --format json=FILE";
            return Err(Error::Usage(format!("two reports go to {place}; {advice}")));
        }
        targets.extend(
            FORMATS
                .iter()
                .find(|known| known.name == *format)
                .map(|known| (known, file)),
        );
    }
    let signs_nothing = targets.iter().any(|(format, file)| {
        file.is_none() || report::FOLDERS.iter().any(|(name, _)| *name == format.name)
    });
    if options.sign.is_some() && signs_nothing {
        let reason = "--sign signs reports in files: name one with --output, or --format json=FILE";
        return Err(Error::Usage(reason.to_owned()));
    }
    Ok(targets)
}

/// Says where the name of a file promises another format than it gets. Endings that several formats use promise nothing.
pub(super) fn note_other_endings(targets: &[Target], talk: TalkOptions) {
    const OF_SEVERAL: [&str; 3] = ["json", "txt", "xml"];
    for (format, file) in targets {
        let Some(end) = file.as_deref().and_then(ending) else {
            continue;
        };
        let is_end = |of: &&str| *of == end;
        let other = FORMATS
            .iter()
            .find(|other| other.name != format.name && other.endings.iter().any(is_end));
        if format.endings.iter().any(is_end) || OF_SEVERAL.contains(&&*end) {
            continue;
        }
        if let (Some(other), Some(file)) = (other, file) {
            let file = report::safe(&file.display().to_string());
            talk.note(&format!(
                "{file} gets the format {}, though its name is that of {}",
                format.name, other.name
            ));
        }
    }
}

/// Renders a report in each format to its place.
pub(super) fn write_reports(
    targets: Vec<Target>,
    report: &Presentable,
    rules: &Rules,
    (language, talk): (Language, TalkOptions),
    options: &OutputOptions,
    gate: &Gate,
) -> Result<()> {
    let signer = keys::signer(options.sign.as_deref())?;
    for (format, file) in targets {
        if file.is_none() && io::stdout().is_terminal() && BINARY.contains(&format.name) {
            let name = format.name;
            let advice = format!("{name} is no text for a terminal; name a file: -f {name}=FILE");
            return Err(Error::Usage(advice));
        }
        let rendering = report::Options {
            language,
            width: talk.width(file.is_some()),
            color: talk.is_coloured(file.is_some()),
            level: gate.fail_on.unwrap_or(RiskLevel::Medium),
        };
        let mut folders = report::FOLDERS.iter();
        match (&file, folders.find(|(name, _)| *name == format.name)) {
            (Some(folder), Some((_, files))) => {
                for (name, contents) in files(report, rules, rendering)? {
                    create_folder(folder)?;
                    write_to(Some(&folder.join(name)), |out| out.write_all(&contents))?;
                }
            }
            _ => write_to(file.as_deref(), |out| {
                (format.write)(report, rules, rendering, out)
            })?,
        }
        if let Some(signer) = &signer {
            keys::sign(signer, file.as_deref())?;
        }
    }
    if let Some(folder) = &options.pictures {
        write_pictures(folder, report, rules, language)?;
    }
    Ok(())
}

/// Writes the pictures of a report into a folder, which is made if there is none.
fn write_pictures(
    folder: &Path,
    report: &Presentable,
    rules: &Rules,
    language: Language,
) -> Result<()> {
    create_folder(folder)?;
    for (name, picture) in report::pictures(report, rules, language) {
        write_to(Some(&folder.join(name)), |out| {
            out.write_all(picture.as_bytes())
        })?;
    }
    Ok(())
}

/// The format that the ending of a file's name asks for; the table if it has none.
fn format_by_name(file: Option<&Path>) -> Result<&'static str> {
    let Some(ending) = file.and_then(ending) else {
        return Ok("table");
    };
    let mut formats = FORMATS.iter();
    let format = formats.find(|format| format.endings.contains(&ending.as_str()));
    format.map(|format| format.name).ok_or_else(|| {
        let advice = match ending.as_str() {
            "csv" => "csv fills a folder: -f csv=DIR",
            _ => "name the format: --format json, for instance",
        };
        Error::Usage(format!(
            "no format is known by the ending .{ending}; {advice}"
        ))
    })
}

/// The ending of a file's name, in lower case.
pub(super) fn ending(file: &Path) -> Option<String> {
    Some(file.extension()?.to_string_lossy().to_lowercase())
}

fn create_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|source| Error::WriteFile {
        path: path.to_owned(),
        source,
    })
}

/// Writes text to standard output, its lines broken at the width of the terminal, or the one that was asked for.
pub(super) fn write_prose(
    talk: TalkOptions,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    let Some(width) = talk.terminal_width(false) else {
        return write_to(None, write);
    };
    let mut text = Vec::new();
    write(&mut text)?;
    let text = report::wrapped(&String::from_utf8_lossy(&text), width);
    write_to(None, |out| out.write_all(text.as_bytes()))
}

/// Writes to a file or to standard output.
pub(super) fn write_to(
    file: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    let Some(path) = file else {
        let mut out = BufWriter::new(io::stdout().lock());
        return match write(&mut out).and_then(|()| out.flush()) {
            // Whoever reads has seen enough; the gate and other files are still to come.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => Ok(written?),
        };
    };
    let to_file = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut out = BufWriter::new(File::create(path)?);
        write(&mut out)?;
        out.flush()
    };
    to_file().map_err(|source| Error::WriteFile {
        path: path.to_owned(),
        source,
    })
}
