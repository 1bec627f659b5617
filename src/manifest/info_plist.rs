//! iOS `Info.plist` (XML, binary or old-style text) → declaration.

use super::Read;
use super::property_list::{Property, property_list};
use crate::model::{Declaration, DeclaredPermission, Platform};

/// `Info.plist` of an app, extension or framework. `None` without `CFBundleIdentifier`.
pub fn info_plist(bytes: &[u8]) -> Read<Option<Declaration>> {
    let mut damage = Vec::new();
    let root = property_list(bytes, &mut damage);
    let value = root.and_then(|root| declaration(&root));
    if value.is_none() {
        damage.push("a property list without CFBundleIdentifier".to_owned());
    }
    Read { value, damage }
}

fn declaration(root: &Property) -> Option<Declaration> {
    let text = |key: &str| {
        let text = root.key(key)?.text()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let mut declaration = Declaration::new(Platform::Ios, &text("CFBundleIdentifier")?);
    if declaration.package.contains("$(") || declaration.package.contains("${") {
        declaration
            .oddities
            .insert("a source file: its build sets the bundle id".to_owned());
    }
    declaration.label = text("CFBundleDisplayName").or_else(|| text("CFBundleName"));
    declaration.version = text("CFBundleShortVersionString");
    declaration.version_code = text("CFBundleVersion");
    declaration.min_sdk = text("MinimumOSVersion");
    for (key, value) in root.pairs() {
        if let Some(usage_text) = usage_text(key, value) {
            let permission = DeclaredPermission {
                usage_text,
                ..DeclaredPermission::default()
            };
            declaration.permissions.insert(key.clone(), permission);
        }
    }
    if let Some(Property::List(modes)) = root.key("UIBackgroundModes") {
        let modes = modes.iter().filter_map(Property::text).map(str::to_owned);
        declaration.background_modes.extend(modes);
    }
    let queried = root.key("LSApplicationQueriesSchemes");
    let queried = queried.into_iter().flat_map(Property::texts);
    declaration.queries.extend(queried.map(str::to_owned));
    let kinds = root.key("CFBundleURLTypes").map(Property::items);
    for schemes in kinds
        .into_iter()
        .flatten()
        .filter_map(|kind| kind.key("CFBundleURLSchemes"))
    {
        let schemes = schemes.texts().map(str::to_owned);
        declaration.url_schemes.extend(schemes);
    }
    let own_keys = root.pairs().iter().filter(|(key, _)| !is_apples(key));
    declaration
        .metadata
        .extend(own_keys.map(|(key, value)| (key.clone(), switch(value))));
    if let Some(security) = root.key("NSAppTransportSecurity") {
        transport_security(security, &mut declaration);
    }
    Some(declaration)
}

/// A setting that is on or off. Other values are not kept: they may be keys, and `1` may be a number.
fn switch(value: &Property) -> Option<bool> {
    let is_number = value.text().is_some_and(|text| matches!(text, "0" | "1"));
    value.boolean().filter(|_| !is_number)
}

/// Keys that Apple defines or its tools write; others are what embedded SDKs are set up with.
fn is_apples(key: &str) -> bool {
    const PREFIXES: [&str; 9] = [
        "CF",
        "NS",
        "UI",
        "LS",
        "DT",
        "BuildMachine",
        "ITSApp",
        "NFC",
        "MinimumOSVersion",
    ];
    PREFIXES.iter().any(|prefix| key.starts_with(prefix))
}

/// Adds entitlements with their values in words.
pub(super) fn entitlements(list: &Property, declaration: &mut Declaration) {
    for (key, value) in list.pairs() {
        let words = match value {
            Property::Text(text) => text.clone(),
            Property::Boolean(value) => value.to_string(),
            Property::List(_) => value.texts().collect::<Vec<_>>().join(", "),
            Property::Dictionary(_) | Property::Other => String::new(),
        };
        if key == "get-task-allow" {
            declaration.debuggable = value.boolean();
        }
        declaration.entitlements.insert(key.clone(), words);
    }
}

/// The reason given to the user, if `key` is one that iOS asks with (`NSCameraUsageDescription`, `NFCReaderUsageDescription`).
/// Temporary precise location has a dictionary of reasons by purpose.
#[expect(
    clippy::option_option,
    reason = "outer: is it a permission; inner: has it a text"
)]
fn usage_text(key: &str, value: &Property) -> Option<Option<String>> {
    if key.ends_with("UsageDescription") {
        return Some(value.text().map(str::to_owned));
    }
    (key == "NSLocationTemporaryUsageDescriptionDictionary").then(|| {
        let texts: Vec<&str> = value
            .pairs()
            .iter()
            .filter_map(|(_, text)| text.text())
            .collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    })
}

