//! The embedded rules hold what they promise.

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

/// Ids in a table of the research facts, in our spelling.
fn fact_ids(file: &toml::Table, table: &str, key: &str) -> BTreeSet<String> {
    file.get(table)
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.get(key)?.as_str())
        .map(|id| id.replace('_', "-"))
        .collect()
}

/// Which of `wanted` are not in `ours`.
fn missing<'a>(
    what: &str,
    wanted: BTreeSet<String>,
    ours: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    assert!(!wanted.is_empty(), "no {what} were read");
    let ours: BTreeSet<&str> = ours.into_iter().collect();
    wanted
        .into_iter()
        .filter(|id| !ours.contains(id.as_str()))
        .map(|id| format!("{what} {id}"))
        .collect()
}

/// A file of the research facts; `None`, and said so, where they are absent.
fn facts(file: &str) -> Option<toml::Table> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/facts");
    let Ok(text) = fs::read_to_string(folder.join(file)) else {
        println!("skipped: ../shared is absent");
        return None;
    };
    Some(text.parse().unwrap())
}

/// Number of entries of a list in a table of the research facts.
fn fact_count(file: &toml::Table, table: &str) -> usize {
    file[table].as_array().unwrap().len()
}

/// Keys of a table inside a table of the research facts.
fn fact_keys(file: &toml::Table, outer: &str, inner: &str) -> BTreeSet<String> {
    let table = file[outer][inner].as_table().unwrap();
    table.keys().cloned().collect()
}

#[test]
fn every_researched_app_and_signature_has_its_place() {
    let Some(facts) = facts("apps.toml") else {
        return;
    };
    let rules = rules();
    let mut gone = missing(
        "app",
        fact_ids(&facts, "app", "id"),
        rules.apps().iter().map(|entry| &*entry.id),
    );
    // told apart by app in our rules: stun-realm-facebook, -telegram, -viber, -google
    let signatures = fact_ids(&facts, "signature", "id")
        .into_iter()
        .filter(|id| id != "stun-realm-other")
        .collect();
    gone.extend(missing(
        "signature",
        signatures,
        rules.signatures().iter().map(|entry| &*entry.id),
    ));
    gone.extend(missing(
        "address set",
        fact_ids(&facts, "cidr_set", "id"),
        rules.address_sets().iter().map(|entry| &*entry.id),
    ));
    for app in facts["app"].as_array().unwrap() {
        let ours = rules.app(app["id"].as_str().unwrap()).unwrap();
        let packages = [&ours.android[..], &ours.ios[..]].concat();
        for package in app["android"]
            .as_array()
            .unwrap()
            .iter()
            .chain(app["ios"].as_array().unwrap())
        {
            if !packages
                .iter()
                .any(|known| &**known == package.as_str().unwrap())
            {
                gone.push(format!("package {package}"));
            }
        }
        for host in app["hosts"].as_array().unwrap() {
            let host = host.as_str().unwrap();
            let is_named = ours
                .hosts
                .iter()
                .chain(&ours.shared_hosts)
                .any(|known| &**known == host);
            if !is_named
                && !ours
                    .host_roles
                    .iter()
                    .any(|role| role.host.starts_with("lyncdiscover."))
            {
                gone.push(format!("{}: host {host}", ours.id));
            }
        }
    }
    assert!(gone.is_empty(), "{}", gone.join("\n"));
}

#[test]
fn every_researched_endpoint_has_its_place() {
    let Some(facts) = facts("vendors.toml") else {
        return;
    };
    let rules = rules();
    for row in facts["endpoint"].as_array().unwrap() {
        let ours = rules.endpoint(row["suffix"].as_str().unwrap()).unwrap();
        assert_eq!(&*ours.suffix, row["suffix"].as_str().unwrap());
        assert_eq!(&*ours.company, row["company"].as_str().unwrap());
        assert_eq!(ours.role.as_str(), row["role"].as_str().unwrap());
        let country = row["country"]
            .as_str()
            .filter(|country| !country.is_empty());
        assert_eq!(ours.country.as_deref(), country, "{}", ours.suffix);
    }
}

#[test]
fn every_researched_identifier_and_sdk_has_its_place() {
    let Some(facts) = facts("detectors.toml") else {
        return;
    };
    let rules = rules();
    let mut gone = missing(
        "identifier",
        fact_ids(&facts, "identifier", "id"),
        rules.identifiers().iter().map(|entry| &*entry.id),
    );
    gone.extend(missing(
        "encoding",
        fact_ids(&facts, "encoding", "id"),
        rules.encodings().iter().map(|entry| &*entry.id),
    ));
    gone.extend(missing(
        "hash",
        fact_ids(&facts, "hash", "id"),
        rules.hashes().iter().map(|entry| &*entry.id),
    ));
    gone.extend(missing(
        "heuristic",
        fact_ids(&facts, "flow_heuristic", "id"),
        rules.flow_heuristics().iter().map(|entry| &*entry.id),
    ));
    gone.extend(missing(
        "sdk",
        fact_ids(&facts, "sdk", "id"),
        rules.all_layouts().iter().map(|entry| &*entry.id),
    ));
    assert!(gone.is_empty(), "{}", gone.join("\n"));
    assert_eq!(
        rules.precisions().len(),
        fact_count(&facts, "coordinate_precision")
    );
    assert_eq!(rules.validators().len(), fact_count(&facts, "validator"));
}

