//! Runs the models, right and wrong, on every core, and keeps count. Each run is a thread's own
//! from beginning to end, so neither their number nor their order changes what it finds.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use ::model::time::{Clock, SteadyClock};
use parking_lot::Mutex;

use crate::assign::shim::{Mutant, begin, set_wrong};

/// A scene of two or three threads, and the wrong points it must notice.
#[derive(Clone, Copy)]
pub(super) struct Model {
    name: &'static str,
    mutants: &'static [Mutant],
    scene: fn(),
    /// Preemptions explored, more or fewer than for the others.
    more: isize,
}

pub(super) const fn model(name: &'static str, mutants: &'static [Mutant], scene: fn()) -> Model {
    Model { name, mutants, scene, more: 0 }
}

/// A model, right or wrong at one point.
struct Run {
    model: Model,
    wrong: Option<Mutant>,
}

/// What the checker came to.
struct Verdict {
    executions: u64,
    took: Duration,
    outcome: Outcome,
}

#[derive(PartialEq, Eq)]
enum Outcome {
    Held,
    /// By an assertion of the code or the model, or because all threads wait for each other.
    Refuted(String),
    /// The checker failed, or reached a limit of its own: that says nothing.
    Undecided(String),
}

impl Model {
    /// For a scene whose mutant takes one preemption more.
    pub(super) const fn deeper(self) -> Self {
        Self { more: self.more + 1, ..self }
    }

    /// For a scene so long that as many preemptions as the others have take minutes.
    pub(super) const fn shallower(self) -> Self {
        Self { more: self.more - 1, ..self }
    }
}

/// Runs everything and prints each verdict in the order of `models`; the last line counts them.
///
/// `CHASQUI_LOOM_BOUND` is the number of preemptions, 3 without it; `CHASQUI_LOOM_ONLY` picks
/// models by a part of their names, and then no line counts.
pub(super) fn prove(models: &[Model]) {
    let only = std::env::var("CHASQUI_LOOM_ONLY").unwrap_or_default();
    let chosen = models.iter().filter(|model| model.name.contains(&only));
    let runs: Vec<Run> = chosen.flat_map(Model::runs).collect();
    let mutants: BTreeSet<Mutant> = runs.iter().filter_map(|run| run.wrong).collect();
    let forgotten = Mutant::ALL.iter().filter(|mutant| !mutants.contains(mutant));
    let forgotten: Vec<&Mutant> = forgotten.filter(|_| only.is_empty()).collect();
    assert!(forgotten.is_empty(), "no model refutes {forgotten:?}");
    models.iter().for_each(Model::is_described);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(note));
    let wrongs = run_all(&runs);
    std::panic::set_hook(hook);
    assert!(wrongs.is_empty(), "{}", wrongs.join("\n"));
    if only.is_empty() {
        println!("models passed: {}, mutants refuted: {}", models.len(), mutants.len());
    }
}

/// Runs all on as many threads as there are cores; answers with what went wrong.
fn run_all(runs: &[Run]) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let verdicts: Mutex<Vec<Option<Verdict>>> = Mutex::new(runs.iter().map(|_| None).collect());
    let shown = Mutex::new((0, Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let work = || {
        while let Some((number, run)) = take(&next, runs) {
            let verdict = run.explore();
            verdicts.lock()[number] = Some(verdict);
            let (first, wrongs) = &mut *shown.lock();
            while let Some(verdict) = verdicts.lock().get_mut(*first).and_then(Option::take) {
                wrongs.extend(runs[*first].show(&verdict));
                *first += 1;
            }
        }
    };
    std::thread::scope(|scope| {
        (0..threads).for_each(|_| drop(scope.spawn(work)));
    });
    let (count, wrongs) = shown.into_inner();
    assert_eq!(count, runs.len(), "a run has no verdict");
    wrongs
}

fn take<'a>(next: &AtomicUsize, runs: &'a [Run]) -> Option<(usize, &'a Run)> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    Some((number, runs.get(number)?))
}

