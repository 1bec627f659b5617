//! Lists of installed apps as phones and device management export them, and a bug report.

use super::log;

/// `pm list packages -f -i -U`.
pub(crate) const PACKAGE_LIST: &str =
    "package:/data/app/~~Ab==/org.example.chat-Cd==/base.apk=org.example.chat  installer=com.android.vending uid:10103
package:/system/app/Clock/Clock.apk=org.example.clock  installer=null uid:10022
";

/// An answer of an iPhone to `InstalledApplicationList`.
pub(crate) const APPLE_ANSWER: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
<key>Status</key><string>Acknowledged</string><key>UDID</key><string>00008110-000A</string>
<key>InstalledApplicationList</key><array>
<dict><key>Identifier</key><string>org.example.chat</string><key>Name</key><string>Chat</string><key>ShortVersion</key><string>7.1</string></dict>
<dict><key>Identifier</key><string>org.example.map</string><key>BundleSize</key><integer>7</integer></dict>
</array></dict></plist>
"#;

/// Microsoft Graph: apps that were found, with the devices that have them.
pub(crate) const GRAPH: &str = r##"{"value": [
  {"@odata.type": "#microsoft.graph.detectedApp", "id": "a1", "displayName": "WhatsApp Messenger", "version": "2.25", "deviceCount": 2, "platform": "androidWorkProfile",
   "managedDevices": [{"id": "d1", "deviceName": "PHONE-1", "operatingSystem": "Android"}, {"id": "d2", "deviceName": "PHONE-2", "operatingSystem": "Android"}]},
  {"@odata.type": "#microsoft.graph.detectedApp", "id": "a2", "displayName": "Wetterlicht", "version": "1.0", "deviceCount": 1, "platform": "androidWorkProfile",
   "managedDevices": [{"id": "d2", "deviceName": "PHONE-2", "operatingSystem": "Android"}]}
]}"##;

/// Jamf's Classic API: a phone with its apps.
pub(crate) const JAMF: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<mobile_device>
  <general><id>1</id><display_name>PHONE-3</display_name><device_name>PHONE-3</device_name><os_type>iOS</os_type>
    <serial_number>S3</serial_number><model>iPhone 14</model></general>
  <applications><size>1</size>
    <application><application_name>WhatsApp</application_name><application_version>2.25.1</application_version>
      <application_short_version>2.25</application_short_version><identifier>net.whatsapp.WhatsApp</identifier></application>
  </applications>
</mobile_device>
"#;

/// Android Management API: a device and its policy.
pub(crate) const ANDROID_MANAGEMENT: &str = r#"{"devices": [{"name": "enterprises/e/devices/d1", "appliedPolicyName": "enterprises/e/policies/p",
  "hardwareInfo": {"model": "Pixel 8", "serialNumber": "S1"},
  "applicationReports": [{"packageName": "org.example.chat", "displayName": "Chat", "versionName": "7.1", "state": "INSTALLED"}]}],
 "policies": [{"name": "enterprises/e/policies/p", "applications": [{"packageName": "org.example.chat", "installType": "FORCE_INSTALLED",
  "permissionGrants": [{"permission": "android.permission.READ_CONTACTS", "policy": "GRANT"}]}]}]}"#;

/// Intune's report of apps by device.
pub(crate) const INTUNE_CSV: &str = "ApplicationKey,ApplicationName,ApplicationPublisher,ApplicationShortVersion,ApplicationVersion,DeviceId,DeviceName,OSDescription,OSVersion,Platform,UserId,EmailAddress,UserName\r
4f5c,WhatsApp Messenger,WhatsApp LLC,2.25.1,2.25.1,g1,PHONE-1,Android 14,14.0,AndroidWorkProfile,u,a@b.example,A B\r
";

/// What `adb shell dumpsys` says of all services, from Android 8 on.
pub(crate) fn all_services() -> String {
    let report = bug_report();
    let (_, services) = report.split_once("[Pixel 8]\n").unwrap();
    format!("Currently running services:\n  DockObserver\n  appops\n  package\n{services}")
}

/// The text of a bug report, with the services that are read and one that is not.
pub(crate) fn bug_report() -> String {
    let appops = log::APPOPS_14;
    format!(
        "========================================================
== dumpstate: 2026-01-02 04:06:08
========================================================
------ SYSTEM PROPERTIES (getprop) ------
[ro.product.model]: [Pixel 8]
-------------------------------------------------------------------------------
DUMP OF SERVICE HIGH appops:
{appops}--------- 0.012s was the duration of dumpsys appops, ending at: 2026-01-02 04:06:09
-------------------------------------------------------------------------------
DUMP OF SERVICE package:
Packages:
  Package [org.example.chat] (7e1):
    appId=10103
    versionCode=71 minSdk=26 targetSdk=34
    versionName=7.1
    requested permissions:
      android.permission.READ_CONTACTS
    User 0: ceDataInode=1 installed=true hidden=false
      runtime permissions:
        android.permission.READ_CONTACTS: granted=true, flags=[ USER_SET ]

--------- 0.345s was the duration of dumpsys package, ending at: 2026-01-02 04:06:10
DUMP OF SERVICE other:
Packages:
  Package [org.example.wrong] (7e2):
    appId=10104
--------- 0.001s was the duration of dumpsys other, ending at: 2026-01-02 04:06:10
"
    )
}
