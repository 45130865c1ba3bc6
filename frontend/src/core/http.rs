//! The only module that speaks HTTP. Adds the access token, renews it once when it has expired, reads problem
//! documents, and gives every request a deadline.

use causeway_domain::OrgId;
use causeway_openapi::{Problem, ProblemCode, Session as Signed};
use gloo_net::http::{Method, Request, RequestBuilder, Response};
use serde::{Serialize, de::DeserializeOwned};

use super::{download::File, error::ApiError, events::Events, session::Session};

const BASE: &str = "/admin/v1";
/// Longer than any answer of the server: a test of an upstream account waits for the provider.
const DEADLINE_MS: u32 = 45_000;
/// For files, which may be long.
const FILE_DEADLINE_MS: u32 = 30 * 60 * 1000;

/// Sends requests in the name of a session.
#[derive(Clone, Copy)]
pub(crate) struct Http {
    session: Session,
}

impl Http {
    pub(crate) fn new(session: Session) -> Self {
        Self { session }
    }

    pub(crate) async fn get<T: DeserializeOwned>(self, path: &str) -> Result<T, ApiError> {
        self.json(Method::GET, path, None).await
    }

    /// GET with the fields of `query` as parameters.
    pub(crate) async fn find<T: DeserializeOwned>(
        self,
        path: &str,
        query: &impl Serialize,
    ) -> Result<T, ApiError> {
        self.json(Method::GET, &format!("{path}{}", query_string(query)), None).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ApiError> {
        self.json(Method::POST, path, Some(to_json(body)?)).await
    }

    /// POST that is carried out once, however often it is sent under the same `key`.
    pub(crate) async fn post_once<T: DeserializeOwned>(
        self,
        path: &str,
        body: &impl Serialize,
        key: String,
    ) -> Result<T, ApiError> {
        let body = Sent::Once(to_json(body)?, key);
        let answer = self.answer(Method::POST, path, body, DEADLINE_MS).await?;
        let status = answer.status();
        answer.json().await.map_err(|_| ApiError::Unreadable(status))
    }

    /// A request with a body whose answer has none.
    pub(crate) async fn tell_of(self, path: &str, body: &impl Serialize) -> Result<(), ApiError> {
        self.answer(Method::POST, path, Sent::Json(to_json(body)?), DEADLINE_MS).await.map(drop)
    }

    pub(crate) async fn put<T: DeserializeOwned>(
        self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ApiError> {
        self.json(Method::PUT, path, Some(to_json(body)?)).await
    }

    pub(crate) async fn patch<T: DeserializeOwned>(
        self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ApiError> {
        self.json(Method::PATCH, path, Some(to_json(body)?)).await
    }

    /// A file, made with the fields of `query` as parameters.
    pub(crate) async fn download(self, path: &str, query: &impl Serialize) -> Result<File, ApiError> {
        let path = format!("{path}{}", query_string(query));
        File::read(self.answer(Method::GET, &path, Sent::Nothing, FILE_DEADLINE_MS).await?).await
    }

    /// Sends a file as it is.
    pub(crate) async fn upload<T: DeserializeOwned>(
        self,
        path: &str,
        query: &impl Serialize,
        file: web_sys::File,
    ) -> Result<T, ApiError> {
        let path = format!("{path}{}", query_string(query));
        let answer = self.answer(Method::POST, &path, Sent::File(file), FILE_DEADLINE_MS).await?;
        let status = answer.status();
        answer.json().await.map_err(|_| ApiError::Unreadable(status))
    }

    /// A request with a body whose answer has none.
    pub(crate) async fn send_only(self, path: &str, body: &impl Serialize) -> Result<(), ApiError> {
        self.answer(Method::POST, path, Sent::Json(to_json(body)?), DEADLINE_MS).await.map(drop)
    }

    /// POST that is answered with events, until `left`. They come as long as there are any: no deadline.
    pub(crate) async fn events(
        self,
        path: &str,
        body: &impl Serialize,
        left: web_sys::AbortSignal,
    ) -> Result<Events, ApiError> {
        let answer = self.answer(Method::POST, path, Sent::Json(to_json(body)?), left).await?;
        Events::of(&answer)
    }

    /// Asks for a new access token in another organisation, where the session is from then on.
    pub(crate) async fn enter(self, organization: OrgId) -> Result<(), ApiError> {
        let deadline = web_sys::AbortSignal::timeout_with_u32(DEADLINE_MS);
        let request = Request::post(&format!("{BASE}/auth/refresh"))
            .abort_signal(Some(&deadline))
            .header("x-organization", &organization.to_string())
            .build();
        let answer = answered(request.map_err(|_| ApiError::Unreachable)?).await?;
        let status = answer.status();
        self.session.enter(answer.json().await.map_err(|_| ApiError::Unreadable(status))?);
        Ok(())
    }

    /// A request whose answer has no body.
    pub(crate) async fn tell(self, method: Method, path: &str) -> Result<(), ApiError> {
        self.answer(method, path, Sent::Nothing, DEADLINE_MS).await.map(drop)
    }

    /// POST whose answer has no body.
    pub(crate) async fn send(self, path: &str, body: &impl Serialize) -> Result<(), ApiError> {
        self.answer(Method::POST, path, Sent::Json(to_json(body)?), DEADLINE_MS).await.map(drop)
    }

    async fn json<T: DeserializeOwned>(
        self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<T, ApiError> {
        let body = body.map_or(Sent::Nothing, Sent::Json);
        let answer = self.answer(method, path, body, DEADLINE_MS).await?;
        let status = answer.status();
        answer.json().await.map_err(|_| ApiError::Unreadable(status))
    }

    /// The successful answer. An expired access token is renewed and the request sent once more.
    async fn answer(
        self,
        method: Method,
        path: &str,
        body: Sent,
        until: impl Into<Until>,
    ) -> Result<Response, ApiError> {
        let until = until.into();
        let token = self.session.token();
        let was_signed_in = token.is_some();
        let first = send(method.clone(), path, body.clone(), token, until.clone()).await;
        let expired = matches!(&first, Err(e) if e.code() == Some(ProblemCode::NotSignedIn));
        if !(was_signed_in && expired) {
            return first;
        }
        match self.renew().await {
            Renewed::Yes => send(method, path, body, self.session.token(), until).await,
            Renewed::Unreachable => Err(ApiError::Unreachable),
            Renewed::Refused => {
                self.session.forget();
                first
            }
        }
    }

    /// Goes on in another organisation, which the session may be in.
    pub(crate) async fn renew_in(self, org: OrgId) -> Result<Signed, ApiError> {
        let deadline = web_sys::AbortSignal::timeout_with_u32(DEADLINE_MS);
        let request = Request::post(&format!("{BASE}/auth/refresh"))
            .abort_signal(Some(&deadline))
            .header("x-organization", &org.to_string())
            .build();
        let answer = answered(request.map_err(|_| ApiError::Unreachable)?).await?;
        let status = answer.status();
        answer.json().await.map_err(|_| ApiError::Unreadable(status))
    }

    /// Asks for a new access token with the refresh cookie.
    pub(crate) async fn renew(self) -> Renewed {
        let session = self.session;
        session
            .renew(async move {
                let answer =
                    send(Method::POST, "/auth/refresh", Sent::Nothing, None, DEADLINE_MS.into()).await;
                match answer {
                    Ok(answer) => match answer.json::<Signed>().await {
                        Ok(signed) => {
                            session.enter(signed);
                            Renewed::Yes
                        }
                        Err(_) => Renewed::Unreachable,
                    },
                    Err(ApiError::Problem(problem)) if problem.status < 500 => Renewed::Refused,
                    // Nothing is known about the session: signing the person out would be wrong.
                    Err(_) => Renewed::Unreachable,
                }
            })
            .await
    }
}

/// What the relay tells the holder of a key. It is not the admin API: its errors are those of the providers' dialects.
pub(crate) async fn with_key<T: DeserializeOwned>(path: &str, key: &str) -> Result<T, ApiError> {
    let deadline = web_sys::AbortSignal::timeout_with_u32(DEADLINE_MS);
    let request = Request::get(path).abort_signal(Some(&deadline)).header("x-api-key", key).build();
    let answer =
        request.map_err(|_| ApiError::Unreachable)?.send().await.map_err(|_| ApiError::Unreachable)?;
    let status = answer.status();
    if answer.ok() {
        return answer.json().await.map_err(|_| ApiError::Unreadable(status));
    }
    let told: Option<serde_json::Value> = answer.json().await.ok();
    let message = told.as_ref().and_then(|told| told["error"]["message"].as_str());
    Err(message.map_or(ApiError::Unreadable(status), |message| ApiError::Told(message.to_owned())))
}

/// What came of asking for a new access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewed {
    Yes,
    /// There is no session to renew.
    Refused,
    /// The server could not be asked.
    Unreachable,
}

/// What goes with a request.
#[derive(Clone)]
enum Sent {
    Nothing,
    Json(String),
    /// JSON, with its idempotency key.
    Once(String, String),
    File(web_sys::File),
}

/// How long a request is waited for.
#[derive(Clone)]
enum Until {
    /// So many milliseconds.
    Deadline(u32),
    /// As long as nobody gives it up.
    Left(web_sys::AbortSignal),
}

impl From<u32> for Until {
    fn from(ms: u32) -> Self {
        Self::Deadline(ms)
    }
}

impl From<web_sys::AbortSignal> for Until {
    fn from(left: web_sys::AbortSignal) -> Self {
        Self::Left(left)
    }
}

async fn send(
    method: Method,
    path: &str,
    body: Sent,
    token: Option<String>,
    until: Until,
) -> Result<Response, ApiError> {
    let deadline = match until {
        Until::Deadline(ms) => web_sys::AbortSignal::timeout_with_u32(ms),
        Until::Left(left) => left,
    };
    let mut request: RequestBuilder =
        Request::get(&format!("{BASE}{path}")).method(method).abort_signal(Some(&deadline));
    if let Some(token) = token {
        request = request.header("authorization", &format!("Bearer {token}"));
    }
    let request = match body {
        Sent::Json(body) => request.header("content-type", "application/json").body(body),
        Sent::Once(body, key) => {
            request.header("content-type", "application/json").header("idempotency-key", &key).body(body)
        }
        Sent::File(file) => request.header("content-type", "application/x-ndjson").body(file),
        Sent::Nothing => request.build(),
    };
    answered(request.map_err(|_| ApiError::Unreachable)?).await
}

/// The answer, if it is a successful one.
async fn answered(request: Request) -> Result<Response, ApiError> {
    let answer = request.send().await.map_err(|_| ApiError::Unreachable)?;
    if answer.ok() {
        return Ok(answer);
    }
    let status = answer.status();
    match answer.json::<Problem>().await {
        Ok(problem) => Err(ApiError::Problem(Box::new(problem))),
        Err(_) => Err(ApiError::Unreadable(status)),
    }
}

fn to_json(body: &impl Serialize) -> Result<String, ApiError> {
    // Our own types always serialise; a failure would be a bug that the tests of the contract find.
    serde_json::to_string(body).map_err(|_| ApiError::Unreadable(0))
}

/// `?a=1&b=x` of a flat struct; absent fields are left out.
pub(crate) fn query_string(query: &impl Serialize) -> String {
    let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(query) else { return String::new() };
    let pairs: Vec<String> = fields
        .into_iter()
        .filter_map(|(name, value)| {
            let text = match value {
                serde_json::Value::Null => return None,
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            };
            Some(format!("{name}={}", encoded(&text)))
        })
        .collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// Percent-encoding of everything outside the unreserved characters of RFC 3986.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(b).to_string(),
            _ => format!("%{b:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_openapi::{Outcome, RequestQuery};

    #[test]
    fn a_query_holds_what_is_set_and_nothing_else() {
        assert_eq!(query_string(&RequestQuery::default()), "");
        let query = RequestQuery {
            model: Some("claude *".into()),
            status: Some(200),
            outcome: Some(Outcome::ClientLeft),
            ..RequestQuery::default()
        };
        assert_eq!(query_string(&query), "?model=claude%20%2A&status=200&outcome=client_left");
    }
}
