//! The tower service that is mounted: the gates in their order, then the SDK, then the headers.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use cairn_domain::limits::REQUEST_BYTES_MAX;
use cairn_service::App;
use http::header::{CONTENT_TYPE, ORIGIN};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full, LengthLimitError, Limited};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use tokio_util::sync::CancellationToken;

use crate::call::Call;
use crate::gate::origin::Allowed;
use crate::gate::refusal::{PARSE_ERROR, Refusal};
use crate::gate::{accept, credential, headers, message, switches};
use crate::options::McpOptions;
use crate::server::Server;

/// The body of an answer.
pub type McpBody = BoxBody<Bytes, Infallible>;

const REQUEST_ID: &str = "x-request-id";
/// Longest request id taken from outside, in bytes.
const REQUEST_ID_BYTES_MAX: usize = 128;

/// The MCP door. Cheap to clone; every path it is mounted at is the same endpoint.
#[derive(Clone)]
pub struct McpService {
    door: Arc<Door>,
}

struct Door {
    app: Arc<App>,
    allowed: Allowed,
    is_https: bool,
    stop: CancellationToken,
    sdk: StreamableHttpService<Arc<Server>, NeverSessionManager>,
}

/// Makes the service to mount at `/mcp`, `/mcp/` and `/api/mcp`.
pub fn router_service(app: Arc<App>, options: McpOptions) -> McpService {
    let config = StreamableHttpServerConfig::default()
        // No sessions: every request stands alone, legacy clients too; GET and DELETE are 405.
        .with_legacy_session_mode(false)
        .with_json_response(true)
        // Checked by `gate::origin`, before the credential.
        .disable_allowed_hosts()
        .disable_allowed_origins()
        // The SDK's cancellation token stays untouched: it would cut answers short at shutdown,
        // and ours are single JSON documents that the listener waits for.
        .with_max_request_body_bytes(REQUEST_BYTES_MAX);
    let server = Arc::new(Server::new(Arc::clone(&app)));
    let sdk = StreamableHttpService::new(
        move || Ok(Arc::clone(&server)),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    McpService {
        door: Arc::new(Door {
            app,
            allowed: Allowed::new(&options),
            is_https: options.public_url.starts_with("https://"),
            stop: options.cancellation,
            sdk,
        }),
    }
}

impl<B> tower::Service<Request<B>> for McpService
where
    B: BodyExt + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<McpBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let door = Arc::clone(&self.door);
        Box::pin(async move { Ok(door.answer(request).await) })
    }
}

impl Door {
    async fn answer<B>(&self, request: Request<B>) -> Response<McpBody>
    where
        B: BodyExt + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let request_id = request_id(&self.app, &request);
        let origin = request.headers().get(ORIGIN).cloned();
        let (is_same_world, mut response) = match self.pass(request, &request_id).await {
            Ok(response) => (true, response),
            Err(Stop {
                refusal,
                is_foreign,
            }) => (!is_foreign, refusal.into_response()),
        };
        headers::set(response.headers_mut(), self.is_https);
        if let Some(origin) = origin.filter(|_| is_same_world) {
            headers::share_with(response.headers_mut(), origin);
        }
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        response
    }

    async fn pass<B>(
        &self,
        request: Request<B>,
        request_id: &Arc<str>,
    ) -> Result<Response<McpBody>, Stop>
    where
        B: BodyExt + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (mut parts, body) = request.into_parts();
        let known = self.allowed.check(&parts, || self.app.hostnames());
        known.map_err(|refusal| Stop {
            refusal,
            is_foreign: true,
        })?;
        if parts.method == Method::OPTIONS && parts.headers.contains_key(ORIGIN) {
            return Ok(preflight());
        }
        if parts.method != Method::POST {
            return Err(Refusal::status(
                StatusCode::METHOD_NOT_ALLOWED,
                "this endpoint takes POST with one JSON-RPC message; it has no sessions and no stream to GET",
            )
            .into());
        }
        if self.stop.is_cancelled() {
            return Err(Refusal::unavailable(
                "unavailable: the server is going down; nothing was done, ask again in a moment",
                None,
            )
            .into());
        }
        let caller = credential::authenticate(&self.app, &parts.headers).await?;
        accept::mend(&mut parts.headers)?;
        let body = collect(body).await?;
        let id = message::check(&body)?;
        let is_read_only = switches::is_read_only(&parts);
        parts.extensions.insert(Call {
            caller: Arc::new(caller),
            is_read_only,
            request_id: Arc::clone(request_id),
        });
        let response = self
            .sdk
            .handle(Request::from_parts(parts, Full::new(body)))
            .await;
        Ok(in_json(response, id).await)
    }
}

