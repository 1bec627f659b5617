//! Values that the auditor knows to be on a phone: seeded contacts, its identifiers, positions it was at.

use super::Sensitive;

ids! {
    /// What a known value is.
    KnownKind {
        /// Telephone number, in any spelling.
        Phone = "phone",
        /// E-mail address.
        Email = "email",
        /// A person's name.
        Name = "name",
        /// IMEI (3GPP TS 23.003 §6.2.1).
        Imei = "imei",
        /// IMSI or ICCID.
        Sim = "sim",
        /// Serial number.
        Serial = "serial",
        /// MAC address of the phone.
        Mac = "mac",
        /// Name of a wireless network.
        Ssid = "ssid",
        /// MAC address of an access point.
        Bssid = "bssid",
        /// Advertising identifier (GAID, IDFA, OAID).
        AdvertisingId = "advertising-id",
        /// Vendor-scoped or installation identifier (`ANDROID_ID`, IDFV).
        DeviceId = "device-id",
        /// Identifier of a user account.
        AccountId = "account-id",
        /// Text that the user wrote or received.
        Text = "text",
        /// Latitude and longitude in degrees, as `52.5200,13.4050`.
        Position = "position",
        /// A digest of something that no list names.
        Digest = "digest",
    }
}

/// A value that the auditor knows to be on the phone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KnownValue {
    /// What it is.
    pub kind: KnownKind,
    /// Somebody else's than the user's: an entry of the address book.
    pub is_of_contact: bool,
    /// The value.
    pub value: Sensitive,
    /// It is a digest in hexadecimal digits, of a value that stays with the auditor.
    pub is_digest: bool,
    /// For a position: how far from it still counts, in metres.
    pub radius_metres: u32,
}

impl KnownValue {
    /// How far from a known position still counts, unless said otherwise: two minutes on foot.
    pub const RADIUS_METRES: u32 = 150;

    /// A value of the user's own.
    pub fn own(kind: KnownKind, value: &str) -> Self {
        Self {
            kind,
            is_of_contact: false,
            value: Sensitive::new(value.trim()),
            is_digest: kind == KnownKind::Digest,
            radius_metres: Self::RADIUS_METRES,
        }
    }

    /// A value of an entry of the address book.
    pub fn of_contact(kind: KnownKind, value: &str) -> Self {
        Self {
            is_of_contact: true,
            ..Self::own(kind, value)
        }
    }
}
