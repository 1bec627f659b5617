//! The embedded rules hold what they promise.

mod facts;

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use phonehome::model::{PathId, Paths, Place, Step};
use phonehome::rules::{DiscoveryMethod, FILES, NameStrength, Role, Rules, TransferStatus};
use phonehome::{Error, detect};

fn rules() -> Rules {
    Rules::embedded()
}

fn ids<'a>(apps: impl IntoIterator<Item = &'a phonehome::rules::App>) -> Vec<&'a str> {
    apps.into_iter().map(|app| &*app.id).collect()
}

fn path(names: &[&str]) -> (Paths, PathId) {
    let mut paths = Paths::default();
    let path = names.iter().fold(PathId::default(), |path, name| {
        let step = match name.parse() {
            Ok(index) => Step::Index(index),
            Err(_) => Step::Name(paths.add_name((*name).into())),
        };
        paths.add(path, step)
    });
    (paths, path)
}

/// The kinds of data that a path speaks of.
fn identifiers(rules: &Rules, names: &[&str]) -> Vec<(String, NameStrength)> {
    let (paths, path) = path(names);
    let path = paths.path(path);
    let by_name = rules.identifiers_named(path.name());
    let before = path.names_back().skip(1);
    let mut found = Vec::new();
    rules.identifiers_of_names(&by_name, &before, |rule, strength| {
        found.push((rule.id.to_string(), strength));
    });
    found
}

#[test]
fn the_longest_host_suffix_wins_on_label_boundaries() {
    let rules = rules();
    assert_eq!(
        rules.endpoint("graph.facebook.com").unwrap().role,
        Role::Analytics
    );
    assert_eq!(
        rules.endpoint("www.facebook.com").unwrap().role,
        Role::Social
    );
    assert!(rules.endpoint("notfacebook.com").is_none());
    assert!(rules.endpoint("").is_none());
    for endpoint in rules.endpoints() {
        let found = rules.endpoint(&format!("x.{}", endpoint.suffix)).unwrap();
        assert!(endpoint.suffix == found.suffix || found.suffix.ends_with(&*endpoint.suffix));
        assert_eq!(
            rules.endpoint(&endpoint.suffix).unwrap().suffix,
            endpoint.suffix
        );
        let glued = rules.endpoint(&format!("x{}", endpoint.suffix));
        assert!(glued.is_none_or(|found| found.suffix.len() < endpoint.suffix.len()));
    }
}

#[test]
fn apps_are_told_by_package_host_signature_address_and_user_agent() {
    let rules = rules();
    assert_eq!(
        &*rules.app_of_package("com.whatsapp").unwrap().id,
        "whatsapp"
    );
    assert_eq!(&*rules.app_of_package("com.wire").unwrap().id, "wire");
    assert!(rules.app_of_package("com.example.nobody").is_none());
    assert_eq!(
        ids(rules.apps_of_host("g.whatsapp.net")),
        ["whatsapp", "whatsapp-business"]
    );
    assert_eq!(
        ids(rules.apps_of_host("apip-work.threema.ch")),
        ["threema-work"]
    );
    assert!(
        rules.apps_of_host("graph.facebook.com").is_empty(),
        "an SDK host tells no app"
    );
    assert!(rules.apps_of_host("maps.googleapis.com").is_empty());
    assert!(ids(rules.apps_of_signature("viber-tcp")).contains(&"viber"));
    let address: IpAddr = "149.154.167.51".parse().unwrap();
    assert_eq!(ids(rules.apps_of_address(address)), ["telegram"]);
    assert!(
        rules
            .apps_of_address("192.0.2.1".parse().unwrap())
            .is_empty()
    );
    assert_eq!(
        &*rules.app_of_user_agent("WhatsApp/2.24.1 A").unwrap().id,
        "whatsapp"
    );
    assert_eq!(
        &*rules.app_of_user_agent("WhatsApp SMB/2.24.1 A").unwrap().id,
        "whatsapp-business"
    );
    assert!(
        rules
            .app_of_user_agent("Mozilla/5.0 (Linux; Android 14)")
            .is_none()
    );
}

