//! Every bound of the tool, with its reason. Hitting one is counted in [`crate::model::Coverage`], never silent.

/// Distinct values counted exactly per finding; beyond, the number is an estimate (k minimum values, about 3 % off).
pub const DISTINCT_VALUES: usize = 1024;
/// Attribution tags kept of the reads of one app.
pub const READ_TAGS: usize = 20;
/// Times kept of one host to compare the clocks of log and capture.
pub const MOMENTS_PER_HOST: usize = 64;
/// Hosts of which times are kept for that.
pub const MOMENT_HOSTS: usize = 20_000;
/// Pairs of times that are compared for that.
pub const CLOCK_PAIRS: usize = 1_000_000;
/// Closed flows kept of one recipient, the largest, to compare them with reads of the address book.
pub const BURSTS_PER_RECIPIENT: usize = 32;
/// Pieces of evidence kept per finding.
pub const EVIDENCE_PER_FINDING: usize = 5;
/// Findings of an app whose values are hashed to find their digests at other recipients.
pub const LINKED_DIGESTS: usize = 10_000;
/// Longest of these values: an address; tokens are not hashed.
pub const LINKED_VALUE_BYTES: usize = 320;
/// Distinct findings, and distinct traffic lines, per audit.
pub const DISTINCT_FINDINGS: usize = 200_000;

