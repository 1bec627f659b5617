//! Values that the auditor knows to be on a phone: seeded contacts, its identifiers, positions it was at.

use super::Sensitive;

/// What a known value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KnownKind {
    /// Telephone number, in any spelling.
    Phone,
    /// E-mail address.
    Email,
    /// A person's name.
    Name,
    /// IMEI (3GPP TS 23.003 §6.2.1).
    Imei,
    /// IMSI or ICCID.
    Sim,
    /// Serial number.
    Serial,
    /// MAC address of the phone.
    Mac,
    /// Name of a wireless network.
    Ssid,
    /// MAC address of an access point.
    Bssid,
    /// Advertising identifier (GAID, IDFA, OAID).
    AdvertisingId,
    /// Vendor-scoped or installation identifier (`ANDROID_ID`, IDFV).
    DeviceId,
    /// Identifier of a user account.
    AccountId,
    /// Text that the user wrote or received.
    Text,
    /// Latitude and longitude in degrees, as `52.5200,13.4050`.
    Position,
    /// A digest in hexadecimal digits, of a value that stays with the auditor.
    Digest,
}

impl KnownKind {
    /// All.
    pub const ALL: [Self; 15] = [
        Self::Phone,
        Self::Email,
        Self::Name,
        Self::Imei,
        Self::Sim,
        Self::Serial,
        Self::Mac,
        Self::Ssid,
        Self::Bssid,
        Self::AdvertisingId,
        Self::DeviceId,
        Self::AccountId,
        Self::Text,
        Self::Position,
        Self::Digest,
    ];

    /// The word for it in lists of known values.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Name => "name",
            Self::Imei => "imei",
            Self::Sim => "sim",
            Self::Serial => "serial",
            Self::Mac => "mac",
            Self::Ssid => "ssid",
            Self::Bssid => "bssid",
            Self::AdvertisingId => "advertising-id",
            Self::DeviceId => "device-id",
            Self::AccountId => "account-id",
            Self::Text => "text",
            Self::Position => "position",
            Self::Digest => "digest",
        }
    }

    /// The kind of that word.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == id)
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
