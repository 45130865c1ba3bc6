//! From a request to a call: the body read, unpacked, and understood as far as policy and money depend on it.

use crate::{
    args::RelayArgs, arrival::Arrival, error::RelayError, identify::Caller, route::Asking, tap::Tap,
    tenant::Tenant, upstream::request::BETA,
};
use bytes::{Bytes, BytesMut};
use causeway_dialect::{
    Dialect,
    convert::Wire,
    framing::Framing,
    neutral::Amount,
    request::{CacheWrite, Endpoint, Path, Request as Parsed},
    suffix,
};
use causeway_domain::client::Facts;
use causeway_store::principal::Principal;
use http::{HeaderMap, Request, header, request::Parts};
use http_body::Body;
use http_body_util::BodyExt;
use std::{
    fmt::Display,
    io::Read,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// A call whose body has been understood.
pub(crate) struct Call {
    /// The caller's dialect.
    pub dialect: Dialect,
    /// What is asked for.
    pub endpoint: Endpoint,
    /// How the caller wants the answer.
    pub framing: Framing,
    /// What the body says that we act on.
    pub parsed: Parsed,
    /// The body, byte for byte as it goes on.
    pub body: Bytes,
    /// The caller's headers, all of them; what crosses is decided when it is sent.
    pub headers: HeaderMap,
    /// The query without the key.
    pub query: Option<String>,
    /// When the request came in.
    pub received: Instant,
    /// Who looks on, if anybody does.
    pub tap: Option<Arc<Tap>>,
    /// The body's share of the memory for bodies; given back with the call.
    _memory: OwnedSemaphorePermit,
}

/// How long to wait for the next piece of a body.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// Bodies in memory are counted in pieces of this many bytes.
const UNIT: u64 = 4096;

/// The memory that bodies may take, all requests together.
#[derive(Clone)]
pub(crate) struct BodyBudget {
    units: Arc<Semaphore>,
    max: u64,
}

impl BodyBudget {
    /// By the settings.
    pub(crate) fn new(args: &RelayArgs) -> Self {
        Self::of(args.body_budget_bytes, args.max_body_bytes)
    }

    /// So many bytes altogether, and so many for one body at most.
    pub(crate) fn of(bytes: u64, max: u64) -> Self {
        let units = usize::try_from(bytes / UNIT).unwrap_or(usize::MAX);
        Self { units: Arc::new(Semaphore::new(units.min(Semaphore::MAX_PERMITS))), max }
    }

    /// A share of so many bytes.
    pub(crate) fn take(&self, bytes: u64) -> Result<OwnedSemaphorePermit, RelayError> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        self.units.clone().try_acquire_many_owned(units).map_err(|_| {
            RelayError::Unavailable("too many large requests at once; nothing was sent to the provider")
        })
    }

    /// Makes a share large enough for so many bytes.
    pub(crate) fn grow(&self, share: &mut OwnedSemaphorePermit, bytes: u64) -> Result<(), RelayError> {
        let held = share.num_permits() as u64 * UNIT;
        if bytes > held {
            share.merge(self.take(bytes - held)?);
        }
        Ok(())
    }

    /// Reads a body to its end, within the limits.
    async fn read<B>(&self, parts: &Parts, body: B) -> Result<(Bytes, OwnedSemaphorePermit), RelayError>
    where
        B: Body<Data = Bytes>,
        B::Error: Display,
    {
        let too_large = || RelayError::TooLarge { limit: self.max };
        let announced = body.size_hint().exact();
        if announced.is_some_and(|n| n > self.max) {
            discard(body).await;
            return Err(too_large());
        }
        // As it comes, and not as it was announced: an announcement costs nothing.
        let mut memory = self.take(UNIT)?;
        let mut body = pin!(body);
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        while let Some(frame) = timeout(BODY_PATIENCE, body.frame()).await.map_err(|_| too_slow())? {
            let Ok(data) = frame.map_err(|e| cut_off(&e))?.into_data() else { continue };
            let length = (first.len() + rest.len() + data.len()) as u64;
            if length > self.max {
                return Err(too_large());
            }
            self.grow(&mut memory, length)?;
            // Small bodies come in one piece, which is passed on without being copied.
            if first.is_empty() && rest.is_empty() {
                first = data;
            } else {
                if rest.is_empty() {
                    rest.reserve(usize::try_from(announced.unwrap_or(length)).unwrap_or(0));
                    rest.extend_from_slice(&std::mem::take(&mut first));
                }
                rest.extend_from_slice(&data);
            }
        }
        let bytes = if rest.is_empty() { first } else { rest.freeze() };
        let encoding = parts.headers.get(header::CONTENT_ENCODING).map(|v| v.to_str().unwrap_or("?").trim());
        let bytes = match encoding {
            None | Some("" | "identity") => return Ok((bytes, memory)),
            Some("gzip" | "x-gzip") => unpack(flate2::read::MultiGzDecoder::new(&*bytes), self.max)?,
            Some("zstd") => unpack(zstd::Decoder::new(&*bytes).map_err(|e| not_packed(&e))?, self.max)?,
            Some(other) => {
                return Err(RelayError::BadRequest {
                    code: "unsupported_encoding",
                    field: None,
                    message: format!(
                        "content-encoding {other:?} is not accepted; gzip, zstd and identity are"
                    ),
                });
            }
        };
        self.grow(&mut memory, bytes.len() as u64)?;
        Ok((bytes, memory))
    }
}