/// Body bytes kept per HTTP message; the rest is counted, not kept.
pub const BODY_BYTES: usize = 8 << 20;
/// Bytes of an HTTP head (request line and headers).
pub const HEAD_BYTES: usize = 64 << 10;
/// Headers of an HTTP message.
pub const HEADERS: usize = 200;
/// Bytes of a TLS handshake message that is put together (certificates with many names are the longest).
pub const HANDSHAKE_BYTES: usize = 128 << 10;
/// Questions of one DNS message; multicast queries have some dozens.
pub const DNS_QUESTIONS: usize = 256;
/// Addresses and names of one DNS response.
pub const DNS_ANSWERS: usize = 256;
/// Octets of a DNS name. RFC 1035 allows 255; tunnels do not care.
pub const DNS_NAME_BYTES: usize = 1024;
/// Longest DNS message on a stream that is waited for to tell DNS on a port of its own.
pub const DNS_PROBE_BYTES: usize = 1024;
/// Requests of one connection that wait for their responses; browsers that pipelined stopped at 32.
pub const HTTP_PENDING: usize = 64;
/// Body bytes of all requests of one connection that wait for their responses.
pub const HTTP_PENDING_BYTES: usize = 16 << 20;
/// Topics of one MQTT connection that are known by number; brokers allow some dozens.
pub const MQTT_TOPICS: usize = 1024;
/// Bytes of such a topic.
pub const MQTT_TOPIC_BYTES: usize = 1024;
/// Server-sent events of one response that are handed out; feeds send some per second.
pub const SERVER_SENT_EVENTS: usize = 20_000;
/// Streams of one HTTP/2 or HTTP/3 connection that are open at once; servers grant 100 to 250, and push connections a thousand.
pub const HTTP_STREAMS: usize = 1024;
/// Streams that a server broke off and whose requests may still be under way; most clients say no more on them.
pub const HTTP_BROKEN_STREAMS: usize = 16;
/// Bytes of the dynamic table of header compression; browsers ask for 64 KiB.
pub const HPACK_TABLE_BYTES: usize = 256 << 10;
/// Bytes of one compressed header block; servers refuse far shorter ones.
pub const HPACK_BLOCK_BYTES: usize = 256 << 10;
/// Bytes in which the next frame of HTTP/2 is searched for after a gap: a frame of usual length and the header behind it.
pub const HTTP2_SEARCH_BYTES: usize = 32 << 10;
/// Bytes of one HTTP/3 connection that wait for the field table that they refer to, or for the head of their request.
pub const HTTP3_BLOCKED_BYTES: usize = 1 << 20;
/// Bytes of one side in front of a TLS hello that does not begin the stream; a PROXY header has at most 536.
pub const PREAMBLE_BYTES: usize = 1024;
/// Handshake messages of one side that DTLS puts together at once.
pub const DTLS_MESSAGES: usize = 16;
/// Names read from one certificate (content networks put a hundred or so into one).
pub const CERTIFICATE_NAMES: usize = 256;
/// Encrypted bytes that a TLS flow passes over while the other side's hello may still come (early data is bounded likewise).
pub const TLS_ENCRYPTED_BYTES: usize = 64 << 10;
/// Bytes of one side's TLS records that wait for what the other side has yet to say (early data has at most 16 KiB as a rule).
pub const TLS_WAITING_BYTES: usize = 1 << 20;
/// Record numbers tried behind a gap of unknown length: 16 MiB of full records.
pub const TLS_RECORD_WINDOW: u64 = 1024;
/// Bytes decrypted in vain in a row before one side of a TLS connection is given up (20 ms or so).
pub const TLS_TRIAL_BYTES: usize = 64 << 20;
/// Records with which the suite of a TLS connection is searched whose server's hello is lost.
pub const TLS_SUITE_SEARCHES: usize = 8;
/// Record numbers tried for each.
pub const TLS_TRIAL_RECORDS: u64 = 64;
/// Times that the next TLS record of one side is searched byte by byte.
pub const TLS_SEARCHES: usize = 1000;
/// TLS sessions remembered that a client may resume, by id or ticket.
pub const TLS_SESSIONS: usize = 10_000;
/// Bytes of QUIC CRYPTO data per connection.
pub const QUIC_CRYPTO_BYTES: usize = 64 << 10;
/// Pieces of CRYPTO data that wait for those before them; clients that scatter their hello on purpose send some dozens.
pub const QUIC_CRYPTO_PIECES: usize = 512;
/// Connections of one QUIC flow whose keys are derived (2 µs each).
pub const QUIC_DERIVATIONS: usize = 256;
/// Connections that were agreed on (FTP's for its files) and have not opened yet; a client asks for one at a time.
pub const EXPECTED_CONNECTIONS: usize = 1024;
/// Nanoseconds that such a connection is waited for; clients open it at once, and servers give up about then.
pub const EXPECTATION_LIFETIME: i64 = 60 * SECOND;
/// Connections of one QUIC flow that are decrypted at once; a client with one socket may hold several to one server.
pub const QUIC_CONNECTIONS: usize = 8;
/// Connection ids of one side that are known; endpoints keep 2 to 8 at a time.
pub const QUIC_CONNECTION_IDS: usize = 64;
/// Bytes of packets that wait for the hello from which their keys follow: 0-RTT, and what was overtaken.
pub const QUIC_HELD_BYTES: usize = 256 << 10;
/// Bytes of datagrams that wait for the packet which begins their connection; a server sends three times 1200 bytes before it
/// hears of the client again (RFC 9000 §8.1).
pub const QUIC_OVERTAKEN_BYTES: usize = 24 << 10;
/// Key updates that may lie between two packets of the capture.
pub const QUIC_KEY_UPDATES: usize = 4;
/// Packets in a row for which later keys are searched (10 µs each).
pub const QUIC_KEY_SEARCHES: usize = 64;
/// Streams of one QUIC connection that are open at once, or over in another order than they began.
pub const QUIC_STREAMS: usize = 4096;
/// Bytes of one stream that wait for those before them; windows of phones are 1 to 6 MiB.
pub const QUIC_STREAM_BYTES: usize = 4 << 20;
/// Pieces of these.
pub const QUIC_STREAM_PIECES: usize = 8192;
/// Bytes that wait in all streams of one connection.
pub const QUIC_CONNECTION_BYTES: usize = 16 << 20;
/// Datagrams without an Initial packet of use after which a QUIC flow is no longer looked into.
pub const QUIC_IDLE_DATAGRAMS: usize = 512;

