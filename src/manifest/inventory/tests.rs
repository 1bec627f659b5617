use proptest::prelude::*;

use super::*;

/// Devices (an empty name is the one that the list is of) with their apps.
fn rows(dossier: &Dossier) -> Vec<String> {
    let mut rows = Vec::new();
    let own = std::iter::once((String::new(), dossier));
    let others = dossier.others.iter().map(|(id, other)| (id.clone(), other));
    for (id, device) in own.chain(others) {
        for (package, app) in &device.apps {
            let label = app.label.as_deref().unwrap_or("-");
            let version = app.version.as_deref().unwrap_or("-");
            rows.push(format!("{id}: {package} {label} {version}"));
        }
        for (name, app) in &device.named_apps {
            let version = app.version.as_deref().unwrap_or("-");
            rows.push(format!("{id}: ? {name} {version}"));
        }
    }
    rows
}

fn json(text: &str) -> Dossier {
    let read = inventory_json(text.as_bytes()).expect("a list");
    read.value
}

fn csv(text: &str) -> Vec<String> {
    rows(&inventory_csv(text.as_bytes(), &BTreeMap::new()).value)
}

#[test]
fn package_lists_are_read_with_any_options() {
    let text = "package:org.example.plain\r\n\
        package:/data/app/~~Ab==/org.example.path-Cd==/base.apk=org.example.path versionCode:7 installer=com.android.vending uid:10103,1010103\n\
        package:/system/app/X/X.apk=org.example.system  installer=null uid:1000\nnoise\n";
    let read = package_list(text.as_bytes());
    assert_eq!(read.damage, Vec::<String>::new());
    let apps = read.value.apps;
    assert_eq!(apps.len(), 3);
    let path = &apps["org.example.path"];
    assert_eq!(path.installer.as_deref(), Some("com.android.vending"));
    assert_eq!((path.app_id, &path.users[..]), (Some(10_103), &[0, 10][..]));
    assert!(!path.is_system && apps["org.example.system"].is_system);
    assert_eq!(apps["org.example.system"].installer, None);
}

#[test]
fn a_table_that_counts_devices_and_one_with_computers_say_so() {
    let of = |text: &str| inventory_csv(text.as_bytes(), &BTreeMap::new()).damage;
    let counted = "ApplicationName,ApplicationVersion,DeviceCount,Platform\r\nChat,1,17,iOS\r\nMap,2,3,AndroidWorkProfile\r\n";
    let [note] = &of(counted)[..] else {
        panic!("{:?}", of(counted));
    };
    assert!(note.contains("whole fleet"));
    let placed = counted
        .replace("DeviceCount", "DeviceCount,DeviceName")
        .replace("17,", "17,PHONE-1,")
        .replace(",3,", ",3,PC-2,")
        .replace("AndroidWorkProfile", "Windows");
    assert_eq!(of(&placed), ["apps of computers left out: 1"]);
}

#[test]
fn states_and_names_of_devices_are_found_under_other_headers() {
    for column in ["Installed Status", "App Status", "Reported Status"] {
        let table = format!(
            "Friendly Name,Application Name,Application Identifier,{column}\r\n\
             PHONE-1,Map,org.example.map,Not Installed\r\nPHONE-1,Chat,org.example.chat,Installed\r\n"
        );
        assert_eq!(
            csv(&table),
            ["PHONE-1: org.example.chat Chat -"],
            "{column}"
        );
    }
    let table = "Display Name,Serial Number,OS Version,Model,App Identifier,App Name,App Version\r\n\
        PHONE-1,S1,17.5,iPad Air,org.example.chat,Chat,1\r\nPHONE-2,S2,17.5,iPad Air,org.example.map,Map,2\r\n";
    let read = inventory_csv(table.as_bytes(), &BTreeMap::new()).value;
    assert_eq!(read.others["S1"].name.as_deref(), Some("PHONE-1"));
    assert_eq!(
        rows(&read),
        ["S1: org.example.chat Chat 1", "S2: org.example.map Map 2"]
    );
}

