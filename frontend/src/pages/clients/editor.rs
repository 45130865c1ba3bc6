//! The organisation's own rules as they are typed: a card for each, in order.

use causeway_domain::{ClientRule, client::Condition};
use leptos::prelude::*;

use crate::{
    core::{
        error::ApiError,
        i18n::{t, t_string, text, use_i18n},
    },
    ui::{
        button::Button,
        field::{SelectField, TextField},
        icon::{Glyph, Icon},
    },
};

/// A condition as it is typed.
#[derive(Clone, Copy, PartialEq)]
struct Typed {
    id: u32,
    header: RwSignal<String>,
    matches: RwSignal<String>,
}

/// A rule as it is typed.
#[derive(Clone, Copy, PartialEq)]
struct Draft {
    id: u32,
    client: RwSignal<String>,
    name: RwSignal<String>,
    when: RwSignal<Vec<Typed>>,
}

/// All of them, in order.
#[derive(Clone, Copy)]
pub(super) struct Drafts {
    rules: RwSignal<Vec<Draft>>,
    next: StoredValue<u32>,
}

impl Drafts {
    /// As they are stored.
    pub(super) fn new(rules: &[ClientRule]) -> Self {
        let drafts = Self { rules: RwSignal::new(Vec::new()), next: StoredValue::new(0) };
        let list = rules.iter().map(|rule| {
            let when = rule.when.iter().map(|c| drafts.condition(&c.header, &c.matches)).collect();
            drafts.rule(&rule.client, &rule.name, when)
        });
        drafts.rules.set(list.collect());
        drafts
    }

    fn id(self) -> u32 {
        self.next
            .try_update_value(|next| {
                *next += 1;
                *next
            })
            .unwrap_or_default()
    }

    fn condition(self, header: &str, matches: &str) -> Typed {
        let text = |text: &str| RwSignal::new(text.to_owned());
        Typed { id: self.id(), header: text(header), matches: text(matches) }
    }

    fn rule(self, client: &str, name: &str, when: Vec<Typed>) -> Draft {
        let text = |text: &str| RwSignal::new(text.to_owned());
        Draft { id: self.id(), client: text(client), name: text(name), when: RwSignal::new(when) }
    }

    fn add(self) {
        let rule = self.rule("", "", vec![self.condition("user-agent", "")]);
        self.rules.update(|rules| rules.push(rule));
    }

    fn remove(self, id: u32) {
        self.rules.update(|rules| rules.retain(|rule| rule.id != id));
    }

    /// Puts a rule before the one above it.
    fn raise(self, id: u32) {
        self.rules.update(|rules| {
            if let Some(at) = rules.iter().position(|rule| rule.id == id).filter(|at| *at > 0) {
                rules.swap(at, at - 1);
            }
        });
    }

    /// What stands where.
    pub(super) fn sent(self) -> Sent {
        let conditions = |rule: &Draft| rule.when.with_untracked(|when| when.iter().map(|c| c.id).collect());
        Sent(
            self.rules.with_untracked(|rules| rules.iter().map(|rule| (rule.id, conditions(rule))).collect()),
        )
    }

    /// What is typed. Whether it makes rules, the API says.
    pub(super) fn read(self) -> Vec<ClientRule> {
        let trimmed = |text: RwSignal<String>| text.get_untracked().trim().to_owned();
        let condition = |c: &Typed| Condition { header: trimmed(c.header), matches: trimmed(c.matches) };
        let rule = |draft: &Draft| ClientRule {
            client: trimmed(draft.client),
            name: trimmed(draft.name),
            when: draft.when.with_untracked(|when| when.iter().map(condition).collect()),
        };
        self.rules.with_untracked(|rules| rules.iter().map(rule).collect())
    }
}

/// What the API said of the rules as they were sent. It counts by places, and what stands in a place changes under the hand
/// of who edits on: so each error is kept with the rule or condition that it is about.
#[derive(Clone, Copy)]
pub(super) struct Errors(RwSignal<Vec<(u32, String, String)>>);