/// Nested encodings undone (body → gzip → JSON → base64 → JSON is four).
pub const DECODE_DEPTH: usize = 10;
/// Bytes that one message may decompress to, all levels together.
pub const INFLATE_BYTES: usize = 32 << 20;
/// Bytes that something may decompress to that does not say that it is compressed, while its format is guessed.
pub const UNMARKED_BYTES: usize = 1 << 20;
/// Bytes that are no text and are kept of one message, to look for known values in them.
pub const BINARY_BYTES: usize = 16 << 20;
/// Digests of known values, at 16 bytes each: 13 digests of six spellings for 100,000 values; for a million the usual ones.
pub const KNOWN_DIGESTS: usize = 8 << 20;
/// Known values of which digests are looked for that are rarely made: 33 of each spelling.
pub const RARE_VALUES: usize = 2_000;
/// Encoded forms of known values, at about 80 bytes each while they are prepared.
pub const KNOWN_PATTERNS: usize = 2 << 20;
/// Checksums of known values: with more, too many of the four billion would be hit by chance.
pub const KNOWN_CHECKSUMS: usize = 100_000;
/// Digests of known values by their first five bytes, at 24 bytes each: the usual ones of as many spellings as have checksums.
pub const KNOWN_CUT_DIGESTS: usize = 1 << 19;
/// Salts whose digests are kept for the next message with the same salt.
pub const SALTS: usize = 32;
/// Salts of one message that are tried; most have one, and other random values beside it.
pub const SALTS_PER_MESSAGE: usize = 4;
/// Hosts whose answers told salts that are tried with the requests behind them.
pub const SALT_HOSTS: usize = 1024;
/// Bytes of an answer in which a salt is looked for.
pub const SALT_ANSWER_BYTES: usize = 64 << 10;
/// Values of one message that may be a salt without saying so; where there are more, none is tried.
pub const GUESSED_SALTS: usize = 3;
/// Digests of known values made with these, of inputs that belong together: a second's work.
pub const GUESSED_DIGESTS: u64 = 2_000_000;
/// Digests of known values made with salts of messages, of inputs that belong together: some seconds' work.
pub const SALTED_DIGESTS: u64 = 20_000_000;
/// Known values for which digests with salts of messages are made (about 20 µs each).
pub const SALTED_VALUES: usize = 20_000;
/// Different numbers and checksums of one message that count once however often they are sent, at about 20 bytes each; each
/// further one counts each time, so that what is known among them is sooner taken for chance.
pub const DISTINCT_LOOK_UPS: usize = 1 << 18;
/// Bytes of a list of known values; a million numbers are about 20 MB.
pub const KNOWN_LIST_BYTES: u64 = 256 << 20;
/// Fields per message. An address book of 10,000 contacts with ten fields each fits; a field costs about 200 bytes while its message is
/// looked at.
pub const FIELDS: usize = 100_000;

/// Names of one object that are asked about each of its fields: what has more is a map, and its names are data.
pub const NAMES_BESIDE: usize = 400;

/// Bytes of a text of which single words are decoded, and how many of them: what is longer, or has more, is a program, a page or
/// the lines of one encoding.
pub const WORDS_BYTES: usize = 16 << 10;
/// See [`WORDS_BYTES`].
pub const ENCODED_WORDS: usize = 16;

/// Documents among other text that are looked for in one value.
pub const EMBEDDED_DOCUMENTS: usize = 64;

/// Bytes that are no text in which known positions, and digests with salts of the message, are looked for.
pub const PACKED_BYTES: usize = 64 << 10;
/// See [`PACKED_BYTES`]: each salt costs a pass.
pub const SALTED_BYTES: usize = 4 << 10;
/// Bytes of one field's value that are looked at.
pub const FIELD_BYTES: usize = 256 << 10;