#[test]
fn every_host_of_an_app_names_a_company() {
    let rules = rules();
    for app in rules.apps() {
        for host in app.hosts.iter().chain(&app.shared_hosts) {
            assert!(rules.endpoint(host).is_some(), "{}: {host}", app.id);
        }
    }
}

#[test]
fn hosts_of_the_operating_system_tell_no_app() {
    let rules = rules();
    for host in [
        "mtalk.google.com",
        "alt3-mtalk.google.com",
        "connectivitycheck.gstatic.com",
        "captive.apple.com",
        "7-courier.push.apple.com",
        "time.android.com",
        "ocsp.digicert.com",
        "epdg.epc.mnc001.mcc262.pub.3gppnetwork.org",
        "connect.rom.miui.com",
    ] {
        assert!(rules.is_system_host(host), "{host}");
        assert!(rules.apps_of_host(host).is_empty(), "{host}");
    }
    for host in [
        "www.google.com",
        "g.whatsapp.net",
        "app-measurement.com",
        "example.com",
    ] {
        assert!(!rules.is_system_host(host), "{host}");
    }
}

#[test]
fn names_are_compared_without_case_and_punctuation() {
    let rules = rules();
    for spelling in [
        &["GPS_ADID"][..],
        &["gps-adid"],
        &["user", "$gpsAdid"],
        &["device", "ifa"],
        &["device.ifa"],
    ] {
        let strong = ("advertising-id".to_owned(), NameStrength::Strong);
        assert!(
            identifiers(&rules, spelling).contains(&strong),
            "{spelling:?}"
        );
    }
    let weak = ("advertising-id".to_owned(), NameStrength::Weak);
    assert!(identifiers(&rules, &["dev_id"]).contains(&weak));
    assert!(identifiers(&rules, &["colour"]).is_empty());
}

#[test]
fn a_layout_tells_what_its_fields_are() {
    let rules = rules();
    let layouts = rules.layouts("graph.facebook.com", "/v17.0/1234/activities");
    let layout = layouts
        .iter()
        .find(|layout| &*layout.id == "facebook-app-events")
        .unwrap();
    let (paths, path) = path(&["extinfo", "5"]);
    let field = layout.field(Place::Body, paths.path(path)).unwrap();
    assert_eq!(&*field.property, "model");
    assert_eq!(
        &*rules.identifier_of_field(field).unwrap().id,
        "device-model"
    );
    assert!(
        rules
            .layouts("www.example.com", "/v17.0/1234/activities")
            .is_empty()
    );
    assert!(
        !rules
            .layouts("bidder.example.com", "/openrtb2/auction")
            .is_empty()
    );
    assert!(rules.is_sdk_host("app.adjust.com"));
}

#[test]
fn the_law_knows_countries_and_provisions() {
    let rules = rules();
    let legal = rules.legal();
    assert_eq!(legal.transfer_status("DE"), TransferStatus::Eea);
    assert!(matches!(
        legal.transfer_status("CH"),
        TransferStatus::Adequate(_)
    ));
    assert!(matches!(
        legal.transfer_status("US"),
        TransferStatus::PartlyAdequate(_)
    ));
    assert_eq!(legal.transfer_status("CN"), TransferStatus::None);
    assert!(
        legal
            .provisions_of("contacts-plain")
            .any(|provision| &*provision.id == "gdpr-14")
    );
    assert_eq!(&*legal.observations_of("advertising-id")[0].id, "ad-id");
}

