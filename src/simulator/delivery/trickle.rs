//! A body that takes its time: piece by piece, with pauses between.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::web::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Duration, Sleep, sleep};

/// How many pieces a slow body comes in.
const PIECES: usize = 10;

/// A body that takes `time` to be sent.
pub(super) fn body(bytes: Bytes, time: Duration) -> reqwest::Body {
    if time.is_zero() {
        return bytes.into();
    }
    let size = bytes.len().div_ceil(PIECES).max(1);
    let pieces: VecDeque<Bytes> = bytes.chunks(size).map(|piece| bytes.slice_ref(piece)).collect();
    let pause = time / PIECES as u32;
    reqwest::Body::wrap(Trickle { left: bytes.len(), pieces, pause, until: Box::pin(sleep(pause)) })
}

struct Trickle {
    left: usize,
    pieces: VecDeque<Bytes>,
    pause: Duration,
    until: Pin<Box<Sleep>>,
}

impl http_body::Body for Trickle {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.until.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        let pause = self.pause;
        self.until.set(sleep(pause));
        let piece = self.pieces.pop_front();
        self.left -= piece.as_ref().map_or(0, Bytes::len);
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}
