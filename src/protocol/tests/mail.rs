//! Mail and files: who logs in, and what is sent.

use super::*;

#[test]
fn smtp_gives_login_envelope_and_mail() {
    let talk = [
        (SERVER, &b"220 mx.example ESMTP\r\n"[..]),
        (CLIENT, b"EHLO [192.0.2.7]\r\n"),
        (SERVER, b"250-mx.example\r\n250 AUTH LOGIN PLAIN\r\n"),
        (CLIENT, b"AUTH PLAIN AGVyaWthAHNlY3JldA==\r\n"),
        (SERVER, b"235 ok\r\n"),
        (CLIENT, b"MAIL FROM:<erika@a.example> SIZE=10\r\nRCPT TO:<otto@b.example>\r\nDATA\r\n"),
        (SERVER, b"250 ok\r\n250 ok\r\n354 go\r\n"),
        (CLIENT, b"From: Erika <erika@a.example>\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n folded\r\n\r\nHello\r\n..dot\r\n.\r\nQUIT\r\n"),
    ];
    assert_eq!(
        tcp(587, &talk).lines(),
        [
            "> smtp EHLO | helo=[192.0.2.7]",
            "> smtp AUTH | mechanism=PLAIN | user=erika | password=secret",
            "> smtp MAIL | from=erika@a.example",
            "> smtp RCPT | to=otto@b.example",
            "> smtp DATA | from=Erika <erika@a.example> | subject=Grüße folded",
            "> smtp DATA | body=Hello\\r\\n.dot\\r\\n",
        ]
    );
}

#[test]
fn smtp_login_in_steps_and_chunks_are_read() {
    let talk = [
        (SERVER, &b"220 mx.example ESMTP\r\n"[..]),
        (CLIENT, b"ehlo me\r\nAUTH LOGIN\r\n"),
        (SERVER, b"334 VXNlcm5hbWU6\r\n"),
        (CLIENT, b"ZXJpa2E=\r\n"),
        (SERVER, b"334 UGFzc3dvcmQ6\r\n"),
        (CLIENT, b"c2VjcmV0\r\n"),
        (
            CLIENT,
            b"BDAT 19\r\nFrom: e@a.example\r\nBDAT 9 LAST\r\n\r\nbody 12QUIT\r\n",
        ),
    ];
    assert_eq!(
        tcp(25, &talk).lines(),
        [
            "> smtp EHLO | helo=me",
            "> smtp AUTH | mechanism=LOGIN | user=erika | password=secret",
            "> smtp DATA | from=e@a.example",
            "> smtp DATA | body=body 12",
        ]
    );
}

#[test]
fn imap_gives_what_the_user_looks_for() {
    let talk = [
        (SERVER, &b"* OK ready\r\n"[..]),
        (CLIENT, b"a1 LOGIN erika secret\r\n"),
        (SERVER, b"a1 OK\r\n"),
        (CLIENT, b"a2 SEARCH CHARSET UTF-8 FROM {14}\r\n"),
        (SERVER, b"+ go\r\n"),
        (CLIENT, b"otto@b.example\r\n"),
        (SERVER, b"* SEARCH\r\na2 OK\r\n"),
        (CLIENT, b"a3 UID SEARCH UNSEEN HEADER X-Id 7 (OR subject \"bell\" TO e@a.example)\r\na4 SEARCH ALL\r\n"),
    ];
    assert_eq!(
        tcp(143, &talk).lines(),
        [
            "> imap LOGIN | user=erika | password=secret",
            "> imap SEARCH | from=otto@b.example",
            "> imap SEARCH | subject=bell | to=e@a.example | x-id=7",
        ]
    );
}

#[test]
fn starttls_hands_on_to_tls() {
    let smtp = [
        (SERVER, &b"220 mx.example ESMTP\r\n"[..]),
        (CLIENT, b"EHLO me\r\nSTARTTLS\r\n"),
        (SERVER, b"250-mx\r\n250 STARTTLS\r\n"),
        (SERVER, b"220 go\r\n"),
        (CLIENT, b"\x16\x03\x01"),
        (SERVER, b"\x16\x03\x03"),
    ];
    let lines = tcp(25, &smtp).outputs(usize::MAX);
    // the answer to EHLO is no answer to STARTTLS only if it comes first: pipelining them is forbidden
    assert!(!lines.contains(&"inner > 160301".to_owned()), "{lines:?}");
    let smtp = [
        (SERVER, &b"220 mx.example ESMTP\r\n"[..]),
        (CLIENT, b"EHLO me\r\n"),
        (SERVER, b"250-mx\r\n250 STARTTLS\r\n"),
        (CLIENT, b"STARTTLS\r\n"),
        (SERVER, b"220 go\r\n"),
        (CLIENT, b"\x16\x03\x01"),
        (SERVER, b"\x16\x03\x03"),
    ];
    let pop3 = [
        (SERVER, &b"+OK ready\r\n"[..]),
        (CLIENT, b"STLS\r\n"),
        (SERVER, b"+OK begin\r\n"),
        (CLIENT, b"\x16\x03\x01"),
        (SERVER, b"\x16\x03\x03"),
    ];
    let imap = [
        (SERVER, &b"* OK ready\r\n"[..]),
        (CLIENT, b"a1 STARTTLS\r\n"),
        (SERVER, b"* OK still here\r\na1 OK begin\r\n"),
        (CLIENT, b"\x16\x03\x01"),
        (SERVER, b"\x16\x03\x03"),
    ];
    let ftp = [
        (SERVER, &b"220-hello\r\n220 ready\r\n"[..]),
        (CLIENT, b"AUTH TLS\r\n"),
        (SERVER, b"234 go\r\n"),
        (CLIENT, b"\x16\x03\x01"),
        (SERVER, b"\x16\x03\x03"),
    ];
    for (port, talk) in [(25, &smtp[..]), (110, &pop3), (143, &imap), (21, &ftp)] {
        let lines = tcp(port, talk).lines();
        assert!(
            lines.ends_with(&["inner > 160301".into(), "inner < 160303".into()]),
            "{lines:?}"
        );
    }
}