#[test]
fn the_scoring_examples_add_up() {
    let rules = rules();
    let scoring = &rules.legal().scoring;
    assert!(!scoring.examples.is_empty());
    for example in &scoring.examples {
        let points: i8 = example
            .modifiers
            .iter()
            .map(|id| scoring.modifier(id).unwrap().points)
            .sum();
        let likelihood = u8::try_from(points.clamp(1, 4)).unwrap();
        assert_eq!(likelihood, example.likelihood, "{}", example.app);
        let observation = rules.legal().observation(&example.observation).unwrap();
        assert_eq!(
            observation.severity,
            Some(example.severity),
            "{}",
            example.app
        );
        let risk = example.severity * likelihood;
        assert_eq!(risk, example.risk, "{}", example.app);
        let percent = u16::from(scoring.evidence(&example.evidence).unwrap().percent);
        assert_eq!(
            u16::from(risk) * percent,
            example.priority_hundredths,
            "{}",
            example.app
        );
        assert_eq!(
            scoring.level(risk).unwrap().id,
            example.level,
            "{}",
            example.app
        );
    }
}

#[test]
fn profiles_say_how_contacts_leave_the_phone() {
    let rules = rules();
    let method = |id| rules.app(id).unwrap().contact_discovery.method;
    assert_eq!(method("whatsapp"), DiscoveryMethod::PlainNumbers);
    assert_eq!(method("signal"), DiscoveryMethod::Enclave);
    assert_eq!(method("mattermost"), DiscoveryMethod::None);
}

#[test]
fn a_permission_tells_which_data_it_opens() {
    let rules = rules();
    let permission = rules
        .permission("android.permission.READ_CONTACTS")
        .unwrap();
    assert_eq!(permission.risk, 3);
    let category = rules
        .permission_category(permission.category.as_deref().unwrap())
        .unwrap();
    assert!(category.third_party);
    assert!(rules.permission("NSContactsUsageDescription").is_some());
    assert!(
        rules
            .permission("android.permission.NOT_A_PERMISSION")
            .is_none()
    );
}