#[test]
fn a_page_of_a_longer_list_says_so() {
    let of = |text: &str| inventory_json(text.as_bytes()).unwrap().damage;
    let app = r#"{"displayName":"Chat","version":"1","sizeInByte":1}"#;
    let next = of(&format!(
        r#"{{"value":[{app}],"@odata.nextLink":"https://graph.example/2"}}"#
    ));
    assert_eq!(next.len(), 1);
    assert!(next[0].contains("further page"));
    let last = of(&format!(r#"{{"value":[{app}],"nextPageToken":""}}"#));
    assert_eq!(last, Vec::<String>::new());
}

#[test]
fn devices_of_jamf_are_known_by_the_name_shown_of_them() {
    let device = |id: u32| {
        format!(
            r#"{{"mobileDeviceId":"{id}","general":{{"displayName":"Phone {id}"}},"applications":[{{"identifier":"org.example.chat","name":"Chat","version":"1"}}]}}"#
        )
    };
    let list = json(&format!(
        r#"{{"totalCount":2,"results":[{},{}]}}"#,
        device(1),
        device(2)
    ));
    assert_eq!(
        rows(&list),
        ["1: org.example.chat Chat 1", "2: org.example.chat Chat 1"]
    );
    assert_eq!(list.others["2"].name.as_deref(), Some("Phone 2"));
    // One row a device, with its apps in one cell, or their number.
    let one_cell =
        "Display Name,Model,Apps\r\n\"Phone 1\",Fono,\"Chat, Maps\"\r\nPhone 2,Fono,17\r\n";
    assert_eq!(csv(one_cell), ["Phone 1: ? Chat -", "Phone 1: ? Maps -"]);
    let names = ["Display Name", "Model", "Apps"];
    assert!(has_known_header(&names.iter().copied()));
}

#[test]
fn the_inventory_of_ivanti_is_read() {
    let names = "etl_run_ts,vsp_id,app_id,name,bundle,platform,version,long_version,short_version";
    assert!(has_known_header(&names.split(',')));
    let table = format!("{names}\n1,2,3,Chat,org.example.chat,A,2,2.0,2\n");
    assert_eq!(csv(&table), [": org.example.chat Chat 2"]);
}

#[test]
fn a_displayed_name_is_that_of_the_device_where_it_cannot_be_the_apps() {
    let of_devices = "Display Name,Serial Number,App Name,App Identifier,App Version\r\n\
        Phone of A,S1,Chat,org.example.chat,1\r\nPhone of A,S1,Maps,org.example.maps,2\r\nPhone of B,S2,Chat,org.example.chat,1\r\n";
    let read = inventory_csv(of_devices.as_bytes(), &BTreeMap::new()).value;
    let names: Vec<_> = read
        .others
        .values()
        .map(|device| device.name.as_deref().unwrap())
        .collect();
    assert_eq!(names, ["Phone of A", "Phone of B"]);
    assert_eq!(
        rows(&read),
        [
            "S1: org.example.chat Chat 1",
            "S1: org.example.maps Maps 2",
            "S2: org.example.chat Chat 1",
        ]
    );
    let of_apps = "Display Name,Name,Bundle Identifier,Version\r\n\
        Example Chat,chat,org.example.chat,1\r\nExample Maps,maps,org.example.maps,2\r\n";
    assert_eq!(
        csv(of_apps),
        [
            ": org.example.chat Example Chat 1",
            ": org.example.maps Example Maps 2"
        ]
    );
    let list = "Display Name,Serial Number,OS,Model\r\nPhone of A,S1,iOS,iPhone 15\r\n";
    let read = inventory_csv(list.as_bytes(), &BTreeMap::new()).value;
    assert_eq!(read.others["S1"].name.as_deref(), Some("Phone of A"));
    assert!(rows(&read).is_empty());
}

#[test]
fn androidqf_names_packages_by_name() {
    let dossier = json(
        r#"[{"name":"org.example.chat","files":[{"path":"/data/app/base.apk","sha256":"00"}],"installer":"null","uid":10103,"disabled":false,"system":false,"third_party":true},
            {"name":"android","files":[],"installer":"","uid":1000,"disabled":false,"system":true,"third_party":false},
            {"name":"com.android.phone","installer":"x","uid":"1001","disabled":false,"system":true,"third_party":false}]"#,
    );
    assert_eq!(dossier.apps["org.example.chat"].app_id, Some(10_103));
    assert_eq!(dossier.apps["org.example.chat"].installer, None);
    assert!(dossier.apps["com.android.phone"].is_system);
    assert_eq!(dossier.platform, Some(Platform::Android));
}

#[test]
fn graph_lists_of_apps_and_of_devices_are_read() {
    let apps = json(
        r##"{"value":[
        {"@odata.type":"#microsoft.graph.detectedApp","id":"a1","displayName":"WhatsApp","version":"2.25","sizeInByte":0,"deviceCount":2,"publisher":"x","platform":"ios",
         "managedDevices":[{"id":"d1","deviceName":"PHONE-1","operatingSystem":"iOS"},{"id":"d2","deviceName":"PHONE-2"}]},
        {"@odata.type":"#microsoft.graph.detectedApp","id":"a2","displayName":"Paint","version":"1","deviceCount":1,"platform":"windows"},
        {"@odata.type":"#microsoft.graph.detectedApp","id":"a3","displayName":"Signal","version":"7","deviceCount":40,"platform":"androidWorkProfile"}]}"##,
    );
    assert_eq!(
        rows(&apps),
        [": ? Signal 7", "d1: ? WhatsApp 2.25", "d2: ? WhatsApp 2.25"]
    );
    assert_eq!(apps.others["d1"].name.as_deref(), Some("PHONE-1"));
    let devices = json(
        r##"{"value":[{"@odata.type":"#microsoft.graph.managedDevice","id":"d1","deviceName":"PHONE-1","operatingSystem":"Android","model":"Pixel 8","serialNumber":"S1","userPrincipalName":"a@b.example",
            "detectedApps":[{"id":"x","displayName":"Signal","version":"7","sizeInByte":1}]}]}"##,
    );
    assert_eq!(rows(&devices), ["S1: ? Signal 7"]);
    let device = &devices.others["S1"];
    assert_eq!(device.platform, Some(Platform::Android));
    assert_eq!(device.model.as_deref(), Some("Pixel 8"));
}

