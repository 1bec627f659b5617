//! Which half of a position a name stands for, and what is left of it: halves whose rests are the same belong together. All names
//! are normalised.

/// The ends of names of coordinates that say how they are scaled.
pub(super) const SCALES: [&str; 4] = ["e7", "e6", "e5", "micro"];

/// [`axis`] of a name whose value is an integer; the rest has the scale at its end.
pub(in crate::detect) fn integer_axis(name: &str) -> Option<(Axis, String)> {
    let bare = SCALES
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(name);
    let (axis, rest) = axis(bare)?;
    let scale = name.strip_prefix(bare).unwrap_or_default();
    Some((axis, format!("{rest}{scale}")))
}

/// A coordinate's direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::detect) enum Axis {
    /// North or south.
    Latitude,
    /// East or west.
    Longitude,
}

impl Axis {
    /// The most degrees on it, either way.
    pub(super) fn limit(self) -> f64 {
        match self {
            Self::Latitude => 90.0,
            Self::Longitude => 180.0,
        }
    }
}

/// Which axis a name, normalised, stands for, and the rest of it: `geo_lat` and `geo_lon` belong together, `from_lat` and `to_lon` do not.
pub(in crate::detect) fn axis(name: &str) -> Option<(Axis, &str)> {
    for (word, axis) in [
        ("latitudes", Axis::Latitude),
        ("longitudes", Axis::Longitude),
        ("lats", Axis::Latitude),
        ("lngs", Axis::Longitude),
        ("lons", Axis::Longitude),
        ("latitude", Axis::Latitude),
        ("longitude", Axis::Longitude),
        ("latitud", Axis::Latitude),
        ("longitud", Axis::Longitude),
        ("latitudine", Axis::Latitude),
        ("longitudine", Axis::Longitude),
        ("breddegrad", Axis::Latitude),
        ("breitengrad", Axis::Latitude),
        ("laengengrad", Axis::Longitude),
        ("längengrad", Axis::Longitude),
        ("breedtegraad", Axis::Latitude),
        ("lengtegraad", Axis::Longitude),
        ("breddgrad", Axis::Latitude),
        ("langdgrad", Axis::Longitude),
        ("längdgrad", Axis::Longitude),
        ("lengdegrad", Axis::Longitude),
        ("szerokosc", Axis::Latitude),
        ("szerokość", Axis::Latitude),
        ("dlugosc", Axis::Longitude),
        ("długość", Axis::Longitude),
        ("zemepisnasirka", Axis::Latitude),
        ("zemepisnadelka", Axis::Longitude),
        ("leveysaste", Axis::Latitude),
        ("pituusaste", Axis::Longitude),
        ("enlem", Axis::Latitude),
        ("boylam", Axis::Longitude),
        ("shirota", Axis::Latitude),
        ("широта", Axis::Latitude),
        ("dolgota", Axis::Longitude),
        ("долгота", Axis::Longitude),
        ("weidu", Axis::Latitude),
        ("纬度", Axis::Latitude),
        ("jingdu", Axis::Longitude),
        ("经度", Axis::Longitude),
        ("gpsy", Axis::Latitude),
        ("gpsx", Axis::Longitude),
        ("lat", Axis::Latitude),
        ("long", Axis::Longitude),
        ("lng", Axis::Longitude),
        ("lon", Axis::Longitude),
    ] {
        if let Some(rest) = name.strip_suffix(word).or_else(|| name.strip_prefix(word)) {
            // `platform`, `flat`, `along` and the like: what is left must be a word of its own or nothing.
            // Headers of an application's own begin with an X.
            let rest = if rest == "x" { "" } else { rest };
            // `mLatitude`, as Android's classes call it, is no other word.
            // `dlatlong` is neither half.
            let is_both = match axis {
                Axis::Latitude => {
                    rest.starts_with("lon")
                        || rest.starts_with("lng")
                        || rest.ends_with("lng") && !rest.ends_with("latlng")
                }
                Axis::Longitude => rest.ends_with("lat") || rest.ends_with("latitude"),
            };
            if is_both {
                continue;
            }
            let is_word = rest.is_empty()
                || word.len() >= LONG_WORD
                || rest.len() >= 2
                    && !["p", "f", "re", "trans", "be", "temp", "templ"].contains(&rest);
            return is_word.then_some((axis, rest));
        }
    }
    match name {
        "breite" | "la" | "szer" | "sirka" | "šířka" | "szelesseg" | "szélesség" => {
            Some((Axis::Latitude, ""))
        }
        "laenge" | "länge" | "lo" | "dlug" | "dług" | "delka" | "délka" | "dlzka" | "dĺžka"
        | "hosszusag" | "hosszúság" => Some((Axis::Longitude, "")),
        "geobreite" => Some((Axis::Latitude, "geo")),
        "geolaenge" | "geolänge" => Some((Axis::Longitude, "geo")),
        _ => None,
    }
}

