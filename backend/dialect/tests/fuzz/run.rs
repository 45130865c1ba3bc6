//! Runs targets: what is known, then what is nearly that, until the time is over or something is wrong.

use std::collections::HashSet;
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use causeway_dialect::Dialect;
use causeway_dialect::framing::Framing;

use super::corpus::{self, Kind};
use super::large::Large;
use super::memory;
use super::mutate::{Sample, bytes_of, mutated};
use super::random::{Random, hash};
use super::watchdog::{self, Watchdog};

/// One thing that takes bytes from outside.
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Whose inputs it takes, and how they are framed.
    pub(crate) dialect: Dialect,
    pub(crate) framing: Framing,
    /// Takes an input, and panics where something is wrong. Inputs that are taken in another way give another number.
    pub(crate) run: Run,
}

pub(crate) type Run = Box<dyn Fn(&[u8]) -> u64>;

/// How long it goes on.
#[derive(Clone, Copy, Debug)]
enum Budget {
    /// So many inputs for each target, always the same ones.
    Inputs(usize),
    /// So long altogether.
    Time(Duration),
}

/// So many inputs a target is given in one go.
const SLICE: usize = 200;

/// Inputs that were taken in a new way, and are worth to start from.
const MOST_KEPT: usize = 2_000;

/// Memory is counted for the whole process, so one family runs at a time.
static ALONE: Mutex<()> = Mutex::new(());

struct State {
    target: Target,
    samples: Vec<Sample>,
    golden: usize,
    seen: HashSet<u64>,
    inputs: usize,
    spent: Duration,
    dearest: f64,
}

/// Runs the targets of a family: a few inputs of each, always the same, or with `FUZZ_MINUTES` for so long, from a seed
/// that is new each time unless `FUZZ_SEED` has one.
pub(crate) fn family(name: &str, inputs: usize, targets: Vec<Target>) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let minutes = setting("FUZZ_MINUTES").map(|value| {
        value.parse::<f64>().ok().filter(|minutes| *minutes > 0.0 && *minutes < 1e4).unwrap_or_else(|| {
            panic!("FUZZ_MINUTES is {value:?}; it must be a number of minutes above 0, such as 5 or 0.5")
        })
    });
    let budget = minutes
        .map_or(Budget::Inputs(inputs), |minutes| Budget::Time(Duration::from_secs_f64(minutes * 60.0)));
    let seed = match (setting("FUZZ_SEED"), budget) {
        (Some(seed), _) => {
            seed.parse().unwrap_or_else(|_| panic!("FUZZ_SEED is {seed:?}; it must be a whole number"))
        }
        (None, Budget::Inputs(_)) => 6,
        (None, Budget::Time(_)) => {
            hash(format!("{:?} {}", std::time::SystemTime::now(), std::process::id()).as_bytes())
        }
    };
    println!("{name}: {} targets, FUZZ_SEED={seed}, {budget:?}", targets.len());
    let watchdog = Watchdog::new(name);
    // Shrinking makes thousands of them.
    panic::set_hook(Box::new(|_| {}));
    let mut states: Vec<State> = targets.into_iter().map(|target| begin(target, seed, &watchdog)).collect();
    let mut random = Random::new(seed);
    let begun = Instant::now();
    loop {
        let mut any = false;
        for state in &mut states {
            let more = match budget {
                Budget::Inputs(most) => most.saturating_sub(state.inputs).min(SLICE),
                Budget::Time(time) if begun.elapsed() < time => SLICE,
                Budget::Time(_) => 0,
            };
            any |= more > 0;
            slice(state, more, matches!(budget, Budget::Time(_)), seed, &mut random, &watchdog);
        }
        if !any {
            break;
        }
    }
    let _ = panic::take_hook();
    for State { target, samples, golden, inputs, spent, dearest, .. } in &states {
        let pace = *inputs as f64 / spent.as_secs_f64().max(1e-6);
        println!(
            "{:<44} {inputs:>9} inputs  {pace:>7.0} /s  {:>5} kept  peak {dearest:>6.1} times the input",
            target.name,
            samples.len() - golden,
        );
    }
    let inputs: usize = states.iter().map(|state| state.inputs).sum();
    println!("{name}: {inputs} inputs in {:.0} s, nothing wrong", begun.elapsed().as_secs_f64());
}

#[allow(clippy::disallowed_methods, reason = "a test has no settings of the product's")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether there is time: `make fuzz`.
pub(crate) fn is_long() -> bool {
    setting("FUZZ_MINUTES").is_some()
}