#[test]
fn lists_of_devices_alone_tell_platform_and_model() {
    let devices = json(
        r#"{"value":[{"id":"d1","deviceName":"PHONE-1","operatingSystem":"iOS","osVersion":"18.1","model":"iPhone 15","serialNumber":"S1","userPrincipalName":"a@b.example"},
            {"id":"d2","deviceName":"PC-1","operatingSystem":"Windows","serialNumber":"S2"}]}"#,
    );
    let table = "Device name,Serial number,OS,OS version,Model,Primary user UPN\r\nPHONE-1,S1,iOS,18.1,iPhone 15,a@b.example\r\n";
    let table = inventory_csv(table.as_bytes(), &BTreeMap::new());
    assert_eq!(table.damage, Vec::<String>::new());
    for dossier in [devices, table.value] {
        assert_eq!(dossier.others.len(), 1, "computers are no phones");
        let device = &dossier.others["S1"];
        assert_eq!(device.platform, Some(Platform::Ios));
        assert_eq!(device.model.as_deref(), Some("iPhone 15"));
        assert!(device.aliases.contains("PHONE-1"));
    }
    let header = "Device name,Serial number,OS,Model";
    assert!(has_known_header(&header.split(',')));
}

#[test]
fn intune_reports_are_read_in_both_forms() {
    let report = "\u{feff}{\"columns\":[\"ApplicationName\",\"DeviceId\"],\"values\":[\n\
        {\"ApplicationKey\":\"4f5c\",\"ApplicationName\":\"WhatsApp\",\"ApplicationPublisher\":\"W\",\"ApplicationShortVersion\":\"2.25.1\",\"ApplicationVersion\":\"2.25.1.9\",\
        \"DeviceId\":\"g1\",\"DeviceName\":\"PHONE-7\",\"OSVersion\":\"14.0\",\"Platform\":\"AndroidWorkProfile\",\"UserId\":\"u\",\"EmailAddress\":\"a@b.example\",\"UserName\":\"A B\"}]}";
    assert_eq!(rows(&json(report)), ["g1: ? WhatsApp 2.25.1"]);
    let table = "ApplicationKey,ApplicationName,ApplicationPublisher,ApplicationShortVersion,ApplicationVersion,DeviceID,DeviceName,OSDescription,OSVersion,Platform,UserId,EmailAddress,UserName\r\n\
        4f5c,\"WhatsApp, Inc\",W,2.25.1,2.25.1.9,g1,PHONE-7,Android 14,14.0,AndroidWorkProfile,u,a@b.example,A B\r\n\
        4f5d,Calculator,M,1,1,g2,PC-7,Windows,10,Windows,u,a@b.example,A B\r\n";
    assert_eq!(csv(table), ["g1: ? WhatsApp, Inc 2.25.1"]);
}

