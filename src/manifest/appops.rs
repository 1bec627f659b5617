//! Output of `dumpsys appops` (AOSP `AppOpsService.dump`), Android 8 to 16 → what apps did with their permissions, and when.
//!
//! The layout differs between versions: Android 8 writes all of an operation in one line, 9 a line for each state of the process
//! (`Access: top = …`, and below it `bg = …`), 10 an indented line an access, 11 and later put those into brackets by attribution tag. Only the latest access of each kind is kept by the system.

use super::Read;
use crate::limits;

/// One operation of one app, as the system keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppOperation {
    /// Android uid (`user * 100000 + app id`).
    pub uid: Option<u32>,
    /// Package.
    pub package: String,
    /// Name of the operation: `READ_CONTACTS`, `FINE_LOCATION` ….
    pub operation: String,
    /// `allow`, `ignore`, `deny`, `default`, `foreground`.
    pub mode: String,
    /// The latest accesses.
    pub accesses: Vec<OperationAccess>,
}

/// The latest access of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperationAccess {
    /// Line of the dump.
    pub line: u64,
    /// The system refused.
    pub is_refused: bool,
    /// State of the process: `pers`, `top`, `fgsvcl`, `fgsvc`, `fg`, `bg`, `cch`; empty where the dump does not say.
    pub state: String,
    /// Attribution tag.
    pub tag: Option<String>,
    /// Time as written, in the time of the phone, without zone; empty where only an age is written.
    pub time: String,
    /// How long ago, as written: `-22d4h22m19s762ms`, `+4m12s123ms`.
    pub age: String,
    /// The dump has it with another app, too, whose it is: done by a trusted proxy for that app (`tp`), such as the provider of
    /// contacts, or blamed on this one by one that is not trusted (`upd`). The system does not count these either
    /// (`AppOpsManager.OP_FLAGS_ALL_TRUSTED`).
    pub is_of_another: bool,
}

impl OperationAccess {
    /// Whether nobody looked: `None` where the dump does not say.
    pub fn in_background(&self) -> Option<bool> {
        match self.state.as_str() {
            "bg" | "cch" | "cached" | "background" => Some(true),
            "" => None,
            _ => Some(false),
        }
    }
}

/// Output of `dumpsys appops`.
pub fn appops(text: &[u8]) -> Read<Vec<AppOperation>> {
    let mut reader = Reader::default();
    for (line, number) in text.split(|byte| *byte == b'\n').zip(1_u64..) {
        reader.line(&String::from_utf8_lossy(line), number);
    }
    reader.close_operation();
    let mut damage = Vec::new();
    if reader.is_cut {
        damage.push("more operations in the dump than the bound".to_owned());
    }
    Read {
        value: reader.operations,
        damage,
    }
}

#[derive(Debug, Default)]
struct Reader {
    uid: Option<u32>,
    package: Option<String>,
    /// The operation that is being read, and the indentation of its line.
    current: Option<(usize, AppOperation)>,
    tag: Option<String>,
    /// Whether the access before was refused, which in Android 9 goes for the lines below it, too.
    is_refused: Option<bool>,
    operations: Vec<AppOperation>,
    count: usize,
    is_cut: bool,
}

impl Reader {
    fn line(&mut self, line: &str, number: u64) {
        let line = line.trim_end();
        let content = line.trim_start();
        let indent = line.len().saturating_sub(content.len());
        if content.is_empty() {
            return;
        }
        if let Some((header, _)) = self.current {
            if indent > header {
                return self.detail(content, number);
            }
            self.close_operation();
        }
        if let Some(uid) = content.strip_prefix("Uid ") {
            self.uid = uid_of(uid.trim_end_matches(':'));
            self.package = None;
        } else if let Some(package) = content.strip_prefix("Package ") {
            self.package = Some(package.trim_end_matches(':').to_owned());
        } else if indent == 0 || (indent == 2 && !content.contains('=')) {
            self.package = None;
        } else if let Some(package) = &self.package
            && let Some((name, mode, rest)) = operation(content)
        {
            if self.count >= limits::DUMP_OPERATIONS {
                self.is_cut = true;
                return;
            }
            self.count = self.count.saturating_add(1);
            let mut operation = AppOperation {
                uid: self.uid,
                package: package.clone(),
                operation: name.to_owned(),
                mode: mode.to_owned(),
                accesses: Vec::new(),
            };
            operation.accesses.extend(ages(rest, number));
            self.current = Some((indent, operation));
            self.tag = None;
            self.is_refused = None;
        }
    }

