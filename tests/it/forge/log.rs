//! Logs of devices, one of each form.

/// `dumpsys appops` as Android 8 prints it.
pub(crate) const APPOPS_8: &str = "Current AppOps Service state:
  Uid u0a103:
    Package org.example.chat:
      READ_CONTACTS: mode=0; time=+4m12s123ms ago; duration=+2s
      CAMERA: mode=1; rejectTime=+2d ago
";

/// `dumpsys appops` as Android 14 prints it.
pub(crate) const APPOPS_14: &str = "Current AppOps Service state:
  Settings:
    top_state_settle_time=+5s0ms

  Uid u0a103:
    state=top
    capability=LCMN
      COARSE_LOCATION: mode=foreground
    Package org.example.chat:
      FINE_LOCATION (allow / switch COARSE_LOCATION=allow):
        null=[
          Access: [top-s] 2026-01-02 03:04:05.678 (-1h2m3s4ms) duration=+33ms
        ]
        sync=[
          Access: [cch-s] 2026-01-02 03:04:06.678 (-1h2m2s4ms) proxy[uid=10070, pkg=org.example.proxy, attributionTag=null]
          Running start at: +27s669ms
        ]
      READ_CONTACTS (allow):
        null=[
          Access: [bg-s] 2026-01-02 03:04:07.000 (-1h2m1s)
          Reject: [top-s] 2026-01-01 03:04:07.000 (-1d1h2m1s)
        ]
";

/// Android's intrusion log.
pub(crate) const INTRUSION: &str = r#"{"dns_event":{"hostname":"api.example","ip_addresses":["/198.51.100.7","/2001:db8::7"],"package_name":"org.example.chat","event_time":1760000000000}}
{"connect_event":{"ip_address":"/198.51.100.7","port":443,"package_name":"org.example.chat","event_time":1760000000100}}
{"security_event":{"event_time":1760000000300,"event_tag":"app_process_start"}}
"#;

/// Events of the device owner as they print themselves.
pub(crate) const DEVICE_OWNER: &str =
    "DnsEvent(1, api.example, /198.51.100.7 /198.51.100.8, 2, 1760000000000, org.example.chat)
ConnectEvent(2, /198.51.100.8, 443, 1760000000100, org.example.chat)
";

/// The same as a device management may keep them.
pub(crate) const DEVICE_OWNER_JSON: &str = r#"{"batches": [{"events": [
  {"packageName": "org.example.chat", "hostname": "api.example", "inetAddresses": ["198.51.100.7"], "timestamp": 1760000000000, "id": 1},
  {"packageName": "org.example.chat", "inetAddress": "198.51.100.7", "port": 443, "timestamp": 1760000000100, "id": 2}
]}]}"#;

/// `TrackerControl`'s export of all apps.
pub(crate) const TRACKER_CONTROL: &str = "\"uid\",\"daddr\",\"time\",\"uncertain\",\"Tracker\",\"Category\",\"Package\",\"App\"\r
\"10103\",\"ads.example\",\"1760000000000\",\"0\",\"Example, Inc\",\"Ads\",\"org.example.chat\",\"Chat\"\r
";

/// Network events as a device management exports them in a table.
pub(crate) const DEVICE_OWNER_CSV: &str = "Package name,Host name,IP address,Port,Timestamp\r
org.example.chat,api.example,,,1760000000000\r
org.example.chat,,198.51.100.7,443,1760000000100\r
";

/// `TrackerControl`'s export of one app.
pub(crate) const TRACKER_CONTROL_ONE: &str =
    "\"daddr\",\"time\",\"uncertain\",\"Tracker Name\",\"Tracker Category\"\r
\"ads.example\",\"1760000000000\",\"0\",\"Example\",\"Ads\"\r
";

/// `DataUsage.sqlite`, made by `sqlite3` from the tables and columns that iOS has: three processes, 304 rows of usage (one
/// long, one of a process that is missing).
pub(crate) const DATA_USAGE: &[u8] = include_bytes!("data_usage.sqlite");

/// `TCC.db`, made by `sqlite3`: granted, granted for a selection, refused, not decided, of no use, of a program of the system.
pub(crate) const TCC: &[u8] = include_bytes!("tcc.sqlite");

/// The database of `TrackerControl`, made by `sqlite3`: a contact by name, one by an address that was looked up, one blocked.
pub(crate) const NETGUARD: &[u8] = include_bytes!("netguard.sqlite");

/// Apple's App Privacy Report in both forms.
pub(crate) const PRIVACY_REPORT: &str = r#"{"accessor":{"identifier":"org.example.chat","identifierType":"bundleID"},"category":"contacts","identifier":"A","kind":"intervalBegin","timeStamp":"2026-01-02T03:04:05.000+01:00","type":"access"}
{"accessor":{"identifier":"org.example.chat","identifierType":"bundleID"},"category":"contacts","identifier":"A","kind":"intervalEnd","timeStamp":"2026-01-02T03:04:06.000+01:00","type":"access"}
{"domain":"api.example","firstTimeStamp":"2026-01-02T03:00:00Z","timeStamp":"2026-01-02T04:00:00Z","context":"","domainType":2,"initiatedType":"AppInitiated","hits":7,"bundleID":"org.example.chat","type":"networkActivity"}
{"accessor":{"identifier":"org.example.map","identifierType":"bundleID"},"identifier":"B","kind":"event","stream":"com.apple.privacy.accounting.stream.tcc","tccService":"kTCCServiceAddressBook","timestamp":"2026-01-02T03:04:05.000+01:00","version":3}
"#;
