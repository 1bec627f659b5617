//! What names say of positions, their halves and what only looks like them. All names are normalised.

use super::text::{FULL_DECIMALS, TOLD_DECIMALS};
use crate::rules::words_of_name;

/// Names, normalised, of pairs that are on screens as often as on maps.
pub(super) fn is_on_screens_too(name: &str) -> bool {
    matches!(
        name,
        "pos"
            | "position"
            | "positions"
            | "point"
            | "center"
            | "coord"
            | "coords"
            | "coordinate"
            | "track"
            | "trajectory"
    )
}

/// Whether a name, normalised, says itself that the longitude stands first.
pub(super) fn says_longitude_first(name: &str) -> bool {
    ["lnglat", "lonlat", "longlat"]
        .iter()
        .any(|order| name.contains(order))
}

/// Whether a name, normalised, has both axes in it.
pub(super) fn says_both(name: &str) -> bool {
    ["latlon", "latlng", "latitudelongitude"]
        .iter()
        .any(|both| name.contains(both))
}

/// Whether the longitude stands first in a list of that name, normalised, as in GeoJSON, `MongoDB` and Elasticsearch: unless it
/// says otherwise, or is one of trackers and maps.
pub(super) fn is_longitude_first(name: &str) -> bool {
    let says_latitude_first = ["latlng", "latlon"]
        .iter()
        .any(|order| name.contains(order));
    says_longitude_first(name)
        || !says_latitude_first
            && !matches!(
                name,
                "track"
                    | "trackpoints"
                    | "waypoints"
                    | "breadcrumbs"
                    | "trajectory"
                    | "trail"
                    | "fixes"
            )
}

/// Whether a segment of a path, or the label of a host, as it is written, says in a word of its own that the request is about
/// where something is.
pub(super) fn is_about_position(segment: &str) -> bool {
    const WORDS: [&str; 12] = [
        "geo",
        "gps",
        "location",
        "locations",
        "position",
        "positions",
        "locate",
        "geolocation",
        "geolocate",
        "whereabouts",
        "tracking",
        "standort",
    ];
    let mut before = ' ';
    let words = segment.split(|letter: char| {
        let is_boundary =
            !letter.is_alphanumeric() || letter.is_uppercase() && before.is_lowercase();
        before = letter;
        is_boundary
    });
    // A capital is the boundary itself and is missing from its word.
    words.map(str::to_lowercase).any(|word| {
        WORDS
            .iter()
            .any(|wanted| *wanted == word || wanted.get(1..) == Some(&word) && word.len() > 3)
    })
}

/// Whether a segment of a path, in lower case, says that counts and measures of the service itself are sent.
pub(super) fn is_about_service(segment: &str) -> bool {
    [
        "metric",
        "usage",
        "health",
        "stat",
        "sensor",
        "telemetry",
        "log",
    ]
    .iter()
    .any(|word| segment.contains(word))
}

/// How many decimals the numbers behind a segment of a path must have to be a position; `None` if it asks for no place. Prices, which
/// have two, are behind words of places, too, as those of a market.
pub(super) fn asks_for_place(segment: &str) -> Option<usize> {
    const CLEARLY: [&str; 11] = [
        "weather",
        "wetter",
        "meteo",
        "forecast",
        "forecasts",
        "geo",
        "geocode",
        "geocoding",
        "geolocation",
        "geohash",
        "points",
    ];
    const PLACES: [&str; 15] = [
        "location",
        "locations",
        "locate",
        "near",
        "nearby",
        "nearest",
        "map",
        "maps",
        "point",
        "place",
        "places",
        "reverse",
        "position",
        "positions",
        "standort",
    ];
    let words = words_of_name(segment);
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&&**word));
    if has(&CLEARLY) {
        Some(TOLD_DECIMALS)
    } else {
        has(&PLACES).then_some(FULL_DECIMALS)
    }
}

/// Whether a name, normalised, says that what is below or beside it is about where something is.
pub(in crate::detect) fn is_of_position(name: &str) -> bool {
    const PARTS: [&str; 11] = [
        "geo",
        "gps",
        "locat",
        "latit",
        "longit",
        "latlon",
        "latlng",
        "standort",
        "koordinat",
        "waypoint",
        "whereabouts",
    ];
    PARTS.iter().any(|part| name.contains(part))
}

/// Whether a name, normalised, is that of what stands beside a position.
pub(super) fn is_of_fix(name: &str) -> bool {
    name.contains("accuracy")
        || name.contains("genauigkeit")
        || name.contains("altitude")
        || matches!(name, "acc" | "alt" | "bearing")
}