#[test]
fn android_management_devices_and_policies_are_read() {
    let mut devices = json(
        r#"{"devices":[{"name":"enterprises/e/devices/d1","managementMode":"DEVICE_OWNER","appliedPolicyName":"enterprises/e/policies/p","hardwareInfo":{"model":"Pixel 8","serialNumber":"S1"},
            "applicationReports":[{"packageName":"org.example.chat","displayName":"Chat","versionName":"7.1","versionCode":71,"state":"INSTALLED","applicationSource":"INSTALLED_FROM_PLAY_STORE","installerPackageName":"com.android.vending"},
             {"packageName":"org.example.gone","displayName":"Gone","state":"REMOVED","versionName":"1"}]}]}"#,
    );
    assert_eq!(rows(&devices), ["S1: org.example.chat Chat 7.1"]);
    let policies = json(
        r#"{"policies":[{"name":"enterprises/e/policies/p","permissionGrants":[{"permission":"android.permission.CAMERA","policy":"DENY"}],
            "applications":[{"packageName":"org.example.chat","installType":"FORCE_INSTALLED","permissionGrants":[{"permission":"android.permission.READ_CONTACTS","policy":"GRANT"}]}]}]}"#,
    );
    assert_eq!(rows(&policies), Vec::<String>::new());
    let device = devices.others.get_mut("S1").unwrap();
    device
        .apps
        .get_mut("org.example.chat")
        .unwrap()
        .requested
        .push("android.permission.CAMERA".to_owned());
    device.apply_policy(&policies.policies);
    let states: Vec<_> = device.apps["org.example.chat"]
        .permissions
        .iter()
        .map(|((_, name), state)| (name.as_str(), state.is_granted, state.is_policy_fixed))
        .collect();
    assert_eq!(
        states,
        [
            ("android.permission.CAMERA", false, true),
            ("android.permission.READ_CONTACTS", true, true)
        ]
    );
}

#[test]
fn workspace_names_permissions() {
    let dossier = json(
        r#"{"kind":"admin#directory#mobiledevices","mobiledevices":[{"resourceId":"r1","deviceId":"d1","serialNumber":"S1","model":"Pixel 8","os":"Android 14","email":["a@b.example"],
            "applications":[{"packageName":"org.example.chat","displayName":"Chat","versionName":"7","versionCode":7,"permission":["READ_CONTACTS","android.permission.CAMERA"]}]}]}"#,
    );
    assert_eq!(rows(&dossier), ["S1: org.example.chat Chat 7"]);
    assert_eq!(
        dossier.others["S1"].apps["org.example.chat"].requested,
        [
            "android.permission.CAMERA",
            "android.permission.READ_CONTACTS"
        ]
    );
}