/// Runs each target with the large inputs that are for it.
pub(crate) fn large(name: &str, inputs: &[Large], targets: impl Iterator<Item = Target>) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let watchdog = Watchdog::new(name);
    for target in targets {
        for large in inputs.iter().filter(|large| large.is_for(&target)) {
            memory::dearest();
            if let Err(wrong) = attempt(&target, &large.bytes, &watchdog) {
                panic!("{}, {}: {wrong}", target.name, large.what);
            }
            let (bytes, dearest) = (large.bytes.len(), memory::dearest());
            println!("{}, {}: {bytes} bytes, peak {dearest:.1} times as much", target.name, large.what);
        }
    }
}

/// What is known goes in first: it must be taken well.
fn begin(target: Target, seed: u64, watchdog: &Watchdog) -> State {
    let samples = corpus::samples(target.kind, target.dialect);
    let golden = samples.len();
    memory::dearest();
    let mut state = State {
        target,
        golden,
        samples: Vec::new(),
        seen: HashSet::new(),
        inputs: 0,
        spent: Duration::ZERO,
        dearest: 0.0,
    };
    for sample in samples {
        let bytes = bytes_of(&sample, state.target.dialect, state.target.framing);
        state.seen.insert(take(&state.target, &bytes, seed, watchdog));
        state.samples.push(sample);
    }
    for (path, bytes) in corpus::regressions(state.target.kind, state.target.dialect) {
        if let Err(wrong) = attempt(&state.target, &bytes, watchdog) {
            let _ = panic::take_hook();
            panic!("{}: {wrong}\nwhile it takes {path}", state.target.name);
        }
    }
    state.dearest = memory::dearest();
    state
}

fn slice(state: &mut State, inputs: usize, large: bool, seed: u64, random: &mut Random, watchdog: &Watchdog) {
    let begun = Instant::now();
    for _ in 0..inputs {
        let at = random.below(state.samples.len());
        let mut sample = state.samples[at].clone();
        let most = match random.below(256) {
            0 if large => 1 << 20,
            0..8 => 1 << 16,
            _ => 1 << 10,
        };
        let form = (state.target.dialect, state.target.framing);
        let bytes = mutated(&mut sample, &state.samples, form, random, most);
        let how = take(&state.target, &bytes, seed, watchdog);
        if bytes.len() < 1 << 14 && state.samples.len() < MOST_KEPT && state.seen.insert(how) {
            state.samples.push(sample);
        }
    }
    state.inputs += inputs;
    state.spent += begun.elapsed();
    state.dearest = state.dearest.max(memory::dearest());
}

/// Takes one input. Where something is wrong the input is shrunk, written down, and the test has failed.
fn take(target: &Target, bytes: &[u8], seed: u64, watchdog: &Watchdog) -> u64 {
    match attempt(target, bytes, watchdog) {
        Ok(how) => how,
        Err(_) => {
            let small = shrunk(target, bytes, watchdog);
            let wrong = attempt(target, &small, watchdog).err().unwrap_or_default();
            let path = written(target, &small);
            let _ = panic::take_hook();
            panic!(
                "{}: {wrong}\nThe input is in {} ({} bytes, of {}), found with FUZZ_SEED={seed}. When it is mended, \
                 put the file into backend/dialect/tests/fuzz/regressions/{} as <what>.{}.",
                target.name,
                path.display(),
                small.len(),
                bytes.len(),
                target.kind.folder(),
                target.dialect,
            );
        }
    }
}

fn attempt(target: &Target, bytes: &[u8], watchdog: &Watchdog) -> Result<u64, String> {
    let run = || watchdog.watch(bytes, || (target.run)(bytes));
    panic::catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    })
}

/// The same trouble with fewer bytes.
fn shrunk(target: &Target, bytes: &[u8], watchdog: &Watchdog) -> Vec<u8> {
    let mut small = bytes.to_vec();
    let mut left = 3_000;
    let mut size = small.len() / 2;
    while size > 0 && left > 0 {
        let mut at = 0;
        while at < small.len() && left > 0 {
            let mut less = small.clone();
            less.drain(at..(at + size).min(small.len()));
            left -= 1;
            if attempt(target, &less, watchdog).is_err() {
                small = less;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    small
}

fn written(target: &Target, bytes: &[u8]) -> PathBuf {
    let folder = watchdog::folder();
    let name =
        format!("{}.{:08x}.{}", target.name.replace([' ', '/'], "-"), hash(bytes) >> 32, target.dialect);
    let path = folder.join(name);
    fs::create_dir_all(folder).and_then(|()| fs::write(&path, bytes)).unwrap();
    path
}
