//! Positions inside one value: pairs, links, sentences of receivers, well-known text, encoded ways.

use super::super::value::{self, Degrees, degrees};
use super::{in_degrees, is_at_null};
use crate::model::{Look, is_below};

/// Degrees as a number, also with a decimal comma, or with minutes and seconds.
pub(super) fn angle(text: &str, limit: f64) -> Option<Degrees> {
    let number = value::with_decimal_point(text);
    let number = value::without_direction(&number).map_or(number, Into::into);
    degrees(&number, limit).or_else(|| {
        let (value, slack) = value::sexagesimal(text).or_else(|| value::degrees_in_a_row(text))?;
        let is_exact = slack < SEXAGESIMAL_SLACK && value.abs() <= limit;
        is_exact.then(|| in_decimals(value, slack))
    })
}

/// What a position has that tells itself by its form.
pub(super) const TELLING: u16 = Look::COLON | Look::GROUP | Look::BEYOND | Look::AT | Look::OTHER;

/// Half a minute or so: a bare degree is a region.
const SEXAGESIMAL_SLACK: f64 = 0.02;

pub(super) fn in_decimals(value: f64, slack: f64) -> Degrees {
    Degrees {
        value,
        // a hundredth of a degree is 1.1 km, a thousandth 111 m, a ten thousandth 11 m
        decimals: match slack {
            ..0.000_1 => 4,
            ..0.001 => 3,
            _ => 2,
        },
        slack: Some(slack),
    }
}

/// What is a position by its form: degrees with minutes and seconds, `POINT(13.4050 52.5200)` (OGC 06-103r4 §7), `geo:52.52,13.405`
/// (RFC 5870).
pub(super) fn telling_pair(text: &str, look: Look) -> Option<(Degrees, Degrees)> {
    let text = text.trim();
    let may_have_parentheses = look.has(Look::GROUP);
    if let Some(inner) = may_have_parentheses
        .then(|| well_known_text(text))
        .flatten()
    {
        let mut numbers = inner.split_ascii_whitespace();
        let longitude = degrees(numbers.next()?, 180.0)?;
        return Some((degrees(numbers.next()?, 90.0)?, longitude));
    }
    // In a header it stands in angle brackets, with parameters behind it.
    let uri = text.trim_start_matches('<');
    if uri.starts_with("geo:") {
        return pair(uri.split(['>', ';', '?']).next()?);
    }
    if let Some(both) = described(text) {
        return Some(both);
    }
    if let Some(both) = map_centre(text) {
        return Some(both);
    }
    if let Some(both) = signed_pair(text) {
        return Some(both);
    }
    // a degree sign, the letter of a direction, or `$` of receivers
    if !look.has(Look::BEYOND | Look::UPPER | Look::OTHER) {
        return None;
    }
    let [(latitude, slack), (longitude, other)] = *value::sexagesimal_pairs(text).first()?;
    let is_exact =
        slack.max(other) < SEXAGESIMAL_SLACK && latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    is_exact.then(|| (in_decimals(latitude, slack), in_decimals(longitude, other)))
}

/// A position as systems describe it in words: `<+52.52000,+13.40500> +/- 5.00m …` and `Location[fused 52.5200,13.4050 hAcc=…`.
fn described(text: &str) -> Option<(Degrees, Degrees)> {
    let both = match text.strip_prefix("Location[") {
        Some(rest) => rest.split(' ').nth(1)?,
        None => text.strip_prefix('<')?.split('>').next()?,
    };
    let numbers = exact_pair(both, 0)?;
    Some(numbers)
}

/// The position in the first link to a map that has one, also among words.
pub(super) fn map_link(text: &str) -> Option<(Degrees, Degrees)> {
    memchr::memmem::find(text.as_bytes(), b"://")?;
    let is_end = |mark: char| mark.is_whitespace() || matches!(mark, '<' | '>' | '"' | ')');
    text.split(is_end).find_map(in_map_link)
}