#[test]
fn the_embedded_rules_have_no_problems() {
    let problems: Vec<String> = Rules::check(None)
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_rule_finds_its_examples_and_leaves_its_counter_examples() {
    let failed = detect::failed_examples(&rules());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn a_rule_that_does_not_do_what_it_says_is_named() {
    let folder = copy_of_the_rules("examples");
    let path = folder.join("identifiers.toml");
    let text = fs::read_to_string(&path).unwrap();
    let changed = text.replacen("gps_adid=", "gps_colour=", 1).replacen(
        "{\"recycler\"",
        "{\"diagnosis\": \"J45\", \"recycler\"",
        1,
    );
    assert_ne!(changed, text);
    fs::write(&path, changed).unwrap();
    let failed = detect::failed_examples(&Rules::load(&folder).unwrap());
    assert_eq!(
        failed,
        [
            "advertising-id: example 1 (Adjust) is not found",
            "special-category-hint: counter example 1 (words that only look like it) is found"
        ]
    );
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_broken_rule_file_is_refused_with_its_place() {
    let folder = copy_of_the_rules("broken");
    let path = folder.join("apps.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replacen("[[app]]", "[[app]]\ncolour = \"red\"", 1),
    )
    .unwrap();
    let error = Rules::load(&folder).unwrap_err();
    let Error::Rule { file, reason } = &error else {
        panic!("{error}");
    };
    assert_eq!(file, "apps.toml");
    assert!(
        reason.contains("line ") && reason.contains("column 1"),
        "{reason}"
    );
    assert!(
        reason.contains("colour = \"red\"") && reason.contains('^'),
        "{reason}"
    );
    assert!(reason.contains("unknown field `colour`"), "{reason}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn every_problem_of_a_folder_is_named_at_once() {
    let folder = copy_of_the_rules("problems");
    let append = |file: &str, text: &str| {
        let path = folder.join(file);
        let old = fs::read_to_string(&path).unwrap();
        fs::write(path, format!("{old}\n{text}")).unwrap();
    };
    append(
        "endpoints.toml",
        "[[endpoint]]\nsuffix = \"facebook.com\"\ncompany = \"X\"\nrole = \"ads\"\nservice = \"X\"\nsources = [\"nowhere\"]",
    );
    append(
        "questions.toml",
        "[[question]]\nid = \"Not_Kebab\"\nsubject = \"app\"\nprovisions = [\"gdpr-999\"]\n\
         condition = { de = \"x\", en = \"x\" }\ntext = { de = \"Das verstößt gegen alles\", en = \"\" }\nwhy = { de = \"x\", en = \"x\" }",
    );
    append(
        "signatures.toml",
        "[[signature]]\nid = \"bad-pattern\"\ntransports = [\"tls\"]\nmeaning = { de = \"x\", en = \"x\" }\n\
         server_name_pattern = \"(\"\nconfidence = \"low\"\nsource = \"x\"",
    );
    let change = |file: &str, from: &str, to: &str| {
        let path = folder.join(file);
        let old = fs::read_to_string(&path).unwrap();
        assert!(old.contains(from), "{file}: {from}");
        fs::write(path, old.replacen(from, to, 1)).unwrap();
    };
    change("documents.toml", "{question}]", "{frage}]");
    change(
        "measures.toml",
        "Messages and metadata stay",
        "Unlawful messages stay",
    );
    let problems = Rules::check(Some(&folder)).unwrap();
    let all = problems
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    for expected in [
        "endpoint facebook.com is there twice",
        "names the source nowhere, which does not exist",
        "\"Not_Kebab\" is not in kebab-case",
        "names the provision gdpr-999, which does not exist",
        "is a verdict",
        "a language is missing",
        "gap: the languages fill in different places",
        "self-host: \"unlawful\" is a verdict",
        "bad-pattern: regex parse error",
    ] {
        assert!(all.contains(expected), "{expected}\n---\n{all}");
    }
    assert!(Rules::load(&folder).is_err());
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_folder_without_one_of_the_files_is_refused_by_its_name() {
    let folder = copy_of_the_rules("missing");
    fs::remove_file(folder.join("legal.toml")).unwrap();
    let error = Rules::load(&folder).unwrap_err().to_string();
    assert!(error.contains("legal.toml"), "{error}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn rules_of_a_folder_have_a_checksum_of_their_own() {
    let folder = copy_of_the_rules("checksum");
    let same = Rules::load(&folder).unwrap();
    assert_eq!(same.sha256(), rules().sha256());
    assert_eq!(same.sha256().len(), 64);
    let path = folder.join("questions.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n# a remark\n")).unwrap();
    assert_ne!(Rules::load(&folder).unwrap().sha256(), same.sha256());
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_is_embedded_is_what_the_files_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let (embedded, loaded) = (rules(), Rules::load(&folder).unwrap());
    let parts = |rules: &Rules| {
        [
            format!("{:?}", rules.apps()),
            format!("{:?}", rules.circumstances()),
            format!("{:?}", rules.criteria()),
            format!("{:?}", rules.messenger_options()),
            format!("{:?}", rules.endpoints()),
            format!("{:?}", rules.identifiers()),
            format!("{:?}", rules.legal()),
            format!("{:?}", rules.measures()),
            format!("{:?}", rules.all_layouts()),
            format!("{:?}", rules.all_permissions().collect::<Vec<_>>()),
            format!("{:?}", rules.questions()),
            format!("{:?}", rules.sdks()),
            format!("{:?}", rules.signatures()),
        ]
    };
    for (ours, theirs) in parts(&embedded).iter().zip(&parts(&loaded)) {
        assert!(ours.len() > 1000);
        assert_eq!(ours, theirs);
    }
    assert_eq!(embedded.sha256(), loaded.sha256());
}

fn copy_of_the_rules(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("rules-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for file in FILES {
        fs::write(folder.join(file.name), file.text).unwrap();
    }
    folder
}

#[test]
fn every_app_is_told_by_everything_its_profile_names() {
    let rules = rules();
    for app in rules.apps() {
        for package in app.android.iter().chain(&app.ios) {
            assert_eq!(rules.app_of_package(package).unwrap().id, app.id);
        }
        for host in &app.hosts {
            assert!(
                ids(rules.apps_of_host(host)).contains(&&*app.id),
                "{}: {host}",
                app.id
            );
            assert!(!rules.is_system_host(host), "{}: {host}", app.id);
        }
        for name in &app.user_agents {
            let user_agent = format!("{name}/1.2.3 (x)");
            assert_eq!(
                rules.app_of_user_agent(&user_agent).unwrap().id,
                app.id,
                "{name}"
            );
        }
    }
}

#[test]
fn every_rule_can_be_explained() {
    let rules = rules();
    let mut seen = BTreeSet::new();
    for rule in rules.descriptions() {
        assert!(seen.insert(rule.id.clone()), "{} is there twice", rule.id);
        assert_eq!(rules.describe(rule.id).unwrap().label, rule.label);
        assert_ne!(
            rule.summary, rule.label,
            "{} has no summary of its own",
            rule.id
        );
    }
    assert!(rules.describe("no-such-rule").is_none());
}

#[test]
fn embedded_rules_load_before_anybody_notices() {
    rules();
    let start = Instant::now();
    let rules = rules();
    let loaded = start.elapsed();
    let start = Instant::now();
    assert!(rules.permission("android.permission.CAMERA").is_some());
    assert!(!rules.layouts("app.adjust.com", "/session").is_empty());
    println!(
        "rules: {loaded:?} at the start, {:?} more at the first use of permissions and payloads",
        start.elapsed()
    );
}

#[test]
fn handshakes_and_paths_tell_apps() {
    let rules = rules();
    let xmpp = ids(rules.apps_of_handshake(&["xmpp-client".into()], Some("chat.example")));
    assert!(xmpp.contains(&"conversations"), "{xmpp:?}");
    let sip = ids(rules.apps_of_handshake(&["h2".into()], Some("lyncdiscover.company.example")));
    assert_eq!(sip, ["skype-for-business"]);
    assert!(
        rules
            .apps_of_handshake(&["h2".into()], Some("www.company.example"))
            .is_empty()
    );
    assert_eq!(
        ids(rules.apps_of_path("/_matrix/client/v3/sync", None)),
        ["element"]
    );
    assert_eq!(
        ids(rules.apps_of_path("/api/v4/users/me/posts", None)),
        ["mattermost"]
    );
    let chat = Some("chat.signal.org");
    assert_eq!(ids(rules.apps_of_path("/v1/websocket/", chat)), ["signal"]);
    let other = Some("push.example");
    assert!(rules.apps_of_path("/v1/websocket/", other).is_empty());
    assert!(rules.apps_of_path("/api/v1/users", None).is_empty());
}

#[test]
fn every_observation_touches_provisions_and_every_finding_has_its_terms() {
    let rules = Rules::embedded();
    let legal = rules.legal();
    for observation in &legal.observations {
        assert!(
            legal.provisions_of(&observation.id).next().is_some(),
            "{} touches nothing",
            observation.id
        );
        for id in &observation.mitigations {
            assert!(legal.mitigation(id).is_some(), "{id}");
        }
    }
    for rule in rules.descriptions() {
        let observation = legal
            .observations_of(rule.id)
            .first()
            .map(|observation| observation.id.clone())
            .or_else(|| rules.circumstance(rule.id)?.observation.clone());
        let terms = rules.terms(rule.id, observation.as_deref(), rule.category);
        assert!(!terms.masvs.is_empty(), "{} has no MASVS control", rule.id);
        assert!(!terms.persons.is_empty(), "{} affects nobody", rule.id);
        for id in &terms.persons {
            assert!(rules.person(id).is_some(), "{id}");
        }
    }
}

#[test]
fn fixed_words_of_the_program_judge_nobody() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // The list itself.
            if path.ends_with("rules/validate.rs") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let found: Vec<&str> = phonehome::rules::verdicts(&text).collect();
            assert!(found.is_empty(), "{}: {found:?}", path.display());
            read += 1;
        }
    }
    assert!(read > 100);
    for language in phonehome::report::Language::ALL {
        let words = format!("{:?}", language.texts());
        assert_eq!(phonehome::rules::verdicts(&words).next(), None);
    }
}

#[test]
fn each_observation_touches_its_provisions() {
    let rules = rules();
    let legal = rules.legal();
    let line = |observation: &phonehome::rules::LegalObservation| {
        let provisions = legal.provisions_of(&observation.id);
        let ids: Vec<&str> = provisions.map(|provision| &*provision.id).collect();
        format!("{}: {}", observation.id, ids.join(" "))
    };
    let table: Vec<String> = legal.observations.iter().map(line).collect();
    insta::assert_snapshot!(table.join("\n"));
}

/// A method file: the scoring of `rules/legal.toml`, changed.
fn method(name: &str, change: impl Fn(String) -> String) -> PathBuf {
    let legal = FILES
        .iter()
        .find(|file| file.name == "legal.toml")
        .unwrap()
        .text;
    let from = legal.find("[scoring]").unwrap();
    let to = legal.find("[[scoring.example]]").unwrap();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, change(legal[from..to].to_owned())).unwrap();
    path
}

