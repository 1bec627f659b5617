//! Output of `pm list packages`, with any of its options.

use super::{Read, Shelf};
use crate::limits;
use crate::model::{Dossier, InputId, InstalledApp, Origin, Platform, Timestamp};

/// `package:[path=]name[ versionCode:7][ installer=…][ uid:10103[,1010103]]`, one app a line.
pub fn package_list(text: &[u8]) -> Read<Dossier> {
    let mut shelf = Shelf::default();
    shelf.dossier.platform = Some(Platform::Android);
    for (line, number) in text.split(|byte| *byte == b'\n').zip(1_u64..) {
        let line = String::from_utf8_lossy(line);
        let Some((package, app)) = app(line.trim(), number) else {
            continue;
        };
        if shelf.apps >= limits::LISTED_APPS {
            shelf.too_many("apps");
            break;
        }
        shelf.apps = shelf.apps.saturating_add(1);
        shelf.dossier.apps.entry(package).or_insert(app);
    }
    shelf.finish()
}

fn app(line: &str, number: u64) -> Option<(String, InstalledApp)> {
    let mut words = line.strip_prefix("package:")?.split_whitespace();
    let first = words.next()?;
    // Paths end in `==` of their own.
    let (path, package) = match first.rsplit_once('=') {
        Some((path, package)) => (Some(path), package),
        None => (None, first),
    };
    if package.is_empty() || package.len() > limits::DUMP_NAME_BYTES {
        return None;
    }
    let mut app = InstalledApp {
        source: Some(Origin {
            input: InputId::default(),
            frame: number,
            time: Timestamp::default(),
        }),
        // What lies elsewhere came with the phone.
        is_system: path.is_some_and(|path| path.starts_with('/') && !path.starts_with("/data/")),
        ..InstalledApp::default()
    };
    for word in words {
        if let Some(installer) = word.strip_prefix("installer=") {
            app.installer = (installer != "null").then(|| installer.to_owned());
        } else if let Some(uids) = word.strip_prefix("uid:") {
            let uids: Vec<u32> = uids.split(',').filter_map(|uid| uid.parse().ok()).collect();
            app.app_id = uids.first().map(|uid| uid % 100_000);
            app.users = uids.iter().map(|uid| uid / 100_000).collect();
            app.users.sort_unstable();
            app.users.dedup();
        }
    }
    Some((package.to_owned(), app))
}