/// Reads on for a moment after a refusal: a connection that is closed with bytes unread is reset, and the client would
/// see that instead of the reason.
pub(crate) async fn discard<B>(body: B)
where
    B: Body<Data = Bytes>,
{
    let mut body = pin!(body);
    let mut left = 64_usize << 20;
    let read = async {
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                return;
            }
        }
    };
    let _ = timeout(Duration::from_secs(5), read).await;
}

fn too_slow() -> RelayError {
    RelayError::BadRequest {
        code: "body_too_slow",
        field: None,
        message: format!("no more of the request body came for {} seconds", BODY_PATIENCE.as_secs()),
    }
}

fn cut_off(error: &impl Display) -> RelayError {
    RelayError::BadRequest {
        code: "body_cut_off",
        field: None,
        message: format!("the request body ended before it was whole: {error}"),
    }
}

fn not_packed(error: &std::io::Error) -> RelayError {
    RelayError::BadRequest {
        code: "invalid_encoding",
        field: None,
        message: format!("the request body is not what its content-encoding says: {error}"),
    }
}

/// Unpacks at most `max` bytes: a small body must not become a huge one.
fn unpack(from: impl Read, max: u64) -> Result<Bytes, RelayError> {
    let mut to = Vec::new();
    from.take(max + 1).read_to_end(&mut to).map_err(|e| not_packed(&e))?;
    if to.len() as u64 > max {
        return Err(RelayError::TooLarge { limit: max });
    }
    Ok(to.into())
}

impl Call {
    /// Reads and judges a request. What the provider alone decides is left to the provider.
    pub(crate) async fn parse<B>(
        budget: &BodyBudget,
        request: Request<B>,
        asking: &Asking,
        arrival: &Arrival,
    ) -> Result<Self, RelayError>
    where
        B: Body<Data = Bytes>,
        B::Error: Display,
    {
        let (mut parts, body) = request.into_parts();
        let (body, memory) = budget.read(&parts, body).await?;
        let Asking { dialect, endpoint, .. } = *asking;
        let path = Path { model: asking.model.as_deref(), stream: asking.stream };
        let parsed = Parsed::parse(dialect, endpoint, path, &body).map_err(|e| RelayError::BadRequest {
            code: e.code(),
            field: e.field(),
            message: e.to_string(),
        })?;
        if endpoint != Endpoint::CountTokens {
            priced(&parsed)?;
        }
        let query = parts.uri.query();
        // It was unpacked here, so it is no longer what this header says.
        parts.headers.remove(header::CONTENT_ENCODING);
        Ok(Self {
            dialect,
            endpoint,
            framing: framing(dialect, parsed.stream, query),
            parsed,
            body,
            query: query.and_then(without_key),
            headers: parts.headers,
            received: arrival.received,
            tap: arrival.tap().cloned(),
            _memory: memory,
        })
    }

    /// The form in which the caller wants the answer.
    pub(crate) const fn wire(&self) -> Wire {
        Wire { dialect: self.dialect, framing: self.framing }
    }

    /// The model that is asked for, and how much it is to think where its name says so and the organisation lets it.
    pub(crate) fn model(&self, tenant: &Tenant) -> Result<(&str, Option<Amount>), RelayError> {
        let name = self.parsed.model.as_str();
        if !tenant.thinking_suffix {
            return Ok((name, None));
        }
        let refused = |message: String| RelayError::BadRequest {
            code: "invalid_thinking_suffix",
            field: Some("model"),
            message,
        };
        match suffix::split(name).map_err(|bad| refused(bad.to_string()))? {
            None => Ok((name, None)),
            Some((model, amount)) => match self.endpoint {
                Endpoint::Generate => Ok((model, Some(amount))),
                // What is counted does not depend on it.
                Endpoint::CountTokens => Ok((model, None)),
                _ => Err(refused(format!("nothing is thought about here: ask for {model}"))),
            },
        }
    }