#[test]
fn gam_prints_the_phones_of_workspace_with_apps_in_a_cell_or_as_json() {
    let head = "resourceId,deviceId,serialNumber,name,status,applications,model,os,type\r\n";
    let apps = "Chat-org.example.chat-7.1-beta 2-71-android.permission.READ_CONTACTS/CAMERA Two-way maps-org.example.maps-<None>-<None>-<None>";
    let text = format!("{head}r1,d1,S1,Anna,APPROVED,{apps},Fono 3,Android 14,ANDROID\r\n");
    let read = inventory_csv(text.as_bytes(), &BTreeMap::new());
    assert_eq!(read.damage, Vec::<String>::new());
    let expected = [
        "S1: org.example.chat Chat 7.1-beta 2",
        "S1: org.example.maps Two-way maps -",
    ];
    assert_eq!(rows(&read.value), expected);
    let phone = &read.value.others["S1"];
    assert_eq!(phone.platform, Some(Platform::Android));
    assert_eq!(
        phone.apps["org.example.chat"].requested,
        [
            "android.permission.READ_CONTACTS",
            "android.permission.CAMERA"
        ]
    );
    // The parting sign is the user's choice.
    let other = text.replace("CAMERA Two", "CAMERA|Two");
    assert_eq!(csv(&other), expected);
    let one_a_row =
        "r1,d1,S1,Anna,APPROVED,Chat-org.example.chat-7-71-<None>,Fono 3,Android 14,ANDROID\r\n";
    assert_eq!(
        csv(&format!("{head}{one_a_row}")),
        ["S1: org.example.chat Chat 7"]
    );

    let json = r#"{"applications":[{"displayName":"Chat","packageName":"org.example.chat","permission":["READ_CONTACTS"],"versionCode":71,"versionName":"7.1"}],"os":"Android 14","serialNumber":"S1","type":"ANDROID"}"#;
    let doubled = format!("resourceId,JSON\nr1,\"{}\"\n", json.replace('"', "\"\""));
    let single = format!("resourceId,JSON\nr1,'{json}'\n");
    for text in [doubled, single] {
        let header = csv_header(text.as_bytes()).unwrap();
        assert!(has_known_header(&header.iter().map(String::as_str)));
        let read = inventory_csv(text.as_bytes(), &BTreeMap::new());
        assert_eq!(rows(&read.value), ["S1: org.example.chat Chat 7.1"]);
        let phone = &read.value.others["S1"];
        assert_eq!(phone.platform, Some(Platform::Android));
        let asked = &phone.apps["org.example.chat"].requested;
        assert_eq!(asked, &["android.permission.READ_CONTACTS"]);
    }
}

#[test]
fn computers_of_jamf_are_left_out_and_told() {
    let read = inventory_json(
        br#"{"results":[
            {"id":"1","general":{"name":"Desk","platform":"Mac"},"hardware":{"serialNumber":"C1"},
                "applications":[{"name":"Chat.app","bundleId":"org.example.chat","version":"7"}]},
            {"mobileDeviceId":"2","deviceType":"iOS","general":{"displayName":"Phone"},"hardware":{"serialNumber":"S2"},
                "applications":[{"identifier":"org.example.maps","name":"Maps","version":"8","shortVersion":"8.1"}]}]}"#,
    );
    let read = read.unwrap();
    assert_eq!(rows(&read.value), ["S2: org.example.maps Maps 8.1"]);
    assert_eq!(read.damage, ["apps of computers left out: 1"]);
}