/// `https://maps.apple.com/?ll=52.5200,13.4050`, `https://www.google.com/maps/@52.5200,13.4050,17z`,
/// `https://www.openstreetmap.org/?mlat=52.5200&mlon=13.4050#map=17/52.5200/13.4050`.
fn in_map_link(link: &str) -> Option<(Degrees, Degrees)> {
    /// Parameters of the links of maps, after their documentation, whose value is a position.
    const PAIRS: [&str; 13] = [
        "q",
        "ll",
        "sll",
        "query",
        "center",
        "destination",
        "origin",
        "daddr",
        "saddr",
        "cp",
        "loc",
        "at",
        "coordinate",
    ];
    let (_, link) = link.split_once("://")?;
    if !is_to_map(link) {
        return None;
    }
    let link = link.replace("%2C", ",").replace("%2c", ",");
    if let Some((_, behind)) = link.split_once("/@") {
        let mut numbers = behind.split(['/', '?', '&', '#', ',']);
        return linked_pair(&[numbers.next()?, numbers.next()?].join(","));
    }
    let mut halves = (None, None);
    for parameter in link.split(['?', '&', '#']) {
        let Some((name, value)) = parameter.split_once('=') else {
            continue;
        };
        let both = match name {
            "mlat" | "lat" => {
                halves.0 = Some(value);
                None
            }
            "mlon" | "lon" | "lng" => {
                halves.1 = Some(value);
                None
            }
            // with the zoom before it
            "map" => value
                .split_once('/')
                .and_then(|(_, both)| linked_pair(&both.replace('/', ","))),
            _ if PAIRS.contains(&name) => linked_pair(value.trim_start_matches("loc:")),
            _ => None,
        };
        if both.is_some() {
            return both;
        }
        if let (Some(latitude), Some(longitude)) = halves {
            return linked_pair(&[latitude, longitude].join(","));
        }
    }
    None
}

/// Whether a link without its scheme is to a map: by a label of the host or a segment of the path, or by a host that is one's.
fn is_to_map(link: &str) -> bool {
    const HOSTS: [&str; 10] = [
        "waze.com",
        "openstreetmap.org",
        "openstreetmap.de",
        "openstreetmap.fr",
        "opentopomap.org",
        "opencyclemap.org",
        "mapquest.com",
        "mapbox.com",
        "mapy.cz",
        "mapy.com",
    ];
    let address = link.split(['?', '#']).next().unwrap_or(link);
    let host = address.split(['/', ':']).next().unwrap_or(address);
    HOSTS.iter().any(|known| is_below(host, known))
        || host
            .split('.')
            .chain(address.split('/').skip(1))
            .any(|word| ["map", "maps"].contains(&word))
}

/// Two numbers that a link to a map has where positions stand in it: zeros at the end of one may be left out.
fn linked_pair(text: &str) -> Option<(Degrees, Degrees)> {
    let (latitude, longitude) = pair(text)?;
    let least = latitude.decimals.min(longitude.decimals);
    let most = latitude.decimals.max(longitude.decimals);
    let is_exact = least > 1 && most >= EXACT_DECIMALS;
    (is_exact && !is_at_null(latitude, longitude)).then_some((latitude, longitude))
}

/// `@52.5200,13.4050,15z`, as links to maps have it.
fn map_centre(text: &str) -> Option<(Degrees, Degrees)> {
    let (both, zoom) = text.strip_prefix('@')?.rsplit_once(',')?;
    let is_zoom = zoom
        .strip_suffix(['z', 'm', 'a'])
        .is_some_and(|zoom| zoom.parse::<f64>().is_ok());
    is_zoom.then(|| pair(both)).flatten()
}

/// `+52.5200+013.4050/` (ISO 6709 Annex H).
pub(super) fn signed_pair(text: &str) -> Option<(Degrees, Degrees)> {
    let inner = text.strip_suffix('/')?;
    // A plus became a space in a form.
    let is_digit = |letter: char| letter.is_ascii_digit();
    let with_signs = inner
        .starts_with(is_digit)
        .then(|| format!("+{}", inner.replace(' ', "+")));
    let inner = with_signs.as_deref().unwrap_or(inner);
    let is_sign = |mark: char| matches!(mark, '+' | '-');
    let first = inner.strip_prefix(is_sign)?;
    let middle = first.find(is_sign)?.saturating_add(1);
    let (latitude, rest) = inner.split_at_checked(middle)?;
    // A height may follow.
    let end = rest
        .get(1..)?
        .find(is_sign)
        .map_or(rest.len(), |end| end.saturating_add(1));
    let latitude = degrees(latitude, 90.0).filter(|degrees| degrees.decimals > 0)?;
    Some((latitude, degrees(rest.get(..end)?, 180.0)?))
}