/// Whether a name, normalised, says that what is below it was measured on a screen or by a sensor.
pub(in crate::detect) fn is_of_measure(name: &str) -> bool {
    const PARTS: [&str; 27] = [
        "tilt",
        "anchor",
        "pivot",
        "accel",
        "gyro",
        "magnet",
        "gravity",
        "rotation",
        "orientation",
        "velocity",
        "bbox",
        "viewport",
        "screen",
        "touch",
        "swipe",
        "scroll",
        "mouse",
        "cursor",
        "offset",
        "matrix",
        "vector",
        "quaternion",
        "sensor",
        "pixel",
        "dimension",
        "percent",
        "score",
    ];
    const ENDS: [&str; 8] = [
        "aspectratio",
        "scale",
        "size",
        "box",
        "frame",
        "rect",
        "delta",
        "tap",
    ];
    PARTS.iter().any(|part| name.contains(part))
        || ENDS.iter().any(|end| name.ends_with(end))
        || matches!(
            name,
            "ratio"
                | "aspect"
                | "click"
                | "range"
                | "bounds"
                | "attitude"
                | "pitch"
                | "roll"
                | "yaw"
        )
}

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
            let is_word = rest.is_empty()
                || word.len() >= LONG_WORD
                || rest.len() >= 2
                    && !["p", "f", "re", "trans", "be", "temp", "templ"].contains(&rest);
            return is_word.then_some((axis, rest));
        }
    }
    match name {
        "breite" | "la" => Some((Axis::Latitude, "")),
        "laenge" | "länge" | "lo" => Some((Axis::Longitude, "")),
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

/// Whether a name, normalised, is that of a value inside what the name above says.
pub(in crate::detect) fn is_wrapper(name: &str) -> bool {
    matches!(
        name,
        "value" | "val" | "wert" | "doublevalue" | "stringvalue" | "degrees" | "deg"
    )
}

/// Whether a name, normalised, is that of a list of rows in which time and position may stand.
pub(in crate::detect) fn holds_track(name: &str) -> bool {
    const NAMES: [&str; 22] = [
        "path",
        "paths",
        "route",
        "routes",
        "points",
        "history",
        "trip",
        "trips",
        "journey",
        "tour",
        "trace",
        "segment",
        "segments",
        "movement",
        "movements",
        "strecke",
        "weg",
        "verlauf",
        "recorrido",
        "trajet",
        "percorso",
        "fixes",
    ];
    NAMES.contains(&name)
}

/// Whether a name of [`holds_track`] is one of charts and drawings, too.
pub(super) fn is_chart_too(name: &str) -> bool {
    matches!(
        name,
        "history"
            | "path"
            | "paths"
            | "points"
            | "segment"
            | "segments"
            | "trace"
            | "movement"
            | "movements"
            | "verlauf"
    )
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

/// German and Polish have one word for latitude and width, and one for longitude and length, and two letters are anything;
/// `name` is normalised.
pub(super) fn is_size_too(name: &str) -> bool {
    matches!(
        name,
        "la" | "lo"
            | "breite"
            | "laenge"
            | "länge"
            | "szerokosc"
            | "szerokość"
            | "dlugosc"
            | "długość"
    )
}

/// Names, normalised, of values that hold both coordinates.
pub(in crate::detect) fn holds_pair(name: &str) -> bool {
    const NAMES: [&str; 62] = [
        "lnglat",
        "lonlat",
        "longlat",
        "geocode",
        "lnglats",
        "track",
        "trackpoints",
        "waypoints",
        "positions",
        "locations",
        "breadcrumbs",
        "trajectory",
        "geofence",
        "pos",
        "userloc",
        "koord",
        "koordinate",
        "coord",
        "ort",
        "ubicacion",
        "ubicación",
        "posicion",
        "posición",
        "localisation",
        "posizione",
        "locatie",
        "konum",
        "geocoord",
        "geocoordinates",
        "standort",
        "koordinaten",
        "lastlocation",
        "lastposition",
        "currentlocation",
        "userlocation",
        "devicelocation",
        "mylocation",
        "gpslocation",
        "gpsposition",
        "homelocation",
        "near",
        "latlngs",
        "geopoint",
        "geoposition",
        "q",
        "latlng",
        "latlon",
        "latlong",
        "lastlatlng",
        "ll",
        "coordinates",
        "coords",
        "coordinate",
        "location",
        "loc",
        "geo",
        "position",
        "gps",
        "center",
        "lastknownlocation",
        "geolocation",
        "point",
    ];
    // Headers of an application's own begin with an X.
    let name = name
        .strip_prefix('x')
        .filter(|rest| rest.len() > 2)
        .unwrap_or(name);
    let qualified = [
        "last",
        "lastknown",
        "current",
        "user",
        "device",
        "my",
        "home",
        "gps",
        "start",
        "end",
    ]
    .iter()
    .filter_map(|qualifier| name.strip_prefix(qualifier))
    .any(|rest| rest.len() > 2 && NAMES.contains(&rest));
    NAMES.contains(&name) || qualified
}

/// Whether a name of [`holds_way`] is one of drawings, too.
pub(super) fn is_shape_too(name: &str) -> bool {
    matches!(name, "points" | "geometry" | "shape")
}

/// Whether a name, normalised, is that of an encoded way.
pub(in crate::detect) fn holds_way(name: &str) -> bool {
    name.contains("polyline")
        || matches!(
            name,
            "route" | "track" | "path" | "trail" | "encodedpath" | "points" | "geometry" | "shape"
        )
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
        for name in ["platform", "flat", "format", "late", "belong"] {
            assert!(axis(name).is_none(), "{name}");
        }
    }
}
