//! What is declared, as facts that reports list.

/// Kind of a declared fact. [`DeclaredFact::values`] says what stands beside its name, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeclaredKind {
    /// An attribute of the app (`targetSdkVersion`); values: as written.
    Attribute,
    /// A certificate that it is signed with, by SHA-256; values: subject, schemes.
    Signer,
    /// A part that it was put together from: split, extension, framework.
    Part,
    /// Third parties' code; values: company, an example, the number of names.
    Sdk,
    /// A permission or usage key; values: its bounds, or the text for the user.
    Permission,
    /// A permission that it defines; values: protection level.
    DefinedPermission,
    /// A component; values: kind, `exported`, `unguarded`, permissions, types of a foreground service.
    Component,
    /// An address that opens it; values: `verified`.
    DeepLink,
    /// Rules for connections to a host, `*` for all; values: what is allowed, trusted, pinned.
    NetworkRule,
    /// A feature of the phone; values: `required`.
    Feature,
    /// Another app or scheme that it wants to see.
    Query,
    /// A setting of embedded code, by name.
    Metadata,
    /// An entitlement (iOS); values: as written.
    Entitlement,
    /// What it does in the background (iOS).
    BackgroundMode,
    /// A kind of data that a privacy label says is collected; values: who says so, and what is said.
    CollectedData,
    /// A host that a privacy label says is used for tracking; values: who says so.
    TrackingDomain,
    /// An interface that needs a reason (iOS); values: who says so, and the codes of the reasons.
    RequiredReason,
    /// What was odd about the file; the name says it.
    Oddity,
}

impl DeclaredKind {
    /// All, in the order of reports.
    pub const ALL: [Self; 18] = [
        Self::Attribute,
        Self::Signer,
        Self::Part,
        Self::Sdk,
        Self::Permission,
        Self::DefinedPermission,
        Self::Component,
        Self::DeepLink,
        Self::NetworkRule,
        Self::Feature,
        Self::Query,
        Self::Metadata,
        Self::Entitlement,
        Self::BackgroundMode,
        Self::CollectedData,
        Self::TrackingDomain,
        Self::RequiredReason,
        Self::Oddity,
    ];

    /// Stable id.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attribute => "attribute",
            Self::Signer => "signer",
            Self::Part => "part",
            Self::Sdk => "sdk",
            Self::Permission => "permission",
            Self::DefinedPermission => "defined-permission",
            Self::Component => "component",
            Self::DeepLink => "deep-link",
            Self::NetworkRule => "network-rule",
            Self::Feature => "feature",
            Self::Query => "query",
            Self::Metadata => "metadata",
            Self::Entitlement => "entitlement",
            Self::BackgroundMode => "background-mode",
            Self::CollectedData => "collected-data",
            Self::TrackingDomain => "tracking-domain",
            Self::RequiredReason => "required-reason",
            Self::Oddity => "oddity",
        }
    }
}

/// Something that an app declares, or that lies in its package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeclaredFact {
    /// Its kind.
    pub kind: DeclaredKind,
    /// What it is about.
    pub name: String,
    /// What is said of it, by kind.
    pub values: Vec<String>,
    /// Whether hosts of the company, or that host, were contacted by the app; `None` where the question does not arise.
    pub is_contacted: Option<bool>,
}