/// App Transport Security (Apple, `NSAppTransportSecurity`). Since iOS 10, `NSAllowsArbitraryLoads` is ignored where one of
/// the narrower keys is present.
fn transport_security(security: &Property, declaration: &mut Declaration) {
    const NARROWER: [(&str, &str); 3] = [
        (
            "NSAllowsArbitraryLoadsInWebContent",
            Declaration::WEB_CONTENT,
        ),
        ("NSAllowsArbitraryLoadsForMedia", Declaration::MEDIA),
        ("NSAllowsLocalNetworking", "local network"),
    ];
    let is_set = |properties: &Property, key| properties.key(key).and_then(Property::boolean);
    let is_narrowed = NARROWER.iter().any(|(key, _)| security.key(key).is_some());
    declaration.cleartext_allowed =
        is_set(security, "NSAllowsArbitraryLoads").map(|is_allowed| is_allowed && !is_narrowed);
    for (key, traffic) in NARROWER {
        if is_set(security, key) == Some(true) {
            declaration.cleartext_exceptions.insert(traffic.to_owned());
        }
    }
    transport_rules(security, declaration);
    let domains = security.key("NSExceptionDomains");
    for (domain, exception) in domains.map(Property::pairs).unwrap_or_default() {
        let is_allowed = [
            "NSExceptionAllowsInsecureHTTPLoads",
            "NSTemporaryExceptionAllowsInsecureHTTPLoads",
            "NSThirdPartyExceptionAllowsInsecureHTTPLoads",
        ]
        .iter()
        .any(|key| is_set(exception, key) == Some(true));
        if is_allowed {
            let with_subdomains = is_set(exception, "NSIncludesSubdomains") == Some(true);
            let prefix = if with_subdomains { "*." } else { "" };
            declaration
                .cleartext_exceptions
                .insert(format!("{prefix}{domain}"));
        }
    }
}

