//! The output of `adb shell dumpsys package`, in the layout of Android 14.

use std::fmt::Write as _;

/// An installed app.
#[derive(Clone, Debug)]
pub(super) struct Package {
    pub(super) name: &'static str,
    pub(super) app_id: u32,
    pub(super) version: &'static str,
    pub(super) is_system: bool,
    /// Name of a uid that it shares with others.
    pub(super) shared_user: Option<&'static str>,
    /// Runtime permissions and, for each Android user that has the app, who decided what.
    pub(super) users: Vec<(u32, Vec<(&'static str, Grant)>)>,
}

impl Package {
    /// An app that a user installed for Android user 0.
    pub(super) fn new(name: &'static str, app_id: u32, version: &'static str) -> Self {
        Self {
            name,
            app_id,
            version,
            is_system: false,
            shared_user: None,
            users: Vec::new(),
        }
    }

    /// Has it for an Android user, with runtime permissions.
    pub(super) fn for_user(mut self, user: u32, permissions: &[(&'static str, Grant)]) -> Self {
        self.users.push((user, permissions.to_vec()));
        self
    }

    /// Preinstalled.
    pub(super) fn system(mut self) -> Self {
        self.is_system = true;
        self
    }

    /// Shares its uid.
    pub(super) fn sharing(mut self, user: &'static str) -> Self {
        self.shared_user = Some(user);
        self
    }
}

/// State of a runtime permission.
#[derive(Clone, Copy, Debug)]
pub(super) enum Grant {
    Given,
    Refused,
    /// By the company's device management.
    GivenByPolicy,
    RefusedByPolicy,
}

impl Grant {
    fn line(self) -> &'static str {
        match self {
            Self::Given => {
                "granted=true, flags=[ USER_SET|USER_SENSITIVE_WHEN_GRANTED|USER_SENSITIVE_WHEN_DENIED]"
            }
            Self::Refused => {
                "granted=false, flags=[ USER_SET|USER_FIXED|USER_SENSITIVE_WHEN_GRANTED|USER_SENSITIVE_WHEN_DENIED]"
            }
            Self::GivenByPolicy => {
                "granted=true, flags=[ POLICY_FIXED|USER_SENSITIVE_WHEN_GRANTED]"
            }
            Self::RefusedByPolicy => {
                "granted=false, flags=[ POLICY_FIXED|USER_SENSITIVE_WHEN_GRANTED]"
            }
        }
    }
}

/// The dump of a phone with these packages.
pub(super) fn dump(packages: &[Package]) -> Vec<u8> {
    let mut text = String::from(
        "Database versions:\n  Internal:\n    sdkVersion=34 databaseVersion=3\n\nPackages:\n",
    );
    for package in packages {
        describe(&mut text, package).unwrap();
    }
    let mut shared: Vec<(&str, u32)> = packages
        .iter()
        .filter_map(|package| Some((package.shared_user?, package.app_id)))
        .collect();
    shared.dedup();
    text.push_str("\nShared users:\n");
    for (name, app_id) in shared {
        write!(
            text,
            "  SharedUser [{name}] (5a1c{app_id:x}):\n    appId={app_id}\n"
        )
        .unwrap();
    }
    text.push_str("\nDexopt state:\n");
    text.into_bytes()
}

fn describe(text: &mut String, package: &Package) -> std::fmt::Result {
    let Package {
        name,
        app_id,
        version,
        ..
    } = package;
    let flags = if package.is_system {
        "SYSTEM HAS_CODE ALLOW_CLEAR_USER_DATA"
    } else {
        "HAS_CODE ALLOW_CLEAR_USER_DATA"
    };
    writeln!(text, "  Package [{name}] (7e{app_id:x}):")?;
    writeln!(text, "    appId={app_id}")?;
    if let Some(shared) = package.shared_user {
        writeln!(
            text,
            "    sharedUser=SharedUserSetting{{5a1c{app_id:x} {shared}/{app_id}}}"
        )?;
    }
    writeln!(text, "    pkg=Package{{1b{app_id:x} {name}}}")?;
    writeln!(
        text,
        "    versionCode={} minSdk=26 targetSdk=34",
        digits(version)
    )?;
    writeln!(text, "    versionName={version}")?;
    writeln!(text, "    flags=[ {flags} ]")?;
    if !package.is_system {
        writeln!(text, "    installerPackageName=com.android.vending")?;
    }
    let mut requested: Vec<&str> = package
        .users
        .iter()
        .flat_map(|(_, permissions)| permissions.iter().map(|(name, _)| *name))
        .collect();
    requested.push("INTERNET");
    requested.sort_unstable();
    requested.dedup();
    writeln!(text, "    requested permissions:")?;
    for permission in requested {
        writeln!(text, "      android.permission.{permission}")?;
    }
    writeln!(text, "    install permissions:")?;
    writeln!(text, "      android.permission.INTERNET: granted=true")?;
    for (user, permissions) in &package.users {
        writeln!(
            text,
            "    User {user}: ceDataInode={} installed=true hidden=false suspended=false distractionFlags=0 stopped=false \
             notLaunched=false enabled=0 instant=false virtual=false",
            app_id + user
        )?;
        writeln!(text, "      installReason=4")?;
        writeln!(text, "      firstInstallTime=2026-09-01 07:45:12")?;
        writeln!(text, "      gids=[3003]")?;
        writeln!(text, "      runtime permissions:")?;
        for (permission, grant) in permissions {
            writeln!(
                text,
                "        android.permission.{permission}: {}",
                grant.line()
            )?;
        }
    }
    Ok(())
}

fn digits(version: &str) -> String {
    version.chars().filter(char::is_ascii_digit).collect()
}
