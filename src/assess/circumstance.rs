//! Ids of the rules in `rules/circumstances.toml` whose conditions stand in this room, and of the observations, identifiers
//! and permission categories that these conditions ask for.

/// A host that serves contact discovery was contacted.
pub(super) const CONTACT_DISCOVERY: &str = "contact-discovery-endpoint";
/// Contacts permission granted, and a service contacted that is documented to upload contacts.
pub(super) const CONTACT_UPLOAD: &str = "contact-upload-inferred";
/// As before, for a service that is documented to get them as hashes.
pub(super) const HASHED_CONTACT_UPLOAD: &str = "hashed-contact-upload-inferred";
/// As before, for a service that is documented to get them into an attested enclave.
pub(super) const ENCLAVE_CONTACT_DISCOVERY: &str = "enclave-contact-discovery-inferred";
/// The permission is only declared: no source says whether it is granted.
pub(super) const CONTACT_UPLOAD_POSSIBLE: &str = "contact-upload-possible";
/// One number or address in each message, of many people.
pub(super) const CONTACTS_ONE_BY_ONE: &str = "contacts-one-by-one";
/// As much was sent after a read of the address book as fits its size.
pub(super) const CONTACT_UPLOAD_VOLUME: &str = "contact-upload-volume";
/// As much more was sent than without contacts as fits their number.
pub(super) const CONTACT_UPLOAD_DIFFERENCE: &str = "contact-upload-difference";
/// Data of the device went before consent.
pub(super) const SENT_BEFORE_CONSENT: &str = "sent-before-consent";
/// A messenger service was contacted.
pub(super) const MESSAGE_METADATA: &str = "message-metadata-inferred";
/// Media of a call.
pub(super) const CALL_MEDIA: &str = "call-media";
/// Device attributes that together single out a device.
pub(super) const DEVICE_FINGERPRINT: &str = "device-fingerprint";
/// One identifier at several recipients.
pub(super) const IDENTIFIER_LINKED: &str = "identifier-linked";
/// Several identifiers in one message.
pub(super) const IDENTIFIERS_BRIDGED: &str = "identifiers-bridged";
/// A known service was contacted: said by the list of recipients.
pub(super) const RECIPIENT: &str = "recipient-contacted";
/// An advertising network was contacted.
pub(super) const ADS: &str = "ads-recipient-contacted";
/// An attribution service was contacted.
pub(super) const ATTRIBUTION: &str = "attribution-recipient-contacted";
/// An analytics service was contacted.
pub(super) const ANALYTICS: &str = "analytics-recipient-contacted";
/// A company in the USA.
pub(super) const THIRD_COUNTRY_US: &str = "recipient-in-usa";
/// A company in a country without adequacy decision.
pub(super) const THIRD_COUNTRY_NONE: &str = "recipient-in-third-country";
/// The vendor offers no processing contract.
pub(super) const NO_CONTRACT: &str = "no-processing-contract";
/// An advertising or attribution service that the app's own statements do not name.
pub(super) const RECIPIENT_NOT_NAMED: &str = "recipient-not-named";
/// The company talks to the public through the app's vendor.
pub(super) const BUSINESS_CHANNEL: &str = "business-channel-used";
/// What the app shows of its users can be seen by the company that they work for.
pub(super) const EMPLOYER_CAN_SEE: &str = "employer-can-see";
/// The manifest allows clear text.
pub(super) const CLEARTEXT_PERMITTED: &str = "cleartext-permitted";
/// It does so for some hosts or contents.
pub(super) const CLEARTEXT_PERMITTED_IN_PART: &str = "cleartext-permitted-in-part";
/// It allows TLS below 1.2 to some hosts.
pub(super) const WEAK_TLS_PERMITTED_IN_PART: &str = "weak-tls-permitted-in-part";
/// The network security configuration trusts certificates of the user.
pub(super) const USER_CERTIFICATES: &str = "user-certificates-trusted";
/// Backups are allowed, and no rules for them are named.
pub(super) const BACKUP_PERMITTED: &str = "backup-permitted";
/// A content provider is open to other apps.
pub(super) const PROVIDER_UNGUARDED: &str = "provider-unguarded";
/// The app can be examined while it runs.
pub(super) const DEBUGGABLE: &str = "debuggable-build";
/// The contacts permission is granted to an app that is documented not to need it.
pub(super) const PERMISSION_GRANTED: &str = "permission-granted";