#[test]
fn every_researched_legal_fact_has_its_place() {
    let Some(facts) = facts("legal.toml") else {
        return;
    };
    let rules = rules();
    let law = rules.legal();
    let mut gone = missing(
        "provision",
        fact_ids(&facts, "provision", "id"),
        law.provisions.iter().map(|entry| &*entry.id),
    );
    gone.extend(missing(
        "observation",
        fact_ids(&facts, "observation", "id"),
        law.observations.iter().map(|entry| &*entry.id),
    ));
    gone.extend(missing(
        "authority",
        fact_ids(&facts, "authority", "id"),
        law.authorities.iter().map(|entry| &*entry.id),
    ));
    gone.extend(missing(
        "mitigation",
        fact_ids(&facts, "mitigation", "id"),
        law.mitigations.iter().map(|entry| &*entry.id),
    ));
    assert!(gone.is_empty(), "{}", gone.join("\n"));
    assert_eq!(law.adequacy.len(), fact_count(&facts, "adequacy"));
    assert_eq!(
        law.dpia.criteria.len(),
        facts["dpia"]["criterion"].as_array().unwrap().len()
    );
    assert_eq!(
        law.eea().len(),
        facts["eea"]["countries"].as_array().unwrap().len()
    );
    let rows = |key: &str| facts["scoring"][key].as_array().unwrap().len();
    let scoring = &law.scoring;
    assert_eq!(scoring.modifiers.len(), rows("likelihood"));
    assert_eq!(scoring.evidence.len(), rows("evidence"));
    assert_eq!(scoring.levels.len(), rows("level"));
    assert_eq!(scoring.examples.len(), rows("example"));
    for provision in facts["provision"].as_array().unwrap() {
        let ours = law.provision(provision["id"].as_str().unwrap()).unwrap();
        for trigger in provision["when"].as_array().unwrap() {
            let id = trigger.as_str().unwrap().replace('_', "-");
            let has_place = match id.as_str() {
                "always" => ours.is_always_touched,
                "never-automatic" => ours.touched_by.is_empty(),
                _ => ours.touched_by.iter().any(|known| **known == *id),
            };
            assert!(has_place, "{}: {id}", ours.id);
        }
    }
}

#[test]
fn every_researched_permission_has_its_place() {
    let Some(facts) = facts("permissions.toml") else {
        return;
    };
    let rules = rules();
    let names = || rules.all_permissions().map(|entry| &*entry.name);
    let android = facts["android"]
        .as_table()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let mut gone = missing("permission", android, names());
    for table in ["info_plist", "entitlement"] {
        gone.extend(missing("iOS key", fact_keys(&facts, "ios", table), names()));
    }
    for (system, table) in [
        ("ios", "collected_data_type"),
        ("ios", "required_reason"),
        ("play_data_safety", "type"),
        ("play_data_safety", "purposes"),
    ] {
        let labels = rules.privacy_labels().iter().map(|entry| &*entry.name);
        gone.extend(missing(
            "privacy label",
            fact_keys(&facts, system, table),
            labels,
        ));
    }
    assert!(gone.is_empty(), "{}", gone.join("\n"));
}

#[test]
fn every_adapter_of_trackhar_has_its_place() {
    let Some(facts) = facts("trackhar.toml") else {
        return;
    };
    let rules = rules();
    assert!(rules.layout_credit().contains("TrackHAR"));
    for adapter in facts["adapter"].as_array().unwrap() {
        let source = format!("TrackHAR {}", adapter["id"].as_str().unwrap());
        let layout = rules
            .all_layouts()
            .iter()
            .find(|layout| layout.source == source);
        let layout = layout.unwrap_or_else(|| panic!("{source} has no layout"));
        for property in adapter["paths"].as_table().unwrap().keys() {
            let id: String = property
                .chars()
                .flat_map(|character| {
                    let hyphen = character.is_ascii_uppercase().then_some('-');
                    hyphen.into_iter().chain(character.to_lowercase())
                })
                .collect();
            assert!(rules.property(&id).is_some(), "{id}");
            let is_laid_out = layout.fields().iter().any(|field| *field.property == *id)
                || layout
                    .conditional_fields
                    .iter()
                    .any(|(property, _)| **property == *id);
            assert!(is_laid_out, "{source}: {id}");
        }
    }
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