impl Model {
    /// The decision page has a row that says what it shows, and names its mutants.
    fn is_described(&self) {
        const PAGE: &str = include_str!("../../../../docs/decisions/0008-the-lock-free-core.md");
        let names: Vec<String> = self.mutants.iter().map(|m| format!("{m:?}")).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let (begin, end) = (format!("| {} | ", self.name), format!(" | {names} |"));
        let described = PAGE.lines().any(|row| row.starts_with(&begin) && row.ends_with(&end));
        assert!(described, "the decision page has no row {begin}…{end}");
    }

    fn runs(&self) -> impl Iterator<Item = Run> {
        let model = *self;
        let wrongs = model.mutants.iter().copied().map(Some);
        std::iter::once(None).chain(wrongs).map(move |wrong| Run { model, wrong })
    }
}

impl Run {
    fn explore(&self) -> Verdict {
        let clock = SteadyClock::start();
        let started = clock.now();
        let counted = Arc::new(AtomicU64::new(0));
        let (counter, scene) = (counted.clone(), self.model.scene);
        FIRST_PANIC.take();
        set_wrong(self.wrong);
        let explored = catch_unwind(AssertUnwindSafe(|| {
            checker(self.model.more).check(move || {
                counter.fetch_add(1, Ordering::Relaxed);
                begin();
                scene();
            });
        }));
        set_wrong(None);
        let outcome = match explored {
            Ok(()) => Outcome::Held,
            Err(_) => FIRST_PANIC.take().unwrap_or_else(|| Outcome::Undecided(String::new())),
        };
        let took = clock.now().since(started);
        Verdict { executions: counted.load(Ordering::Relaxed), took, outcome }
    }

    /// Prints the verdict; answers with what is wrong about it.
    fn show(&self, verdict: &Verdict) -> Option<String> {
        let name = match self.wrong {
            None => format!("model {}", self.model.name),
            Some(wrong) => format!("mutant {}/{wrong:?}", self.model.name),
        };
        let found = match &verdict.outcome {
            Outcome::Held => "holds".to_owned(),
            Outcome::Refuted(why) => format!("refuted: {why}"),
            Outcome::Undecided(why) => format!("not decided: {why}"),
        };
        let (executions, took) = (verdict.executions, verdict.took.as_secs_f32());
        println!("{name}: {executions} executions, {took:.1} s, {found}");
        let right = match self.wrong {
            None => verdict.outcome == Outcome::Held,
            Some(_) => matches!(verdict.outcome, Outcome::Refuted(_)),
        };
        (!right).then(|| format!("{name}: {found}"))
    }
}

/// Loom with nothing taken from its own variables, which could end an exploration early.
fn checker(more: isize) -> loom::model::Builder {
    let bound = std::env::var("CHASQUI_LOOM_BOUND").map_or(3_usize, |text| text.parse().unwrap());
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(bound.saturating_add_signed(more));
    builder.max_branches = 20_000;
    builder.max_permutations = None;
    builder.max_duration = None;
    builder.checkpoint_file = None;
    builder
}

thread_local! {
    static FIRST_PANIC: RefCell<Option<Outcome>> = const { RefCell::new(None) };
}

/// Keeps what the first panic of a run says. Only an assertion of this crate, or a deadlock,
/// refutes anything.
fn note(panic: &PanicHookInfo<'_>) {
    let said = panic.payload_as_str().unwrap_or("nothing").replace('\n', ",");
    let (file, line) = panic.location().map_or(("", 0), |at| (at.file(), at.line()));
    let ours = file.contains("src/assign/") || said.starts_with("deadlock");
    let said = format!("{said} ({file}:{line})");
    FIRST_PANIC.with_borrow_mut(|first| {
        let outcome = if ours { Outcome::Refuted } else { Outcome::Undecided };
        first.get_or_insert_with(|| outcome(said));
    });
}