/// A name was looked up.
pub(super) const NAME_LOOKUP: &str = "name-lookup";
/// A request went over the network readable.
pub(super) const CLEARTEXT_HTTP: &str = "cleartext-http";
/// Personal data went over the network readable.
pub(super) const CLEARTEXT_TRANSPORT: &str = "cleartext-transport";
/// The system logged that the address book was read.
pub(super) const ACCESS_CONTACTS: &str = "access-contacts";

/// Whether a rule says that something was read, which is no sending.
pub(super) fn is_access(rule: &str) -> bool {
    matches!(
        rule,
        ACCESS_CONTACTS
            | "access-location"
            | "access-call-log"
            | "access-messages"
            | "access-camera"
            | "access-microphone"
            | "access-media"
            | "access-media-location"
            | "access-screen"
            | "access-clipboard"
            | "access-other"
    )
}

/// Whether a rule says what a recipient is, rather than that something happened.
pub(super) fn is_standing(rule: &str) -> bool {
    matches!(
        rule,
        NO_CONTRACT
            | THIRD_COUNTRY_US
            | THIRD_COUNTRY_NONE
            | RECIPIENT_NOT_NAMED
            | BUSINESS_CHANNEL
            | EMPLOYER_CAN_SEE
    )
}

/// All of them.
#[cfg(test)]
pub(super) const CIRCUMSTANCES: [&str; 34] = [
    NAME_LOOKUP,
    CLEARTEXT_HTTP,
    CLEARTEXT_TRANSPORT,
    ACCESS_CONTACTS,
    CONTACT_DISCOVERY,
    CONTACT_UPLOAD,
    HASHED_CONTACT_UPLOAD,
    ENCLAVE_CONTACT_DISCOVERY,
    CONTACT_UPLOAD_POSSIBLE,
    CONTACTS_ONE_BY_ONE,
    CONTACT_UPLOAD_VOLUME,
    CONTACT_UPLOAD_DIFFERENCE,
    SENT_BEFORE_CONSENT,
    MESSAGE_METADATA,
    DEVICE_FINGERPRINT,
    IDENTIFIER_LINKED,
    IDENTIFIERS_BRIDGED,
    RECIPIENT,
    ADS,
    ATTRIBUTION,
    ANALYTICS,
    THIRD_COUNTRY_US,
    THIRD_COUNTRY_NONE,
    NO_CONTRACT,
    RECIPIENT_NOT_NAMED,
    BUSINESS_CHANNEL,
    EMPLOYER_CAN_SEE,
    CLEARTEXT_PERMITTED,
    WEAK_TLS_PERMITTED_IN_PART,
    USER_CERTIFICATES,
    BACKUP_PERMITTED,
    PROVIDER_UNGUARDED,
    DEBUGGABLE,
    PERMISSION_GRANTED,
];