#[test]
fn jamf_workspace_one_and_others_are_read() {
    let jamf = r#"{"id":"7","name":"PHONE-7","udid":"U7","serialNumber":"S7","ios":{"model":"iPhone 15","applications":[{"identifier":"org.example.chat","name":"Chat","version":"7.1.9","shortVersion":"7.1","managementStatus":"Managed"}]}}"#;
    assert_eq!(rows(&json(jamf)), ["S7: org.example.chat Chat 7.1"]);
    let classic = r#"{"mobile_device":{"general":{"id":7,"display_name":"PHONE-7","udid":"U7","serial_number":"S7","os_type":"iOS"},"applications":[{"application_name":"Chat","application_version":"7.1.9","application_short_version":"7.1","identifier":"org.example.chat"}]}}"#;
    assert_eq!(rows(&json(classic)), ["S7: org.example.chat Chat 7.1"]);
    let one = r#"{"DeviceApps":[{"ApplicationName":"Chat","Version":"7.1.0.0","BuildVersion":"7","Status":2,"ApplicationIdentifier":"org.example.chat","Type":"Public"}],"Total":1}"#;
    assert_eq!(rows(&json(one)), [": org.example.chat Chat 7.1.0.0"]);
    let kaspersky = r#"{"DEV_EX_DATA_APPL":[{"AppIdentifier":"org.example.chat","AppVersion":"9","AppShortVersion":"7.1","AppName":"Chat"}]}"#;
    assert_eq!(rows(&json(kaspersky)), [": org.example.chat Chat 7.1"]);
    let ivanti = "etl_run_ts;vsp_id;app_id;name;bundle;platform;version;short_version;device_uuid\r\n1;1;77;Chat;org.example.chat;I;9;7.1;D1\r\n";
    assert_eq!(csv(ivanti), ["D1: org.example.chat Chat 7.1"]);
}

#[test]
fn a_mapping_says_what_columns_mean() {
    let mapping = BTreeMap::from([
        (Column::Device, "Gerät".to_owned()),
        (Column::Apps, "Programme".to_owned()),
    ]);
    let text =
        "Gerät;Besitzer;Programme\r\nP1;A B;\"Signal, WhatsApp; org.example.chat\"\r\nP2;C D;\r\n";
    assert_eq!(
        rows(&inventory_csv(text.as_bytes(), &mapping).value),
        [
            "P1: org.example.chat - -",
            "P1: ? Signal -",
            "P1: ? WhatsApp -"
        ]
    );
}

#[test]
fn german_consoles_are_understood() {
    let text = "Gerätename;Plattform;Anwendungsname;Paketname;Anwendungsversion;Status\n\
        T1;Android;Chat;org.example.chat;7.1;Installiert\n\
        T2;Apple iOS;Map;org.example.map;2;Installiert\n\
        T2;Apple iOS;Spiel;org.example.game;2;Nicht installiert\n\
        T2;Apple iOS;Alt;org.example.old;2;Entfernt\n\
        M1;Apple macOS;Editor;org.example.editor;2;Installiert\n";
    let read = inventory_csv(text.as_bytes(), &BTreeMap::new()).value;
    assert_eq!(
        rows(&read),
        ["T1: org.example.chat Chat 7.1", "T2: org.example.map Map 2"]
    );
    assert_eq!(read.others["T2"].platform, Some(Platform::Ios));
    for header in [
        "Gerätename;Anwendungsname;Plattform",
        "Gerätename;Paketname;Version",
    ] {
        assert!(has_known_header(&header.split(';')), "{header}");
    }
}

#[test]
fn what_excel_and_powershell_put_before_a_table_and_their_encoding_change_nothing() {
    let table = "DeviceName;ApplicationName;ApplicationVersion\r\nMüller;Chat;7.1\r\n";
    let expected = ["Müller: ? Chat 7.1"];
    for before in [
        "",
        "\u{feff}",
        "sep=;\r\n",
        "#TYPE Selected.System.Object\r\n",
        "Discovered apps;;\r\nGenerated 2026-03-01\r\n\r\n",
    ] {
        let text = format!("{before}{table}");
        assert_eq!(csv(&text), expected, "{before}");
        let names = csv_header(text.as_bytes()).unwrap();
        assert!(has_known_header(&names.iter().map(String::as_str)));
        if before == "\u{feff}" {
            continue;
        }
        let bytes: Vec<u8> = text
            .chars()
            .map(|character| u8::try_from(u32::from(character)).unwrap())
            .collect();
        assert!(crate::manifest::is_windows_1252(&bytes));
        assert_eq!(
            rows(&inventory_csv(&bytes, &BTreeMap::new()).value),
            expected
        );
    }
}

