//! Positions that are looked for, and which of them are where.

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

/// All positions that are looked for: one is found without looking at the others, however many there are.
#[derive(Debug, Default)]
pub(in crate::detect::known) struct Places {
    /// In the order of latitudes.
    all: Vec<Place>,
    /// Degrees of latitude from the one that reaches farthest to its edge.
    reach: f64,
    longitudes: Vec<f64>,
    /// The same of longitude.
    reach_of_longitude: f64,
}

impl Places {
    pub(in crate::detect::known) fn new(mut all: Vec<Place>) -> Self {
        all.sort_by(|one, other| one.latitude.total_cmp(&other.latitude));
        let mut longitudes: Vec<f64> = all.iter().map(|place| place.longitude).collect();
        longitudes.sort_by(f64::total_cmp);
        let radii = all.iter().map(|place| place.radius_metres);
        let reach = radii.fold(0.0, f64::max) / METRES_PER_DEGREE;
        let margins = all.iter().map(|place| place.margin_of_longitude());
        let reach_of_longitude = margins.fold(0.0, f64::max);
        Self {
            all,
            reach,
            longitudes,
            reach_of_longitude,
        }
    }

    pub(in crate::detect::known) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Those that may reach into a belt of latitudes.
    pub(in crate::detect::known) fn between(&self, south: f64, north: f64) -> &[Place] {
        let (south, north) = (south - self.reach, north + self.reach);
        let from = self.all.partition_point(|place| place.latitude < south);
        let behind = self.all.partition_point(|place| place.latitude <= north);
        self.all.get(from..behind).unwrap_or_default()
    }

    /// Those of a latitude, known to `slack` degrees.
    pub(in crate::detect::known) fn at_latitude(
        &self,
        latitude: f64,
        slack: f64,
    ) -> impl Iterator<Item = &Place> {
        let near = self.between(latitude - slack, latitude + slack).iter();
        near.filter(move |place| place.has_latitude(latitude, slack))
    }

    /// Whether one may have this longitude, known to `slack` degrees.
    pub(in crate::detect::known) fn may_be_at_longitude(&self, longitude: f64, slack: f64) -> bool {
        let margin = self.reach_of_longitude + slack;
        let next = self
            .longitudes
            .partition_point(|known| *known < longitude - margin);
        let next = self.longitudes.get(next);
        next.is_some_and(|known| *known <= longitude + margin)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn those_that_are_looked_at_are_all_that_fit(
            spots in prop::collection::vec((-80.0..80.0_f64, -180.0..180.0_f64, 1..50_000_u32), 0..40),
            (degrees, slack) in (-180.0..180.0_f64, 0.0..2.0_f64),
        ) {
            let all: Vec<Place> = spots.iter().zip(0..).map(|((latitude, longitude, radius), id)| Place {
                id,
                latitude: *latitude,
                longitude: *longitude,
                radius_metres: f64::from(*radius),
            }).collect();
            let places = Places::new(all.clone());
            let mut ids: Vec<u32> = places.at_latitude(degrees, slack).map(|place| place.id).collect();
            ids.sort_unstable();
            let fitting = all.iter().filter(|place| place.has_latitude(degrees, slack));
            prop_assert_eq!(ids, fitting.map(|place| place.id).collect::<Vec<_>>());
            let is_there = all.iter().any(|place| place.has_longitude(degrees, slack));
            prop_assert!(!is_there || places.may_be_at_longitude(degrees, slack));
        }
    }
}
