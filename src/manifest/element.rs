//! The elements of an Android manifest, from whichever form they were read: only what the declaration needs is kept.

use std::sync::Arc;

use crate::model::ComponentKind;

/// Elements that mean something to a declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Manifest,
    UsesSdk,
    UsesPermission,
    UsesPermissionSdk23,
    DefinesPermission,
    UsesFeature,
    Queries,
    QueriedPackage,
    Application,
    Component(ComponentKind),
    IntentFilter,
    Action,
    Category,
    Data,
    MetaData,
    /// Elements of a network security configuration.
    NetworkConfig,
    BaseConfig,
    DomainConfig,
    DebugOverrides,
    Domain,
    PinSet,
    Pin,
    TrustAnchors,
    Certificates,
    Other,
}

impl Tag {
    /// By local name: some builds put elements into the `android` namespace, and the platform takes them.
    pub(super) fn of(local_name: &str) -> Self {
        match local_name {
            "manifest" => Self::Manifest,
            "uses-sdk" => Self::UsesSdk,
            "uses-permission" => Self::UsesPermission,
            "uses-permission-sdk-23" | "uses-permission-sdk-m" => Self::UsesPermissionSdk23,
            "application" => Self::Application,
            "permission" => Self::DefinesPermission,
            "uses-feature" => Self::UsesFeature,
            "queries" => Self::Queries,
            "activity" => Self::Component(ComponentKind::Activity),
            "activity-alias" => Self::Component(ComponentKind::ActivityAlias),
            "service" => Self::Component(ComponentKind::Service),
            "receiver" => Self::Component(ComponentKind::Receiver),
            "provider" => Self::Component(ComponentKind::Provider),
            "intent-filter" | "intent" => Self::IntentFilter,
            "action" => Self::Action,
            "category" => Self::Category,
            "data" => Self::Data,
            "package" => Self::QueriedPackage,
            "meta-data" => Self::MetaData,
            "network-security-config" => Self::NetworkConfig,
            "base-config" => Self::BaseConfig,
            "domain-config" => Self::DomainConfig,
            "debug-overrides" => Self::DebugOverrides,
            "domain" => Self::Domain,
            "pin-set" => Self::PinSet,
            "pin" => Self::Pin,
            "trust-anchors" => Self::TrustAnchors,
            "certificates" => Self::Certificates,
            _ => Self::Other,
        }
    }
}

/// Attributes that mean something to a declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    Package,
    Split,
    Name,
    Label,
    Permission,
    ReadPermission,
    WritePermission,
    VersionCode,
    VersionCodeMajor,
    VersionName,
    MinSdkVersion,
    TargetSdkVersion,
    MaxSdkVersion,
    UsesCleartextTraffic,
    NetworkSecurityConfig,
    AllowBackup,
    Debuggable,
    Exported,
    Enabled,
    Authorities,
    ForegroundServiceType,
    UsesPermissionFlags,
    ProtectionLevel,
    SharedUserId,
    TestOnly,
    FullBackupContent,
    DataExtractionRules,
    AutoVerify,
    Scheme,
    Host,
    Port,
    Path,
    PathPrefix,
    PathPattern,
    PathAdvancedPattern,
    PathSuffix,
    MimeType,
    Value,
    Required,
    ClearTextTrafficPermitted,
    IncludeSubdomains,
    Digest,
    Expiration,
    Src,
}

/// Resource ids of `android.R.attr` (public and frozen), with the name for text manifests and as fallback.
/// `package`, `split` and those of network security configurations are no framework attributes and have no id.
const ATTRIBUTES: &[(Attribute, Option<u32>, &str)] = &[
    (Attribute::Package, None, "package"),
    (Attribute::Split, None, "split"),
    (Attribute::Name, Some(0x0101_0003), "name"),
    (Attribute::Label, Some(0x0101_0001), "label"),
    (Attribute::Permission, Some(0x0101_0006), "permission"),
    (
        Attribute::ReadPermission,
        Some(0x0101_0007),
        "readPermission",
    ),
    (
        Attribute::WritePermission,
        Some(0x0101_0008),
        "writePermission",
    ),
    (Attribute::VersionCode, Some(0x0101_021b), "versionCode"),
    (
        Attribute::VersionCodeMajor,
        Some(0x0101_0576),
        "versionCodeMajor",
    ),
    (Attribute::VersionName, Some(0x0101_021c), "versionName"),
    (Attribute::MinSdkVersion, Some(0x0101_020c), "minSdkVersion"),
    (
        Attribute::TargetSdkVersion,
        Some(0x0101_0270),
        "targetSdkVersion",
    ),
    (Attribute::MaxSdkVersion, Some(0x0101_0271), "maxSdkVersion"),
    (
        Attribute::UsesCleartextTraffic,
        Some(0x0101_04ec),
        "usesCleartextTraffic",
    ),
    (
        Attribute::NetworkSecurityConfig,
        Some(0x0101_0527),
        "networkSecurityConfig",
    ),
    (Attribute::AllowBackup, Some(0x0101_0280), "allowBackup"),
    (Attribute::Debuggable, Some(0x0101_000f), "debuggable"),
    (Attribute::Exported, Some(0x0101_0010), "exported"),
    (Attribute::Enabled, Some(0x0101_000e), "enabled"),
    (Attribute::Authorities, Some(0x0101_0018), "authorities"),
    (
        Attribute::ForegroundServiceType,
        Some(0x0101_0599),
        "foregroundServiceType",
    ),
    (
        Attribute::UsesPermissionFlags,
        Some(0x0101_0644),
        "usesPermissionFlags",
    ),
    (
        Attribute::ProtectionLevel,
        Some(0x0101_0009),
        "protectionLevel",
    ),
    (Attribute::SharedUserId, Some(0x0101_000b), "sharedUserId"),
    (Attribute::TestOnly, Some(0x0101_0272), "testOnly"),
    (
        Attribute::FullBackupContent,
        Some(0x0101_04eb),
        "fullBackupContent",
    ),
    (
        Attribute::DataExtractionRules,
        Some(0x0101_063e),
        "dataExtractionRules",
    ),
    (Attribute::AutoVerify, Some(0x0101_04ee), "autoVerify"),
    (Attribute::Scheme, Some(0x0101_0027), "scheme"),
    (Attribute::Host, Some(0x0101_0028), "host"),
    (Attribute::Port, Some(0x0101_0029), "port"),
    (Attribute::Path, Some(0x0101_002a), "path"),
    (Attribute::PathPrefix, Some(0x0101_002b), "pathPrefix"),
    (Attribute::PathPattern, Some(0x0101_002c), "pathPattern"),
    (
        Attribute::PathAdvancedPattern,
        Some(0x0101_0620),
        "pathAdvancedPattern",
    ),
    (Attribute::PathSuffix, Some(0x0101_061e), "pathSuffix"),
    (Attribute::MimeType, Some(0x0101_0026), "mimeType"),
    (Attribute::Value, Some(0x0101_0024), "value"),
    (Attribute::Required, Some(0x0101_028e), "required"),
    (
        Attribute::ClearTextTrafficPermitted,
        None,
        "cleartextTrafficPermitted",
    ),
    (Attribute::IncludeSubdomains, None, "includeSubdomains"),
    (Attribute::Digest, None, "digest"),
    (Attribute::Expiration, None, "expiration"),
    (Attribute::Src, None, "src"),
];