/// Why a request went no further, and whether its host or origin was the reason.
struct Stop {
    refusal: Refusal,
    is_foreign: bool,
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            is_foreign: false,
        }
    }
}

/// The id given by whoever stands in front of us, or a fresh one.
fn request_id<B>(app: &App, request: &Request<B>) -> Arc<str> {
    let given = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|v| v.to_str().ok());
    let plain = |id: &&str| {
        !id.is_empty()
            && id.len() <= REQUEST_ID_BYTES_MAX
            && id.bytes().all(|b| b.is_ascii_graphic())
    };
    match given.filter(plain) {
        Some(id) => id.into(),
        None => app.fresh_id().to_string().into(),
    }
}

fn preflight() -> Response<McpBody> {
    let mut response = Response::new(Empty::new().boxed());
    *response.status_mut() = StatusCode::NO_CONTENT;
    headers::set_preflight(response.headers_mut());
    response
}

/// Reads the whole body, up to the limit.
async fn collect<B>(body: B) -> Result<Bytes, Refusal>
where
    B: BodyExt,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match Limited::new(body, REQUEST_BYTES_MAX).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if is_too_large(error.as_ref()) => Err(Refusal::status(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("too_large: the request has more than {REQUEST_BYTES_MAX} bytes; split it"),
        )),
        Err(_) => Err(Refusal::status(
            StatusCode::BAD_REQUEST,
            "the body ended before it was whole",
        )),
    }
}

fn is_too_large(error: &(dyn std::error::Error + 'static)) -> bool {
    // A layer around us may limit, too, and wrap the error.
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<LengthLimitError>() {
            return true;
        }
        next = error.source();
    }
    false
}

/// Refusals of the SDK that are plain text, as JSON-RPC errors.
async fn in_json(response: Response<McpBody>, id: Option<serde_json::Value>) -> Response<McpBody> {
    let status = response.status();
    let is_json = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|t| t.as_bytes().starts_with(b"application/json"));
    if is_json || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let Ok(body) = response.into_body().collect().await;
    let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    if status.is_server_error() {
        tracing::error!(%status, text, "the MCP SDK failed");
        return Refusal::status(
            status,
            "internal: something went wrong on our side; ask again",
        )
        .to(id)
        .into_response();
    }
    // The content type was checked before: 415 means that the message could not be read.
    if status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        return Refusal::bad_message(
            PARSE_ERROR,
            "the body is JSON, but not a message this protocol knows",
        )
        .to(id)
        .into_response();
    }
    Refusal::status(status, text).to(id).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What axum's `route_service` asks for.
    fn mountable<S, B>()
    where
        S: tower::Service<Request<B>, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
    }

    #[tokio::test]
    async fn a_body_above_the_limit_is_told_apart_from_a_broken_one() {
        mountable::<McpService, Full<Bytes>>();
        let large = Full::new(Bytes::from(vec![b' '; REQUEST_BYTES_MAX + 1]));
        let refusal = collect(large).await.expect_err("too large");
        assert_eq!(
            refusal.into_response().status(),
            StatusCode::PAYLOAD_TOO_LARGE
        );
        let fits = Full::new(Bytes::from(vec![b' '; REQUEST_BYTES_MAX]));
        assert_eq!(collect(fits).await.expect("fits").len(), REQUEST_BYTES_MAX);
    }

    #[tokio::test]
    async fn plain_text_of_the_sdk_becomes_a_json_rpc_error() {
        let plain = |status: StatusCode| {
            let mut response = Response::new(Full::new(Bytes::from_static(b"why")).boxed());
            *response.status_mut() = status;
            response
        };
        for (status, want, code) in [
            (
                StatusCode::NOT_ACCEPTABLE,
                StatusCode::NOT_ACCEPTABLE,
                -32600,
            ),
            (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                StatusCode::BAD_REQUEST,
                -32700,
            ),
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                StatusCode::INTERNAL_SERVER_ERROR,
                -32603,
            ),
        ] {
            let response = in_json(plain(status), Some(7.into())).await;
            assert_eq!(response.status(), want);
            assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
            let Ok(body) = response.into_body().collect().await;
            let body: serde_json::Value = serde_json::from_slice(&body.to_bytes()).expect("JSON");
            assert_eq!(
                (&body["id"], &body["error"]["code"]),
                (&7.into(), &code.into())
            );
        }
    }
}