/// Bytes of an `AndroidManifest.xml` or `Info.plist`; the largest known manifest has under 2 MiB.
pub const MANIFEST_BYTES: usize = 16 << 20;
/// Elements of a manifest; the largest apps have about 10,000.
pub const MANIFEST_ELEMENTS: usize = 200_000;
/// Units of one string of a manifest: names have under 300, texts for the user a few thousand.
pub const MANIFEST_STRING_UNITS: usize = 32 << 10;
/// Bytes of all strings of a manifest that are decoded.
pub const MANIFEST_TEXT_BYTES: usize = 16 << 20;
/// Header of a chunk of binary XML: 28 bytes at most today, with room for later fields.
pub const MANIFEST_CHUNK_HEADER_BYTES: usize = 256;
/// Rows of a data safety form; the console exports under 1,000.
pub const DATA_SAFETY_ROWS: usize = 20_000;
/// Bytes of an APK signing block: certificates, padding to 4 KiB, and lists of dependencies of a few 100 KiB.
pub const SIGNING_BLOCK_BYTES: usize = 8 << 20;
/// Bytes of a PKCS #7 file in `META-INF`: a chain of certificates.
pub const SIGNATURE_FILE_BYTES: usize = 1 << 20;
/// Certificates that an app package is signed with.
pub const SIGNERS: usize = 16;
/// Bytes of a DEX file: its indices have 16 bits, so files of over 20 MiB are rare.
pub const DEX_BYTES: usize = 128 << 20;
/// DEX files of one package; the largest apps have about 60.
pub const DEX_FILES: usize = 256;
/// Types that one DEX file names: indices have 16 bits, and some tools write more.
pub const DEX_TYPES: usize = 1 << 20;
/// Bytes of the name of a type.
pub const DEX_NAME_BYTES: usize = 1024;
/// Packages inside an archive of packages: one for each language and screen.
pub const NESTED_PACKAGES: usize = 512;
/// Bytes of a compressed package inside an archive, which has to be held; one that is stored is read in place.
pub const NESTED_PACKAGE_BYTES: usize = 256 << 20;
/// Messages inside each other in a protocol buffer: elements of a manifest, twice.
pub const PROTO_DEPTH: usize = 64;
/// Bytes of the executable of an iOS app that are read: its header and load commands.
pub const MACH_O_HEADER_BYTES: usize = 1 << 20;
/// Bytes of a compressed executable that are passed over on the way to its signature.
pub const EXECUTABLE_BYTES: u64 = 1 << 30;
/// Bytes of the code signature of an executable in which its entitlements are searched.
pub const CODE_SIGNATURE_BYTES: usize = 16 << 20;
/// Executables of several processors in one file.
pub const MACH_O_SLICES: u32 = 16;
/// Load commands of an executable; large apps have a few hundred.
pub const MACH_O_COMMANDS: usize = 4096;
/// Privacy manifests and property lists of embedded parts of an iOS app.
pub const APP_PARTS: usize = 2048;
/// Bytes of a `resources.arsc`; the largest apps have about 30 MiB.
pub const RESOURCE_TABLE_BYTES: usize = 64 << 20;
/// Resources that a manifest may have looked up.
pub const RESOURCE_LOOKUPS: usize = 256;
/// References from resource to resource that are followed.
pub const RESOURCE_REFERENCES: usize = 8;
/// Configurations (languages, screens, …) of one resource type.
pub const RESOURCE_CONFIGURATIONS: usize = 2048;
/// Bytes at the end of a ZIP archive in which its end record is searched: the longest comment, twice, for junk behind it.
pub const ZIP_END_BYTES: usize = 2 * (65_535 + 22);
/// Bytes of a ZIP archive's directory: 100,000 entries with long names.
pub const ZIP_DIRECTORY_BYTES: usize = 16 << 20;
/// Bytes at the start of a ZIP archive without directory in which entries are searched: the manifest comes early.
pub const ZIP_SALVAGE_BYTES: usize = 16 << 20;
/// Entries that are taken from there.
pub const ZIP_SALVAGE_ENTRIES: usize = 10_000;
/// Bytes of their names (`PATH_MAX` of Linux): those of false headers may overlap, and cost more than there is in the file.
pub const ZIP_SALVAGE_NAME_BYTES: usize = 4096;
/// Bytes that are inflated at a time.
pub const ZIP_INFLATE_STEP: usize = 32 << 10;
/// Decompressed by compressed size of an entry: XML reaches about 20, a bomb 1,000.
pub const ZIP_RATIO: u64 = 200;
/// Decompressed bytes up to which the ratio does not matter: short repetitive files compress well.
pub const ZIP_RATIO_FREE_BYTES: usize = 1 << 20;
/// Bytes of an unknown format in which texts are looked for; what apps send of themselves is shorter.
pub const STRINGS_BYTES: usize = 256 << 10;
/// Lists and dictionaries inside each other in a property list; real ones have about five.
pub const PROPERTY_LIST_DEPTH: usize = 32;
/// What the values of a property list may cost to hold, in bytes, repeated references counted each time.
pub const PROPERTY_LIST_COST: usize = 64 << 20;
/// Packages in a device dump; phones have about 500.
pub const DUMP_PACKAGES: usize = 50_000;
/// Permission states of all apps and users of a device dump; phones have about 100,000.
pub const DUMP_PERMISSIONS: usize = 1_000_000;
/// Bytes of a permission's name in a device dump.
pub const DUMP_NAME_BYTES: usize = 1024;
/// Bytes of one packet (tcpdump's and Wireshark's own bound for networks; more is damage).
pub const PACKET_BYTES: usize = 256 << 10;
/// Bytes asked of the system at once when an input is read; fits the second-level cache, and four times as many are not faster.
pub const READ_BYTES: usize = 64 << 10;
/// Bytes of one pcapng block that is looked into. Packets are far below; longer blocks are skipped.
pub const BLOCK_BYTES: usize = 4 << 20;
/// Interfaces per pcapng section.
pub const INTERFACES: usize = 4096;
/// Owners (uids, processes) of one pcapng; a phone has a few hundred.
pub const OWNERS: usize = 65_536;
/// Connections, and servers, that lists, traces and logs beside a capture speak of; about 200 bytes each.
pub const CONNECTION_NOTES: usize = 500_000;
/// Of these, those between the same ends, or with one server. A port is seldom used again within a capture.
pub const NOTES_PER_ENDS: usize = 256;
/// Contacts that the logs of a phone tell of, by which captured traffic is put to apps; about 200 bytes each.
pub const LOGGED_CONTACTS: usize = 1_000_000;
/// Apps that contacted one host, or hosts behind one address, by these logs: all are looked at for each connection.
pub const LOGGED_APPS: usize = 4096;
/// Advertising ids of one phone; resetting gives a new one.
pub const ADVERTISING_IDS: usize = 10_000;
/// Bytes of what apps encrypted by themselves, before and after.
pub const PLAINTEXT_BYTES: usize = 256 << 20;
/// Hashes of connections, and of requests, by which two inputs are compared; enough to tell a half from a third.
pub const FINGERPRINT: usize = 1024;
/// Clients of a live capture that are told apart: a /20 network.
pub const LIVE_CLIENTS: usize = 4096;
/// IP addresses of these clients; with version 6 each has several.
pub const CLIENT_ADDRESSES: usize = 65_536;
/// Names of servers by address by which two inputs of one phone are compared.
pub const COMPARED_SERVERS: usize = 100_000;
/// Names of addresses from pcapng name resolution blocks.
pub const RESOLVED_NAMES: usize = 100_000;
/// Bytes of key logs per input; a million lines are about 200 MB.
pub const KEY_LOG_BYTES: usize = 512 << 20;
/// First bytes of a file by which its format is recognised.
pub const SNIFF_BYTES: usize = 16 << 10;
/// Bytes that a format may look at beyond the first ones to recognise a file (ZIP directory, long device dumps).
pub const SNIFF_DEEP_BYTES: usize = 8 << 20;
/// Folders below a named folder.
pub const FOLDER_DEPTH: usize = 16;
/// Files below what the user named.
pub const INPUT_FILES: usize = 100_000;
/// Android users of a phone that are told apart.
pub const USERS: usize = 16;
/// Output that a compressed input may have for each byte of it before it is taken for a bomb. Captures reach about 20.
pub const WRAPPED_RATIO: u64 = 200;
/// Output of a compressed input that is allowed whatever the ratio (a header-only capture of idle traffic).
pub const WRAPPED_FREE_BYTES: u64 = 256 << 20;
/// Window of a zstd frame, as `zstd --long` sets it at most.
pub const ZSTD_WINDOW_BYTES: u64 = 128 << 20;
/// Bytes of a manifest or device dump.
pub const DOCUMENT_BYTES: u64 = 64 << 20;
/// Bytes of one HAR entry with its bodies.
pub const ENTRY_BYTES: usize = 64 << 20;
/// Bytes of one text inside a JSON document that are kept: in base64, more than is kept of a body.
pub const TEXT_BYTES: usize = 16 << 20;
/// Bytes of one line of a log.
pub const LINE_BYTES: usize = 1 << 20;
/// Events of a log that is read as a whole: at about 300 bytes each, 300 MB.
pub const LOGGED_EVENTS: usize = 1_000_000;
/// Operations and accesses of `dumpsys appops`; phones have about 10,000.
pub const DUMP_OPERATIONS: usize = 1_000_000;
/// Bytes of one row of an `SQLite` table; those read have under 200.
pub const SQLITE_ROW_BYTES: usize = 1 << 20;
/// Columns of an `SQLite` table (its own bound is 2,000 unless built otherwise).
pub const SQLITE_COLUMNS: usize = 2000;
/// Levels of an `SQLite` b-tree; 20 hold more rows than any file.
pub const SQLITE_DEPTH: usize = 20;
/// Devices, and policies, of a list of a device management.
pub const LISTED_DEVICES: usize = 100_000;
/// Apps of all devices of a list: at about 300 bytes each, 600 MB.
pub const LISTED_APPS: usize = 2_000_000;
/// Permissions of all apps of a list: at about 70 bytes each, as much as the apps. One app of a whole fleet may name many.
pub const LISTED_PERMISSIONS: usize = 8_000_000;
/// Lines above the header of a list of apps: titles of reports have two or three.
pub const TITLE_LINES: usize = 10;
/// Columns of a table, or of a sheet of a workbook, that are read: lists have some dozens, Excel has 16,384.
pub const TABLE_COLUMNS: usize = 256;
/// Cells and shared strings of all sheets of a workbook: XML of [`DOCUMENT_BYTES`] has about 2.5 million.
pub const WORKBOOK_CELLS: usize = 1 << 22;
/// Bytes of XML of all sheets of a workbook, and of the tables made from it.
pub const WORKBOOK_BYTES: usize = 128 << 20;
/// Sheets of a workbook that are looked at.
pub const WORKBOOK_SHEETS: usize = 64;
/// Rows of a list of apps by which it is told whether a column names devices or apps.
pub const NAMES_COMPARED: usize = 10_000;
/// Files of a ZIP archive that are looked at; bug reports have some thousands.
pub const ARCHIVE_ENTRIES: usize = 20_000;
/// Intervals of a privacy report whose other end is awaited.
pub const INTERVALS: usize = 1 << 20;
/// Bytes of a name on the path of a field; longer keys are data, and the path is copied into each field.
pub const NAME_BYTES: usize = 256;
/// Names of fields of which each thread remembers what they say; apps use some thousands.
pub const KNOWN_NAMES: usize = 4096;
/// Digits of a list that are read to see whether they are phone numbers, before all are.
pub const NUMBERS_OF_SAMPLE: usize = 64;
/// Phone numbers of which each thread remembers how they were read, at about 100 bytes each.
pub const KNOWN_NUMBERS: usize = 1 << 16;
/// Levels of objects, arrays or elements in one document; deeper ones are passed over. Real documents have below 20.
pub const JSON_DEPTH: usize = 64;
/// Bytes behind the tag of an XML element in which its end, and another of its name, are looked for.
pub const XML_ITEM_BYTES: usize = 4096;
/// Files of a ZIP archive in a message that are unpacked.
pub const ZIPPED_FILES: usize = 256;
/// Bytes by which room for what is unpacked grows.
pub const ZIPPED_STEP: usize = 16 << 10;
/// Content encodings of one body; more than two stacked ones have no honest use.
pub const CONTENT_ENCODINGS: usize = 8;
/// Bytes of one rule file given with `--rules`; the largest embedded one has about 200 KiB.
pub const RULE_FILE_BYTES: u64 = 16 << 20;

