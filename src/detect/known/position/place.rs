//! A position that is looked for, and what is within its radius.

use crate::detect::value::METRES_PER_DEGREE;
use crate::model::{KnownKind, KnownValue};

/// A position that is looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::detect::known) struct Place {
    pub(in crate::detect::known) id: u32,
    pub(in crate::detect::known) latitude: f64,
    pub(in crate::detect::known) longitude: f64,
    pub(in crate::detect::known) radius_metres: f64,
}

impl Place {
    pub(in crate::detect::known) fn of(known: &KnownValue, id: u32) -> Option<Self> {
        if known.kind != KnownKind::Position || known.is_digest {
            return None;
        }
        let mut numbers = known
            .value
            .reveal()
            .split([',', ';', ' '])
            .filter(|part| !part.is_empty());
        let latitude: f64 = numbers.next()?.trim().parse().ok()?;
        let longitude: f64 = numbers.next()?.trim().parse().ok()?;
        (latitude.abs() <= 90.0 && longitude.abs() <= 180.0).then_some(Self {
            id,
            latitude,
            longitude,
            radius_metres: f64::from(known.radius_metres.max(1)),
        })
    }

    /// Degrees of latitude from the one of these places that reaches farthest to its edge.
    pub(in crate::detect::known) fn widest(places: &[Self]) -> f64 {
        let radii = places.iter().map(|place| place.radius_metres);
        radii.fold(0.0, f64::max) / METRES_PER_DEGREE
    }

    /// Those of places in the order of their latitudes that are within so many degrees of this one.
    pub(in crate::detect::known) fn near(places: &[Self], latitude: f64, margin: f64) -> &[Self] {
        let from = places.partition_point(|place| place.latitude < latitude - margin);
        let behind = places.partition_point(|place| place.latitude <= latitude + margin);
        places.get(from..behind).unwrap_or_default()
    }

    /// In the order of latitudes.
    pub(in crate::detect::known) fn in_order(mut places: Vec<Self>) -> Vec<Self> {
        places.sort_by(|one, other| one.latitude.total_cmp(&other.latitude));
        places
    }

    pub(in crate::detect::known) fn margin_of_longitude(self) -> f64 {
        self.radius_metres / (METRES_PER_DEGREE * self.latitude.to_radians().cos().max(0.01))
    }

    /// The longer side of a box around it, from its sides in degrees.
    pub(in crate::detect::known) fn metres_of_box(self, high: f64, wide: f64) -> f64 {
        high.max(wide * self.latitude.to_radians().cos()) * METRES_PER_DEGREE
    }

    /// Whether a latitude, known to `slack` degrees, is that of this place.
    pub(in crate::detect::known) fn has_latitude(self, latitude: f64, slack: f64) -> bool {
        (latitude - self.latitude).abs() <= self.radius_metres / METRES_PER_DEGREE + slack
    }

    pub(in crate::detect::known) fn has_longitude(self, longitude: f64, slack: f64) -> bool {
        (longitude - self.longitude).abs() <= self.margin_of_longitude() + slack
    }
}