impl Attribute {
    /// By resource id, as the platform does.
    pub(super) fn of_id(id: u32) -> Option<Self> {
        ATTRIBUTES
            .iter()
            .find(|(_, known, _)| *known == Some(id))
            .map(|(attribute, _, _)| *attribute)
    }

    /// By name, with or without a prefix: some builds write `android:name` into the name itself.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let local_name = name.rsplit_once(':').map_or(name, |(_, local)| local);
        ATTRIBUTES
            .iter()
            .find(|(_, _, known)| *known == local_name)
            .map(|(attribute, _, _)| *attribute)
    }

    /// Whether the platform knows it by name only.
    pub(super) fn is_without_id(self) -> bool {
        ATTRIBUTES
            .iter()
            .any(|(known, id, _)| *known == self && id.is_none())
    }
}

/// Value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(Arc<str>),
    Integer(u32),
    Float(f32),
    Boolean(bool),
    /// A resource; 0 if it is named, not numbered.
    Reference(u32),
}

impl Value {
    /// As text, the way the platform turns values into strings; `None` for references.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some((**text).to_owned()),
            // The platform prints them signed.
            Self::Integer(number) => Some(number.cast_signed().to_string()),
            Self::Float(number) => Some(format!("{number:?}")),
            Self::Boolean(value) => Some(value.to_string()),
            Self::Reference(_) => None,
        }
    }

    /// As a number.
    pub(super) fn integer(&self) -> Option<u32> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Text(text) => {
                let text = text.trim();
                match text.strip_prefix("0x") {
                    Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok(),
                    None => text.parse().ok(),
                }
            }
            Self::Boolean(value) => Some(u32::from(*value)),
            Self::Float(_) | Self::Reference(_) => None,
        }
    }

    /// As a truth value.
    pub(super) fn boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(value) => Some(*value),
            Self::Integer(number) => Some(*number != 0),
            Self::Text(text) => match text.trim() {
                "true" | "TRUE" | "True" | "1" => Some(true),
                "false" | "FALSE" | "False" | "0" => Some(false),
                _ => None,
            },
            Self::Float(_) | Self::Reference(_) => None,
        }
    }
}

/// An element in document order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Element {
    /// Elements around it.
    pub(super) depth: usize,
    /// What it is.
    pub(super) tag: Tag,
    /// Attributes that mean something, each at most once.
    pub(super) attributes: Vec<(Attribute, Value)>,
    /// Text inside, of elements that mean something by it.
    pub(super) text: Option<Arc<str>>,
}

impl Element {
    /// Whether its text means something.
    pub(super) fn is_textual(&self) -> bool {
        matches!(self.tag, Tag::Domain | Tag::Pin)
    }

    /// The value of an attribute.
    pub(super) fn value(&self, attribute: Attribute) -> Option<&Value> {
        self.attributes
            .iter()
            .find(|(known, _)| *known == attribute)
            .map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_by_id_and_by_name() {
        assert_eq!(Attribute::of_id(0x0101_0003), Some(Attribute::Name));
        assert_eq!(Attribute::of_id(0), None);
        assert_eq!(Attribute::of_name("android:name"), Some(Attribute::Name));
        assert_eq!(Attribute::of_name("package"), Some(Attribute::Package));
        assert_eq!(Attribute::of_name("icon"), None);
    }

    #[test]
    fn values_convert_as_the_platform_converts_them() {
        assert_eq!(Value::Integer(u32::MAX).text().as_deref(), Some("-1"));
        assert_eq!(Value::Float(1.5).text().as_deref(), Some("1.5"));
        assert_eq!(Value::Text("0x15".into()).integer(), Some(21));
        assert_eq!(Value::Integer(2).boolean(), Some(true));
        assert_eq!(Value::Text("perhaps".into()).boolean(), None);
        assert_eq!(Value::Reference(7).text(), None);
    }
}