/// Link headers within each other: VLAN tags, MPLS labels, link types inside PPI and PKTAP. Real networks stack three or four.
pub const LINK_DEPTH: usize = 8;
/// IP packets within IP packets. Operators stack two or three.
pub const TUNNEL_DEPTH: usize = 6;
/// Bytes of an IP datagram put together from fragments: its length field has 16 bits.
pub const DATAGRAM_BYTES: usize = 65_535;
/// Datagrams of which fragments are kept: with the bytes of each, at most 32 MiB.
pub const FRAGMENTED_DATAGRAMS: usize = 512;
/// Nanoseconds of capture time that fragments wait for the rest (RFC 8200 §4.5 says 60 seconds, RFC 791 15).
pub const FRAGMENT_LIFETIME: i64 = 60 * SECOND;

/// Flows open at once: about 250 bytes each, so at most about 100 MB.
pub const OPEN_FLOWS: usize = 400_000;
/// Active flows passed over in the search for an idle one to close early.
pub const EVICTION_CHANCES: u32 = 16;
/// Nanoseconds between two looks for flows that ended.
pub const EXPIRY_INTERVAL: i64 = SECOND;
/// Idle time after which a TCP connection is over. Push connections of phones are silent for up to half an hour.
pub const TCP_IDLE: i64 = 3600 * SECOND;
/// Idle time of a TCP connection that was closed: stragglers come within twice the maximum segment lifetime in practice.
pub const TCP_LINGER: i64 = 60 * SECOND;
/// Idle time of a UDP flow: what address translators grant (RFC 4787 §4.3 asks for two minutes at least).
pub const UDP_IDLE: i64 = 120 * SECOND;
/// Idle time of other IP protocols.
pub const OTHER_IDLE: i64 = 120 * SECOND;
/// One second of capture time.
const SECOND: i64 = 1_000_000_000;

