//! What the relay and the server answer, for the OpenAPI document. The relay itself has no router to derive it from:
//! its paths are matched by hand on the hot path.
//!
//! Bodies of the providers' dialects are theirs to describe. Here they are open objects with an example, because
//! Causeway passes on what it does not know.

mod anthropic;
mod gemini;
mod holder;
mod openai;
mod refusals;
mod server;

use super::health::{Component, Readiness};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};

/// The part of the document that is about the relay, with the head of the whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Causeway",
        description = "One address for the language models of a team. Calls to the relay speak the provider's own \
            dialect and carry a Causeway key; the admin API carries an access token of `POST /admin/v1/auth/sign-in`. \
            The relay answers with and without the prefixes /api, /claude, /openai and /gemini."
    ),
    paths(
        anthropic::messages, anthropic::count_tokens, anthropic::models, anthropic::model,
        openai::chat_completions, openai::responses, openai::open_responses, openai::compact, openai::completions,
        openai::embeddings, openai::images, openai::openai_models,
        gemini::generate, gemini::stream_generate, gemini::count, gemini::embed, gemini::batch_embed, gemini::gemini_models,
        holder::me, holder::key_info, holder::usage,
        server::ping, server::health, server::ready
    ),
    components(schemas(Readiness, Component)),
    tags(
        (name = "relay", description = "Calls that go on to a provider, in its dialect"),
        (name = "key holder", description = "What the holder of a key may know about it"),
        (name = "server", description = "Is it there, and is it well")
    ),
    modifiers(&Keys)
)]
pub(crate) struct RelayDocs;

struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer =
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A Causeway key (cw_…)"));
        components.add_security_scheme("key", SecurityScheme::Http(bearer.build()));
        let header = ApiKeyValue::with_description("x-api-key", "A Causeway key (cw_…)");
        components.add_security_scheme("key_header", SecurityScheme::ApiKey(ApiKey::Header(header)));
    }
}