#[test]
fn a_header_is_found_below_titles_with_delimiters() {
    let table =
        "Serial;Device name;Bundle ID;App name;Version\r\nS1;Phone;org.example.chat;Chat;7.1\r\n";
    for title in [
        "Device inventory; exported 2026-01-01\r\n",
        "Devices, as of 2026-01-01, all sites\r\n\r\n",
        "\"Report: Apps by device\"\r\n\"Group: Example, Inc.\"\r\n\"By; for\"\r\n",
    ] {
        let text = format!("{title}{table}");
        assert_eq!(csv(&text), ["S1: org.example.chat Chat 7.1"], "{title}");
    }
}

#[test]
fn exports_of_other_consoles_are_read() {
    let tables = [
        // Microsoft Intune, states of one app on devices.
        "DeviceName,Platform,AppVersion,AppInstallState,AppInstallState_loc,AppName\r\n\
         P1,Android,7.1,1,Installed,Chat\r\nP2,Android,,2,Not installed,Chat\r\nP3,Android,,5,Not applicable,Chat\r\n",
        // Workspace ONE Intelligence.
        "device_friendly_name,device_platform,app_name,app_package_id,app_version\r\nP1,ANDROID,Chat,org.example.chat,7.1\r\n",
        // Microsoft Defender, inventory of software.
        "DeviceName,OSPlatform,SoftwareVendor,SoftwareName,SoftwareVersion\r\nP1,Android,example,Chat,7.1\r\nM1,macOS,example,Chat,7.1\r\n",
    ];
    let expected = [
        "P1: ? Chat 7.1",
        "P1: org.example.chat Chat 7.1",
        "P1: ? Chat 7.1",
    ];
    for (table, expected) in tables.iter().zip(expected) {
        let header = table.lines().next().unwrap();
        assert!(has_known_header(&header.split(',')), "{header}");
        assert_eq!(csv(table), [expected], "{header}");
    }
}

#[test]
fn names_that_powershell_writes_large_are_the_same() {
    let list = json(
        r#"[{"Id":"d1","DeviceName":"D-17","OperatingSystem":"Android","DetectedApps":[{"DisplayName":"Chat","Version":"7.1"}]}]"#,
    );
    assert_eq!(rows(&list), ["d1: ? Chat 7.1"]);
    assert_eq!(list.others["d1"].name.as_deref(), Some("D-17"));
}

#[test]
fn answers_of_iphones_are_read() {
    let text = "<plist><dict><key>Status</key><string>Acknowledged</string><key>UDID</key><string>U1</string><key>InstalledApplicationList</key><array>\
        <dict><key>Identifier</key><string>org.example.chat</string><key>Name</key><string>Chat</string><key>ShortVersion</key><string>7.1</string><key>Version</key><string>9</string></dict>\
        <dict><key>Identifier</key><string>org.example.map</string></dict></array></dict></plist>";
    let read = installed_application_list(text.as_bytes());
    assert_eq!(
        rows(&read.value),
        ["U1: org.example.chat Chat 7.1", "U1: org.example.map - -"]
    );
    assert_eq!(read.value.others["U1"].platform, Some(Platform::Ios));
}

#[test]
fn a_cell_may_have_many_apps() {
    let apps: Vec<String> = (0..200).map(|n| format!("org.example.app{n}")).collect();
    let table = format!(
        "Serial Number,Model,Installed Apps\nS1,Phone,{}\n",
        apps.join("; ")
    );
    assert_eq!(csv(&table).len(), 200);
}