/// Segments held back per direction because earlier bytes are missing.
pub const REORDER_SEGMENTS: usize = 1024;
/// Bytes held back per direction: a receive window of a phone is rarely larger.
pub const REORDER_BYTES: usize = 1 << 20;
/// Bytes held back in all flows.
pub const REORDER_BYTES_ALL: usize = 32 << 20;
/// Packets of a flow that may come between an acknowledgement and the bytes that it acknowledges; bytes that come later
/// still count as lost.
pub const REORDER_PACKETS: u16 = 16;
/// Bytes beyond those seen that an acknowledgement may cover (RFC 7323 allows windows up to 1 GiB, phones use some MiB).
pub const TCP_WINDOW: u64 = 64 << 20;

/// Bytes of text in clear that are read of a flow of which nobody knows the protocol.
pub const PLAIN_BYTES: usize = 256 << 10;
/// Packets of one message of it that are told apart; what comes behind counts to the last.
pub const PLAIN_PACKETS: usize = 4096;
/// Bytes of one side in which a protocol must be recognised.
pub const PROBE_BYTES: usize = 4096;
/// Datagrams of a flow in which a protocol must be recognised.
pub const PROBE_DATAGRAMS: usize = 8;
/// Protocols within each other: CONNECT in TLS in CONNECT, HTTP, WebSocket.
pub const PROTOCOL_DEPTH: usize = 6;
/// Connection ids by which flows are found again whose addresses change.
pub const FLOW_CONNECTION_IDS: usize = 10_000;
/// Bytes of the shortest connection id by which a flow is found again: shorter ones occur by chance.
pub const FLOW_CONNECTION_ID_BYTES: usize = 4;
/// Streams of one connection whose contents are dissected at once; servers allow about 100 of each kind.
pub const INNER_STREAMS: usize = 256;