impl Errors {
    pub(super) fn new() -> Self {
        Self(RwSignal::default())
    }

    /// Takes what is about a rule or a condition out of an answer, as `drafts` were when it was sent.
    pub(super) fn take(self, drafts: &Sent, error: &ApiError) {
        let told = error.fields().filter_map(|field| {
            let (id, name) = drafts.place(field)?;
            Some((id, name.to_owned(), error.field(field)?.to_owned()))
        });
        // The page may be gone by now.
        let _ = self.0.try_set(told.collect());
    }

    pub(super) fn clear(self) {
        self.0.set(Vec::new());
    }

    /// What is wrong with a field of the rule or condition.
    fn at(self, id: u32, name: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            let found = |all: &Vec<(u32, String, String)>| {
                all.iter().find(|(of, field, _)| *of == id && field == name).map(|(.., text)| text.clone())
            };
            self.0.with(found)
        })
    }
}

/// Which rules and conditions were sent in which places.
#[derive(Clone)]
pub(super) struct Sent(Vec<(u32, Vec<u32>)>);

impl Sent {
    /// The rule or condition that a field is of, and what it is called there: `rules[0].when[1].matches`.
    fn place<'f>(&self, field: &'f str) -> Option<(u32, &'f str)> {
        let (rule, rest) = indexed(field, "rules")?;
        let (id, conditions) = self.0.get(rule)?;
        match indexed(rest, "when") {
            Some((condition, name)) => Some((*conditions.get(condition)?, name)),
            None => Some((*id, rest)),
        }
    }
}

/// `list[3].name` as 3 and `name`.
fn indexed<'f>(field: &'f str, list: &str) -> Option<(usize, &'f str)> {
    let (index, rest) = field.strip_prefix(list)?.strip_prefix('[')?.split_once(']')?;
    Some((index.parse().ok()?, rest.strip_prefix('.')?))
}

/// The cards.
#[component]
pub(super) fn Editor(
    drafts: Drafts,
    headers: StoredValue<Vec<String>>,
    may_write: Memo<bool>,
    errors: Errors,
) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <fieldset class="flex min-w-0 flex-col gap-4" disabled=move || !may_write.get() data-testid="own-rules">
            <Show when=move || drafts.rules.with(Vec::is_empty)>
                <p class="rounded-box border border-dashed border-base-300 px-4 py-6 text-center text-sm text-base-content/70">
                    {t!(i18n, clients.none)}
                </p>
            </Show>
            <For each=move || drafts.rules.get() key=|rule| rule.id let:rule>
                <RuleCard rule drafts headers may_write errors/>
            </For>
            <Show when=move || may_write.get()>
                <div>
                    <Button on_press=move |()| drafts.add() testid="add-rule">
                        <Glyph icon=Icon::Plus class="size-4"/>
                        {t!(i18n, clients.add)}
                    </Button>
                </div>
            </Show>
        </fieldset>
    }
}

