//! What each observation adds to the tally beside findings: volumes, reads of protected data, and when hosts were contacted.

use std::sync::Arc;

use super::reader::Told;
use crate::limits::{CONNECTION_NOTES, NOTES_PER_ENDS};
use crate::model::{
    ConnectionNote, Connections, ContentState, Coverage, Event, Moment, Observation, ReadKey,
    Reads, Recipient, ServerName, Shortfall, Sighting, Tally, Timestamp, Traffic, TrafficKey,
    Users, user_of,
};

/// Adds flows, exchanges that a proxy recorded, connections of which a log has only what was seen in them, and contacts that a device log tells of, to the traffic of their app.
pub(super) fn count_traffic(
    observation: &Observation,
    user: Option<u32>,
    told: Told,
    tally: &mut Tally,
) {
    let sighting = &observation.sighting;
    let key = |content| TrafficKey {
        device: observation.device,
        app: observation.app.clone(),
        recipient: Recipient::of(sighting),
        content,
    };
    match &sighting.event {
        Event::Traffic(traffic) => tally.add_traffic(key(traffic.content), user, traffic),
        Event::Exchange(exchange) if matches!(told, Told::Record | Told::LoneLog) => {
            let content = if exchange.is_protected {
                ContentState::RecordedInside
            } else {
                ContentState::Clear
            };
            tally.add_exchange(key(content), user, sighting.origin, exchange);
        }
        Event::Handshake(handshake) if told == Told::LoneLog => {
            let opened = Traffic {
                protocol: if handshake.quic_version == 0 {
                    "tls"
                } else {
                    "quic"
                },
                content: ContentState::NoKey,
                ..Traffic::none(sighting.origin)
            };
            tally.add_traffic(key(opened.content), user, &opened);
        }
        Event::Access(access) if access.host.is_some() => {
            tally.add_contact(
                key(ContentState::NotExamined),
                user,
                sighting.origin,
                access,
            );
        }
        _ => {}
    }
}

/// The Android user for whom an app did it, where the log, the capture or a list of connections beside it says so.
pub(super) fn user(sighting: &Sighting, connections: &Connections) -> Option<u32> {
    if let Event::Access(access) = &sighting.event
        && access.user.is_some()
    {
        return access.user;
    }
    if let Some(uid) = sighting.owner.uid {
        return user_of(uid);
    }
    let flow = sighting.flow.filter(|_| !connections.is_empty())?;
    let server = sighting.server.as_ref().map(ServerName::as_str);
    let owners = connections.owners(flow, sighting.origin.time, server);
    let mut users = owners.iter().map(|owner| owner.uid.and_then(user_of));
    let user = users.next()?;
    user.filter(|_| users.all(|other| other == user))
}

/// Adds what the system says that an app read.
pub(super) fn count_reads(observation: &Observation, tally: &mut Tally) {
    let Event::Access(access) = &observation.sighting.event else {
        return;
    };
    if access.host.is_some() || access.resource == "network" {
        return;
    }
    let time = observation.sighting.origin.time;
    let count = access.count.max(1);
    let is_read = !access.is_refused;
    let key = ReadKey {
        device: observation.device,
        app: observation.app.clone(),
        resource: Arc::from(access.resource.as_str()),
    };
    let reads = Reads {
        count: if is_read { count } else { 0 },
        refused: if is_read { 0 } else { count },
        in_background: if is_read && access.in_background == Some(true) {
            count
        } else {
            0
        },
        first: if is_read { time } else { Timestamp::default() },
        last: if is_read { time } else { Timestamp::default() },
        has_local_times: is_read && access.has_local_time && time != Timestamp::default(),
        tags: access.tag.iter().filter(|_| is_read).cloned().collect(),
        users: Users::of(access.user.filter(|_| is_read), count),
    };
    tally.add_reads(key, reads);
}

/// Notes whose a connection was, where the capture says.
pub(super) fn note_owner(
    sighting: &Sighting,
    connections: &mut Connections,
    coverage: &mut Coverage,
) {
    if let Event::Traffic(traffic) = &sighting.event
        && let Some(flow) = sighting.flow.filter(|_| !sighting.owner.is_empty())
    {
        let server = sighting.server.as_ref().map(ServerName::as_str);
        let note = ConnectionNote {
            first: traffic.first.time,
            last: traffic.last.time,
            owner: sighting.owner.clone(),
            server: server.map(Arc::from),
        };
        if !connections.add(flow, note) {
            let origin = sighting.origin;
            coverage.add(origin.input, Shortfall::InputLimit, Some(origin), 0, || {
                format!("more than {CONNECTION_NOTES} connections, or {NOTES_PER_ENDS} with one server; records beside it may lack the owners of the others")
            });
        }
    }
}

/// Notes when a host was looked up or contacted, by the clock of the phone or of the capture.
pub(super) fn note_moment(observation: &Observation, told: Told, tally: &mut Tally) {
    let sighting = &observation.sighting;
    let mut time = sighting.origin.time;
    let mut is_log = false;
    let host = match &sighting.event {
        Event::Lookup(lookup) if !lookup.is_response && !lookup.is_local => {
            is_log = sighting.flow.is_none();
            Some(Arc::from(lookup.name.as_str()))
        }
        Event::Access(access) => {
            is_log = true;
            access.host.clone()
        }
        // Logs have connections, so of what was sent over one its beginning counts, where that is known.
        Event::Traffic(traffic) if told == Told::Packets => {
            time = traffic.first.time;
            sighting
                .server
                .as_ref()
                .map(|name| Arc::from(name.as_str()))
        }
        Event::Handshake(handshake) if told != Told::Packets => {
            handshake.sni.as_deref().map(Arc::from)
        }
        Event::Exchange(exchange) if told != Told::Packets => {
            exchange.request.host.as_deref().map(Arc::from)
        }
        _ => None,
    };
    if let Some(host) = host.filter(|_| time != Timestamp::default()) {
        let moment = Moment {
            device: observation.device,
            host,
            is_log,
        };
        tally.add_moment(moment, time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FlowKey, Origin, Owner, Transport};

    #[test]
    fn owners_of_too_many_connections_are_told() {
        let origin = Origin::default();
        let sighting = Sighting {
            origin,
            flow: Some(FlowKey {
                transport: Transport::Tcp,
                client: "192.0.2.1:4000".parse().unwrap(),
                server: "198.51.100.1:443".parse().unwrap(),
            }),
            server: None,
            owner: Owner {
                uid: Some(10_101),
                ..Owner::default()
            },
            event: Event::Traffic(Traffic {
                client_packets: 1,
                server_packets: 1,
                client_bytes: 1,
                server_bytes: 1,
                first: origin,
                last: origin,
                protocol: "",
                content: ContentState::NotExamined,
                has_gap: false,
            }),
        };
        let told = |mut connections| {
            let mut coverage = Coverage::default();
            note_owner(&sighting, &mut connections, &mut coverage);
            let told = coverage.iter();
            told.map(|(_, shortfall, _)| shortfall).collect::<Vec<_>>()
        };
        assert_eq!(told(Connections::default()), []);
        assert_eq!(told(Connections::full()), [Shortfall::InputLimit]);
    }
}
