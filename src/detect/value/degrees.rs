//! Degrees as they are sent: with decimals, minutes and seconds, directions, or in sentences of receivers (NMEA 0183).

use std::borrow::Cow;

/// A number of degrees, and how many decimals it was sent with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::detect) struct Degrees {
    pub(in crate::detect) value: f64,
    pub(in crate::detect) decimals: usize,
    /// Half a unit of the last digit, where it was sent with minutes: these are no decimals of degrees.
    pub(in crate::detect) slack: Option<f64>,
}

/// A number with a decimal comma, as forms in many languages have it, with a point.
pub(in crate::detect) fn with_decimal_point(text: &str) -> Cow<'_, str> {
    let is_comma = text.bytes().filter(|byte| *byte == b',').count() == 1 && !text.contains('.');
    if is_comma {
        Cow::Owned(text.replace(',', "."))
    } else {
        Cow::Borrowed(text)
    }
}

/// Degrees with what stands around the number taken off: a degree sign, and north, south, east or west as its sign.
pub(in crate::detect) fn without_direction(text: &str) -> Option<String> {
    let is_direction = |letter: char| matches!(letter, 'N' | 'S' | 'E' | 'W' | 'O');
    let text = text.trim();
    if text.len() > 24 || !text.contains('.') {
        return None;
    }
    let bare =
        text.trim_matches(|letter| is_direction(letter) || matches!(letter, ' ' | '°' | 'º'));
    let is_number = bare
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    if bare.len() == text.len() || !is_number {
        return None;
    }
    let sign = if text.contains(['S', 'W']) { "-" } else { "" };
    Some(format!("{sign}{bare}"))
}

