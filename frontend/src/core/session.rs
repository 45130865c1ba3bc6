//! Who is signed in. The access token lives in memory only; the refresh token is a cookie that scripts cannot
//! read, and a page that is opened anew asks for an access token with it.

use std::future::Future;

use causeway_domain::Role;
use causeway_openapi::{Entered, OrganizationRef, Permission, Session as Signed, Suspended, User};
use futures_util::{
    FutureExt,
    future::{LocalBoxFuture, Shared},
};
use leptos::prelude::*;

use super::{http::Renewed, storage};

/// Says that there may be a session to renew, so that strangers need not ask. No secret: the cookie is.
const HINT: &str = "causeway.session";

/// What is known about the visitor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Visitor {
    /// The page has just been opened and has not asked yet.
    Unknown,
    /// Nobody.
    Stranger,
    /// A member of an organisation.
    Member(Box<Member>),
}

/// A person in an organisation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Member {
    pub(crate) user: User,
    pub(crate) organization: OrganizationRef,
    pub(crate) role: Role,
    pub(crate) is_operator: bool,
    /// Whether nothing but the profile can be reached until a second factor is set up.
    pub(crate) totp_required: bool,
    /// That the organisation is suspended: nothing in it can be changed.
    pub(crate) suspended: Option<Suspended>,
    /// That the person is inside as the operator and no member.
    pub(crate) entered: Option<Entered>,
}

type Renewal = Shared<LocalBoxFuture<'static, Renewed>>;

/// The session of this page. A handle to signals, so it is copied freely.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    visitor: RwSignal<Visitor>,
    token: StoredValue<Option<String>>,
    renewal: StoredValue<Option<Renewal>, LocalStorage>,
}

impl Session {
    pub(crate) fn new() -> Self {
        Self {
            visitor: RwSignal::new(Visitor::Unknown),
            token: StoredValue::new(None),
            renewal: StoredValue::new_local(None),
        }
    }

    pub(crate) fn visitor(self) -> Visitor {
        self.visitor.get()
    }

    pub(crate) fn member(self) -> Option<Member> {
        self.visitor.with(|visitor| match visitor {
            Visitor::Member(member) => Some((**member).clone()),
            _ => None,
        })
    }

    /// Whether the member's role has a permission: the table the server's guards read. It decides what is shown;
    /// what is allowed, the server decides.
    pub(crate) fn may(self, permission: Permission) -> bool {
        self.visitor.with(|v| match v {
            Visitor::Member(member) => {
                permission.granted_to(member.role) && (member.suspended.is_none() || permission.only_reads())
            }
            _ => false,
        })
    }

    /// Whether the person runs this installation.
    pub(crate) fn is_operator(self) -> bool {
        self.visitor.with(|v| matches!(v, Visitor::Member(member) if member.is_operator))
    }

    /// Whether the organisation waits for the person to set up a second factor.
    pub(crate) fn must_enrol(self) -> bool {
        self.visitor.with(|v| matches!(v, Visitor::Member(member) if member.totp_required))
    }

    /// Takes over what the person has changed about themselves.
    pub(crate) fn rename(self, user: User) {
        self.visitor.update(|visitor| {
            if let Visitor::Member(member) = visitor {
                member.user = user;
            }
        });
    }

    pub(crate) fn token(self) -> Option<String> {
        self.token.get_value()
    }

    /// Takes over what sign-in, set-up and renewal answer with.
    pub(crate) fn enter(self, signed: Signed) {
        let Signed {
            access_token,
            user,
            organization,
            role,
            is_operator,
            totp_required,
            suspended,
            entered,
            ..
        } = signed;
        self.token.set_value(Some(access_token.0));
        storage::set(HINT, "1");
        let member = Visitor::Member(Box::new(Member {
            user,
            organization,
            role,
            is_operator,
            totp_required,
            suspended,
            entered,
        }));
        // A renewal that brings no news must not rebuild the page.
        if self.visitor.with_untracked(|visitor| *visitor != member) {
            self.visitor.set(member);
        }
    }

    /// Whether somebody was signed in when this browser was last here, or it cannot be known.
    pub(crate) fn may_resume() -> bool {
        storage::is_forbidden() || storage::get(HINT).is_some() || comes_from_issuer()
    }

    pub(crate) fn forget(self) {
        self.token.set_value(None);
        storage::remove(HINT);
        if self.visitor.with_untracked(|visitor| *visitor != Visitor::Stranger) {
            self.visitor.set(Visitor::Stranger);
        }
    }

    /// Joins the renewal that is under way, or starts one. Ten requests that fail together must send the
    /// rotating refresh token once: a second use would look like theft and end the session.
    pub(crate) async fn renew(self, start: impl Future<Output = Renewed> + 'static) -> Renewed {
        let under_way = self.renewal.get_value();
        let renewal = under_way.unwrap_or_else(|| {
            let renewal = start.boxed_local().shared();
            self.renewal.set_value(Some(renewal.clone()));
            renewal
        });
        let renewed = renewal.clone().await;
        // Only the one that is over is cleared, not one that was started meanwhile.
        self.renewal.update_value(|current| {
            if current.as_ref().is_some_and(|c| c.ptr_eq(&renewal)) {
                *current = None;
            }
        });
        renewed
    }
}

/// Whether the person has just signed in at an issuer, which is not told to this page in any other way.
fn comes_from_issuer() -> bool {
    let search = web_sys::window().and_then(|window| window.location().search().ok());
    search.is_some_and(|search| search.trim_start_matches('?').split('&').any(|pair| pair == "sso=done"))
}

/// The session, from any component.
pub(crate) fn use_session() -> Session {
    expect_context()
}
