//! ZIP archives that hold phones, packages of apps, and what nobody knows.

use std::fs;
use std::path::{Path, PathBuf};

use phonehome::intake;
use phonehome::model::Platform;

use crate::forge::record::{self, Exchange};
use crate::forge::{archive, inventory, log, sources};
use crate::on_disk;

fn file(test: &str, name: &str, bytes: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("archives")
        .join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn traffic() -> Vec<u8> {
    record::pcap(&[Exchange {
        method: "GET",
        host: "api.example".to_owned(),
        target: "/".to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        response: b"ok".to_vec(),
    }])
}

/// Devices with the formats of their inputs.
fn devices(path: &Path) -> Vec<(String, Vec<&'static str>)> {
    let found = intake::discover(&[path.to_owned()]).unwrap();
    let devices = found.devices.into_iter();
    devices
        .map(|device| {
            let mut formats: Vec<_> = device.inputs.iter().map(|input| input.format).collect();
            formats.sort_unstable();
            (device.name, formats)
        })
        .collect()
}

fn source(format: &str) -> Vec<u8> {
    let mut files = sources::files().into_iter();
    files.find(|(_, known, _)| *known == format).unwrap().2
}

#[test]
fn folders_of_several_phones_in_an_archive_are_several_phones() {
    let (traffic, dump) = (traffic(), source("dumpsys-package"));
    let appops = log::APPOPS_14.as_bytes();
    let phones: [(&str, &[u8]); 3] = [
        ("anna/traffic.pcap", &traffic),
        ("anna/dump.txt", &dump),
        ("ben/other.pcap", &traffic),
    ];
    let case = phones.map(|(name, bytes)| (format!("case/{name}"), bytes));
    let case: Vec<(&str, &[u8])> = case.iter().map(|(name, bytes)| (&**name, *bytes)).collect();
    let expected = [
        ("anna".to_owned(), vec!["dumpsys-package", "pcap"]),
        ("ben".to_owned(), vec!["pcap"]),
    ];
    for (test, files) in [("phones", &phones[..]), ("case", &case)] {
        let path = file(test, "all.zip", &archive::zip(files));
        assert_eq!(devices(&path), expected, "{test}");
        // Also where it lies in the folder that was named.
        assert_eq!(devices(path.parent().unwrap()), expected, "{test}");
    }
    // Folders that only keep order.
    let one: [(&str, &[u8]); 3] = [
        ("phone/traffic/1.pcap", &traffic),
        ("phone/logs/appops.txt", appops),
        ("phone/dump.txt", &dump),
    ];
    let path = file("one", "anna.zip", &archive::zip(&one));
    let formats = vec!["dumpsys-appops", "dumpsys-package", "pcap"];
    assert_eq!(devices(&path), [("anna".to_owned(), formats)]);
}

#[test]
fn archives_of_a_phone_each_are_several_phones() {
    let (traffic, dump) = (traffic(), source("dumpsys-package"));
    let phone = archive::zip(&[("traffic.pcap", &traffic), ("dump.txt", &dump)]);
    let capture = archive::zip(&[("traffic.pcap", &traffic)]);
    let report = archive::zip(&[("dump.txt", &dump)]);
    let app = archive::zip(&[("a.apk", &source("apk"))]);
    let names = |test: &str, files: &[(&str, &[u8])]| {
        let folder = on_disk::folder(&format!("archives/{test}"), files);
        let mut names: Vec<String> = devices(&folder).into_iter().map(|(name, _)| name).collect();
        // The same where the files are named one by one.
        let paths: Vec<PathBuf> = files.iter().map(|(name, _)| folder.join(name)).collect();
        let one_by_one = intake::discover(&paths).unwrap().devices;
        assert_eq!(one_by_one.len(), names.len(), "{test}");
        names.sort();
        names.join(" ")
    };
    let fleet: [(&str, &[u8]); 3] = [
        ("anna.zip", &phone),
        ("ben.zip", &phone),
        ("apps.zip", &app),
    ];
    assert_eq!(names("fleet", &fleet), "anna ben fleet");
    let numbers: [(&str, &[u8]); 2] = [("phone-1.zip", &capture), ("phone-2.zip", &phone)];
    assert_eq!(names("numbers", &numbers), "phone-1 phone-2");
    // One phone: what it has once is in one of them, or they are named after days.
    let parts: [(&str, &[u8]); 2] = [("capture.zip", &capture), ("bugreport.zip", &report)];
    assert_eq!(names("parts", &parts), "parts");
    let days: [(&str, &[u8]); 2] = [
        ("logs_2026-09-21T14-00.zip", &capture),
        ("logs_2026-09-22T14-05.zip", &capture),
    ];
    assert_eq!(names("days", &days), "days");
    // What lies beside them is of the phone that all are of.
    let beside: [(&str, &[u8]); 3] = [("a.zip", &capture), ("b.zip", &phone), ("c.pcap", &traffic)];
    assert_eq!(names("beside", &beside), "beside");
}

/// The folder of a phone says whose its archives are only where the case above it is named.
#[test]
fn archives_in_the_folder_of_a_phone_are_of_that_phone() {
    let phone = archive::zip(&[("dump.txt", &source("dumpsys-package"))]);
    let files: [(&str, &[u8]); 2] = [("alice/monday.zip", &phone), ("alice/tuesday.zip", &phone)];
    let case = on_disk::folder("archives/of-one-phone", &files);
    let names = |path: &Path| {
        let found = devices(path).into_iter().map(|(name, _)| name);
        found.collect::<Vec<_>>()
    };
    assert_eq!(names(&case), ["alice"]);
    assert_eq!(names(&case.join("alice")), ["monday", "tuesday"]);
}

/// A bug report with that build and, if it is not empty, that line about the serial number.
fn bug_report(build: &str, serial: &str) -> Vec<u8> {
    let header = format!("Build fingerprint: '{build}:user/release-keys'\n{serial}\n");
    let text =
        inventory::bug_report().replacen("------ SYSTEM", &format!("{header}------ SYSTEM"), 1);
    archive::zip(&[("bugreport.txt", text.as_bytes())])
}

/// However they are named, and whichever folder is.
#[test]
fn bug_reports_say_of_which_phone_they_are() {
    let (old, new) = ("google/husky/husky:14/A/1", "google/husky/husky:15/B/2");
    let command = "Command line: console=x androidboot.serialno=S1AB quiet";
    let config = |serial: &str| {
        format!("Bootconfig: androidboot.x = \"1\"\nandroidboot.serialno = \"{serial}\"")
    };
    let first = bug_report(old, command);
    let updated = bug_report(new, &config("S1AB"));
    let another = bug_report(old, &config("S2AB"));
    let other_model = bug_report("google/shiba/shiba:14/A/1", "");
    let unknown = bug_report(old, "");
    let names = |test: &str, files: &[(&str, &[u8])]| {
        let folder = on_disk::folder(&format!("archives/reports-{test}/month"), files);
        let of = |path: &Path| {
            let found = devices(path).into_iter();
            found.map(|(name, _)| name).collect::<Vec<_>>().join(", ")
        };
        (of(&folder), of(folder.parent().unwrap()))
    };
    let one: [(&str, &[u8]); 2] = [("a-1.zip", &first), ("b-2.zip", &updated)];
    assert_eq!(names("one", &one), ("month".into(), "month".into()));
    let two: [(&str, &[u8]); 3] = [
        ("husky-2026-01-01.zip", &first),
        ("husky-2026-01-02.zip", &another),
        ("other-2026-01-03.zip", &updated),
    ];
    assert_eq!(
        names("two", &two),
        (
            "husky, husky (2)".into(),
            "month husky, month husky (2)".into()
        )
    );
    let models: [(&str, &[u8]); 2] = [("a.zip", &unknown), ("b.zip", &other_model)];
    assert_eq!(
        names("models", &models),
        ("a, b".into(), "month a, month b".into())
    );
    // One model: the folder says it.
    let unknown: [(&str, &[u8]); 2] = [("a.zip", &unknown), ("b.zip", &unknown)];
    assert_eq!(names("unknown", &unknown), ("a, b".into(), "month".into()));
}

/// A workbook with a title above its table, alone, and in an archive.
#[test]
fn a_list_of_apps_in_a_workbook_is_read() {
    let row = |cells: &[&str]| {
        let cells = cells
            .iter()
            .map(|cell| format!("<c t=\"inlineStr\"><is><t>{cell}</t></is></c>"));
        format!("<row>{}</row>", cells.collect::<String>())
    };
    let sheet = |rows: &[&[&str]]| {
        let rows: String = rows.iter().map(|cells| row(cells)).collect();
        format!("<worksheet><sheetData>{rows}</sheetData></worksheet>").into_bytes()
    };
    let cover = sheet(&[&["Devices"]]);
    let list = sheet(&[
        &["Devices, 2026-01-01"],
        &[
            "Serial Number",
            "Device Name",
            "Bundle ID",
            "App Name",
            "Version",
        ],
        &["S1", "Phone 1", "org.example.chat", "Chat", "7.1"],
    ]);
    let workbook = |list: &[u8]| {
        archive::zip(&[
            ("[Content_Types].xml", b"<Types/>"),
            ("xl/workbook.xml", b"<workbook/>"),
            ("xl/worksheets/sheet1.xml", &cover),
            ("xl/worksheets/sheet2.xml", list),
        ])
    };
    let whole = workbook(&list);
    let nested = archive::zip(&[("lists/apps.xlsx", &whole)]);
    for (name, bytes) in [("apps.xlsx", &whole), ("lists.zip", &nested)] {
        let case = intake::discover(&[file("workbook", name, bytes)]).unwrap();
        let input = &case.devices[0].inputs[0];
        assert_eq!(input.format, "app-inventory-csv");
        assert_eq!(input.wrapping.unwrap().name, "xlsx");
        let (dossier, damage) = input.gather().unwrap().unwrap();
        assert_eq!((damage.len(), dossier.others.len()), (0, 1), "{name}");
        assert!(dossier.others["S1"].apps.contains_key("org.example.chat"));
    }
    let left_out = intake::survey(&[file("other", "a.xlsx", &workbook(&cover))])
        .unwrap()
        .left_out;
    assert_eq!(left_out[0].2, "a workbook without a list of apps");
}

#[test]
fn a_list_of_apps_in_a_spreadsheet_of_open_document_is_read() {
    let row = |cells: &[&str]| {
        let cells = cells
            .iter()
            .map(|cell| format!("<table:table-cell><text:p>{cell}</text:p></table:table-cell>"));
        format!(
            "<table:table-row>{}</table:table-row>",
            cells.collect::<String>()
        )
    };
    let table = |rows: &str| format!("<table:table>{rows}</table:table>");
    let list = row(&["Serial Number", "Bundle ID", "App Name"])
        + &row(&["S1", "org.example.chat", "Chat"]);
    let kind = b"application/vnd.oasis.opendocument.spreadsheet";
    let spreadsheet = |tables: &str| {
        let kind = archive::Entry::stored("mimetype", kind);
        let content = archive::Entry::deflated("content.xml", tables.as_bytes());
        archive::zip_of(&[kind, content], &[])
    };
    let cover = table(&row(&["Devices"]));
    let whole = spreadsheet(&(cover.clone() + &table(&list)));
    let case = intake::discover(&[file("spreadsheet", "apps.ods", &whole)]).unwrap();
    let input = &case.devices[0].inputs[0];
    assert_eq!(input.format, "app-inventory-csv");
    let (dossier, damage) = input.gather().unwrap().unwrap();
    assert_eq!((damage.len(), dossier.others.len()), (0, 1));
    assert!(dossier.others["S1"].apps.contains_key("org.example.chat"));
    let other = file("spreadsheet-other", "a.ods", &spreadsheet(&cover));
    let left_out = intake::survey(&[other]).unwrap().left_out;
    assert_eq!(left_out[0].2, "a spreadsheet without a list of apps");
}

/// Columns beyond the bound are told; a small file that refers to one long text often is read within bounds.
#[test]
fn a_workbook_is_read_within_bounds_and_what_is_left_out_told() {
    let gathered = |strings: &str, rows: &str| {
        let head = ["Serial Number", "Bundle ID", "App Name"]
            .map(|name| format!("<c t=\"str\"><v>{name}</v></c>"))
            .concat();
        let sheet =
            format!("<worksheet><sheetData><row>{head}</row>{rows}</sheetData></worksheet>");
        let bytes = archive::zip(&[
            ("[Content_Types].xml", b"<Types/>"),
            ("xl/sharedStrings.xml", strings.as_bytes()),
            ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ]);
        let case = intake::discover(&[file("bounds", "apps.xlsx", &bytes)]).unwrap();
        let (dossier, notes) = case.devices[0].inputs[0].gather().unwrap().unwrap();
        (
            dossier,
            notes
                .into_iter()
                .map(|(_, detail)| detail)
                .collect::<Vec<_>>(),
        )
    };
    let row =
        |last: &str| format!("<row><c><v>S1</v></c><c><v>org.example.chat</v></c>{last}</row>");
    let (dossier, notes) = gathered("<sst/>", &row("<c r=\"XFD2\"><v>far</v></c>"));
    assert!(dossier.others["S1"].apps.contains_key("org.example.chat"));
    assert_eq!(notes, ["only the first 256 columns of a sheet are read"]);

    let long = format!("<sst><si><t>{}</t></si></sst>", "a".repeat(900_000));
    let wide = format!(
        "{}<row>{}</row>",
        row(""),
        "<c t=\"s\"><v>0</v></c>".repeat(16_000)
    );
    let (dossier, notes) = gathered(&long, &wide);
    assert!(dossier.others["S1"].apps.contains_key("org.example.chat"));
    assert_eq!(notes, ["more cells or text in the workbook than the bound"]);

    let sheet = format!(
        "<sheetData><row>{}</row></sheetData>",
        "<c t=\"s\"><v>0</v></c>".repeat(16_000)
    );
    let bytes = archive::zip(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("xl/sharedStrings.xml", long.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ]);
    let left_out = intake::survey(&[file("spent", "a.xlsx", &bytes)])
        .unwrap()
        .left_out;
    assert_eq!(
        left_out[0].2,
        "a workbook without a list of apps; more cells or text in the workbook than the bound"
    );
}

#[test]
fn packages_of_apps_in_an_archive_are_read() {
    let (apk, xapk) = (source("apk"), source("apk-set"));
    let (ipa, bundle) = (source("ipa"), source("aab"));
    let nested = archive::zip(&[("notes.pdf", b"%PDF")]);
    let files: [(&str, &[u8]); 7] = [
        ("a.apk", &apk),
        ("b.xapk", &xapk),
        ("c.ipa", &ipa),
        ("d.aab", &bundle),
        ("inner.zip", &nested),
        ("picture.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"),
        ("README.md", b"# What this is\n"),
    ];
    let path = file("packages", "phone.zip", &archive::zip(&files));
    let formats = vec!["aab", "apk", "apk-set", "ipa"];
    assert_eq!(devices(&path), [("phone".to_owned(), formats)]);
    let found = intake::discover(&[path]).unwrap();
    for input in &found.devices[0].inputs {
        let (dossier, notes) = input.gather().unwrap().unwrap();
        let (declaration, _) = dossier.declarations.values().next().unwrap();
        assert_eq!(declaration.package, "com.example.notes", "{}", input.format);
        assert_eq!(notes, [], "{}", input.format);
        let is_apple = declaration.platform == Platform::Ios;
        assert_eq!(is_apple, input.format == "ipa");
    }
    let left_out: Vec<(&str, &str)> = found
        .left_out
        .iter()
        .map(|(path, _, reason)| (path.as_str(), reason.as_str()))
        .collect();
    assert_eq!(
        left_out,
        [
            (
                "phone.zip/inner.zip",
                "an archive inside an archive; unpack it"
            ),
            ("phone.zip/picture.jpg", "no known format"),
        ]
    );
    assert_eq!(found.for_people, ["phone.zip/README.md"]);
}
