//! A future that is polled only when it has asked to be.
//!
//! A connection's task waits for its connection and for the end of the server, and is polled several times a request.
//! Asking the server's end each time takes two locks, for something that happens once in the life of a process.

use futures_util::task::AtomicWaker;
use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::AcqRel},
    },
    task::{Context, Poll, Wake, Waker},
};

/// Leaves `F` alone until it wakes its task.
pub(super) struct Unbothered<F> {
    future: Pin<Box<F>>,
    bell: Arc<Bell>,
    ring: Waker,
}

/// Handed to the future in place of the task's own waker.
struct Bell {
    rung: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, std::sync::atomic::Ordering::Release);
        self.task.wake();
    }
}

impl<F: Future> Unbothered<F> {
    /// Polled once at first, so that it can ask.
    pub(super) fn new(future: F) -> Self {
        let bell = Arc::new(Bell { rung: AtomicBool::new(true), task: AtomicWaker::new() });
        Self { future: Box::pin(future), ring: Waker::from(bell.clone()), bell }
    }
}

impl<F: Future> Future for Unbothered<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // Before looking: a ring in between wakes this very poll's task again.
        self.bell.task.register(cx.waker());
        if !self.bell.rung.swap(false, AcqRel) {
            return Poll::Pending;
        }
        let ring = self.ring.clone();
        self.future.as_mut().poll(&mut Context::from_waker(&ring))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use tokio_util::sync::CancellationToken;

    #[tokio::test]
    async fn it_is_asked_once_and_heard_when_it_calls() {
        let (token, polls) = (CancellationToken::new(), AtomicUsize::new(0));
        let mut cancelled = std::pin::pin!(token.cancelled());
        let mut counted = Unbothered::new(std::future::poll_fn(|cx| {
            polls.fetch_add(1, Relaxed);
            cancelled.as_mut().poll(cx)
        }));
        for _ in 0..50 {
            assert!(futures_util::poll!(&mut counted).is_pending());
        }
        assert_eq!(polls.load(Relaxed), 1);
        token.cancel();
        counted.await;
        assert_eq!(polls.load(Relaxed), 2);
    }

    #[tokio::test]
    async fn a_call_reaches_the_task_that_waits_now() {
        let token = CancellationToken::new();
        let mut waiting = Unbothered::new(token.clone().cancelled_owned());
        assert!(futures_util::poll!(&mut waiting).is_pending());
        // Another task takes it over: its waker is the one to be used.
        let moved = tokio::spawn(waiting);
        tokio::task::yield_now().await;
        token.cancel();
        moved.await.unwrap();
    }
}
