//! Every operation, registered once together with its documentation.

use crate::{
    accounts::{self, authorizations},
    announcements, audit, auth, billing, clients, docs, edge,
    error::ApiError,
    extract::LARGEST,
    gate, instance, invitations, join, keys, ledger, me, members, model_routes, operator, organization,
    playground, pools, prices, proxies, registration, requests, security, setup, shares, sso,
    state::AdminState,
    tokens, usage,
};
use axum::{Router, extract::DefaultBodyLimit, middleware, routing::get};
use utoipa::{OpenApi as _, openapi::OpenApi};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Where the API is.
pub(crate) const PREFIX: &str = "/admin/v1";

/// The API and its document.
pub fn router(state: AdminState) -> (Router, OpenApi) {
    let (api, document) = operations().split_for_parts();
    let api = api
        .fallback(|| async { ApiError::NotFound })
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(middleware::from_fn_with_state(state.clone(), gate::layer))
        .layer(middleware::from_fn(edge::layer))
        .layer(gate::cors(&state))
        .with_state(state.clone());
    // A page for browsers, which no program calls: it is not in the document.
    let page = Router::new()
        .route(authorizations::CALLBACK, get(authorizations::callback::handle))
        .with_state(state);
    (Router::new().nest(PREFIX, api).merge(page), prefixed(document))
}

/// The document alone, which needs nothing that runs.
pub fn openapi() -> OpenApi {
    prefixed(operations().into_openapi())
}

