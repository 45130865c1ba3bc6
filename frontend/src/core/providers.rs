//! The kinds of provider as the server knows them: nothing here has a list of its own, because an operator can add some.

use causeway_domain::provider::Provider;
use causeway_openapi::{ProviderPreset, SignInWay, Words};

use super::{
    i18n::{Locale, td_string},
    query::Query,
};

/// All of them.
pub(crate) type Providers = Query<Vec<ProviderPreset>>;

/// As choices: name as stored, and as people know it.
pub(crate) fn choices(providers: Providers) -> Vec<(String, String)> {
    let all = providers.data().unwrap_or_default();
    all.into_iter().map(|preset| (preset.provider.to_string(), preset.name)).collect()
}

/// As people know it; as it is stored, while the list is not there or does not have it.
pub(crate) fn name_of(providers: Providers, provider: Provider) -> String {
    let all = providers.data().unwrap_or_default();
    let known = all.into_iter().find(|preset| preset.provider == provider);
    known.map_or_else(|| provider.to_string(), |preset| preset.name)
}

/// A text in the reader's language.
pub(crate) fn in_words(words: &Words, locale: Locale) -> String {
    match locale {
        Locale::en => words.en.clone(),
        Locale::zh => words.zh.clone(),
    }
}

/// A way to sign in.
pub(crate) fn way_name(way: SignInWay, locale: Locale) -> &'static str {
    match way {
        SignInWay::ApiKey => td_string!(locale, providers.api_key),
        SignInWay::Token => td_string!(locale, providers.token),
        SignInWay::OauthCode => td_string!(locale, providers.oauth_code),
        SignInWay::DeviceCode => td_string!(locale, providers.device_code),
        SignInWay::ServiceAccount => td_string!(locale, providers.service_account),
        SignInWay::AwsKeys => td_string!(locale, providers.aws_keys),
    }
}

/// Several of them in a line.
pub(crate) fn way_names(ways: &[SignInWay], locale: Locale) -> String {
    let comma = match locale {
        Locale::en => ", ",
        Locale::zh => "、",
    };
    ways.iter().map(|way| way_name(*way, locale)).collect::<Vec<_>>().join(comma)
}