#[test]
fn another_method_changes_scores_and_its_mistakes_have_a_line() {
    let risk = |rules: &Rules| {
        let app = rules.app("whatsapp").unwrap();
        let findings = phonehome::assess::documented(rules, app).into_iter();
        let risks = findings
            .filter_map(|finding| finding.score)
            .map(|score| score.risk);
        risks.max().unwrap()
    };
    assert_eq!(risk(&rules()), 12);
    let gentle = method("gentle.toml", |text| {
        let text = text.replace("profile = \"phonehome-1\"", "profile = \"gentle\"");
        text.replacen(
            "id = \"no-contract\"\npoints = 1",
            "id = \"no-contract\"\npoints = 0",
            1,
        )
    });
    let mut changed = rules();
    changed.load_method(&gentle).unwrap();
    assert_eq!(
        (risk(&changed), &*changed.legal().scoring.profile),
        (8, "gentle")
    );
    let refused = |name: &str, from: &str, to: &str| {
        let path = method(name, |text| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        });
        rules().load_method(&path).unwrap_err().to_string()
    };
    let unknown = refused("unknown.toml", "recurring_from = 3", "recurring_form = 3");
    assert!(
        unknown.contains("line 12: unknown field `recurring_form`"),
        "{unknown}"
    );
    let missing = refused("missing.toml", "id = \"cleartext\"", "id = \"clear\"");
    assert!(missing.contains("cleartext"), "{missing}");
    let order = refused("order.toml", "up_to = 3", "up_to = 9");
    assert!(order.contains("rising order"), "{order}");
}

/// Days are written in one form, so that no document has two.
#[test]
fn days_are_written_in_one_form() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let other = regex::Regex::new(
        r"\b\d{1,2}\.\d{1,2}\.(19|20)\d\d\b|\b\d{1,2}\.? (Jan|Feb|M[aä]r|Apr|Ma[iy]|Jun|Jul|Aug|Sep|O[ck]t|Nov|De[cz])[a-zä]*\.? (19|20)\d\d\b",
    )
    .unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            let text = fs::read_to_string(&path).unwrap();
            let texts = text.lines().filter(|line| !line.starts_with("body ="));
            for line in texts {
                assert!(!other.is_match(line), "{}: {line}", path.display());
            }
        }
    }
}
