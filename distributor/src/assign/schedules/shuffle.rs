use std::ops::Range;

use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};

use crate::assign::policy::Draws;

/// Choices that follow from a number.
#[derive(Debug)]
pub(super) struct Dice(Draws);

/// Decides who goes on, schedule after schedule.
#[derive(Debug)]
pub(super) struct Shuffle {
    numbers: Range<u64>,
    begins: fn(u64),
    dice: Dice,
    way: Way,
    step: u32,
}

#[derive(Debug)]
enum Way {
    /// Anybody; but whoever runs goes on in all but one of so many.
    Anybody { one_in: u32 },
    /// The highest rank. At a few steps who runs falls behind all others (PCT: Burckhardt et al.,
    /// "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010).
    Ranked { ranks: Vec<u64>, falls: Vec<u32> },
}

impl Dice {
    pub(super) const fn new(number: u64) -> Self {
        Self(Draws::new(number.wrapping_mul(0xd134_2543_de82_ef95)))
    }

    pub(super) fn below(&mut self, bound: u32) -> u32 {
        self.0.below(bound as usize).unwrap() as u32
    }

    /// True in one of so many.
    pub(super) fn one_in(&mut self, many: u32) -> bool {
        self.below(many) == 0
    }

    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u32) as usize]
    }
}

impl Shuffle {
    /// The schedules of `numbers`; `begins` is told each.
    pub(super) fn new(numbers: Range<u64>, begins: fn(u64)) -> Self {
        let way = Way::Anybody { one_in: 1 };
        Self { numbers, begins, dice: Dice::new(0), way, step: 0 }
    }
}

impl Scheduler for Shuffle {
    fn new_execution(&mut self) -> Option<Schedule> {
        let number = self.numbers.next()?;
        (self.begins)(number);
        self.dice = Dice::new(!number);
        self.way = Way::draw(&mut self.dice);
        self.step = 0;
        Some(Schedule::new(number))
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        _: bool,
    ) -> Option<TaskId> {
        self.step += 1;
        let stays = current.filter(|current| runnable.iter().any(|task| task.id() == *current));
        match &mut self.way {
            Way::Anybody { one_in } => match stays {
                Some(current) if !self.dice.one_in(*one_in) => Some(current),
                _ => Some(runnable[self.dice.below(runnable.len() as u32) as usize].id()),
            },
            Way::Ranked { ranks, falls } => {
                let place = |id: TaskId| usize::from(id);
                while ranks.len() <= runnable.iter().map(|task| place(task.id())).max()? {
                    ranks.push(1 << 32 | u64::from(self.dice.below(1 << 20)));
                }
                if let Some(current) = stays.filter(|_| falls.contains(&self.step)) {
                    ranks[place(current)] = u64::from(u32::MAX - self.step);
                }
                runnable.iter().map(|task| task.id()).max_by_key(|id| ranks[place(*id)])
            }
        }
    }

    fn next_u64(&mut self) -> u64 {
        u64::from(self.dice.below(u32::MAX))
    }
}

impl Way {
    /// Half of the schedules are of each kind. The steps at which a rank falls are drawn below a
    /// bound that is itself drawn: short schedules have their share.
    fn draw(dice: &mut Dice) -> Self {
        if dice.one_in(2) {
            return Self::Anybody { one_in: dice.pick(&[1, 3, 10, 30]) };
        }
        let most = 32 << dice.below(6);
        let falls = (0..1 + dice.below(4)).map(|_| dice.below(most)).collect();
        Self::Ranked { ranks: Vec::new(), falls }
    }
}
