//! From a request to an answer, for every dialect that says in the same breath which model, how much and whether in a
//! stream: the script is found, the request is checked, the answer is drawn.

use crate::{
    Shared,
    answer::{Answer, Form, Wanted},
    receive::Call,
    reply::Plan,
    script::{Refusal, ScriptError, marker},
};

/// What can be read of a request before it is checked.
pub(crate) struct Wish<'a> {
    pub(crate) model: Option<&'a str>,
    /// Whatever the dialect has for telling end users apart.
    pub(crate) user: Option<&'a str>,
    pub(crate) stream: bool,
    pub(crate) max_tokens: Option<u64>,
}

/// What a request that is right asks for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) thinks: bool,
    /// The tool that must be called, or else the first one offered.
    pub(crate) tool: Option<String>,
    pub(crate) form: Form,
}

/// What a dialect says when it will not.
pub(crate) struct Refusals {
    pub(crate) script: fn(&ScriptError) -> Refusal,
    pub(crate) no_such_model: fn(&str) -> Refusal,
}

/// Check the request as the provider would and draw up the answer.
pub(crate) fn draw_up(
    shared: &Shared,
    call: &mut Call,
    wish: &Wish<'_>,
    listed: &[String],
    refusals: &Refusals,
    check: impl FnOnce() -> Result<Asked, Refusal>,
) -> Result<Plan, Refusal> {
    let script = call.script(shared, wish.model, wish.user).map_err(|wrong| (refusals.script)(&wrong))?;
    let named = wish.model.unwrap_or_default();
    let model = marker(named).map_or(named, |found| found.0);
    call.slot.update(|entry| {
        entry.model = Some(model.to_owned());
        entry.stream = wish.stream;
        entry.max_tokens = wish.max_tokens;
    });
    let asked = check()?;
    if shared.config.listed_models_only && !listed.iter().any(|known| known == model) {
        return Err((refusals.no_such_model)(model));
    }
    let wanted = Wanted {
        seq: call.slot.seq(),
        model,
        max_tokens: wish.max_tokens.unwrap_or(u64::MAX),
        body_bytes: call.body.len() as u64,
        thinks: asked.thinks,
        tool: asked.tool.filter(|_| script.shape.is_some() || asked.form == Form::Call),
        form: asked.form,
    };
    let answer = Answer::draw(shared.config.seed, &mut call.draw, wanted, &script);
    let answer = answer.without_cache_writes(&script.tokens);
    Ok(Plan { script, answer, stream: wish.stream, repeat_usage: false })
}
