//! Parts of app packages: DEX files, manifests of bundles, signing blocks, executables, iOS apps.

use super::archive;

fn little(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn big(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}

/// A DEX file that defines these classes (`com/example/A`).
pub(crate) fn dex(classes: &[&str]) -> Vec<u8> {
    const HEADER_BYTES: u32 = 0x70;
    let count = u32::try_from(classes.len()).unwrap();
    let types_at = HEADER_BYTES + 4 * count;
    let classes_at = types_at + 4 * count;
    let mut data_at = classes_at + 32 * count;
    let mut header = b"dex\n035\0".to_vec();
    header.resize(0x38, 0);
    header.extend(little(&[count, HEADER_BYTES, count, types_at]));
    header.resize(0x60, 0);
    header.extend(little(&[count, classes_at]));
    header.resize(0x70, 0);
    let mut offsets = Vec::new();
    let mut data = Vec::new();
    for name in classes {
        offsets.push(data_at);
        let name = format!("L{name};");
        let text = [&[u8::try_from(name.len()).unwrap()], name.as_bytes(), &[0]].concat();
        data_at += length(&text);
        data.extend(text);
    }
    let types: Vec<u32> = (0..count).collect();
    let definitions = types
        .iter()
        .flat_map(|number| little(&[*number, 1, 0, 0, 0, 0, 0, 0]));
    let mut bytes = [header, little(&offsets), little(&types)].concat();
    bytes.extend(definitions);
    bytes.extend(data);
    bytes
}

/// A field of a protocol buffer.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let low = u8::try_from(content.len() & 0x7f).unwrap() | 0x80;
    let high = u8::try_from(content.len() >> 7).unwrap();
    [&[(number << 3) | 2, low, high], content].concat()
}

fn attribute(name: &str, value: &str) -> Vec<u8> {
    field(
        4,
        &[field(2, name.as_bytes()), field(3, value.as_bytes())].concat(),
    )
}

/// A manifest as app bundles have it.
pub(crate) fn proto_manifest(package: &str) -> Vec<u8> {
    let permission = [
        field(3, b"uses-permission"),
        attribute("name", "android.permission.CAMERA"),
    ];
    let root = [
        field(3, b"manifest"),
        attribute("package", package),
        field(5, &field(1, &permission.concat())),
    ];
    field(1, &root.concat())
}

/// An app bundle with one module more than its base.
pub(crate) fn bundle(package: &str) -> Vec<u8> {
    let manifest = proto_manifest(package);
    let dex = dex(&["com/example/bundle/A"]);
    archive::zip(&[
        ("base/manifest/AndroidManifest.xml", &manifest),
        ("base/dex/classes.dex", &dex),
        ("maps/manifest/AndroidManifest.xml", &manifest),
    ])
}

fn prefixed(content: &[u8]) -> Vec<u8> {
    [&length(content).to_le_bytes(), content].concat()
}

/// Ids of signature schemes in an APK signing block.
pub(crate) const V2: u32 = 0x7109_871a;
pub(crate) const V3: u32 = 0xf053_68c0;
pub(crate) const V3_1: u32 = 0x1b93_ad61;
/// Padding, as `apksigner` writes it.
const PADDING: u32 = 0x4272_6577;

/// The pair of an APK signing block with one signer.
pub(crate) fn signing_pair(id: u32, certificate: &[u8]) -> Vec<u8> {
    let data = [
        prefixed(b""),
        prefixed(&prefixed(certificate)),
        prefixed(b""),
    ]
    .concat();
    let signer = [prefixed(&data), prefixed(b""), prefixed(b"")].concat();
    let signers = prefixed(&prefixed(&signer));
    let pair = [&id.to_le_bytes(), signers.as_slice()].concat();
    [&(pair.len() as u64).to_le_bytes(), pair.as_slice()].concat()
}

/// The pairs of an APK signing block: one signer under the schemes v2 and v3.
pub(crate) fn signing_pairs(certificate: &[u8]) -> Vec<u8> {
    [PADDING, V2, V3]
        .map(|id| signing_pair(id, certificate))
        .concat()
}