/// Decimals that are no zeros at the end, of one of two numbers at least.
pub(super) const FULL_DECIMALS: usize = 3;

/// Two numbers in a value with so many others behind them, so exact that few other things are: what stands in headers, paths and under
/// names of any language.
pub(super) fn exact_pair(text: &str, others: usize) -> Option<(Degrees, Degrees)> {
    let (latitude, longitude) = numbers(text, others, FULL_DECIMALS)?;
    (latitude.decimals.min(longitude.decimals) >= EXACT_DECIMALS).then_some((latitude, longitude))
}

/// The same where something says that it is a position: so many decimals, of one more or at least as many.
pub(super) fn told_pair(text: &str, others: usize, most: usize) -> Option<(Degrees, Degrees)> {
    let (latitude, longitude) = numbers(text, others, most.min(FULL_DECIMALS))?;
    let is_exact = latitude.decimals.min(longitude.decimals) >= TOLD_DECIMALS
        && latitude.decimals.max(longitude.decimals) >= most;
    is_exact.then_some((latitude, longitude))
}

/// Decimals of degrees where something says that they are some: a kilometre.
pub(super) const TOLD_DECIMALS: usize = 2;

fn numbers(text: &str, others: usize, full: usize) -> Option<(Degrees, Degrees)> {
    if text.len() > 48
        || !text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+-.,; |/".contains(&byte))
    {
        return None;
    }
    let with_points = value::pair_with_decimal_points(text);
    let text = with_points.as_deref().unwrap_or(text);
    let mut numbers = text
        .split([',', ';', ' ', '|', '/'])
        .filter(|part| !part.is_empty());
    let texts = (numbers.next()?, numbers.next()?);
    let both = (degrees(texts.0, 90.0)?, degrees(texts.1, 180.0)?);
    // Shares and sizes are padded with zeros.
    let decimals = |text: &str| {
        let decimals = text.split_once('.').map_or("", |(_, decimals)| decimals);
        decimals.trim_end_matches('0').len()
    };
    let is_full = decimals(texts.0).max(decimals(texts.1)) >= full;
    let is_alone = numbers.count() <= others;
    (is_alone && is_full && !is_at_null(both.0, both.1)).then_some(both)
}

/// The first point of a route in the segment of a path, without the ending of a file: `13.37771,52.51632;13.41053,52.52437.json`.
pub(super) fn first_of_route(segment: &str) -> &str {
    let first = segment.split(';').next().unwrap_or(segment);
    match first.rsplit_once('.') {
        Some((before, ending)) if ending.starts_with(|first: char| first.is_ascii_alphabetic()) => {
            before
        }
        _ => first,
    }
}

/// Decimals of degrees that tell by themselves: eleven metres.
pub(super) const EXACT_DECIMALS: usize = 4;

/// The first point of an encoded polyline (five decimals), as maps and trackers send ways; `None` unless all of it is one, with
/// points that lie beside each other.
/// Where the name is of shapes of any kind, it takes several points close together: words decode to one or two.
pub(super) fn polyline(text: &str, may_be_shape: bool) -> Option<(Degrees, Degrees)> {
    /// Millionths of ten degrees between two points of one way, at most: half a degree.
    const STEP: i64 = 50_000;
    /// The same where it may be a shape: two kilometres, and so many points.
    const STEP_OF_SHAPE: i64 = 2_000;
    const LEAST_OF_SHAPE: usize = 4;
    /// One degree.
    const DEGREE: i64 = 100_000;
    let mut numbers = Vec::new();
    let (mut number, mut shift) = (0_i64, 0_u32);
    for byte in text.bytes() {
        let bits = byte.checked_sub(63).filter(|bits| *bits < 64)?;
        number |= i64::from(bits & 0x1f).checked_shl(shift)?;
        shift = shift.checked_add(5).filter(|shift| *shift <= 35)?;
        if bits & 0x20 == 0 {
            numbers.push(if number & 1 == 1 {
                !(number >> 1)
            } else {
                number >> 1
            });
            (number, shift) = (0, 0);
        }
    }
    let (points, rest) = numbers.as_chunks::<2>();
    let [first, others @ ..] = points else {
        return None;
    };
    // Words in capitals are points beside 0° 0'.
    let is_somewhere = first.iter().any(|number| number.abs() >= DEGREE);
    let step = if may_be_shape { STEP_OF_SHAPE } else { STEP };
    let is_way = shift == 0
        && rest.is_empty()
        && !others.is_empty()
        && is_somewhere
        && (!may_be_shape || points.len() >= LEAST_OF_SHAPE)
        && others.iter().flatten().all(|number| number.abs() <= step);
    let half = |number: i64, limit: f64| {
        let value = in_degrees(number, 1e5);
        (value.abs() <= limit).then_some(Degrees {
            value,
            decimals: 5,
            slack: None,
        })
    };
    is_way.then_some((half(first[0], 90.0)?, half(first[1], 180.0)?))
}

