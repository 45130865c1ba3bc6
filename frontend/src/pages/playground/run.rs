//! One request as far as it has come.

use causeway_domain::KeyId;
use causeway_openapi::{
    PlayAnswer, PlayDone, PlayEvent, PlayOffer, PlayPiece, PlayRequest, PlaySide, PlayUpstreamRequest,
    StartPlay,
};
use leptos::{prelude::*, task::spawn_local};

use crate::core::{api::Api, error::ApiError};

/// Where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing was sent yet.
    #[default]
    Idle,
    Running,
    /// It came to its end.
    Over,
    /// The person has left it.
    Cancelled,
    /// The connection to our own server broke.
    Broken,
}

/// What is known of a request. Pieces of answers are numbered in the order in which they came.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) stage: RwSignal<Stage>,
    pub(super) error: RwSignal<Option<ApiError>>,
    pub(super) key: RwSignal<Option<KeyId>>,
    pub(super) sent: RwSignal<Option<PlayRequest>>,
    pub(super) offers: RwSignal<Vec<PlayOffer>>,
    pub(super) asked: RwSignal<Vec<PlayUpstreamRequest>>,
    pub(super) answers: RwSignal<Vec<PlayAnswer>>,
    pub(super) pieces: RwSignal<Vec<PlayPiece>>,
    pub(super) truncated: RwSignal<Vec<PlaySide>>,
    pub(super) done: RwSignal<Option<PlayDone>>,
    /// Which request to an account is shown, counted from 1.
    pub(super) attempt: RwSignal<u32>,
    left: StoredValue<Option<web_sys::AbortController>, LocalStorage>,
}

impl Run {
    pub(super) fn new() -> Self {
        let run = Self {
            stage: RwSignal::default(),
            error: RwSignal::new(None),
            key: RwSignal::new(None),
            sent: RwSignal::new(None),
            offers: RwSignal::default(),
            asked: RwSignal::default(),
            answers: RwSignal::default(),
            pieces: RwSignal::default(),
            truncated: RwSignal::default(),
            done: RwSignal::new(None),
            attempt: RwSignal::new(1),
            left: StoredValue::new_local(None),
        };
        // Who leaves the page leaves the request.
        on_cleanup(move || run.abort());
        run
    }

    /// Sends another one, if none is under way.
    pub(super) fn start(self, api: Api, key: KeyId, play: StartPlay) {
        if self.stage.get_untracked() == Stage::Running {
            return;
        }
        let Ok(controller) = web_sys::AbortController::new() else { return };
        let left = controller.signal();
        self.left.set_value(Some(controller));
        self.clear();
        self.key.set(Some(key));
        self.stage.set(Stage::Running);
        spawn_local(async move {
            let outcome = self.listen(api, key, play, left.clone()).await;
            if left.aborted() {
                return;
            }
            // The page may be gone by now.
            let _ = self.stage.try_set(match (&outcome, self.done.try_get_untracked().flatten()) {
                (Ok(()), Some(_)) => Stage::Over,
                (Err(ApiError::Problem(_)), _) => Stage::Idle,
                _ => Stage::Broken,
            });
            if let Err(error) = outcome {
                let _ = self.error.try_set(Some(error));
            }
        });
    }

    /// Leaves it, as a client does that closes its connection.
    pub(super) fn cancel(self) {
        self.abort();
        self.stage.set(Stage::Cancelled);
    }

    fn abort(self) {
        if let Some(Some(controller)) = self.left.try_update_value(Option::take) {
            controller.abort();
        }
    }

    fn clear(self) {
        self.error.set(None);
        self.sent.set(None);
        self.offers.set(Vec::new());
        self.asked.set(Vec::new());
        self.answers.set(Vec::new());
        self.pieces.set(Vec::new());
        self.truncated.set(Vec::new());
        self.done.set(None);
        self.attempt.set(1);
    }

    async fn listen(
        self,
        api: Api,
        key: KeyId,
        play: StartPlay,
        left: web_sys::AbortSignal,
    ) -> Result<(), ApiError> {
        let mut events = api.play(key, play, left.clone()).await?;
        while let Some(event) = events.next::<PlayEvent>().await {
            let event = event?;
            if left.aborted() {
                break;
            }
            self.take(event);
        }
        Ok(())
    }

    fn take(self, event: PlayEvent) {
        // The page may be gone by now, and its signals with it.
        match event {
            PlayEvent::Sent(request) => drop(self.sent.try_set(Some(request))),
            PlayEvent::Planned(plan) => drop(self.offers.try_set(plan.accounts)),
            PlayEvent::UpstreamRequest(asked) => {
                let _ = self.attempt.try_set(asked.attempt);
                let _ = self.asked.try_update(|all| all.push(asked));
            }
            PlayEvent::UpstreamAnswer(answer) | PlayEvent::ClientAnswer(answer) => {
                let _ = self.answers.try_update(|all| all.push(answer));
            }
            PlayEvent::UpstreamEvent(piece) | PlayEvent::ClientEvent(piece) => {
                let _ = self.pieces.try_update(|all| all.push(piece));
            }
            PlayEvent::Truncated(truncated) => {
                let _ = self.truncated.try_update(|all| all.push(truncated.side));
            }
            PlayEvent::Done(done) => drop(self.done.try_set(Some(done))),
        }
    }
}
