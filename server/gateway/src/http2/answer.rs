//! An answer on its way to an HTTP/2 client.
use super::stream::{Tunnelled, send_all};
use crate::{
    message::{Answer, Body},
    pace::Pace,
    tunnel,
};
use bytes::{Bytes, BytesMut};
use h2::{Reason, RecvStream, SendStream, server::SendResponse};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use std::{future::poll_fn, time::Duration};

/// Of a connection of HTTP/1.1 only, and so malformed in HTTP/2 (RFC 9113 8.2.2).
const NOT_HERE: [&str; 6] =
    ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "http2-settings"];

/// Sends an answer as its body comes. Whether all of it was sent: a broken one is reset, so that nobody takes it for a
/// whole one, and so is one of which the client takes nothing for longer than `patience`.
pub(super) async fn send(
    answer: Answer,
    mut respond: SendResponse<Bytes>,
    head_only: bool,
    connect: Option<RecvStream>,
    patience: Duration,
) -> bool {
    let Answer { mut status, fields, body, tunnel } = answer;
    let mut map = fields.to_map();
    for name in NOT_HERE {
        map.remove(name);
    }
    let tunnel = match (tunnel, connect) {
        (Some(tunnel), Some(received)) => {
            status = StatusCode::OK;
            map.remove("sec-websocket-accept");
            Some((tunnel, received))
        }
        // Only a client that asked for a tunnel gets one.
        (Some(_), None) => {
            respond.send_reset(Reason::INTERNAL_ERROR);
            return false;
        }
        (None, _) => None,
    };
    let bodiless = head_only || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if let Some(length) = body.length()
        && !bodiless
        && tunnel.is_none()
    {
        map.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    let over = tunnel.is_none() && (bodiless || body.is_over());
    let Ok(mut sending) = respond.send_response(head(status, map), over) else { return false };
    if let Some((tunnel, received)) = tunnel {
        tunnel::run(Tunnelled::new(received, sending), BytesMut::new(), *tunnel).await;
        return true;
    }
    over || send_body(&mut sending, body, patience).await
}

fn head(status: StatusCode, fields: HeaderMap) -> Response<()> {
    let mut head = Response::new(());
    *head.status_mut() = status;
    *head.headers_mut() = fields;
    head
}

async fn send_body(sending: &mut SendStream<Bytes>, mut body: Body, patience: Duration) -> bool {
    let mut pace = Pace::new(patience);
    loop {
        let frame = tokio::select! {
            frame = poll_fn(|cx| body.poll_next(cx)) => frame,
            _ = poll_fn(|cx| sending.poll_reset(cx)) => return false,
        };
        let sent = match frame {
            None => return sending.send_data(Bytes::new(), true).is_ok(),
            Some(Err(_)) => {
                sending.send_reset(Reason::INTERNAL_ERROR);
                return false;
            }
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => {
                    let last = body.is_over();
                    let sent = send_all(sending, data, last, patience, &mut pace).await;
                    if last {
                        return sent;
                    }
                    sent
                }
                Err(frame) => match frame.into_trailers() {
                    Ok(trailers) => return sending.send_trailers(trailers).is_ok(),
                    Err(_) => true,
                },
            },
        };
        if !sent {
            return false;
        }
    }
}
