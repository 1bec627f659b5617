//! Requests as detection gets them: seen whole, and put on no app.

use phonehome::model::{
    Attributed, Body, DeviceId, Event, Exchange, Header, Observation, Origin, Owner, Request,
    Sighting,
};

/// A POST that came whole.
pub(crate) fn post(
    host: &str,
    target: &str,
    headers: &[(&str, &str)],
    bytes: Vec<u8>,
    is_protected: bool,
) -> Observation {
    let headers = headers.iter().map(|(name, value)| Header {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    });
    let request = Request {
        method: "POST".to_owned(),
        target: target.to_owned(),
        host: Some(host.to_owned()),
        headers: headers.collect(),
        body: Body {
            wire_len: bytes.len() as u64,
            bytes,
            is_cut: false,
        },
    };
    Observation {
        sighting: Sighting {
            origin: Origin::default(),
            flow: None,
            server: None,
            owner: Owner::default(),
            event: Event::Exchange(Exchange {
                request,
                response: None,
                is_protected,
            }),
        },
        device: DeviceId(0),
        app: Attributed::Unknown,
    }
}