/// Degrees, minutes and seconds in a row (`52, 31, 12.03`, `52:31:12.03`, `52/1,31/1,1203/100`), as pictures have them, with half a
/// unit of the last digit.
pub(in crate::detect) fn degrees_in_a_row(text: &str) -> Option<(f64, f64)> {
    if text.contains('/') {
        return rationals(text);
    }
    let mut parts = text.split([',', ':']).map(str::trim);
    let (whole, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let (sign, whole) = whole
        .strip_prefix('-')
        .map_or((1.0, whole), |whole| (-1.0, whole));
    if !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole: u8 = whole.parse().ok()?;
    let minutes: u8 = minutes.parse().ok()?;
    let decimals = seconds
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    let seconds: f64 = seconds.parse().ok()?;
    let fits = parts.next().is_none() && minutes < 60 && (0.0..60.0).contains(&seconds);
    let degrees = f64::from(whole) + f64::from(minutes) / 60.0 + seconds / 3600.0;
    fits.then(|| (sign * degrees, half_a_unit(decimals) / 3600.0))
}

/// Degrees with minutes, and perhaps seconds, between spaces, and the direction (`48 26 35.67 N`, `N 48 26.5945`), with half a unit of
/// the last digit.
pub(in crate::detect) fn degrees_with_direction(text: &str) -> Option<(f64, f64)> {
    let text = text.trim();
    let is_direction = |letter: char| matches!(letter, 'N' | 'S' | 'E' | 'W' | 'O');
    let bare = text.trim_matches(|letter| is_direction(letter) || letter == ' ');
    if text.len() > 24 || bare.len() == text.len() || bare.starts_with('-') {
        return None;
    }
    let words: Vec<&str> = bare.split_whitespace().collect();
    let sign = if text.contains(['S', 'W']) { -1.0 } else { 1.0 };
    let (degrees, slack) = match words.as_slice() {
        [_, _, _] => degrees_in_a_row(&words.join(":"))?,
        [whole, minutes] => {
            let decimals = minutes.split_once('.')?.1.len();
            let (whole, minutes): (u8, f64) = (whole.parse().ok()?, minutes.parse().ok()?);
            let degrees = f64::from(whole) + minutes / 60.0;
            (0.0..60.0)
                .contains(&minutes)
                .then_some((degrees, half_a_unit(decimals) / 60.0))?
        }
        _ => return None,
    };
    Some((sign * degrees, slack))
}

/// Degrees, minutes and seconds of which each is a rational number (EXIF 2.32 §4.6.6, `GPSLatitude`).
fn rationals(text: &str) -> Option<(f64, f64)> {
    let mut slack = 0.0;
    let mut parts = text.split(',').map(|part| {
        let (number, divisor) = part.trim().split_once('/')?;
        let (number, divisor): (u32, u32) = (number.parse().ok()?, divisor.parse().ok()?);
        let unit = f64::from(divisor).recip();
        slack = unit / 2.0;
        (divisor > 0).then(|| f64::from(number) * unit)
    });
    let mut next = || parts.next().flatten();
    let (whole, minutes, seconds) = (next()?, next()?, next()?);
    let is_all = parts.next().is_none();
    let fits = is_all && whole <= 180.0 && minutes < 60.0 && seconds < 60.0;
    fits.then(|| (whole + minutes / 60.0 + seconds / 3600.0, slack / 3600.0))
}

/// Two numbers with decimal commas (`52,5200 13,4050`, `52,5200,13,4050`, as apps write them that forget the language they run
/// in), with points and a comma between them.
pub(in crate::detect) fn pair_with_decimal_points(text: &str) -> Option<String> {
    if text.len() > 48 || text.contains('.') || !text.contains(',') {
        return None;
    }
    let mut parts = text
        .split([',', ';', ' ', '/', '|'])
        .filter(|part| !part.is_empty());
    let mut number = || {
        let (whole, decimals) = (parts.next()?, parts.next()?);
        let digits = whole.strip_prefix(['-', '+']).unwrap_or(whole);
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let fits =
            digits.len() <= 3 && decimals.len() >= 4 && is_digits(digits) && is_digits(decimals);
        let number = format!("{whole}.{decimals}");
        let is_there = text.contains(&number.replace('.', ","));
        (fits && is_there).then_some(number)
    };
    let both = format!("{},{}", number()?, number()?);
    parts.next().is_none().then_some(both)
}

/// Decimal degrees within ±`limit`, exactly as sent.
pub(in crate::detect) fn degrees(value: &str, limit: f64) -> Option<Degrees> {
    let value = value.trim();
    let shape_fits = value.len() <= 32
        && value.bytes().enumerate().all(|(position, byte)| {
            byte.is_ascii_digit() || byte == b'.' || (position == 0 && matches!(byte, b'-' | b'+'))
        });
    if !shape_fits {
        return None;
    }
    let number: f64 = value.parse().ok()?;
    let decimals = value
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    (number.abs() <= limit).then_some(Degrees {
        value: number,
        decimals,
        slack: None,
    })
}

/// Pairs of angles in degrees, minutes and seconds (`52°31'12.0"N 13°24'18.0"E`, ISO 6709 Annex D), each with half a unit of
/// its last digit; also as receivers write them.
pub(in crate::detect) fn sexagesimal_pairs(text: &str) -> Vec<[(f64, f64); 2]> {
    if text.starts_with('$') {
        return nmea_pairs(text).collect();
    }
    if !text.contains(['°', 'º']) {
        return unsigned_pair(text).into_iter().collect();
    }
    let parts: Vec<&str> = text.split(['°', 'º']).collect();
    let angles: Vec<Option<(f64, f64)>> = parts
        .windows(2)
        .map(|pair| match pair {
            [before, behind] => sexagesimal_angle(before, behind),
            _ => None,
        })
        .collect();
    angles
        .windows(2)
        .filter_map(|pair| match pair {
            [Some(first), Some(second)] => Some([*first, *second]),
            _ => None,
        })
        .collect()
}

/// A text that is one such pair with other signs or none between its numbers, and letters of directions: `52 31 12.0 N 13 24 18.0 E`,
/// `52-31-12N 013-24-18E`, `N52:31:12 E13:24:18`, `52d31m12s N, 13d24m18s E`.
fn unsigned_pair(text: &str) -> Option<[(f64, f64); 2]> {
    if !(LONGEST_UNSIGNED_PAIR.contains(&text.len())
        && text.contains(['N', 'S'])
        && text.contains(['E', 'W']))
    {
        return None;
    }
    let text = text.trim();
    let is_of = |letter: char, directions: &[char]| directions.contains(&letter);
    // Where a direction ends the first angle, or begins the second.
    let (latitude, longitude) = if text.starts_with(['N', 'S']) {
        text.split_at_checked(text.find(['E', 'W'])?)?
    } else {
        let end = text.find(['N', 'S'])?.saturating_add(1);
        text.split_at_checked(end)?
    };
    let angle = |text: &str, directions: &[char; 2], limit: f64| {
        let text = text.trim_matches([' ', ',', ';', '/']);
        let bare = text
            .strip_prefix(directions)
            .or_else(|| text.strip_suffix(directions))?;
        let letter = text.chars().find(|letter| is_of(*letter, directions))?;
        let (degrees, slack) = angle_of_groups(bare)?;
        let is_negative = matches!(letter, 'S' | 'W');
        (degrees <= limit).then_some((if is_negative { -degrees } else { degrees }, slack))
    };
    Some([
        angle(latitude, &['N', 'S'], 90.0)?,
        angle(longitude, &['E', 'W'], 180.0)?,
    ])
}

/// Bytes of such a text.
const LONGEST_UNSIGNED_PAIR: std::ops::RangeInclusive<usize> = 14..=64;

/// Degrees, minutes and seconds, of which the last may have decimals, with half a unit of its last digit.
fn angle_of_groups(text: &str) -> Option<(f64, f64)> {
    let text = text.trim().trim_end_matches(['s', '"', '″']).trim_end();
    let groups = text.split([' ', ':', '-', 'd', 'm', '\'', '′']);
    let groups: Vec<&str> = groups.filter(|group| !group.is_empty()).collect();
    let (last, whole) = groups.split_last()?;
    // Two whole numbers may be anything.
    if !(whole.len() == 2 || whole.len() == 1 && last.contains('.')) {
        return None;
    }
    let is_short = |text: &str, most: usize| {
        text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (head, decimals) = last.split_once('.').unwrap_or((last, ""));
    let are_digits = is_short(head, 2)
        && is_short(decimals, 8)
        && whole
            .iter()
            .zip([3, 2])
            .all(|(group, most)| is_short(group, most));
    if !are_digits {
        return None;
    }
    let mut divisor = 1.0;
    let mut degrees = 0.0;
    for (position, group) in groups.iter().enumerate() {
        let number: f64 = group.parse().ok()?;
        if position > 0 && number >= 60.0 {
            return None;
        }
        degrees += number / divisor;
        divisor *= 60.0;
    }
    Some((degrees, half_a_unit(decimals.len()) * 60.0 / divisor))
}

/// One angle in degrees, minutes and seconds, alone in a text.
pub(in crate::detect) fn sexagesimal(text: &str) -> Option<(f64, f64)> {
    let (before, behind) = text.trim().split_once(['°', 'º'])?;
    let is_alone = behind.len() <= 32 && !behind.contains(['°', 'º']);
    is_alone
        .then(|| sexagesimal_angle(before, behind))
        .flatten()
}

/// Positions in sentences of receivers (NMEA 0183: `$GPRMC`, `$GNGGA`, `$GPGLL`): degrees and minutes in one number, then N or S,
/// E or W.
fn nmea_pairs(text: &str) -> impl Iterator<Item = [(f64, f64); 2]> {
    text.lines().filter_map(|line| {
        let sentence = line.trim().strip_prefix('$')?;
        let kind = sentence.get(2..5)?;
        if !matches!(kind, "RMC" | "GGA" | "GLL" | "GNS") {
            return None;
        }
        let words: Vec<&str> = sentence.split(',').take(12).collect();
        words.windows(4).find_map(|window| {
            let [latitude, south @ ("N" | "S"), longitude, west @ ("E" | "W")] = window else {
                return None;
            };
            Some([
                nmea_angle(latitude, *south == "S")?,
                nmea_angle(longitude, *west == "W")?,
            ])
        })
    })
}

/// `5231.2000`: 52 degrees and 31.2 minutes, and half a unit of the last digit.
fn nmea_angle(text: &str, is_negative: bool) -> Option<(f64, f64)> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_number = (3..=5).contains(&whole.len())
        && whole
            .bytes()
            .chain(decimals.bytes())
            .all(|byte| byte.is_ascii_digit());
    if !is_number {
        return None;
    }
    let (degrees, _) = whole.split_at_checked(whole.len().saturating_sub(2))?;
    let minutes: f64 = text.get(degrees.len()..)?.parse().ok()?;
    let angle = degrees.parse::<f64>().ok()? + minutes / 60.0;
    let slack = half_a_unit(decimals.len()) / 60.0;
    Some((if is_negative { -angle } else { angle }, slack))
}

/// The angle around a degree sign, and half a unit of its last digit.
fn sexagesimal_angle(before: &str, behind: &str) -> Option<(f64, f64)> {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let digits = before.bytes().rev().take_while(is_digit).count();
    let (sign, whole) = before.split_at_checked(before.len().saturating_sub(digits))?;
    let mut degrees: f64 = whole.parse().ok()?;
    let mut slack = 0.5;
    let mut rest = behind.trim_start();
    for divisor in [60.0, 3600.0] {
        let length = rest.bytes().take_while(is_digit).count();
        let (number, behind) = rest.split_at_checked(length)?;
        let Ok(parts) = number.parse::<f64>() else {
            break;
        };
        let decimals = number
            .split_once('.')
            .map_or(0, |(_, decimals)| decimals.len());
        degrees += parts / divisor;
        slack = half_a_unit(decimals) / divisor;
        rest = behind.trim_start_matches(['\'', '′', '’', '"', '″', '”', ' ']);
    }
    let is_negative = sign.ends_with('-') || rest.starts_with(['S', 'W', 's', 'w']);
    Some((if is_negative { -degrees } else { degrees }, slack))
}

/// Metres of a degree of latitude.
pub(in crate::detect) const METRES_PER_DEGREE: f64 = 111_320.0;

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "nothing on earth is further than 40,000 km, and the cast saturates"
)]
pub(in crate::detect) fn whole_metres(metres: f64) -> u32 {
    (metres.round() as u32).max(1)
}