/// Behind STARTTLS nobody greets: the client speaks first, inside TLS.
#[test]
fn sessions_are_known_without_their_greeting() {
    for (port, said, told) in [
        (
            587,
            "EHLO me\r\nAUTH PLAIN AGVyaWthAHNlY3JldA==\r\n",
            "> smtp AUTH | mechanism=PLAIN | user=erika | password=secret",
        ),
        (
            143,
            "a2 CAPABILITY\r\na3 LOGIN erika secret\r\n",
            "> imap LOGIN | user=erika | password=secret",
        ),
        (
            110,
            "USER erika\r\nPASS secret\r\n",
            "> pop3 PASS | user=erika | password=secret",
        ),
        (
            21,
            "USER erika\r\nPASS secret\r\n",
            "> ftp PASS | user=erika | password=secret",
        ),
    ] {
        let lines = tcp(port, &[(CLIENT, said.as_bytes())]).lines();
        assert_eq!(lines.last().map(String::as_str), Some(told), "{lines:?}");
    }
}

#[test]
fn pop3_gives_login_and_fetched_mail() {
    let talk = [
        (SERVER, &b"+OK POP ready\r\n"[..]),
        (CLIENT, b"user erika@a.example\r\npass secret\r\nLIST\r\nRETR 1\r\n"),
        (SERVER, b"+OK\r\n+OK 1 message\r\n+OK\r\n1 120\r\n.\r\n+OK\r\nFrom: otto@b.example\r\nTo: erika@a.example\r\n\r\n..Hi\r\n.\r\n"),
        (CLIENT, b"AUTH PLAIN\r\n"),
        (SERVER, b"+ \r\n"),
        (CLIENT, b"AGVyaWthAHNlY3JldA==\r\nQUIT\r\n"),
    ];
    assert_eq!(
        tcp(110, &talk).lines(),
        [
            "> pop3 USER | user=erika@a.example",
            "> pop3 PASS | user=erika@a.example | password=secret",
            "< pop3 RETR | from=otto@b.example | to=erika@a.example",
            "< pop3 RETR | body=.Hi\\r\\n",
            "> pop3 AUTH | mechanism=PLAIN | user=erika | password=secret",
        ]
    );
}

#[test]
fn imap_gives_login_identity_and_mails_both_ways() {
    let talk = [
        (SERVER, &b"* OK IMAP4rev1 ready\r\n"[..]),
        (CLIENT, b"a1 ID (\"name\" \"Mail\" \"version\" \"3.1\" \"os\" NIL)\r\n"),
        (CLIENT, b"a2 LOGIN {5+}\r\nerika \"se\\\"cret\"\r\n"),
        (SERVER, b"a2 OK done\r\n"),
        (CLIENT, b"a3 FETCH 1 (BODY.PEEK[HEADER])\r\n"),
        (SERVER, b"* 1 FETCH (UID 10 BODY[HEADER] {41}\r\nFrom: otto@b.example\r\nTo: erika@a.example)\r\na3 OK done\r\n"),
        (CLIENT, b"a4 APPEND Sent (\\Seen) {30}\r\nTo: otto@b.example\r\n\r\nI\r\nwrote\r\n"),
        (SERVER, b"* 2 FETCH (ENVELOPE (\"Tue, 24 Nov 2026\" \"Hi\" ((\"Otto M\" NIL \"otto\" \"b.example\")) NIL NIL ((NIL NIL \"erika\" \"a.example\")) NIL NIL NIL \"<1@b>\"))\r\n"),
    ];
    assert_eq!(
        tcp(143, &talk).lines(),
        [
            "> imap ID | name=Mail | version=3.1",
            "> imap LOGIN | user=erika | password=se\\\"cret",
            "< imap FETCH | from=otto@b.example | to=erika@a.example",
            "> imap APPEND | to=otto@b.example",
            "> imap APPEND | body=I\\r\\nwrote",
            "< imap FETCH | date=Tue, 24 Nov 2026 | subject=Hi | address=Otto M <otto@b.example> | address=erika@a.example",
        ]
    );
}

#[test]
fn ftp_gives_user_and_password() {
    let talk = [
        (SERVER, &b"220 ready\r\n"[..]),
        (
            CLIENT,
            b"USER erika\r\nPASS secret\r\nSTOR contacts.vcf\r\n",
        ),
    ];
    assert_eq!(
        tcp(2121, &talk).lines(),
        [
            "> ftp USER | user=erika",
            "> ftp PASS | user=erika | password=secret",
            "> ftp STOR | file=contacts.vcf",
        ]
    );
}