/// What `META-INF/CERT.RSA` of the scheme v1 is: a PKCS #7 message with the certificates of its signer (RFC 2315 §9.1).
pub(crate) fn pkcs7(certificates: &[&[u8]]) -> Vec<u8> {
    let signed_data = [
        der(0x02, &[1]),
        der(0x31, &[]),
        der(0x30, &der(0x06, b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01")),
        der(0xa0, &certificates.concat()),
        der(0x31, &[]),
    ]
    .concat();
    let kind = der(0x06, b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02");
    let content = der(0xa0, &der(0x30, &signed_data));
    der(0x30, &[kind, content].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let length: &[u8] = match length {
        [0, short @ 0..=0x7f] => &[short],
        [high, low] => &[0x82, high, low],
    };
    [&[tag], length, content].concat()
}

/// An app package with that signing block before its directory.
pub(crate) fn signed(package: &[u8], pairs: &[u8]) -> Vec<u8> {
    let end_at = package.len() - 22;
    let (body, end) = package.split_at(end_at);
    let directory_at = u32::from_le_bytes(end[16..20].try_into().unwrap());
    let (files, directory) = body.split_at(usize::try_from(directory_at).unwrap());
    let size = (pairs.len() as u64 + 24).to_le_bytes();
    let block = [&size, pairs, &size, b"APK Sig Block 42".as_slice()].concat();
    let moved = directory_at + length(&block);
    let mut end = end.to_vec();
    end[16..20].copy_from_slice(&moved.to_le_bytes());
    [files, block.as_slice(), directory, end.as_slice()].concat()
}

/// A code signature with these entitlements.
pub(crate) fn code_signature(entitlements: &str) -> Vec<u8> {
    let blob = [
        big(&[0xfade_7171, 8 + length(entitlements.as_bytes())]),
        entitlements.as_bytes().to_vec(),
    ]
    .concat();
    [big(&[0xfade_0cc0, 20 + length(&blob), 1, 5, 20]), blob].concat()
}

/// A 64-bit executable with these entitlements.
pub(crate) fn executable(entitlements: &str) -> Vec<u8> {
    let signature = code_signature(entitlements);
    let mut bytes = little(&[0xfeed_facf, 0, 0, 2, 2, 0, 0, 0]);
    bytes.extend(little(&[0xc, 32, 24, 0, 0, 0]));
    bytes.extend(b"@rpath/A");
    let signature_at = length(&bytes) + 16;
    bytes.extend(little(&[0x1d, 16, signature_at, length(&signature)]));
    bytes.extend(signature);
    bytes
}

/// An iOS app with a framework that has a privacy manifest, and an extension.
pub(crate) fn ipa(bundle_id: &str) -> Vec<u8> {
    let list = |body: &str| {
        format!("<?xml version=\"1.0\"?><plist version=\"1.0\"><dict>{body}</dict></plist>")
    };
    let info = list(&format!(
        "<key>CFBundleIdentifier</key><string>{bundle_id}</string>\
         <key>CFBundleExecutable</key><string>Notes</string>\
         <key>CFBundleURLTypes</key><array><dict><key>CFBundleURLSchemes</key>\
         <array><string>notes</string></array></dict></array>\
         <key>LSApplicationQueriesSchemes</key><array><string>other</string></array>\
         <key>TrackerToken</key><string>secret</string>"
    ));
    let extension = list(&format!(
        "<key>CFBundleIdentifier</key><string>{bundle_id}.share</string>\
         <key>NSCameraUsageDescription</key><string>Scan</string>"
    ));
    let label = list(
        "<key>NSPrivacyTracking</key><true/><key>NSPrivacyCollectedDataTypes</key><array><dict>\
         <key>NSPrivacyCollectedDataType</key><string>NSPrivacyCollectedDataTypeContacts</string></dict></array>",
    );
    let executable = executable(&list(
        "<key>aps-environment</key><string>production</string>",
    ));
    archive::zip(&[
        ("Payload/Notes.app/Info.plist", info.as_bytes()),
        ("Payload/Notes.app/Notes", &executable),
        (
            "Payload/Notes.app/Frameworks/Track.framework/PrivacyInfo.xcprivacy",
            label.as_bytes(),
        ),
        (
            "Payload/Notes.app/PlugIns/Share.appex/Info.plist",
            extension.as_bytes(),
        ),
    ])
}
