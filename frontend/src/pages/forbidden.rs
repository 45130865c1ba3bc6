//! A page that the visitor's role has no right to: says so, and who can change it.

use causeway_domain::Role;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    core::{
        api::use_api,
        i18n::{Locale, t_string, td_string, text, use_i18n},
        query::Query,
        routes,
        session::use_session,
    },
    ui::{
        icon::Icon,
        loaded::{Empty, Loaded},
        page::Card,
    },
};

/// Within the frame, in the place of the page.
#[component]
pub(crate) fn Forbidden(
    /// The page is for operators, whatever the role.
    operators: bool,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let who = Query::new(move || api.administrators());
    let home =
        Memo::new(move |_| session.member().map_or(routes::DASHBOARD, |member| routes::home(member.role)));
    let about = Signal::derive(move || {
        let locale = i18n.get_locale();
        if operators {
            return td_string!(locale, installation.for_operators).to_owned();
        }
        let Some(member) = session.member() else { return String::new() };
        let role = role_name(member.role, locale);
        td_string!(locale, installation.forbidden_text, name = member.organization.name, role = role)
    });
    view! {
        <Title text=text!(i18n, installation.forbidden)/>
        <div data-testid="forbidden">
            <Card>
                <Empty icon=Icon::Alert title=text!(i18n, installation.forbidden) text=about>
                    <div class="flex flex-col items-center gap-5">
                        {(!operators).then(|| view! {
                            <Loaded query=who skeleton=|| ().into_any() let:who>
                                <ul class="flex flex-col gap-1 text-sm" data-testid="who-can-grant">
                                    {who.people.into_iter().map(|person| view! {
                                        <li>
                                            <span class="font-medium">{person.name}</span>
                                            " · "
                                            {move || role_name(person.role, i18n.get_locale())}
                                        </li>
                                    }).collect_view()}
                                </ul>
                            </Loaded>
                        })}
                        <a class="btn btn-primary" href=move || home.get()>
                            {move || if home.get() == routes::SHARE { t_string!(i18n, shell.to_share) } else { t_string!(i18n, shell.to_dashboard) }}
                        </a>
                    </div>
                </Empty>
            </Card>
        </div>
    }
}

fn role_name(role: Role, locale: Locale) -> &'static str {
    match role {
        Role::Owner => td_string!(locale, installation.role_owner),
        Role::Admin => td_string!(locale, installation.role_admin),
        Role::Member => td_string!(locale, installation.role_member),
        Role::Viewer => td_string!(locale, installation.role_viewer),
        Role::Contributor => td_string!(locale, installation.role_contributor),
    }
}
