//! What names of phones and apps lead to, and times without a zone.

use std::fs;
use std::path::Path;

use super::{folder, json, run, stdout};

fn put(case: &Path, name: &str, contents: impl AsRef<[u8]>) {
    let path = case.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, contents).unwrap();
}

/// A case with one phone that has a capture and a dump with times of its own clock.
fn phone(test: &str, policy: &str) -> std::path::PathBuf {
    let case = folder(test);
    for file in [
        "dumpsys-appops.txt",
        "dumpsys-package.txt",
        "pcapdroid.pcap",
    ] {
        let contents = fs::read(Path::new("samples/case/private-phone").join(file)).unwrap();
        put(&case, &format!("phone/{file}"), contents);
    }
    put(&case, "phonehome.toml", policy);
    case
}

fn report(case: &Path) -> String {
    let output = run(&["audit", case.to_str().unwrap(), "--width", "200"]);
    stdout(&output)
}

#[test]
fn times_of_an_unknown_zone_are_marked_and_no_part_of_the_heading() {
    let shown = report(&phone("local_times", ""));
    assert!(
        shown.contains("last 2026-10-07 14:05 (phone's local time)"),
        "{shown}"
    );
    let heading = shown.lines().nth(1).unwrap();
    assert!(
        heading.contains("2026-10-07 12:05 to 2026-10-07 12:"),
        "{heading}"
    );
}

#[test]
fn times_are_read_in_the_zone_that_the_policy_names() {
    let zone =
        "[[device]]\nfolder = \"phone\"\nkind = \"private\"\ntime_zone = \"Europe/Berlin\"\n";
    let case = phone("named_zone", zone);
    let shown = report(&case);
    assert!(shown.contains("last 2026-10-07 12:05)"), "{shown}");
    assert!(!shown.contains("local time"), "{shown}");
    put(&case, "phonehome.toml", zone.replace("Berlin", "Berlim"));
    let refused = run(&["audit", case.to_str().unwrap()]);
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(words.contains("`Europe/Berlim` is no time zone"), "{words}");
}

#[test]
fn apps_of_lists_are_known_by_all_their_names_and_near_ones_are_only_noted() {
    let case = folder("names_of_apps");
    let list = "ApplicationName,DeviceName,Platform\nWhats App,T1,Android\nWA,T2,iOS\nMicrosft Outlok,T3,Android\n\
                Microsoft-Outlook,T4,Android\n";
    put(&case, "list.csv", list);
    put(
        &case,
        "phonehome.toml",
        "organisation = \"X\"\n[[app]]\nid = \"whatsapp\"\nstatus = \"forbidden\"\n",
    );
    let shown = report(&case);
    assert_eq!(
        shown
            .matches("WhatsApp – not allowed by the policy (known only by its name")
            .count(),
        2,
        "{shown}"
    );
    assert!(
        shown.contains("Microsft Outlok – the policy does not name it (maybe Microsoft Outlook)"),
        "{shown}"
    );
    assert!(
        shown.contains("Microsoft Outlook – the policy does not name it (known only by its name"),
        "{shown}"
    );
}

#[test]
fn one_phone_is_one_however_its_name_is_spelled() {
    let case = folder("names_of_phones");
    let capture = fs::read("samples/case/private-phone/pcapdroid.pcap").unwrap();
    // as macOS writes names of files
    put(&case, "Au\u{df}endienst-Ha\u{308}ndy/capture.pcap", capture);
    put(
        &case,
        "phones/list.csv",
        "ApplicationName,DeviceName,Platform\nSignal,AU\u{df}ENDIENST-H\u{e4}ndy,Android\n\
        Signal,Lager-Tablet,Android\nSignal,Lager Tablet,Android\n",
    );
    let phones = json(&["audit", case.to_str().unwrap(), "-f", "json"]);
    let names: Vec<&str> = phones["devices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|phone| phone["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
    let shown = report(&case);
    assert!(
        shown.contains("“Lager Tablet” and “Lager-Tablet” are maybe one phone"),
        "{shown}"
    );
}