    /// What a caller is told whose key may use none of the models that the name leads to.
    pub(crate) fn forbidden(caller: &Caller, model: &str) -> RelayError {
        let policy = &caller.principal.models;
        let list = |patterns: &[String]| patterns.join(", ");
        let mut allowed = if policy.allow.is_empty() { "any".to_owned() } else { list(&policy.allow) };
        if !policy.deny.is_empty() {
            allowed = format!("{allowed}, but not {}", list(&policy.deny));
        }
        if caller.principal.rules.as_ref().is_some_and(|rules| !rules.models.permits(model)) {
            allowed = "none that the organization does not allow its members".to_owned();
        }
        RelayError::ModelForbidden { model: model.to_owned(), allowed }
    }

    /// The client's name and version: the first word of its User-Agent.
    pub(crate) fn client(&self) -> String {
        let agent = self.headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let name = agent.split(' ').next().unwrap_or_default();
        // What is text in a header is ASCII.
        name.get(..80).unwrap_or(name).to_owned()
    }

    /// What rules can read of the client.
    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts::read(self.headers.iter().filter_map(|(name, line)| Some((name.as_str(), line.to_str().ok()?))))
    }

    /// Whether a beta header asks for the window of a million tokens.
    pub(crate) fn asks_for_long_context(&self) -> bool {
        let betas = self.headers.get_all(&BETA).iter().filter_map(|v| v.to_str().ok());
        betas.flat_map(|v| v.split(',')).any(|beta| beta.trim().starts_with("context-1m"))
    }

    /// Whether the caller declines to be served, and billed, ahead of others.
    pub(crate) fn standard_only(&self) -> bool {
        self.parsed.service_tier.as_deref() == Some("standard_only")
    }

    /// Whether an hour of cache may be written, which is the dearest input there is.
    pub(crate) fn one_hour_cache(&self) -> bool {
        self.parsed.cache_write == CacheWrite::OneHour
    }
}

/// Options that the provider bills at rates which no price table here has. Let through, they would be counted at less
/// than they cost.
fn priced(parsed: &Parsed) -> Result<(), RelayError> {
    let unpriced = |field, message: &str| {
        Err(RelayError::BadRequest {
            code: "unpriced_option",
            field: Some(field),
            message: message.to_owned(),
        })
    };
    if let Some(field) = parsed.unaccountable {
        return unpriced(field, "what this costs cannot be told from the answer, and so it is not passed on");
    }
    if parsed.fast {
        return unpriced("speed", "speed \"fast\" has no price here and is not passed on; leave it out");
    }
    match parsed.inference_geo.as_deref() {
        None | Some("global" | "not_available") => Ok(()),
        Some(_) => unpriced(
            "inference_geo",
            "inference_geo other than \"global\" has no price here and is not passed on",
        ),
    }
}

/// How an answer is wanted: Gemini's streams are arrays unless events are asked for.
fn framing(dialect: Dialect, stream: bool, query: Option<&str>) -> Framing {
    let events = || query.into_iter().flat_map(|q| q.split('&')).any(|pair| pair == "alt=sse");
    match (dialect, stream) {
        (_, false) => Framing::Body,
        (Dialect::Gemini, true) if !events() => Framing::Array,
        _ => Framing::Events,
    }
}

/// The query with `key=…` taken out: a key never goes on to a provider.
fn without_key(query: &str) -> Option<String> {
    let kept: Vec<&str> = query.split('&').filter(|p| !p.starts_with("key=") && !p.is_empty()).collect();
    (!kept.is_empty()).then(|| kept.join("&"))
}

/// Whether a key may use a model: the one check there is, made on the name that a request's own leads to.
pub(crate) fn permits(principal: &Principal, model: &str) -> bool {
    principal.models.permits(model)
        && principal.rules.as_ref().is_none_or(|rules| rules.models.permits(model))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_taken_out_of_the_query_and_the_rest_stays() {
        assert_eq!(without_key("beta=true&key=cw_x&a=b").as_deref(), Some("beta=true&a=b"));
        assert_eq!(without_key("key=cw_x"), None);
    }

    #[test]
    fn a_packed_bomb_is_refused_at_the_limit() {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut packer, &vec![0; 1 << 20]).unwrap();
        let packed = packer.finish().unwrap();
        let refused = unpack(flate2::read::MultiGzDecoder::new(&*packed), 1000);
        assert!(matches!(refused, Err(RelayError::TooLarge { limit: 1000 })));
    }
}
