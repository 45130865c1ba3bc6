//! The body of an answer: bytes we have, or a provider's answer on its way through.

use crate::stream::Forward;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

/// Body of every answer of the relay.
pub struct RelayBody(Kind);

enum Kind {
    Full(Option<Bytes>),
    Forward(Box<Forward>),
}

impl RelayBody {
    /// Bytes we have.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        Self(Kind::Full(Some(bytes.into())))
    }

    /// A provider's answer.
    pub(crate) fn forward(forward: Forward) -> Self {
        Self(Kind::Forward(Box::new(forward)))
    }
}

impl Body for RelayBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match &mut self.0 {
            Kind::Full(bytes) => {
                Poll::Ready(bytes.take().filter(|b| !b.is_empty()).map(|b| Ok(Frame::data(b))))
            }
            Kind::Forward(forward) => {
                Pin::new(forward.as_mut()).poll_data(cx).map(|o| o.map(|r| r.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Full(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Kind::Forward(forward) => forward.is_over(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64)),
            Kind::Forward(forward) => forward.size_hint(),
        }
    }
}

/// The answer to HEAD: everything but the body, whose length is told. HTTP/2 would send the body otherwise.
pub(crate) fn without_body(response: http::Response<RelayBody>) -> http::Response<RelayBody> {
    let length = response.body().size_hint().exact();
    let mut response = response.map(|_| RelayBody::full(Bytes::new()));
    if let Some(length) = length {
        response.headers_mut().insert(http::header::CONTENT_LENGTH, length.into());
    }
    response
}
