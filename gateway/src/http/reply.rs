use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderValue};
use hyper::{Response, StatusCode};

/// Every answer of the listener. Bodies are empty but for the handshake's: a refusal tells a
/// stranger nothing, and the provider needs nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// Everything in it is durable.
    Taken,
    /// The handshake's text.
    Challenge(String),
    /// The body broke off.
    Truncated,
    /// No lawful signature.
    Unsigned,
    /// The handshake's token is wrong.
    Forbidden,
    /// No such path or endpoint.
    NotFound,
    /// Neither GET nor POST.
    NotAllowed,
    /// The body came too slowly.
    TooSlow,
    /// The body is too large.
    TooLarge,
    /// The body is compressed.
    Encoded,
    /// A bug of ours; the provider sends it again.
    Broken,
    /// Nothing was taken: send it again a little later.
    Busy,
}

impl Reply {
    /// Its status code.
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::Taken | Self::Challenge(_) => StatusCode::OK,
            Self::Truncated => StatusCode::BAD_REQUEST,
            Self::Unsigned => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Encoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// As hyper sends it.
    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let (status, extra) = (self.status(), self.header());
        let body = match self {
            Self::Challenge(text) => Bytes::from(text),
            _ => Bytes::new(),
        };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        if let Some((name, value)) = extra {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }

    const fn header(&self) -> Option<(header::HeaderName, &'static str)> {
        match self {
            Self::Challenge(_) => Some((header::CONTENT_TYPE, "text/plain")),
            Self::NotAllowed => Some((header::ALLOW, "GET, POST")),
            Self::Truncated | Self::TooSlow | Self::TooLarge => Some((header::CONNECTION, "close")),
            Self::Busy => Some((header::RETRY_AFTER, "1")),
            _ => None,
        }
    }
}