/// Half a unit of the last of so many decimals.
pub(in crate::detect) fn half_a_unit(decimals: usize) -> f64 {
    0.5 / 10_f64.powi(i32::try_from(decimals.min(15)).unwrap_or(15))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_of_receivers_are_read() {
        let sentence = "$GPRMC,081836,A,5231.2000,N,01324.3000,W,000.0,360.0,020326,,*18\r\n";
        let [[(latitude, slack), (longitude, _)]] = sexagesimal_pairs(sentence)[..] else {
            panic!("no position");
        };
        assert!((latitude - 52.52).abs() < slack && (longitude + 13.405).abs() < slack);
        assert!(sexagesimal_pairs("$GPRMC,081836,V,,,,,000.0,360.0,020326,,*18").is_empty());
    }

    #[test]
    fn pairs_need_no_degree_signs() {
        for text in [
            "52 31 12.0 N 13 24 18.0 W",
            "52:31:12.0 N 13:24:18.0 W",
            "52-31-12N 013-24-18W",
            "52d31m12.0sN 13d24m18.0sW",
            "N52:31:12, W13:24:18",
            "N 52 31.200 W 013 24.300",
        ] {
            let [[(latitude, slack), (longitude, _)]] = sexagesimal_pairs(text)[..] else {
                panic!("{text}");
            };
            assert!((latitude - 52.52).abs() <= slack, "{text}: {latitude}");
            assert!((longitude + 13.405).abs() <= slack, "{text}: {longitude}");
        }
        for text in [
            "52 31 12.0 13 24 18.0",
            "SN-52-31-12 WE-13-24",
            "10-12-2026 N 13:24:18 E",
            "Musterweg 52 N, 13 E Beispiel",
            "S2 E3 12 14 22 19",
        ] {
            assert!(sexagesimal_pairs(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn degrees_in_a_row_keep_their_sign() {
        for (text, expected) in [
            ("33:52:07.68", 33.8688),
            ("-33:52:07.68", -33.8688),
            ("-0, 7, 30", -0.125),
            ("33/1,52/1,768/100", 33.868_8),
            ("33/1, 521280/10000, 0/1", 33.868_8),
        ] {
            let degrees = degrees_in_a_row(text).map(|(degrees, _)| degrees);
            let is_same = degrees.is_some_and(|degrees| (degrees - expected).abs() < 1e-6);
            assert!(is_same, "{text}: {degrees:?}");
        }
        assert_eq!(degrees_in_a_row("--33:52:07.68"), None);
        assert_eq!(degrees_in_a_row("-+33:52:07.68"), None);
        for text in [
            "33/0,52/1,768/100",
            "1/2/2026",
            "33/1,52/1",
            "33/1,61/1,0/1",
            "a/b,c/d,e/f",
        ] {
            assert_eq!(degrees_in_a_row(text), None, "{text}");
        }
    }

    #[test]
    fn degrees_have_their_direction_beside_them() {
        for (text, expected) in [
            ("33 52 07.68 S", -33.8688),
            ("E 33 52.128", 33.8688),
            ("33 52 7.68N", 33.8688),
        ] {
            let degrees = degrees_with_direction(text).map(|(degrees, _)| degrees);
            let is_same = degrees.is_some_and(|degrees| (degrees - expected).abs() < 1e-6);
            assert!(is_same, "{text}: {degrees:?}");
        }
        for text in [
            "33 52 07.68",
            "33 61 07.68 N",
            "12 N",
            "Haus 12 N",
            "1 2 3 4 N",
        ] {
            assert_eq!(degrees_with_direction(text), None, "{text}");
        }
    }

    #[test]
    fn degrees_keep_the_decimals_that_were_sent() {
        assert_eq!(
            degrees("52.5200", 90.0),
            Some(Degrees {
                value: 52.52,
                decimals: 4,
                slack: None,
            })
        );
        assert_eq!(degrees("91", 90.0), None);
        assert_eq!(degrees("1.2.3", 90.0), None);
        assert_eq!(degrees("1e5", 180.0), None);
    }
}