/// The numbers of a point in well-known text.
fn well_known_text(text: &str) -> Option<&str> {
    let text = text.rsplit_once(';').map_or(text, |(_, text)| text);
    let (head, rest) = text.split_once('(')?;
    let head = head.trim();
    if head.eq_ignore_ascii_case("point") {
        return rest.strip_suffix(')');
    }
    // Of a way the first point tells.
    let is_way = ["linestring", "multipoint", "polygon"]
        .iter()
        .any(|kind| head.eq_ignore_ascii_case(kind));
    let first = rest.split(',').next().filter(|_| is_way)?;
    Some(first.trim_matches(['(', ')', ' ']))
}

/// Decimals of a longitude that stands before its latitude, at least: other pairs of numbers have fewer.
const KML_DECIMALS: usize = 3;

/// `52.5200,13.4050` and `geo:52.52,13.405`.
pub(super) fn pair(text: &str) -> Option<(Degrees, Degrees)> {
    let text = text.trim();
    let text = text.strip_prefix("geo:").unwrap_or(text);
    let with_points = value::pair_with_decimal_points(text);
    let text = with_points.as_deref().unwrap_or(text);
    let mut numbers = text
        .split([',', ';', ' ', '|'])
        .filter(|part| !part.is_empty());
    let first = degrees(numbers.next()?, 180.0)?;
    let second = degrees(numbers.next()?, 180.0)?;
    // KML puts the longitude first, which shows where it is beyond 90°.
    match (first.value.abs() <= 90.0, second.value.abs() <= 90.0) {
        (true, _) => Some((first, second)),
        (false, true) if first.decimals >= KML_DECIMALS => Some((second, first)),
        _ => None,
    }
}

/// What the keys in a value say of the numbers behind them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// `lat=52.5200,lon=13.4050`
    Axes,
    /// `a=52.5200,b=13.4050`
    Letters,
}

/// Two numbers so exact that few other things are, each behind a key.
pub(super) fn keyed_pair(text: &str) -> Option<(Keys, Degrees, Degrees)> {
    let mut parts = text.split([',', ';', '&']).map(|part| {
        let (key, number) = part.trim().split_once(['=', ':'])?;
        let number = degrees(number.trim(), 180.0)?;
        (number.decimals >= EXACT_DECIMALS).then(|| (key.trim().to_ascii_lowercase(), number))
    });
    let ((first, one), (second, other)) = (parts.next()??, parts.next()??);
    let is_longitude = |key: &str| matches!(key, "lon" | "lng" | "long" | "longitude");
    let is_latitude = |key: &str| matches!(key, "lat" | "latitude");
    let (keys, latitude, longitude) = match (&*first, &*second) {
        (north, east) if is_latitude(north) && is_longitude(east) => (Keys::Axes, one, other),
        (east, north) if is_longitude(east) && is_latitude(north) => (Keys::Axes, other, one),
        ("a", "b") => (Keys::Letters, one, other),
        _ => return None,
    };
    let is_pair = parts.next().is_none() && latitude.value.abs() <= 90.0;
    (is_pair && !is_at_null(latitude, longitude)).then_some((keys, latitude, longitude))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_in_one_value_are_read() {
        assert!(pair("52.5200,13.4050").is_some());
        assert!(pair("geo:52.52,13.405").is_some());
        assert!(pair("-112.2657,36.0904,2357").is_some());
        assert!(pair("152.5,13.4").is_none());
        assert!(pair("1024").is_none());
    }
}