fn operations() -> OpenApiRouter<AdminState> {
    OpenApiRouter::with_openapi(docs::Frame::openapi())
        .routes(routes!(instance::handle))
        .routes(routes!(setup::get::handle, setup::create::handle))
        .routes(routes!(auth::sign_in::handle))
        .routes(routes!(auth::second_step::handle))
        .routes(routes!(auth::forgot::handle))
        .routes(routes!(auth::reset::handle))
        .routes(routes!(auth::refresh::handle))
        .routes(routes!(auth::sign_out::handle))
        .routes(routes!(me::handle, me::update::handle))
        .routes(routes!(me::password::handle))
        .routes(routes!(me::sessions::list, me::sessions::end_others))
        .routes(routes!(me::sessions::end))
        .routes(routes!(me::authenticator::get, me::authenticator::start))
        .routes(routes!(me::authenticator::confirm_app))
        .routes(routes!(me::authenticator::renew_codes))
        .routes(routes!(me::authenticator::stop))
        .routes(routes!(sso::discover::handle))
        .routes(routes!(sso::begin::handle))
        .routes(routes!(sso::callback::handle))
        .routes(routes!(sso::outcome::handle))
        .routes(routes!(sso::identities::list, sso::identities::link))
        .routes(routes!(sso::identities::unlink))
        .routes(routes!(sso::settings::get, sso::settings::update))
        .routes(routes!(sso::providers::create))
        .routes(routes!(sso::providers::replace, sso::providers::delete))
        .routes(routes!(sso::providers::test))
        .routes(routes!(sso::domains::add))
        .routes(routes!(sso::domains::remove))
        .routes(routes!(sso::domains::list_of))
        .routes(routes!(sso::domains::confirm, sso::domains::unconfirm))
        .routes(routes!(organization::get::handle, organization::update::handle))
        .routes(routes!(me::join::handle))
        .routes(routes!(me::leave::handle))
        .routes(routes!(me::shares::list::handle))
        .routes(routes!(me::shares::accept::handle))
        .routes(routes!(me::shares::decline::handle))
        .routes(routes!(me::accounts::list::handle))
        .routes(routes!(me::accounts::renew::handle))
        .routes(routes!(me::accounts::test::handle))
        .routes(routes!(me::accounts::withdraw::handle))
        .routes(routes!(organization::limits::handle))
        .routes(routes!(organization::sign_in::get, organization::sign_in::update))
        .routes(routes!(shares::list::handle, shares::create::handle))
        .routes(routes!(shares::remind::handle))
        .routes(routes!(shares::revoke::handle))
        .routes(routes!(accounts::providers::handle))
        .routes(routes!(accounts::list::handle, accounts::create::handle))
        .routes(routes!(accounts::import::handle))
        .routes(routes!(authorizations::begin::handle))
        .routes(routes!(authorizations::get::handle, authorizations::cancel::handle))
        .routes(routes!(authorizations::code::handle))
        .routes(routes!(accounts::get::handle, accounts::update::handle, accounts::delete::handle))
        .routes(routes!(accounts::test::handle))
        .routes(routes!(accounts::reset::handle))
        .routes(routes!(accounts::refresh::handle))
        .routes(routes!(accounts::remind::handle))
        .routes(routes!(accounts::limits::handle))
        .routes(routes!(accounts::record::handle))
        .routes(routes!(accounts::failures::handle))
        .routes(routes!(accounts::checks::handle))
        .routes(routes!(pools::list::handle, pools::create::handle))
        .routes(routes!(pools::get::handle, pools::update::handle, pools::delete::handle))
        .routes(routes!(proxies::list::handle, proxies::create::handle))
        .routes(routes!(proxies::get::handle, proxies::update::handle, proxies::delete::handle))
        .routes(routes!(proxies::test::handle))
        .routes(routes!(proxies::reset::handle))
        .routes(routes!(model_routes::get::handle, model_routes::set::handle))
        .routes(routes!(keys::list::handle, keys::create::handle))
        .routes(routes!(keys::get::handle, keys::update::handle, keys::delete::handle))
        .routes(routes!(keys::limits::handle))
        .routes(routes!(keys::models::handle))
        .routes(routes!(playground::start::handle))
        .routes(routes!(keys::restore::handle))
        .routes(routes!(keys::rotate::handle))
        .routes(routes!(keys::rotate::end))
        .routes(routes!(keys::batch::create::handle, keys::batch::edit::handle))
        .routes(routes!(keys::batch::delete::handle))
        .routes(routes!(keys::export::handle))
        .routes(routes!(keys::rules::get, keys::rules::set))
        .routes(routes!(clients::get::handle, clients::set::handle))
        .routes(routes!(clients::trial::handle))
        .routes(routes!(members::list::handle))
        .routes(routes!(members::get::handle, members::update::handle, members::remove::handle))
        .routes(routes!(members::transfer::handle))
        .routes(routes!(invitations::list::handle, invitations::create::handle))
        .routes(routes!(invitations::resend::handle))
        .routes(routes!(invitations::revoke::handle))
        .routes(routes!(registration::links::list, registration::links::create))
        .routes(routes!(registration::links::close))
        .routes(routes!(registration::waiting::handle))
        .routes(routes!(registration::decide::handle))
        .routes(routes!(join::accept::handle))
        .routes(routes!(join::preview::invitation))
        .routes(routes!(join::register::handle))
        .routes(routes!(join::preview::registration))
        .routes(routes!(join::progress::handle))
        .routes(routes!(join::finish::handle))
        .routes(routes!(members::limits::handle))
        .routes(routes!(members::reset_link::handle))
        .routes(routes!(members::totp::handle))
        .routes(routes!(requests::list::handle))
        .routes(routes!(requests::export::handle))
        .routes(routes!(requests::refused::handle))
        .routes(routes!(requests::get::handle))
        .routes(routes!(requests::attempts::handle))
        .routes(routes!(usage::summary::handle))
        .routes(routes!(usage::series::handle))
        .routes(routes!(usage::breakdown::handle))
        .routes(routes!(usage::export::handle))
        .routes(routes!(usage::import::handle))
        .routes(routes!(ledger::get::handle))
        .routes(routes!(ledger::dead_letters::handle))
        .routes(routes!(ledger::export::handle))
        .routes(routes!(prices::list::handle))
        .routes(routes!(prices::history::handle, prices::put::handle, prices::delete::handle))
        .routes(routes!(tokens::list::handle, tokens::create::handle))
        .routes(routes!(tokens::revoke::handle))
        .routes(routes!(audit::list::own))
        .routes(routes!(audit::export::own))
        .routes(routes!(announcements::live))
        .routes(routes!(announcements::list, announcements::create))
        .routes(routes!(announcements::withdraw))
        .routes(routes!(organization::administrators::handle))
        .routes(routes!(billing::balance::handle))
        .routes(routes!(billing::entries::handle))
        .routes(routes!(billing::redeem::handle))
        .routes(routes!(billing::statements::months))
        .routes(routes!(billing::statements::handle))
        .routes(routes!(operator::tenants::list::handle, operator::tenants::create::handle))
        .routes(routes!(operator::tenants::get::handle, operator::tenants::update::handle))
        .routes(routes!(operator::entering::enter))
        .routes(routes!(operator::entering::leave))
        .routes(routes!(operator::persons::list))
        .routes(routes!(operator::persons::update))
        .routes(routes!(operator::announcements::list, operator::announcements::create))
        .routes(routes!(operator::announcements::withdraw))
        .routes(routes!(operator::prices::list))
        .routes(routes!(operator::prices::history, operator::prices::put, operator::prices::remove))
        .routes(routes!(operator::multipliers::list))
        .routes(routes!(operator::multipliers::put))
        .routes(routes!(operator::providers::list))
        .routes(routes!(operator::providers::set::put, operator::providers::set::delete))
        .routes(routes!(audit::list::installation))
        .routes(routes!(audit::export::installation))
        .routes(routes!(operator::dead_letters::list))
        .routes(routes!(operator::dead_letters::write))
        .routes(routes!(operator::dead_letters::close))
        .routes(routes!(operator::credits::list, operator::credits::add))
        .routes(routes!(operator::statements::months))
        .routes(routes!(operator::statements::handle))
        .routes(routes!(operator::codes::batches, operator::codes::create))
        .routes(routes!(operator::codes::list, operator::codes::revoke_batch))
        .routes(routes!(operator::codes::revoke))
}

/// With the addresses as they are from outside, and with each operation saying itself what it needs.
fn prefixed(mut document: OpenApi) -> OpenApi {
    let paths = std::mem::take(&mut document.paths.paths).into_iter();
    document.paths.paths =
        paths.map(|(path, item)| (format!("{PREFIX}{path}"), security::told(item))).collect();
    document
}
