//! What is declared, as facts that reports list.

ids! {
    /// Kind of a declared fact. [`DeclaredFact::values`] says what stands beside its name, by kind.
    DeclaredKind {
        /// An attribute of the app (`targetSdkVersion`); values: as written.
        Attribute = "attribute",
        /// A certificate that it is signed with, by SHA-256; values: subject, schemes.
        Signer = "signer",
        /// A part that it was put together from: split, extension, framework.
        Part = "part",
        /// Third parties' code; values: company, an example, the number of names.
        Sdk = "sdk",
        /// A permission or usage key; values: its bounds, or the text for the user.
        Permission = "permission",
        /// A permission that it defines; values: protection level.
        DefinedPermission = "defined-permission",
        /// A component; values: kind, `exported`, `unguarded`, permissions, types of a foreground service.
        Component = "component",
        /// An address that opens it; values: `verified`, and what else of the address must fit.
        DeepLink = "deep-link",
        /// Rules for connections to a host, `*` for all; values: what is allowed, trusted, pinned.
        NetworkRule = "network-rule",
        /// A feature of the phone; values: `required`.
        Feature = "feature",
        /// Another app or scheme that it wants to see.
        Query = "query",
        /// A setting of embedded code, by name; values: `true` or `false`, where it is one of these.
        Metadata = "metadata",
        /// An entitlement (iOS); values: as written.
        Entitlement = "entitlement",
        /// What it does in the background (iOS).
        BackgroundMode = "background-mode",
        /// A kind of data that a privacy label says is collected; values: who says so, and what is said.
        CollectedData = "collected-data",
        /// A host that a privacy label says is used for tracking; values: who says so.
        TrackingDomain = "tracking-domain",
        /// An interface that needs a reason (iOS); values: who says so, and the codes of the reasons.
        RequiredReason = "required-reason",
        /// What was odd about the file; the name says it.
        Oddity = "oddity",
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