/// What is demanded of TLS to some hosts (Apple, `NSExceptionDomains`, `NSPinnedDomains`). Without them TLS 1.2 and forward secrecy
/// are demanded, and no certificates in particular. Keys with `Temporary` and `ThirdParty` are older names.
fn transport_rules(security: &Property, declaration: &mut Declaration) {
    let with_subdomains = |domain: &str, rules: &Property| {
        let is_set = rules
            .key("NSIncludesSubdomains")
            .and_then(Property::boolean)
            == Some(true);
        let prefix = if is_set { "*." } else { "" };
        format!("{prefix}{domain}")
    };
    let mut add = |host: String, rule: String| {
        declaration
            .transport_rules
            .entry(host)
            .or_default()
            .insert(rule);
    };
    let exceptions = security.key("NSExceptionDomains").map(Property::pairs);
    for (domain, rules) in exceptions.unwrap_or_default() {
        let of = |name: &str| {
            [
                "NSException",
                "NSTemporaryException",
                "NSThirdPartyException",
            ]
            .iter()
            .find_map(|start| rules.key(&format!("{start}{name}")))
        };
        let version = of("MinimumTLSVersion").and_then(Property::text);
        let is_forward_secret = of("RequiresForwardSecrecy").and_then(Property::boolean);
        let is_transparent = rules
            .key("NSRequiresCertificateTransparency")
            .and_then(Property::boolean);
        let said = [
            version.map(|version| format!("minimum-tls={version}")),
            is_forward_secret.map(|is_set| format!("forward-secrecy={is_set}")),
            is_transparent.map(|is_set| format!("certificate-transparency={is_set}")),
        ];
        for rule in said.into_iter().flatten() {
            add(with_subdomains(domain, rules), rule);
        }
    }
    let pinned = security.key("NSPinnedDomains").map(Property::pairs);
    for (domain, rules) in pinned.unwrap_or_default() {
        let pins = ["NSPinnedCAIdentities", "NSPinnedLeafIdentities"]
            .iter()
            .filter_map(|kind| rules.key(kind))
            .map(|identities| identities.items().len())
            .fold(0_usize, usize::saturating_add);
        if pins > 0 {
            add(with_subdomains(domain, rules), format!("pins={pins}"));
        }
    }
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "sizes of what the tests forge themselves"
)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn xml(body: &str) -> Vec<u8> {
        format!(
            "<?xml version=\"1.0\"?><plist version=\"1.0\"><dict>\
             <key>CFBundleIdentifier</key><string>com.example.notes</string>{body}</dict></plist>"
        )
        .into_bytes()
    }

    fn read(body: &str) -> Declaration {
        let read = info_plist(&xml(body));
        assert_eq!(read.damage, Vec::<String>::new());
        read.value.unwrap()
    }

    fn security(body: &str) -> Declaration {
        read(&format!(
            "<key>NSAppTransportSecurity</key><dict>{body}</dict>"
        ))
    }

    #[test]
    fn identity_usage_texts_and_background_modes_are_read() {
        let declaration = read(
            "<key>CFBundleName</key><string>notes</string>\
             <key>CFBundleDisplayName</key><string>Notes</string>\
             <key>CFBundleShortVersionString</key><string>1.2</string>\
             <key>CFBundleVersion</key><integer>77</integer>\
             <key>MinimumOSVersion</key><real>15.5</real>\
             <key>NSContactsUsageDescription</key><string>To find &amp; invite friends</string>\
             <key>NSCameraUsageDescription</key><true/>\
             <key>NSLocationTemporaryUsageDescriptionDictionary</key>\
             <dict><key>Delivery</key><string>To find you</string></dict>\
             <key>UIBackgroundModes</key><array><string>location</string><integer>3</integer></array>\
             <key>Anything</key><date>2024-01-01T00:00:00Z</date>",
        );
        assert_eq!(declaration.platform, Platform::Ios);
        assert_eq!(declaration.package, "com.example.notes");
        assert_eq!(declaration.label.as_deref(), Some("Notes"));
        assert_eq!(declaration.version.as_deref(), Some("1.2"));
        assert_eq!(declaration.version_code.as_deref(), Some("77"));
        assert_eq!(declaration.min_sdk.as_deref(), Some("15.5"));
        let texts: Vec<(&str, Option<&str>)> = declaration
            .permissions
            .iter()
            .map(|(key, permission)| (key.as_str(), permission.usage_text.as_deref()))
            .collect();
        assert_eq!(
            texts,
            [
                ("NSCameraUsageDescription", None),
                (
                    "NSContactsUsageDescription",
                    Some("To find & invite friends")
                ),
                (
                    "NSLocationTemporaryUsageDescriptionDictionary",
                    Some("To find you")
                ),
            ]
        );
        assert!(declaration.background_modes.contains("location"));
        assert_eq!(declaration.cleartext_allowed, None);
    }

    #[test]
    fn clear_text_is_as_app_transport_security_says() {
        let everywhere = security("<key>NSAllowsArbitraryLoads</key><true/>");
        assert_eq!(everywhere.cleartext_allowed, Some(true));

        let narrowed = security(
            "<key>NSAllowsArbitraryLoads</key><true/>\
             <key>NSAllowsArbitraryLoadsInWebContent</key><true/>",
        );
        assert_eq!(narrowed.cleartext_allowed, Some(false));
        assert!(narrowed.cleartext_exceptions.contains("web content"));

        let domains = security(
            "<key>NSExceptionDomains</key><dict>\
             <key>ads.example</key><dict>\
             <key>NSExceptionAllowsInsecureHTTPLoads</key><string>YES</string>\
             <key>NSIncludesSubdomains</key><true/></dict>\
             <key>safe.example</key><dict><key>NSRequiresCertificateTransparency</key><true/></dict>\
             <key>odd.example</key><string>x</string></dict>",
        );
        assert_eq!(domains.cleartext_allowed, None);
        let exceptions: Vec<&String> = domains.cleartext_exceptions.iter().collect();
        assert_eq!(exceptions, ["*.ads.example"]);
    }

    #[test]
    fn what_is_demanded_of_tls_is_read_by_host() {
        let declaration = security(
            "<key>NSExceptionDomains</key><dict>\
             <key>old.example</key><dict>\
             <key>NSIncludesSubdomains</key><true/>\
             <key>NSTemporaryExceptionMinimumTLSVersion</key><string>TLSv1.0</string>\
             <key>NSExceptionRequiresForwardSecrecy</key><false/></dict>\
             <key>new.example</key><dict><key>NSRequiresCertificateTransparency</key><true/></dict></dict>\
             <key>NSPinnedDomains</key><dict>\
             <key>new.example</key><dict>\
             <key>NSPinnedCAIdentities</key><array><dict><key>SPKI-SHA256-BASE64</key><string>r/mI=</string></dict></array>\
             <key>NSPinnedLeafIdentities</key><array><dict/></array></dict>\
             <key>none.example</key><dict><key>NSPinnedLeafIdentities</key><array/></dict></dict>",
        );
        let rules: Vec<String> = declaration
            .transport_rules
            .iter()
            .map(|(host, rules)| {
                let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
                format!("{host}: {}", rules.join(" "))
            })
            .collect();
        assert_eq!(
            rules,
            [
                "*.old.example: forward-secrecy=false minimum-tls=TLSv1.0",
                "new.example: certificate-transparency=true pins=2",
            ]
        );
    }

    #[test]
    fn of_settings_only_switches_keep_their_value() {
        let declaration = read(
            "<key>FirebaseCollection</key><false/><key>VendorKey</key><string>secret</string>\
             <key>VendorSwitch</key><string>YES</string><key>VendorNumber</key><integer>1</integer>",
        );
        let value = |name: &str| declaration.metadata.get(name).copied().flatten();
        assert_eq!(value("FirebaseCollection"), Some(false));
        assert_eq!(value("VendorSwitch"), Some(true));
        assert_eq!((value("VendorKey"), value("VendorNumber")), (None, None));
        assert!(declaration.metadata.contains_key("VendorKey"));
    }

    #[test]
    fn a_list_that_is_cut_keeps_what_came_before() {
        let whole = xml("<key>NSCameraUsageDescription</key><string>Scan</string><key>Later</key>");
        let (cut, _) = whole.split_at(whole.len() - 30);
        let read = info_plist(cut);
        assert!(!read.damage.is_empty());
        let declaration = read.value.unwrap();
        assert!(
            declaration
                .permissions
                .contains_key("NSCameraUsageDescription")
        );
    }

    #[test]
    fn a_list_of_something_else_is_no_declaration() {
        let read = info_plist(b"<plist><dict><key>a</key><string>b</string></dict></plist>");
        assert!(read.value.is_none());
        assert!(!read.damage.is_empty());
    }

    #[test]
    fn deep_nesting_is_cut_not_followed() {
        let deep = format!(
            "<key>Deep</key>{}{}<key>NSCameraUsageDescription</key><string>Scan</string>",
            "<array>".repeat(100_000),
            "</array>".repeat(100_000)
        );
        let read = info_plist(&xml(&deep));
        assert!(read.damage[0].contains("deeper"));
        let declaration = read.value.unwrap();
        assert!(
            declaration
                .permissions
                .contains_key("NSCameraUsageDescription")
        );
    }

    /// Object 0 is a list of references to object 1, that of references to object 2, and so on.
    fn bomb(levels: u8, width: u8) -> Vec<u8> {
        let mut bytes = b"bplist00".to_vec();
        let mut offsets = Vec::new();
        for level in 0..levels {
            offsets.push(u16::try_from(bytes.len()).unwrap());
            bytes.extend([0xaf, 0x10, width]);
            bytes.extend(std::iter::repeat_n(level + 1, usize::from(width)));
        }
        offsets.push(u16::try_from(bytes.len()).unwrap());
        bytes.push(0x09);
        let table = bytes.len() as u64;
        bytes.extend(offsets.iter().flat_map(|offset| offset.to_be_bytes()));
        bytes.extend([0, 0, 0, 0, 0, 0, 2, 1]);
        bytes.extend((u64::from(levels) + 1).to_be_bytes());
        bytes.extend(0_u64.to_be_bytes());
        bytes.extend(table.to_be_bytes());
        bytes
    }

    #[test]
    fn objects_shared_many_times_are_not_multiplied_without_bound() {
        let read = info_plist(&bomb(20, 200));
        assert!(read.value.is_none());
        assert!(read.damage[0].contains("bound"), "{:?}", read.damage);
        let small = info_plist(&bomb(2, 3));
        assert_eq!(small.damage.len(), 1);
    }

    proptest! {
        #[test]
        fn changed_lists_are_read_without_panic(
            at in any::<prop::sample::Index>(),
            value in any::<u8>(),
            cut in any::<prop::sample::Index>(),
        ) {
            for mut bytes in [bomb(3, 4), xml("<key>a</key><array><real>1</real></array>")] {
                let at = at.index(bytes.len());
                bytes[at] = value;
                info_plist(&bytes);
                bytes.truncate(cut.index(bytes.len()));
                info_plist(&bytes);
            }
        }
    }
}