#[test]
fn permissions_of_one_app_on_many_devices_are_bounded() {
    let mut shelf = Shelf {
        permissions: limits::LISTED_PERMISSIONS - 3,
        ..Shelf::default()
    };
    let names = ["p.a".to_owned(), "p.b".to_owned()];
    for device in ["S1", "S2"] {
        let app = [(Column::Device, device), (Column::Package, "a.b")];
        let app = app.map(|(column, text)| (column, text.to_owned()));
        shelf.app(&Record::from(app), &names, 1);
    }
    let read = shelf.finish();
    let kept = read.value.others.values();
    let kept: Vec<usize> = kept
        .map(|device| device.apps["a.b"].requested.len())
        .collect();
    assert_eq!(kept, [2, 0]);
    assert!(read.damage[0].contains("permissions"));
}

/// Each of these took minutes while a name was looked at again for each row or kept with each app.
#[test]
fn long_names_and_lists_cost_each_row_nothing() {
    let (long, rows) = ("x".repeat(300_000), "a.b,S1\n".repeat(30_000));
    let header = ["Package name,Serial number", &long].join(",");
    csv(&format!("{header}\n{rows}"));
    let wide = format!("Package name,Serial number{}\n{rows}", ",x".repeat(300_000));
    let read = inventory_csv(wide.as_bytes(), &BTreeMap::new());
    assert!(read.value.others["S1"].apps.contains_key("a.b"));
    assert!(read.damage.iter().any(|what| what.contains("columns")));

    let apps = r#"{"packageName":"a.b","versionName":"1"},"#.repeat(20_000);
    let apps = apps.trim_end_matches(',');
    json(&format!(r#"{{"id":"{long}","applications":[{apps}]}}"#));
    let children = "<a></a>".repeat(30_000);
    inventory_xml(format!("<mobile_device><{long}>{children}</{long}></mobile_device>").as_bytes());
}

#[test]
fn tables_of_other_things_are_no_inventory() {
    let is_inventory = |header: &str| has_known_header(&header.split(','));
    assert!(is_inventory("ApplicationName,DeviceId"));
    assert!(is_inventory("Bundle Identifier,Version"));
    assert!(!is_inventory("name,version"));
    assert!(!is_inventory(
        "IPProto,SrcIP,SrcPort,DstIp,DstPort,UID,App,PackageName,Proto"
    ));
    assert!(!is_inventory(
        "uid,daddr,time,uncertain,Tracker,Category,Package,App"
    ));
    assert_eq!(csv_header(b"one column\nonly\n"), None);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes: Vec<u8>, text in "(package:|[{\\[\"a-z:,.\\]}=\n ]){0,60}") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            let _ = inventory_json(bytes);
            let _ = inventory_csv(bytes, &BTreeMap::new());
            let _ = installed_application_list(bytes);
            let _ = package_list(bytes);
        }
    }

    /// Every device and app of a table is there, and nothing else, whatever order the columns have.
    #[test]
    fn each_device_has_its_apps(rows in prop::collection::btree_set(("[a-c]", "[a-z]{1,6}"), 1..20), is_turned: bool) {
        let mut text = String::from(if is_turned { "Device ID,Bundle ID\n" } else { "Bundle ID,Device ID\n" });
        for (device, app) in &rows {
            let package = format!("org.{app}");
            text += &if is_turned { [device, package.as_str()].join(",") } else { [package.as_str(), device].join(",") };
            text.push('\n');
        }
        let read = inventory_csv(text.as_bytes(), &BTreeMap::new()).value;
        let found: std::collections::BTreeSet<(String, String)> = read
            .others
            .iter()
            .flat_map(|(id, device)| device.apps.keys().map(move |package| (id.clone(), package.trim_start_matches("org.").to_owned())))
            .collect();
        prop_assert_eq!(found, rows);
    }
}