/// Names learnt from DNS for addresses.
pub const NAMES_LEARNT: usize = 100_000;
/// Nanoseconds that a looked-up name counts for its address: apps keep answers longer than they should.
pub const NAME_LIFETIME: i64 = 24 * 3600 * SECOND;
/// Distinct owners of sockets that are shared between flows.
pub const SHARED_OWNERS: usize = 10_000;
/// Flows whose app is remembered from what they said of themselves; beyond, later parts of a flow go by endpoint.
pub const ATTRIBUTED_FLOWS: usize = 200_000;
/// Bytes of a line in mail, FTP and the like; RFC 5321 asks for 1,000, IMAP responses are longer.
pub const PROTOCOL_LINE_BYTES: usize = 64 << 10;
/// Fields of one message of a protocol other than HTTP.
pub const MESSAGE_FIELDS: usize = 1000;
/// Bytes of all fields of one message of a protocol other than HTTP.
pub const MESSAGE_BYTES: usize = 2 << 20;
/// Bytes of a mail's body that are kept; attachments beyond are counted.
pub const MAIL_BYTES: usize = 1 << 20;
/// Commands of a client that wait for their answer at once.
pub const PIPELINED_COMMANDS: usize = 1000;
/// Bytes of a SIP body (a session description has about 2 KiB).
pub const SIP_BODY_BYTES: usize = 256 << 10;
/// Bytes of WhatsApp's routing header; those seen have under 20.
pub const WHATSAPP_ROUTING_BYTES: usize = 1 << 10;
/// Bytes of WhatsApp's old stream opening; those seen have under 200.
pub const WHATSAPP_OPENING_BYTES: usize = 4 << 10;
/// Bytes at the beginning of a Telegram connection that are looked at: obfuscation, length and key id have 77.
pub const TELEGRAM_OPENING_BYTES: usize = 128;
/// Bytes of the opening of Xiaomi's push service; those seen have under 200.
pub const XIAOMI_OPENING_BYTES: usize = 4 << 10;
/// STUN messages of one flow that are told apart; calls have about five.
pub const STUN_MESSAGES: usize = 16;
/// Attributes of a STUN message that are named.
pub const STUN_ATTRIBUTES: usize = 64;
/// Datagrams of a STUN flow that are not STUN before the flow is taken for media.
pub const STUN_OTHER_DATAGRAMS: usize = 64;
/// How deep a relay may wrap up messages in messages.
pub const STUN_DEPTH: usize = 3;
/// Media streams of one flow; conferences have some dozens.
pub const RTP_STREAMS: usize = 64;
/// Packets that make a stream of media: fewer may be anything.
pub const RTP_STREAM_PACKETS: u64 = 5;
/// How far the number of the next packet of a stream may lie ahead: a few may be lost.
pub const RTP_SEQUENCE_STEP: u16 = 16;
/// Source descriptions of one flow that are told.
pub const RTP_DESCRIPTIONS: usize = 64;
/// Bytes of an XMPP stanza; servers refuse them above about 256 KiB.
pub const XMPP_STANZA_BYTES: usize = 1 << 20;
/// Bytes of one tag of an XMPP stream.
pub const XMPP_TAG_BYTES: usize = 16 << 10;
/// Bytes before which an XMPP stream must have named its namespace.
pub const XMPP_OPENING_BYTES: usize = 1 << 10;
/// Bytes of one message of a SOCKS negotiation; the longest (user and password) has 513.
pub const SOCKS_BYTES: usize = 1 << 10;
/// Values that `observe` remembers labels for; later ones are only hidden. A label costs about a hundred bytes.
pub const MASKED_VALUES: usize = 100_000;
/// Bytes of a key or signature that are read; they have a few hundred at most.
pub const KEY_FILE_BYTES: u64 = 1 << 16;
/// Least bytes of a key for pseudonyms: with fewer, values could be found by trying all keys.
pub const PSEUDONYM_KEY_BYTES: usize = 16;
/// Characters of each side of a difference that `verify` shows; more tell nobody more.
pub const SHOWN_DIFFERENCE: usize = 80;
/// Bytes of `phonehome.toml` that are read; people write a few kilobytes.
pub const POLICY_BYTES: u64 = 1 << 20;
/// Measures that `what-if --plan` tries one by one; an audit of many phones has a few hundred that may help.
pub const PLAN_MEASURES: usize = 2000;
