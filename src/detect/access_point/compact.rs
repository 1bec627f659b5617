//! Access points in one value, as positioning services take them: `3c5ab4010203:-61,…` (Yandex's Locator, `wifinetworks`),
//! `3c5ab4010203;61;Werkstatt|…` (Baidu's, `wf`), `3c:5a:b4:01:02:03,-61,Werkstatt|…` (`AMap`'s, `macs`), or addresses alone.

use std::ops::RangeInclusive;

use super::{SIGNAL, SIGNAL_UNNAMED, is_signal};
use crate::detect::value;

/// Most access points of one value.
const MOST: usize = 1024;
/// Hexadecimal digits of a hardware address without marks.
const DIGITS: usize = 12;
/// Fewest addresses that are a scan without anything beside them.
const LEAST_BARE: usize = 2;
/// How strongly something is received, in dBm without their sign.
const STRENGTH: RangeInclusive<i32> = 15..=110;

/// An address and what stands behind it in the same cell or the next.
struct Point<'a> {
    address: &'a str,
    behind: Option<&'a str>,
}

/// The addresses of a value under a name that says access points; none, if it is no list of these.
pub(in crate::detect) fn of_named(text: &str) -> Vec<&str> {
    let points = points(text);
    let is_received = |point: &Point<'_>| {
        let behind = point.behind.unwrap_or_default();
        is_signal(behind, SIGNAL) || behind.parse().is_ok_and(|level| STRENGTH.contains(&level))
    };
    let are_received = points.iter().all(is_received);
    let are_bare = points.len() >= LEAST_BARE && points.iter().all(|point| point.behind.is_none());
    // Times and counters have no letters.
    let has_letter = |address: &str| address.bytes().any(|byte| byte.is_ascii_alphabetic());
    let has_letters = points.iter().any(|point| has_letter(point.address));
    if !has_letters || !are_received && !are_bare {
        return Vec::new();
    }
    points.iter().map(|point| point.address).collect()
}

/// The same under any other name, of nothing but digits and how strongly each is received: what is near by Bluetooth is listed with
/// its marks and name.
pub(super) fn of_unnamed(text: &str) -> Vec<&str> {
    if text.as_bytes().get(DIGITS) != Some(&b':') {
        return Vec::new();
    }
    let points = text.split([',', ';', '|']).map(|cell| {
        let (address, signal) = cell.trim().split_once(':')?;
        let is_point =
            address.len() == DIGITS && value::is_hex(address) && is_signal(signal, SIGNAL_UNNAMED);
        is_point.then_some(address)
    });
    let points: Option<Vec<&str>> = points.take(MOST).collect();
    points.unwrap_or_default()
}

/// What a text holds that begins with an address.
fn points(text: &str) -> Vec<Point<'_>> {
    let text = text.trim();
    if address(text).is_none() {
        return Vec::new();
    }
    let mut cells = text.split([',', ';', '|', '\n', '\t']).peekable();
    let mut points = Vec::new();
    while let Some(cell) = cells.next() {
        let Some((address, rest)) = address(cell.trim()) else {
            continue;
        };
        if points.len() >= MOST {
            break;
        }
        let next = cells.peek().copied().map(str::trim);
        let next = next.filter(|next| self::address(next).is_none());
        let behind = if rest.is_empty() { next } else { Some(rest) };
        points.push(Point { address, behind });
    }
    points
}

/// The address that a cell begins with, and what follows it behind a mark.
fn address(cell: &str) -> Option<(&str, &str)> {
    let is_address = |text: &str| {
        text.len() == DIGITS && value::is_hex(text) || value::is_hardware_address(text)
    };
    [DIGITS, super::ADDRESS].into_iter().find_map(|length| {
        let (address, rest) = cell.split_at_checked(length)?;
        let rest = match rest.strip_prefix([':', '=', '@', '_', ' ']) {
            Some(rest) => rest,
            None if rest.is_empty() || rest.starts_with([',', ';', '|', '\n', '\t']) => rest,
            None => return None,
        };
        is_address(address).then_some((address, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_take_access_points_in_one_value() {
        for text in [
            "3c5ab4010203:-61,3c5ab4010204:-70",
            "3c5ab4010203;61;Werkstatt|3c5ab4010204;70;|",
            "3c:5a:b4:01:02:03,-61,Werkstatt|3c:5a:b4:01:02:04,-70,Lager",
            "3C5AB4010203,3C5AB4010204",
            "3c:5a:b4:01:02:03 3c:5a:b4:01:02:04"
                .replace(' ', ";")
                .as_str(),
        ] {
            assert_eq!(of_named(text).len(), 2, "{text}");
        }
        assert_eq!(of_named("3c5ab4010203:-61").len(), 1);
        assert_eq!(of_unnamed("3c5ab4010203:-61,3c5ab4010204:-70").len(), 2);
        for other in [
            "3c5ab4010203",
            "123456789012:-61",
            "3c5ab4010203:build,3c5ab4010204:test",
            "Werkstatt",
        ] {
            assert!(of_named(other).is_empty(), "{other}");
        }
        assert!(of_unnamed("3c5ab4010203;61;|3c5ab4010204;70;").is_empty());
    }
}
