//! Adding an issuer, and changing one. The client secret goes in and never comes back.

use causeway_domain::Role;
use causeway_openapi::{GroupRole, SetSsoProvider, SingleSignOn, SsoProvider};
use leptos::prelude::*;

use super::Dialogs;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, td_string, text, use_i18n},
        query::Query,
    },
    ui::{
        button::{Button, Kind},
        dialog::Actions,
        field::{SelectField, TextField},
        notice::Failure,
        toast::use_toasts,
    },
};

const FIELDS: &[&str] =
    &["name", "issuer", "client_id", "client_secret", "scopes", "groups_claim", "default_role"];

/// One line of the mapping.
#[derive(Clone, Copy)]
struct Line {
    key: usize,
    group: RwSignal<String>,
    role: RwSignal<String>,
}

/// The form within the dialog.
#[component]
pub(super) fn ProviderForm(dialogs: Dialogs, settings: Query<SingleSignOn>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let edited = dialogs.edited.get_untracked();
    let id = edited.as_ref().map(|p| p.id);
    let text_of = |get: fn(&SsoProvider) -> String, usual: &str| {
        RwSignal::new(edited.as_ref().map_or_else(|| usual.to_owned(), get))
    };
    let name = text_of(|p| p.name.clone(), "");
    let issuer = text_of(|p| p.issuer.clone(), "");
    let client_id = text_of(|p| p.client_id.clone(), "");
    let secret = RwSignal::new(String::new());
    let has_secret = edited.as_ref().is_some_and(|p| p.has_secret);
    let scopes = text_of(|p| p.scopes.join(" "), "openid email profile");
    let groups_claim = text_of(|p| p.groups_claim.clone(), "groups");
    let default_role =
        text_of(|p| p.default_role.map(|role| role.as_str().to_owned()).unwrap_or_default(), "member");
    let auto_join = RwSignal::new(edited.as_ref().is_some_and(|p| p.auto_join));
    let enabled = RwSignal::new(edited.as_ref().is_some_and(|p| p.enabled));
    let lines = edited.as_ref().map(|p| p.role_mapping.clone()).unwrap_or_default();
    let line = |(key, entry): (usize, GroupRole)| Line {
        key,
        group: RwSignal::new(entry.group),
        role: RwSignal::new(entry.role.as_str().to_owned()),
    };
    let next_key = RwSignal::new(lines.len());
    let mapping = RwSignal::new(lines.into_iter().enumerate().map(line).collect::<Vec<_>>());
    let roles = Signal::derive(move || {
        let locale = i18n.get_locale();
        vec![
            ("contributor".to_owned(), td_string!(locale, members.contributor).to_owned()),
            ("viewer".to_owned(), td_string!(locale, members.viewer).to_owned()),
            ("member".to_owned(), td_string!(locale, members.member).to_owned()),
            ("admin".to_owned(), td_string!(locale, members.admin).to_owned()),
            ("owner".to_owned(), td_string!(locale, members.owner).to_owned()),
        ]
    });
    let roles_or_none = Signal::derive(move || {
        let mut all = vec![(String::new(), t_string!(i18n, sso.no_access).to_owned())];
        all.extend(roles.get());
        all
    });
    let add_line = move |()| {
        let key = next_key.get_untracked();
        next_key.set(key + 1);
        let line =
            Line { key, group: RwSignal::new(String::new()), role: RwSignal::new("member".to_owned()) };
        mapping.update(|lines| lines.push(line));
    };
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let lines = mapping.get_untracked();
        let entry = |line: &Line| {
            let group = line.group.get_untracked().trim().to_owned();
            let role = line.role.get_untracked().parse().unwrap_or(Role::Viewer);
            (!group.is_empty()).then_some(GroupRole { group, role })
        };
        let typed = secret.get_untracked();
        let provider = SetSsoProvider {
            name: name.get_untracked().trim().to_owned(),
            issuer: issuer.get_untracked().trim().to_owned(),
            client_id: client_id.get_untracked().trim().to_owned(),
            client_secret: (!typed.trim().is_empty()).then(|| typed.trim().into()),
            scopes: Some(scopes.get_untracked().split_whitespace().map(str::to_owned).collect()),
            groups_claim: Some(groups_claim.get_untracked().trim().to_owned()),
            role_mapping: lines.iter().filter_map(entry).collect(),
            default_role: default_role.get_untracked().parse().ok(),
            auto_join: auto_join.get_untracked(),
            enabled: enabled.get_untracked(),
        };
        let done = move |_: SsoProvider| {
            dialogs.form.set(false);
            toasts.good(t_string!(i18n, settings.saved_toast));
            settings.reload();
        };
        match id {
            None => submission.run(async move { api.add_sso_provider(provider).await }, done),
            Some(id) => submission.run(async move { api.set_sso_provider(id, provider).await }, done),
        }
    };
    let secret_hint = Signal::derive(move || {
        if has_secret { t_string!(i18n, sso.secret_kept) } else { t_string!(i18n, sso.secret_hint) }
            .to_owned()
    });
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <Failure error=submission.error fields=FIELDS/>
            <div class="grid gap-4 sm:grid-cols-2">
                <TextField label=text!(i18n, sso.name) hint=text!(i18n, sso.name_hint) value=name required=true
                    error=submission.field("name") testid="sso-name"/>
                <TextField label=text!(i18n, sso.issuer) hint=text!(i18n, sso.issuer_hint) value=issuer required=true
                    placeholder="https://id.example.com" error=submission.field("issuer") testid="sso-issuer"/>
                <TextField label=text!(i18n, sso.client_id) hint=text!(i18n, sso.client_id_hint) value=client_id mono=true
                    error=submission.field("client_id") testid="sso-client-id"/>
                <TextField label=text!(i18n, sso.secret) hint=secret_hint value=secret kind="password"
                    autocomplete="new-password" error=submission.field("client_secret") testid="sso-secret"/>
                <TextField label=text!(i18n, sso.scopes) value=scopes mono=true
                    error=submission.field("scopes") testid="sso-scopes"/>
                <TextField label=text!(i18n, sso.groups_claim) hint=text!(i18n, sso.groups_claim_hint) value=groups_claim
                    mono=true error=submission.field("groups_claim") testid="sso-groups-claim"/>
            </div>
            <fieldset class="flex flex-col gap-3">
                <legend class="text-sm font-semibold">{t!(i18n, sso.mapping)}</legend>
                <p class="text-sm text-base-content/70">{t!(i18n, sso.mapping_text)}</p>
                <For each=move || mapping.get() key=|line| line.key let:line>
                    <div class="flex flex-wrap items-end gap-2" data-testid="sso-mapping">
                        <div class="min-w-40 grow">
                            <TextField label=text!(i18n, sso.group) value=line.group testid="sso-group"/>
                        </div>
                        <div class="w-40"><SelectField label=text!(i18n, members.role) value=line.role options=roles testid="sso-role"/></div>
                        <Button on_press=move |()| mapping.update(|all| all.retain(|l| l.key != line.key))>
                            {t!(i18n, sso.remove)}
                        </Button>
                    </div>
                </For>
                <div><Button small=true on_press=add_line testid="sso-add-group">{t!(i18n, sso.add_group)}</Button></div>
            </fieldset>
            <SelectField
                label=text!(i18n, sso.default_role)
                hint=text!(i18n, sso.default_role_hint)
                value=default_role
                options=roles_or_none
                error=submission.field("default_role")
                testid="sso-default-role"
            />
            <Tick label=text!(i18n, sso.auto_join) value=auto_join testid="sso-auto-join"/>
            <Tick label=text!(i18n, sso.in_use) value=enabled testid="sso-enabled"/>
            <Actions>
                <Button on_press=move |()| dialogs.form.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="sso-save">{t!(i18n, common.save)}</Button>
            </Actions>
        </form>
    }
}

#[component]
fn Tick(#[prop(into)] label: Signal<String>, value: RwSignal<bool>, testid: &'static str) -> impl IntoView {
    view! {
        <label class="flex items-start gap-3 text-sm">
            <input
                type="checkbox"
                class="checkbox checkbox-sm mt-0.5"
                data-testid=testid
                prop:checked=move || value.get()
                on:change=move |event| value.set(event_target_checked(&event))
            />
            <span>{move || label.get()}</span>
        </label>
    }
}