    /// A line below an operation: the begin or end of a tag, or an access.
    fn detail(&mut self, content: &str, number: u64) {
        if content == "]" {
            self.tag = None;
            return;
        }
        if let Some(tag) = content.strip_suffix("=[") {
            self.tag = (tag != "null").then(|| tag.to_owned());
            return;
        }
        let (is_refused, rest) = if let Some(rest) = content.strip_prefix("Access:") {
            (false, rest)
        } else if let Some(rest) = content.strip_prefix("Reject:") {
            (true, rest)
        } else if let Some(is_refused) = self.is_refused
            && by_state(content).is_some()
        {
            (is_refused, content)
        } else {
            return;
        };
        self.is_refused = Some(is_refused);
        if self.count >= limits::DUMP_OPERATIONS {
            self.is_cut = true;
            return;
        }
        self.count = self.count.saturating_add(1);
        if let Some((_, operation)) = &mut self.current {
            operation.accesses.push(OperationAccess {
                line: number,
                is_refused,
                tag: self.tag.clone(),
                ..access(rest)
            });
        }
    }

    fn close_operation(&mut self) {
        if let Some((_, operation)) = self.current.take() {
            self.operations.push(operation);
        }
    }
}

/// `0`, `1000`, `u0a103` (app 103 of user 0), `u10s1000`, `u0i5` (isolated).
fn uid_of(text: &str) -> Option<u32> {
    let Some(rest) = text.strip_prefix('u') else {
        return text.parse().ok();
    };
    let end = rest.find(|character: char| !character.is_ascii_digit())?;
    let (user, rest) = rest.split_at_checked(end)?;
    let first = match rest.get(..1)? {
        "a" => 10_000,
        "i" => 99_000,
        _ => 0,
    };
    let number: u32 = rest.get(1..)?.parse().ok()?;
    user.parse::<u32>()
        .ok()?
        .checked_mul(100_000)?
        .checked_add(first)?
        .checked_add(number)
}

/// `READ_CONTACTS (allow):`, `FINE_LOCATION (allow / switch COARSE_LOCATION=allow):`, and in Android 8
/// `READ_CONTACTS: mode=0; time=+2d3h ago`: name, mode, and what follows.
fn operation(content: &str) -> Option<(&str, &str, &str)> {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if let Some((name, rest)) = content.split_once(" (")
        && let Some((mode, rest)) = rest.split_once(')')
    {
        let mode = mode.split_once(" / ").map_or(mode, |(mode, _)| mode);
        return is_name(name).then_some((name, mode, rest));
    }
    let (name, rest) = content.split_once(": ")?;
    let mode = rest.strip_prefix("mode=")?;
    let (mode, rest) = mode.split_once(';').unwrap_or((mode, ""));
    // `AppOpsManager.MODE_…`
    let mode = match mode {
        "0" => "allow",
        "1" => "ignore",
        "2" => "deny",
        "3" => "default",
        "4" => "foreground",
        other => other,
    };
    is_name(name).then_some((name, mode, rest))
}

/// `time=+4m12s123ms ago; rejectTime=+2d ago; duration=+2s`, as Android 8 has it in the operation's own line.
fn ages(rest: &str, line: u64) -> impl Iterator<Item = OperationAccess> {
    rest.split(';').filter_map(move |part| {
        let (key, value) = part.trim().trim_start_matches(':').trim().split_once('=')?;
        let is_refused = match key {
            "time" => false,
            "rejectTime" => true,
            _ => return None,
        };
        Some(OperationAccess {
            line,
            is_refused,
            age: value.trim_end_matches(" ago").to_owned(),
            ..OperationAccess::default()
        })
    })
}