/// Observations of `rules/legal.toml` that conditions ask for.
pub(super) mod observation {
    /// Contacts readable by the recipient.
    pub(in crate::assess) const CONTACTS_PLAIN: &str = "contacts-plain";
    /// Contacts as hashes.
    pub(in crate::assess) const CONTACTS_HASHED: &str = "contacts-hashed";
    /// Contacts through an attested enclave.
    pub(in crate::assess) const CONTACTS_ENCLAVE: &str = "contacts-enclave";
    /// Contacts in clear text on the way.
    pub(in crate::assess) const CONTACTS_CLEARTEXT: &str = "contacts-cleartext";
    /// A precise position.
    pub(in crate::assess) const LOCATION_PRECISE: &str = "location-precise";
    /// Any position.
    pub(in crate::assess) const LOCATION_ANY: &str = "location-any";
    /// The advertising id.
    pub(in crate::assess) const AD_ID: &str = "ad-id";
    /// A lasting identifier.
    pub(in crate::assess) const DEVICE_ID: &str = "device-id";
    /// Communication metadata.
    pub(in crate::assess) const MESSAGE_METADATA: &str = "message-metadata";
    /// Communication metadata with a vendor that keeps little of them.
    pub(in crate::assess) const MESSAGE_METADATA_MINIMAL: &str = "message-metadata-minimal";
    /// Clear text.
    pub(in crate::assess) const CLEARTEXT: &str = "cleartext";
    /// Any third country.
    pub(in crate::assess) const THIRD_COUNTRY_ANY: &str = "third-country-any";
    /// A recipient that builds profiles.
    pub(in crate::assess) const PROFILING: &str = "profiling-recipient";
    /// Possible data of special categories.
    pub(in crate::assess) const SPECIAL_CATEGORY: &str = "special-category-hint";
    /// Data of people under 18.
    pub(in crate::assess) const CHILDREN: &str = "children-hint";
    /// Code of a third party that measures or advertises in an app of the company's own.
    pub(in crate::assess) const OWN_APP_SDK: &str = "own-app-sdk";
    /// What the company can see of its people.
    pub(in crate::assess) const EMPLOYEE_MONITORING: &str = "employee-monitoring";
    /// Two criteria of an impact assessment.
    pub(in crate::assess) const DPIA: &str = "dpia-two-criteria";

    /// All of them.
    #[cfg(test)]
    pub(in crate::assess) const OBSERVATIONS: [&str; 18] = [
        CONTACTS_PLAIN,
        CONTACTS_HASHED,
        CONTACTS_ENCLAVE,
        CONTACTS_CLEARTEXT,
        LOCATION_PRECISE,
        LOCATION_ANY,
        AD_ID,
        DEVICE_ID,
        MESSAGE_METADATA,
        MESSAGE_METADATA_MINIMAL,
        CLEARTEXT,
        THIRD_COUNTRY_ANY,
        PROFILING,
        SPECIAL_CATEGORY,
        CHILDREN,
        OWN_APP_SDK,
        EMPLOYEE_MONITORING,
        DPIA,
    ];
}

/// Category of permissions that open the address book.
pub(super) const CONTACTS_PERMISSION: &str = "contacts";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Rules;

    #[test]
    fn every_condition_of_the_code_has_its_rule() {
        let rules = Rules::embedded();
        let missing: Vec<&str> = CIRCUMSTANCES
            .into_iter()
            .filter(|id| rules.circumstance(id).is_none())
            .collect();
        assert!(missing.is_empty(), "circumstances.toml: {missing:?}");
        let legal = rules.legal();
        let missing: Vec<&str> = observation::OBSERVATIONS
            .into_iter()
            .filter(|id| legal.observation(id).is_none())
            .collect();
        assert!(missing.is_empty(), "legal.toml: {missing:?}");
        assert!(rules.permission_category(CONTACTS_PERMISSION).is_some());
    }

    #[test]
    fn observations_can_be_raised() {
        let rules = Rules::embedded();
        let by_rule = |id: &str| {
            let mut circumstances = rules.circumstances().iter();
            circumstances.any(|rule| &*rule.id == id || rule.observation.as_deref() == Some(id))
        };
        let legal = rules.legal().observations.iter();
        let unraised: Vec<&str> = legal
            .filter(|one| one.identifiers.is_empty())
            .map(|one| &*one.id)
            .filter(|id| !observation::OBSERVATIONS.contains(id) && !by_rule(id))
            .collect();
        assert_eq!(unraised, Vec::<&str>::new());
    }
}