#[component]
fn RuleCard(
    rule: Draft,
    drafts: Drafts,
    headers: StoredValue<Vec<String>>,
    may_write: Memo<bool>,
    errors: Errors,
) -> impl IntoView {
    let i18n = use_i18n();
    let place = Memo::new(move |_| drafts.rules.with(|rules| rules.iter().position(|r| r.id == rule.id)));
    let add = move |()| {
        let condition = drafts.condition("user-agent", "");
        rule.when.update(|when| when.push(condition));
    };
    view! {
        <div class="rounded-box border border-base-300 p-4" data-testid="own-rule">
            <div class="flex items-start gap-3">
                <span class="badge badge-soft badge-neutral mt-8 tabular-nums max-sm:hidden">{move || place.get().unwrap_or(0) + 1}</span>
                <div class="grid min-w-0 grow gap-3 sm:grid-cols-2">
                    <TextField
                        label=text!(i18n, clients.name)
                        value=rule.name
                        error=errors.at(rule.id, "name")
                        placeholder="Claude Code"
                        testid="rule-name"
                    />
                    <TextField
                        label=text!(i18n, clients.id)
                        hint=text!(i18n, clients.id_hint)
                        value=rule.client
                        error=errors.at(rule.id, "client")
                        placeholder="claude_code"
                        mono=true
                        testid="rule-client"
                    />
                </div>
                <Show when=move || may_write.get()>
                    <div class="mt-7 flex gap-1">
                        <button
                            type="button"
                            class="btn btn-ghost btn-sm btn-square"
                            class:invisible=move || place.get() == Some(0)
                            aria-label=move || t_string!(i18n, clients.raise)
                            title=move || t_string!(i18n, clients.raise)
                            on:click=move |_| drafts.raise(rule.id)
                        >
                            <Glyph icon=Icon::Chevron class="size-4 rotate-180"/>
                        </button>
                        <button
                            type="button"
                            class="btn btn-ghost btn-sm btn-square"
                            aria-label=move || t_string!(i18n, clients.remove)
                            title=move || t_string!(i18n, clients.remove)
                            data-testid="remove-rule"
                            on:click=move |_| drafts.remove(rule.id)
                        >
                            <Glyph icon=Icon::Trash class="size-4"/>
                        </button>
                    </div>
                </Show>
            </div>
            <p class="mt-3 mb-2 text-sm font-medium">{t!(i18n, clients.when)}</p>
            <p class="mb-2 text-xs text-error empty:hidden" role="alert" data-testid="when-error">{move || errors.at(rule.id, "when").get()}</p>
            <div class="flex flex-col gap-2">
                <For each=move || rule.when.get() key=|condition| condition.id let:condition>
                    <ConditionRow condition rule headers errors/>
                </For>
            </div>
            <Show when=move || may_write.get()>
                <Button small=true class="mt-3" on_press=add testid="add-condition">
                    <Glyph icon=Icon::Plus class="size-4"/>
                    {t!(i18n, clients.and)}
                </Button>
            </Show>
        </div>
    }
}

#[component]
fn ConditionRow(
    condition: Typed,
    rule: Draft,
    headers: StoredValue<Vec<String>>,
    errors: Errors,
) -> impl IntoView {
    let i18n = use_i18n();
    let options = Signal::derive(move || {
        headers.with_value(|headers| headers.iter().map(|h| (h.clone(), h.clone())).collect::<Vec<_>>())
    });
    view! {
        <div class="grid grid-cols-[1fr_auto] items-end gap-2 sm:grid-cols-[15rem_1fr_auto]" data-testid="condition">
            <div class="max-sm:col-span-2">
                <SelectField label=text!(i18n, clients.header) value=condition.header options error=errors.at(condition.id, "header") testid="rule-header"/>
            </div>
            <TextField
                label=text!(i18n, clients.matches)
                value=condition.matches
                error=errors.at(condition.id, "matches")
                placeholder="claude-cli/*"
                mono=true
                testid="rule-matches"
            />
            <button
                type="button"
                class="btn btn-ghost btn-sm btn-square mb-1"
                aria-label=move || t_string!(i18n, clients.remove_condition)
                title=move || t_string!(i18n, clients.remove_condition)
                on:click=move |_| rule.when.update(|when| when.retain(|c| c.id != condition.id))
            >
                <Glyph icon=Icon::Close class="size-4"/>
            </button>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_finds_the_rule_or_the_condition_that_it_is_about() {
        let sent = Sent(vec![(7, vec![8]), (3, vec![9, 4])]);
        assert_eq!(sent.place("rules[0].client"), Some((7, "client")));
        assert_eq!(sent.place("rules[1].when"), Some((3, "when")));
        assert_eq!(sent.place("rules[1].when[1].matches"), Some((4, "matches")));
        for nowhere in ["rules", "rules[2].name", "rules[1].when[2].header", "version", "rules[x].name"] {
            assert_eq!(sent.place(nowhere), None, "{nowhere}");
        }
    }
}