/// The corner or side of a map view that what is left of a name without its axis, or the name of an object, is, and the one across
/// from it: a view of which both are sent is of the screen, and shows any place.
pub(super) fn corner(rest: &str) -> Option<(&'static str, &'static str)> {
    const ACROSS: [(&str, &str); 18] = [
        ("ne", "sw"),
        ("nw", "se"),
        ("northeast", "southwest"),
        ("northwest", "southeast"),
        ("north", "south"),
        ("east", "west"),
        ("min", "max"),
        ("minimum", "maximum"),
        ("top", "bottom"),
        ("left", "right"),
        ("topleft", "bottomright"),
        ("topright", "bottomleft"),
        ("tl", "br"),
        ("tr", "bl"),
        ("ul", "lr"),
        ("upper", "lower"),
        ("upperleft", "lowerright"),
        ("upperright", "lowerleft"),
    ];
    const VIEWS: [&str; 9] = [
        "viewport",
        "view",
        "map",
        "bounds",
        "boundingbox",
        "bbox",
        "box",
        "region",
        "visible",
    ];
    let rest = SCALES
        .iter()
        .find_map(|scale| rest.strip_suffix(scale))
        .unwrap_or(rest);
    let rest = VIEWS
        .iter()
        .find_map(|view| rest.strip_prefix(view))
        .unwrap_or(rest);
    let rest = ["corner", "latlng"]
        .iter()
        .find_map(|word| rest.strip_suffix(word))
        .unwrap_or(rest);
    ACROSS.iter().find_map(|(one, other)| match rest {
        _ if rest == *one => Some((*one, *other)),
        _ if rest == *other => Some((*other, *one)),
        _ => None,
    })
}

/// Letters of a name of coordinates that no other word ends with.
const LONG_WORD: usize = 7;

/// Which axis a member is by an abbreviation that is anything elsewhere, and which ones belong together: below a name of positions.
pub(in crate::detect) fn short_axis(name: &str) -> Option<(Axis, &str)> {
    match name {
        "lt" | "ltd" | "lttd" | "y" => Some((Axis::Latitude, "")),
        "ln" | "lg" | "lgt" | "lgd" | "lngtd" | "x" => Some((Axis::Longitude, "")),
        // `plat` and `plng`, of a phone or place
        _ => [
            ("lat", Axis::Latitude),
            ("lng", Axis::Longitude),
            ("lon", Axis::Longitude),
        ]
        .iter()
        .find_map(|(word, axis)| {
            let rest = name.strip_suffix(word)?;
            (rest.len() == 1).then_some((*axis, rest))
        }),
    }
}

/// Which axis a member is by a name of planes: `x` is east, `y` is north, below a name of places as timetables and maps use it.
pub(super) fn plane_axis(name: &str, above: &str) -> Option<Axis> {
    const PLACES: [&str; 13] = [
        "crd",
        "ccrd",
        "coord",
        "coordinate",
        "coordinates",
        "geometry",
        "location",
        "geopoint",
        "gps",
        "route",
        "track",
        "trail",
        "trip",
    ];
    match name {
        _ if !PLACES.contains(&above) => None,
        "x" => Some(Axis::Longitude),
        "y" => Some(Axis::Latitude),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::normalise_name;

    #[test]
    fn axis_names_are_words() {
        for name in [
            "lat",
            "latitude",
            "geo_lat",
            "location_lat",
            "device.geo.lat",
        ] {
            assert!(
                matches!(
                    axis(&normalise_name(name.rsplit('.').next().unwrap())),
                    Some((Axis::Latitude, _))
                ),
                "{name}"
            );
        }
        for name in ["lon", "lng", "long", "longitude", "gps_lon"] {
            assert!(matches!(axis(name), Some((Axis::Longitude, _))), "{name}");
        }
        for (name, half) in [
            ("latlnglat", (Axis::Latitude, "latlng")),
            ("latlnglng", (Axis::Longitude, "latlng")),
        ] {
            assert_eq!(axis(name), Some(half), "{name}");
        }
        for name in ["dlatlong", "latlongaccuracy", "userlnglat"] {
            assert_eq!(axis(name), None, "{name}");
        }
        for name in ["platform", "flat", "format", "late", "belong"] {
            assert!(axis(name).is_none(), "{name}");
        }
    }
}
