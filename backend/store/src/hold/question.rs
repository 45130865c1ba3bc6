//! How the reservation script is asked: see `reserve.lua` for what goes where.

use super::{
    ScopeId, ShardKeys,
    ask::{Mode, Scope, at_most},
    record,
    reserve::Question,
    state,
};
use crate::{cache::write_tenant_prefix, policy};
use causeway_domain::OrgId;
use redis::Cmd;
use uuid::Uuid;

/// Where conversations are remembered, behind the organisation's prefix.
const CONVERSATION: &str = "s:";

/// What the requests of a call share.
#[derive(Default)]
pub(super) struct Entries<'a> {
    orgs: Vec<OrgId>,
    /// Scopes with their limits: entry 1 is the first. No scope has two, or what the one takes the other would not find.
    pub scopes: Vec<&'a Scope>,
    /// Whose each of them is.
    owners: Vec<OrgId>,
    /// The entries of each question, its own scopes' first; 0 = nothing is limited.
    pub of: Vec<Vec<u16>>,
}

impl<'a> Entries<'a> {
    /// How many questions go into the call.
    pub(super) fn questions(&self) -> usize {
        self.of.len()
    }

    /// Enters a question's scopes. False if one of them has other limits than in a question before: policies have changed
    /// between the two.
    fn enter(&mut self, question: &Question<'a>) -> bool {
        let org = question.ask.org;
        let known = self.scopes.len();
        let mut of = Vec::with_capacity(question.own().len() + question.candidates().len());
        for scope in question.scopes() {
            // Of an account that nothing limits it has to be known whether it rests.
            if scope.mode() == Mode::Noted && !matches!(scope.id, ScopeId::Account(_)) {
                of.push(0);
                continue;
            }
            let same = |(entry, owner): (&&Scope, &OrgId)| {
                entry.id == scope.id
                    && *owner == org
                    && (entry.mode() == Mode::Noted) == (scope.mode() == Mode::Noted)
            };
            let index = match self.scopes.iter().zip(&self.owners).position(same) {
                Some(index) if self.scopes[index].limits_like(scope) => index,
                Some(_) => {
                    self.scopes.truncate(known);
                    self.owners.truncate(known);
                    return false;
                }
                None => {
                    self.scopes.push(scope);
                    self.owners.push(org);
                    self.scopes.len() - 1
                }
            };
            of.push(u16::try_from(index + 1).unwrap_or(u16::MAX));
        }
        if !self.orgs.contains(&org) {
            self.orgs.push(org);
        }
        self.of.push(of);
        true
    }
}

/// The call for as many of the questions as can go into one: all of them but where limits have changed between two. There
/// is at least one.
pub(super) fn call<'a>(script: &str, questions: &[Question<'a>], epoch: i64) -> (Cmd, Entries<'a>) {
    let mut entries = Entries::default();
    let asked = questions.iter().take_while(|question| entries.enter(question)).count();
    let questions = &questions[..asked];
    let Some(first) = questions.first() else { return (Cmd::new(), entries) };

    let (mut names, mut bytes): (Vec<String>, Vec<u8>) = Default::default();
    let mut body = Vec::with_capacity(400 * questions.len());
    for (question, of) in questions.iter().zip(&entries.of) {
        write_question(&mut body, question, of, &entries.orgs, &mut names);
    }
    for size in [entries.orgs.len(), entries.scopes.len(), names.len(), questions.len()] {
        bytes.extend_from_slice(&short(size));
    }
    for scope in &entries.scopes {
        write_limits(&mut bytes, scope);
    }
    bytes.append(&mut body);

    let shard = ShardKeys::of(first.ask.org.shard());
    let conversations = questions.iter().filter_map(|q| Some((q.ask.org, q.ask.conversation.as_ref()?)));
    let keys = 3 + entries.orgs.len() + entries.scopes.len() + conversations.clone().count();
    let payloads: usize = questions.iter().map(|q| q.ask.payload.len()).sum();
    let mut call = Cmd::with_capacity(
        5 + keys + names.len() + 2 * questions.len(),
        300 + 90 * keys + bytes.len() + 200 * names.len() + 120 * questions.len() + payloads,
    );
    call.arg("EVALSHA").arg(script).arg(keys).arg(&shard.meta).arg(&shard.holds).arg(&shard.drafts);
    let mut text = String::with_capacity(128);
    let mut key = |org: OrgId, write: &dyn Fn(&mut String)| {
        text.clear();
        write_tenant_prefix(&mut text, org);
        write(&mut text);
        call.arg(&text);
    };
    for org in &entries.orgs {
        key(*org, &|text| text.push_str(policy::SUFFIX));
    }
    for (scope, owner) in entries.scopes.iter().zip(&entries.owners) {
        key(*owner, &|text| scope.id.write_suffix(text));
    }
    for (org, conversation) in conversations {
        key(org, &|text| text.extend([CONVERSATION, &conversation.key]));
    }
    call.arg(epoch).arg(bytes).arg(names);
    let mut id = Uuid::encode_buffer();
    for Question { ask, .. } in questions {
        call.arg(&*ask.request.0.simple().encode_lower(&mut id)).arg(ask.draft());
    }
    (call, entries)
}

fn write_question(
    to: &mut Vec<u8>,
    question: &Question<'_>,
    of: &[u16],
    orgs: &[OrgId],
    names: &mut Vec<String>,
) {
    let ask = question.ask;
    to.extend(
        [question.own().len(), question.candidates().len()].map(|n| u8::try_from(n).unwrap_or(u8::MAX)),
    );
    to.extend_from_slice(&short(orgs.iter().position(|org| *org == ask.org).unwrap_or(0)));
    let mut own = String::with_capacity(33 + 35 * question.own().len());
    record::write_names(&mut own, ask.org, question.own().iter().map(|scope| scope.id));
    let known = names.iter().position(|known| *known == own).unwrap_or_else(|| {
        names.push(own);
        names.len() - 1
    });
    to.extend_from_slice(&short(known));
    write_number(to, question.policy);
    to.extend_from_slice(&short(question.offered.start));
    let conversation = ask.conversation.as_ref();
    write_number(to, conversation.map_or(0, |c| at_most(c.remembered_ms.max(1))));
    to.push(u8::from(conversation.is_some_and(|c| c.elsewhere)));
    to.extend_from_slice(&question.billed.to_le_bytes());
    to.extend(of.iter().flat_map(|entry| entry.to_le_bytes()));
    for scope in question.scopes() {
        scope.write_amounts(to);
    }
}

fn write_limits(to: &mut Vec<u8>, scope: &Scope) {
    to.extend([scope.mode() as u8, u8::from(matches!(scope.id, ScopeId::Account(_)))]);
    for limit in [
        scope.requests_per_minute.into(),
        at_most(scope.tokens_per_minute),
        scope.concurrency.into(),
        scope.queue.into(),
    ] {
        write_number(to, limit);
    }
    to.push(u8::try_from(scope.windows.len()).unwrap_or(u8::MAX));
    for window in &scope.windows {
        to.extend(u8::try_from(state::number_of(window.kind)));
        let limits = [window.usd, at_most(window.tokens), at_most(window.requests)];
        for number in [window.end, window.next_end].into_iter().chain(limits) {
            write_number(to, number);
        }
    }
}

/// A double, which is what Lua computes with, the least byte first.
fn write_number(to: &mut Vec<u8>, n: i64) {
    to.extend_from_slice(&state::rounded(n).to_le_bytes());
}

fn short(n: usize) -> [u8; 2] {
    u16::try_from(n).unwrap_or(u16::MAX).to_le_bytes()
}
