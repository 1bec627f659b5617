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
    const WORDS: [&str; 16] = [
        "geo",
        "gps",
        "geoloc",
        "latlng",
        "geofence",
        "geofences",
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

/// Whether a path ends in the abbreviation of where something is, or in what is done with that: elsewhere it is of texts in several
/// languages.
pub(super) fn ends_in_place(path: &str) -> bool {
    const DONE: [&str; 8] = [
        "update", "report", "upload", "sync", "push", "batch", "send", "track",
    ];
    let mut segments = path.rsplit('/').filter(|segment| !segment.is_empty());
    let is_place = |segment: &str| segment.eq_ignore_ascii_case("loc");
    segments.next().is_some_and(|last| {
        is_place(last)
            || DONE.iter().any(|done| last.eq_ignore_ascii_case(done))
                && segments.next().is_some_and(is_place)
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

/// German, Polish, Czech and Hungarian have one word for latitude and width, and one for longitude and length, and two letters are
/// anything; `name` is normalised.
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
            | "szer"
            | "dlug"
            | "dług"
            | "sirka"
            | "šířka"
            | "delka"
            | "délka"
            | "dlzka"
            | "dĺžka"
            | "szelesseg"
            | "szélesség"
            | "hosszusag"
            | "hosszúság"
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
    // `dlatlong`, `home_latlng`: what stands before both axes is whose they are. `latlng_lat` is a half.
    let has_both = ["latlon", "latlng", "latlong", "latitudelongitude"]
        .iter()
        .any(|both| name.ends_with(both))
        || ["lnglat", "lonlat", "longlat"].iter().any(|both| {
            name.strip_suffix(both)
                .is_some_and(|before| !before.ends_with("lat"))
        });
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
    NAMES.contains(&name) || has_both || qualified
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