/// `top   = 2019-03-07 18:05:34.325 (-4m12s)`: the state of the process, and what follows.
fn by_state(line: &str) -> Option<(&str, &str)> {
    let (state, rest) = line.split_once('=')?;
    let (state, rest) = (state.trim(), rest.trim_start());
    let is_state = ["pers", "top", "fgsvcl", "fgsvc", "fg", "bg", "cch"].contains(&state);
    (is_state && rest.starts_with(|first: char| first.is_ascii_digit())).then_some((state, rest))
}

/// ` [bg-tpd] 2022-03-07 18:05:34.325 (-22d4h22m19s762ms) duration=+33ms`; some versions leave out the blank after the bracket.
fn access(rest: &str) -> OperationAccess {
    let mut access = OperationAccess::default();
    let mut rest = rest.trim_start();
    if let Some((state, after)) = rest
        .strip_prefix('[')
        .and_then(|inside| inside.split_once(']'))
    {
        let (state, flag) = state.split_once('-').unwrap_or((state, ""));
        state.clone_into(&mut access.state);
        access.is_of_another = matches!(flag, "tp" | "upd");
        rest = after.trim_start();
    } else if let Some((state, after)) = by_state(rest) {
        state.clone_into(&mut access.state);
        rest = after;
    }
    let (time, age) = rest.split_once('(').unwrap_or((rest, ""));
    let time = time.trim();
    if time.starts_with(|character: char| character.is_ascii_digit()) {
        time.clone_into(&mut access.time);
    }
    if let Some((age, _)) = age.split_once(')') {
        age.clone_into(&mut access.age);
    }
    access
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EIGHT: &str = "Current AppOps Service state:\n  Uid u0a103:\n    Package org.example.chat:\n      \
        READ_CONTACTS: mode=0; time=+4m12s123ms ago; duration=+2s\n      CAMERA: mode=1; rejectTime=+2d ago\n";
    const NINE: &str = "Current AppOps Service state:\n  Uid u0a103:\n    state=cch  \n    Package org.example.chat:\n      \
        READ_CONTACTS (allow): \n          \
        Access: top   = 2019-03-07 18:05:34.325 (-4m12s123ms)\n                  \
                bg    = 2019-03-06 18:05:34.325 (-1d0h4m12s123ms)\n          \
        Reject: fg    = 2019-03-05 18:05:34.325 (-2d0h4m12s123ms)\n          \
        duration=+33ms\n      CAMERA (ignore): \n          \
        Reject: cch   = 2019-03-04 18:05:34.325 (-3d0h4m12s123ms)\n";
    const TEN: &str = "Current AppOps Service state:\n  Op mode watchers:\n    Op COARSE_LOCATION:\n      #0: x\n\n  Uid u10a103:\n    state=cch\n      \
        COARSE_LOCATION: mode=ignore\n    Package org.example.chat:\n      READ_CONTACTS (allow):\n          \
        Access: [bg-tpd] 2022-03-07 18:05:34.325 (-22d4h22m19s762ms)\n      WRITE_SMS (ignore):\n          \
        Reject: [fg-s]2021-05-19 22:02:52.054 (-314d1h25m2s33ms)\n";
    const FOURTEEN: &str = "Current AppOps Service state:\r\n  Uid u0a103:\r\n    state=top\r\n    capability=LCMN\r\n    Package org.example.chat:\r\n      \
        FINE_LOCATION (allow / switch COARSE_LOCATION=allow): \r\n        null=[\r\n          \
        Access: [top-s] 2026-01-02 03:04:05.678 (-1h) duration=+33ms\r\n        ]\r\n        sync=[\r\n          \
        Access: [cch-s] 2026-01-02 03:04:06.678 (-1h) proxy[uid=10070, pkg=org.example.proxy, attributionTag=null]\r\n          \
        Running start at: +27s669ms\r\n        ]\r\n  Uid 1000:\r\n    Package android:\r\n      CAMERA (deny):\r\n";

    fn rows(text: &str) -> Vec<String> {
        let read = appops(text.as_bytes());
        assert_eq!(read.damage, Vec::<String>::new());
        let mut rows = Vec::new();
        for operation in read.value {
            let AppOperation {
                uid,
                package,
                operation: name,
                mode,
                ..
            } = &operation;
            rows.push(format!("{} {package} {name} {mode}", uid.unwrap()));
            for access in &operation.accesses {
                rows.push(format!(
                    "  {} refused={} state={} background={:?} tag={:?} {} {}",
                    access.line,
                    access.is_refused,
                    access.state,
                    access.in_background(),
                    access.tag,
                    access.time,
                    access.age
                ));
            }
        }
        rows
    }

    #[test]
    fn all_layouts_are_read() {
        assert_eq!(
            rows(EIGHT),
            [
                "10103 org.example.chat READ_CONTACTS allow",
                "  4 refused=false state= background=None tag=None  +4m12s123ms",
                "10103 org.example.chat CAMERA ignore",
                "  5 refused=true state= background=None tag=None  +2d",
            ]
        );
        assert_eq!(
            rows(NINE),
            [
                "10103 org.example.chat READ_CONTACTS allow",
                "  6 refused=false state=top background=Some(false) tag=None 2019-03-07 18:05:34.325 -4m12s123ms",
                "  7 refused=false state=bg background=Some(true) tag=None 2019-03-06 18:05:34.325 -1d0h4m12s123ms",
                "  8 refused=true state=fg background=Some(false) tag=None 2019-03-05 18:05:34.325 -2d0h4m12s123ms",
                "10103 org.example.chat CAMERA ignore",
                "  11 refused=true state=cch background=Some(true) tag=None 2019-03-04 18:05:34.325 -3d0h4m12s123ms",
            ]
        );
        assert_eq!(
            rows(TEN),
            [
                "1010103 org.example.chat READ_CONTACTS allow",
                "  11 refused=false state=bg background=Some(true) tag=None 2022-03-07 18:05:34.325 -22d4h22m19s762ms",
                "1010103 org.example.chat WRITE_SMS ignore",
                "  13 refused=true state=fg background=Some(false) tag=None 2021-05-19 22:02:52.054 -314d1h25m2s33ms",
            ]
        );
        assert_eq!(
            rows(FOURTEEN),
            [
                "10103 org.example.chat FINE_LOCATION allow",
                "  8 refused=false state=top background=Some(false) tag=None 2026-01-02 03:04:05.678 -1h",
                "  11 refused=false state=cch background=Some(true) tag=Some(\"sync\") 2026-01-02 03:04:06.678 -1h",
                "1000 android CAMERA deny",
            ]
        );
    }

    /// The flags behind the state (`AppOpsManager.OP_FLAG_…`): what a trusted proxy does for an app stands with both.
    #[test]
    fn what_is_done_for_another_app_is_of_that_app() {
        let of_another = ["bg-s", "bg-tp", "bg-up", "bg-tpd", "bg-upd", "bg"].map(|state| {
            access(&format!(" [{state}] 2026-01-02 03:04:05.678 (-1h)")).is_of_another
        });
        assert_eq!(of_another, [false, true, false, false, true, false]);
    }

    #[test]
    fn uids_name_user_and_app() {
        let read = ["0", "1000", "u0a103", "u10a1", "u0i5", "u10s1000", "ux", ""].map(uid_of);
        assert_eq!(
            read,
            [
                Some(0),
                Some(1000),
                Some(10_103),
                Some(1_010_001),
                Some(99_005),
                Some(1_001_000),
                None,
                None
            ]
        );
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(  |    |      |          )?[A-Z]{1,6}[ (:=\\[\\]a-z0-9)]{0,20}\n{1,3}", bytes: Vec<u8>) {
            let _ = (appops(text.as_bytes()), appops(&bytes));
        }

        /// What stands before the operations, and how lines end, changes nothing.
        #[test]
        fn line_ends_and_preambles_change_nothing(preamble in "([a-z:]{1,10}\n){0,3}") {
            let shift = preamble.matches('\n').count() as u64;
            let mut expected = appops(TEN.as_bytes()).value;
            for access in expected.iter_mut().flat_map(|operation| &mut operation.accesses) {
                access.line += shift;
            }
            let text = format!("{preamble}{TEN}").replace('\n', "\r\n");
            prop_assert_eq!(appops(text.as_bytes()).value, expected);
        }
    }
}
