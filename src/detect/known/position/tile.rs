//! Tiles of maps by zoom level, column and row.

use std::collections::BTreeMap;

use super::Places;
use crate::detect::Scene;
use crate::detect::known::cell::tile;
use crate::detect::known::scan::Hit;
use crate::model::{PathId, Place as Part, Step};

/// Looks for tiles of maps that hold a place.
pub(super) fn tiles_with(places: &Places, scene: &Scene<'_>, found: &mut dyn FnMut(usize, Hit)) {
    for (field, [zoom, x, y]) in tiles_of(scene) {
        if let Ok(zoom) = u8::try_from(zoom) {
            tile(places, zoom, x, y, &mut |hit| found(field, hit));
        }
    }
    for (field, [zoom, first, second]) in tiles_in_path(scene) {
        if let Ok(zoom) = u8::try_from(zoom) {
            // Column and row, or the other way round as ArcGIS has them.
            for (x, y) in [(first, second), (second, first)] {
                tile(places, zoom, x, y, &mut |hit| found(field, hit));
            }
        }
    }
}

/// Tiles whose zoom level, column and row are members of one object, with the field of the first.
fn tiles_of(scene: &Scene<'_>) -> impl Iterator<Item = (usize, [u32; 3])> {
    /// The field of its first member, zoom level, column, row.
    type Members = (usize, [Option<u32>; 3]);
    let mut tiles: BTreeMap<(Part, PathId), Members> = BTreeMap::new();
    for (number, field) in scene.fields.iter().enumerate() {
        let slot = match scene.fields.name(field) {
            "z" | "zoom" | "Z" | "level" | "zoomLevel" | "zoom_level" => 0,
            "x" | "X" | "tileX" | "tile_x" | "col" | "column" => 1,
            "y" | "Y" | "tileY" | "tile_y" | "row" => 2,
            _ => continue,
        };
        let Some(object) = scene.object(field) else {
            continue;
        };
        let tile = tiles
            .entry((field.place, object))
            .or_insert((number, [None; 3]));
        if let Some(slot) = tile.1.get_mut(slot) {
            *slot = field.value.parse().ok();
        }
    }
    tiles.into_values().filter_map(|(field, tile)| {
        let [zoom, x, y] = tile;
        Some((field, [zoom?, x?, y?]))
    })
}

/// Three segments of the request's path that follow each other and are numbers, as a tile's zoom level and place (`/15/17602/10747@2x.png`), with the
/// field of the first.
fn tiles_in_path<'a>(scene: &'a Scene<'_>) -> impl Iterator<Item = (usize, [u32; 3])> + 'a {
    let paths = &scene.fields.paths;
    let segments = scene.fields.iter().enumerate();
    let segments = segments.take_while(|(_, field)| field.place == Part::Path);
    let segments = segments.filter_map(|(number, field)| match paths.split(field.path)? {
        (parent, Step::Index(position)) if parent == PathId::default() => {
            let digits = field.value.bytes().take_while(u8::is_ascii_digit).count();
            let (digits, rest) = field.value.split_at_checked(digits)?;
            let is_number = rest.is_empty() || rest.starts_with(['.', '@']);
            let value = is_number.then(|| digits.parse::<u32>().ok()).flatten()?;
            Some((number, position, value))
        }
        _ => None,
    });
    let segments: Vec<(usize, u32, u32)> = segments.collect();
    let mut tiles = Vec::new();
    for window in segments.windows(3) {
        if let [(field, at, zoom), (_, next, x), (_, last, y)] = window
            && next.checked_sub(*at) == Some(1)
            && last.checked_sub(*next) == Some(1)
        {
            tiles.push((*field, [*zoom, *x, *y]));
        }
    }
    tiles.into_iter()
}
