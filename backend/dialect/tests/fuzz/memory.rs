//! What a call takes of memory at its most, and how much that may be.

use std::sync::atomic::{AtomicU64, Ordering};

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What is taken beside what the input accounts for.
const BESIDE: usize = 64 * 1024;

/// The dearest call so far, in hundredths of its input's size.
static DEAREST: AtomicU64 = AtomicU64::new(0);

/// Calls `run`, which may take `times` its input's size at most, the answer included. Nothing else may be running.
pub(crate) fn within<T>(what: &str, times: usize, input: usize, run: impl FnOnce() -> T) -> T {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let made = run();
    let peak = ALLOCATOR.peak_usage().saturating_sub(before);
    let most = times * input + BESIDE;
    assert!(peak <= most, "{what}: {peak} bytes of memory for {input} bytes of input; {most} are the most");
    let beyond = peak.saturating_sub(BESIDE) * 100 / input.max(1);
    DEAREST.fetch_max(u64::try_from(beyond).unwrap_or(u64::MAX), Ordering::Relaxed);
    made
}

/// The dearest call since this was asked for last, as a multiple of its input's size.
pub(crate) fn dearest() -> f64 {
    let hundredths = DEAREST.swap(0, Ordering::Relaxed);
    f64::from(u32::try_from(hundredths).unwrap_or(u32::MAX)) / 100.0
}
