//! Real peers on loopback: what curl and Node's HTTP/2 say to each other is found as it was sent. Skipped, and said so, where
//! the tools are not installed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use phonehome::model::Side;

use crate::forge::stream::{Connection, Sent};
use crate::http2::seen;
use crate::peer::Peer;

/// Answers every request with what was sent, and prints its port.
const SERVER: &str = r"
const server = require('http2').createServer((request, response) => {
    const body = [];
    request.on('data', piece => body.push(piece));
    request.on('end', () => {
        response.setHeader('x-method', request.method);
        response.end(Buffer.concat(body));
    });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
";

/// Asks the port in its arguments for several things at once, over one connection.
const CLIENT: &str = r"
const session = require('http2').connect('http://127.0.0.1:' + process.argv[1]);
let open = 0;
for (let i = 0; i < 20; i++) {
    const request = session.request({
        ':method': 'POST', ':path': '/many/' + i, 'content-type': 'text/plain', 'x-app': 'com.example.notes',
    });
    open++;
    request.resume();
    request.on('end', () => { if (--open === 0) session.close(); });
    request.end(('body ' + i + ' ').repeat(500));
}
";

/// The server and its address; `None` where Node is not installed.
fn server() -> Option<(Peer, SocketAddr)> {
    let child = Command::new("node")
        .args(["-e", SERVER])
        .stdout(Stdio::piped())
        .spawn();
    let mut peer = Peer(child.ok()?);
    let mut line = String::new();
    BufReader::new(peer.0.stdout.take()?)
        .read_line(&mut line)
        .ok()?;
    let port: u16 = line.trim().parse().ok()?;
    Some((peer, SocketAddr::from(([127, 0, 0, 1], port))))
}

/// Passes one connection on to the server and notes what each side says.
struct Relay {
    port: u16,
    said: thread::JoinHandle<Vec<(Side, Vec<u8>)>>,
}

fn relay(server: SocketAddr) -> Relay {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let said = thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        let server = TcpStream::connect(server).unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let ways = [
            (
                Side::Client,
                client.try_clone().unwrap(),
                server.try_clone().unwrap(),
            ),
            (Side::Server, server, client),
        ];
        let copies = ways.map(|(side, from, to)| {
            let said = Arc::clone(&said);
            thread::spawn(move || copy(side, from, to, &said))
        });
        for copy in copies {
            copy.join().unwrap();
        }
        Arc::into_inner(said).unwrap().into_inner().unwrap()
    });
    Relay { port, said }
}

fn copy(side: Side, mut from: TcpStream, mut to: TcpStream, said: &Mutex<Vec<(Side, Vec<u8>)>>) {
    let mut buffer = [0; 4096];
    while let Ok(len @ 1..) = from.read(&mut buffer) {
        said.lock().unwrap().push((side, buffer[..len].to_vec()));
        if to.write_all(&buffer[..len]).is_err() {
            break;
        }
    }
    let _closed = to.shutdown(Shutdown::Write);
}

/// The packets of what was said.
fn packets(said: &[(Side, Vec<u8>)]) -> Vec<Sent> {
    let client = "192.0.2.7:40000".parse().unwrap();
    let server = "198.51.100.1:8080".parse().unwrap();
    let mut connection = Connection::open(client, server);
    for (side, bytes) in said {
        connection.send(*side, bytes);
    }
    connection.close();
    connection.packets
}

/// What is seen of a client that runs with the relay's port in its arguments; `None` where a tool is missing.
fn watch(client: impl FnOnce(u16) -> Command) -> Option<Vec<String>> {
    let (_server, address) = server()?;
    let relay = relay(address);
    let mut command = client(relay.port);
    let status = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?;
    assert!(status.success(), "{command:?}");
    Some(seen(&packets(&relay.said.join().unwrap())))
}

#[test]
fn what_curl_sends_over_http2_is_found() {
    let found = watch(|port| {
        let mut command = Command::new("curl");
        // One request: curl 7.88 breaks off when it takes such a connection for a second one.
        let url = format!("http://127.0.0.1:{port}/first?lat=52.5");
        command.args([
            "-s",
            "--noproxy",
            "*",
            "--http2-prior-knowledge",
            "--max-time",
            "20",
        ]);
        command.args(["-H", "X-Token: abc123", "-d", "phone=12345", &url]);
        command
    });
    let Some(found) = found else {
        println!("skipped: curl or node is not installed");
        return;
    };
    assert_eq!(
        found,
        [
            "POST 127.0.0.1 /first?lat=52.5 phone=12345 -> 200",
            "flow http2",
        ]
    );
}

#[test]
fn what_node_sends_over_http2_is_found() {
    let found = watch(|port| {
        let mut command = Command::new("node");
        command.args(["-e", CLIENT, &port.to_string()]);
        command
    });
    let Some(found) = found else {
        println!("skipped: node is not installed");
        return;
    };
    let mut wanted: Vec<String> = (0..20)
        .map(|i| {
            let body = format!("body {i} ").repeat(500);
            format!("POST 127.0.0.1 /many/{i} {body} -> 200")
        })
        .collect();
    wanted.push("flow http2".to_owned());
    wanted.sort();
    assert!(found == wanted, "{} of {} seen", found.len(), wanted.len());
}
