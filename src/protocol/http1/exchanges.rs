//! Which response answers which request (RFC 9112 §9.3.2): in order, over one connection, with bounds.

use std::collections::VecDeque;

use super::half::Framing;
use super::head;
use crate::limits;
use crate::model::{Body, Exchange, Origin, Request, Response, Side};

/// A request that waits for its end or for its response.
#[derive(Debug)]
struct Pending {
    request: Request,
    is_request_complete: bool,
    /// The packet that completed the request.
    origin: Origin,
    response: Option<Response>,
    is_response_complete: bool,
}

impl Pending {
    fn is_connect(&self) -> bool {
        self.request.method == "CONNECT"
    }

    /// Whether the answer decides if HTTP goes on behind this request.
    fn may_switch(&self) -> bool {
        self.is_connect() || self.request.header("upgrade").is_some()
    }

    fn into_exchange(self) -> (Exchange, Origin) {
        let exchange = Exchange {
            request: self.request,
            response: self.response,
            is_protected: false,
        };
        (exchange, self.origin)
    }
}

/// What a response's head says about what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// What follows it.
    pub(super) framing: Framing,
    /// Its request is not in the capture.
    pub(super) is_orphan: bool,
    /// It came instead of `100 Continue`: the request's body may never come (RFC 9110 §10.1.1).
    pub(super) is_refusal: bool,
}

/// The requests and responses of one connection.
#[derive(Debug, Default)]
pub(super) struct Exchanges {
    /// In the order of the requests. Only the last can be incomplete, only the first unanswered one is being answered.
    pending: VecDeque<Pending>,
    /// Requests handed out before their responses came; these pair with nothing.
    handed_out: u64,
    /// The response being read belongs to no pending request: it is interim, or its request was handed out or not captured.
    is_unpaired: bool,
    /// The server's stream lost bytes: responses may have been among them.
    has_lost_responses: bool,
}

impl Exchanges {
    /// Begins a request and says what follows its head. Returns also the exchanges that can no longer be completed.
    pub(super) fn request(
        &mut self,
        request: Request,
        origin: Origin,
    ) -> (Framing, Vec<(Exchange, Origin)>) {
        let given_up = if std::mem::take(&mut self.has_lost_responses) {
            self.take_all()
        } else {
            Vec::new()
        };
        let pending = Pending {
            request,
            is_request_complete: false,
            origin,
            response: None,
            is_response_complete: false,
        };
        let framing = match head::request_framing(&pending.request) {
            _ if pending.is_connect() => Framing::Hold,
            Framing::Empty if pending.may_switch() => Framing::Hold,
            framing => framing,
        };
        self.pending.push_back(pending);
        (framing, given_up)
    }

    /// Begins a response.
    pub(super) fn response(&mut self, response: Response) -> Answer {
        let mut answer = Answer {
            framing: Framing::Empty,
            is_orphan: false,
            is_refusal: false,
        };
        if matches!(response.status, 100 | 102..=199) {
            self.is_unpaired = true;
            return answer;
        }
        let unanswered = self
            .pending
            .iter_mut()
            .find(|pending| !pending.is_response_complete)
            .filter(|_| self.handed_out == 0);
        let Some(pending) = unanswered else {
            self.is_unpaired = true;
            answer.is_orphan = self.handed_out == 0;
            self.handed_out = self.handed_out.saturating_sub(1);
            answer.framing = head::response_framing(&response, false);
            return answer;
        };
        let switches = match response.status {
            101 => true,
            200..=299 => pending.is_connect(),
            _ => false,
        };
        answer.framing = if switches {
            Framing::Tunnel
        } else {
            head::response_framing(&response, pending.request.method == "HEAD")
        };
        answer.is_refusal = response.status >= 300
            && !pending.is_request_complete
            && pending.request.body.wire_len == 0
            && pending.request.header("expect").is_some();
        pending.response = Some(response);
        answer
    }

    /// Takes the request whose answer has just begun, if it is whole: another protocol answers it once more.
    pub(super) fn take_switching(&mut self) -> Option<(Request, Origin)> {
        let position = self.pending.iter().position(|pending| {
            pending.is_request_complete
                && pending.response.is_some()
                && !pending.is_response_complete
        })?;
        let pending = self.pending.remove(position)?;
        Some((pending.request, pending.origin))
    }

    /// The path of the request that the next response answers; empty if none is known.
    pub(super) fn next_path(&self) -> &str {
        let mut pending = self.pending.iter();
        let next = pending.find(|pending| !pending.is_response_complete);
        next.map_or("", |pending| pending.request.path())
    }

    /// Whether a request waits whose answer decides if HTTP goes on behind it.
    pub(super) fn is_undecided(&self) -> bool {
        self.pending.iter().any(|pending| {
            pending.may_switch() && pending.is_request_complete && pending.response.is_none()
        })
    }

    /// The message of that side whose body is being read.
    pub(super) fn body(&mut self, side: Side) -> Option<&mut Body> {
        match side {
            Side::Client => self.unfinished().map(|pending| &mut pending.request.body),
            Side::Server if self.is_unpaired => None,
            Side::Server => self
                .unanswered()
                .and_then(|pending| pending.response.as_mut())
                .map(|response| &mut response.body),
        }
    }

    /// The request that is being read.
    fn unfinished(&mut self) -> Option<&mut Pending> {
        self.pending
            .back_mut()
            .filter(|pending| !pending.is_request_complete)
    }

    /// The first request without a whole response.
    fn unanswered(&mut self) -> Option<&mut Pending> {
        self.pending
            .iter_mut()
            .find(|pending| !pending.is_response_complete)
    }

    /// Ends the message of that side that is being read, if there is one. `origin` is the client's last packet.
    pub(super) fn end(&mut self, side: Side, is_cut: bool, origin: Origin) {
        if let Some(body) = self.body(side) {
            body.is_cut |= is_cut;
        }
        match side {
            Side::Client => {
                if let Some(pending) = self.unfinished() {
                    pending.is_request_complete = true;
                    pending.origin = origin;
                }
            }
            Side::Server if self.is_unpaired => self.is_unpaired = false,
            Side::Server => {
                if let Some(pending) = self.unanswered() {
                    pending.is_response_complete = pending.response.is_some();
                }
            }
        }
    }

    /// Says that bytes of the server are missing.
    pub(super) fn lose_responses(&mut self) {
        self.has_lost_responses = true;
    }

    /// The next complete exchange, or the oldest request when too many wait.
    pub(super) fn take(&mut self) -> Option<(Exchange, Origin)> {
        let waiting: usize = self
            .pending
            .iter()
            .map(|pending| pending.request.body.bytes.len())
            .sum();
        let are_too_many = self.pending.len() > limits::HTTP_PENDING
            || (waiting > limits::HTTP_PENDING_BYTES && self.pending.len() > 1);
        let pending = self.pending.pop_front_if(|pending| {
            pending.is_request_complete && (pending.is_response_complete || are_too_many)
        })?;
        if !pending.is_response_complete {
            // A response that has begun goes on unpaired.
            if pending.response.is_some() {
                self.is_unpaired = true;
            } else {
                self.handed_out = self.handed_out.saturating_add(1);
            }
        }
        Some(pending.into_exchange())
    }

    /// All requests, whether they were answered or not.
    pub(super) fn take_all(&mut self) -> Vec<(Exchange, Origin)> {
        std::mem::take(&mut self.pending)
            .into_iter()
            .map(Pending::into_exchange)
            .collect()
    }
}
