use model::fold::Score;
use model::id::LaneId;

use crate::assign::lockfree::LockFree;
use crate::assign::lockfree::index::{Found, Index, Latest};
use crate::assign::lockfree::pick::{Candidate, Pick};
use crate::assign::lockfree::roster::{Group, Layout, Mean};
use crate::assign::lockfree::word::{Correction, Word};
use crate::assign::shim::{Mutant, Reader, full_fence, wrong};

/// A seat reserved, in two words: so calls hand it on in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::assign::lockfree) struct Taken {
    /// The agent's word before.
    pub(in crate::assign::lockfree) word: Word,
    /// `key:32 | agent:20 | charge:8 | 0:4`.
    pub(in crate::assign::lockfree) rest: u64,
}

/// What becomes of the bit of an agent whose last seat is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::assign::lockfree) enum Full {
    /// It is left: where many are eligible those who are not are passed by for less than it costs
    /// to clear a bit now and to set it again when he is free.
    Left,
    /// It is cleared.
    Cleared,
}

/// What a try for the agent at a position came to.
pub(in crate::assign::lockfree) enum Tried {
    Seated {
        taken: Taken,
        repaired: bool,
    },
    Refused,
    /// His score is another one by now, and counts.
    Changed,
    /// The layout is another one by now.
    Renewed,
}

/// What a policy's search came to, and whether a bit was set again on the way.
pub(in crate::assign::lockfree) struct Picked {
    pub(in crate::assign::lockfree) taken: Option<Taken>,
    pub(in crate::assign::lockfree) repaired: bool,
}

impl Taken {
    /// What others may use below.
    pub(in crate::assign::lockfree) const BELOW: u64 = 0xf;

    /// A seat chosen by no key.
    #[inline(always)]
    pub(in crate::assign::lockfree) const fn new(agent: u32, word: Word, charge: u8) -> Self {
        Self { word, rest: (agent as u64) << 12 | (charge as u64) << 4 }
    }

    /// Chosen by this key.
    #[inline(always)]
    pub(in crate::assign::lockfree) const fn by(self, key: u32) -> Self {
        Self { rest: self.rest | (key as u64) << 32, ..self }
    }

    #[inline(always)]
    pub(in crate::assign::lockfree) const fn agent(self) -> u32 {
        (self.rest >> 12) as u32 & 0xf_ffff
    }

    /// What it was charged.
    #[inline(always)]
    pub(in crate::assign::lockfree) const fn charge(self) -> u8 {
        (self.rest >> 4) as u8
    }

    /// The key the policy chose by.
    #[inline(always)]
    pub(in crate::assign::lockfree) const fn key(self) -> u64 {
        self.rest >> 32
    }
}

impl LockFree {
    /// Reserves whom the policy of a group picks, for an arrival of `lane` or for a hand-over.
    #[inline(always)]
    pub(in crate::assign::lockfree) fn pick(
        &self,
        layout: &mut Reader<'_, Layout>,
        number: u32,
        lane: Option<LaneId>,
    ) -> Picked {
        let mut repaired = false;
        loop {
            let Some(group) = layout.group(number) else {
                return Picked { taken: None, repaired };
            };
            let search = Pick { core: self, group, edition: layout.number(), lane }.search();
            repaired |= search.has_repaired();
            if !search.is_renewed() {
                repaired &= !wrong(Mutant::RepairWithoutTail);
                return Picked { taken: search.taken(), repaired };
            }
            layout.refresh();
        }
    }

    /// Reserves an agent whose bit was found, tried first with the word seen, which is eligible.
    #[inline(always)]
    pub(in crate::assign::lockfree) fn reserve_at(
        &self,
        pick: Pick<'_>,
        candidate: Candidate,
        full: Full,
    ) -> Tried {
        let Pick { group, edition, .. } = pick;
        let Candidate { found, agent, word: mut seen, .. } = candidate;
        let turn = seen.score().count + seen.active() as u32;
        let charge = self.charge(group, turn, None);
        let early = wrong(Mutant::LayoutBeforeWord) && self.layout.is_current(edition);
        if early {
            seen = self.word(agent);
        }
        loop {
            if !early && !self.layout.is_current(edition) && !wrong(Mutant::ReserveStranger) {
                return Tried::Renewed;
            }
            let new = seen.seated(charge);
            let word = self.words.at(agent as usize);
            let reserved = match wrong(Mutant::BlindReserve) {
                false => word.change(seen.0, new.0),
                true => Ok(word.swap(new.0)),
            };
            match reserved {
                Ok(_) => {
                    self.note(new);
                    let clears = full == Full::Cleared && !new.eligible();
                    let repaired = clears && self.clear(edition, group, found);
                    let taken = Taken::new(agent, seen, charge);
                    return Tried::Seated { taken, repaired };
                }
                Err(now) if !group.eligible.ranks_alike(seen, Word(now)) => return Tried::Changed,
                Err(now) => seen = Word(now),
            }
            if !seen.eligible() {
                return Tried::Refused;
            }
        }
    }

    /// Reserves one agent, whatever his groups say, while `eligible` holds of his word.
    pub(in crate::assign::lockfree) fn reserve(
        &self,
        agent: u32,
        charge: u8,
        eligible: impl Fn(Word) -> bool,
    ) -> Result<Taken, Word> {
        let mut seen = self.word(agent);
        while eligible(seen) || wrong(Mutant::CountFirst) {
            let new = seen.seated(charge);
            match self.words.at(agent as usize).change(seen.0, new.0) {
                Ok(_) if wrong(Mutant::CountFirst) && !eligible(seen) => {
                    self.update(agent, |word| Some(word.released(Correction::unseen(charge))));
                    return Err(seen);
                }
                Ok(_) => {
                    self.note(new);
                    return Ok(Taken::new(agent, seen, charge));
                }
                Err(now) if wrong(Mutant::ReserveGivesUp) => return Err(Word(now)),
                Err(now) => seen = Word(now),
            }
        }
        Err(seen)
    }

    /// Gives a seat back that nobody was shown; whether its agent's lines are owed a look.
    pub(in crate::assign::lockfree) fn vacate(
        &self,
        layout: &mut Reader<'_, Layout>,
        agent: u32,
        charge: u8,
    ) -> bool {
        let by = Correction::unseen(charge);
        let (old, new) = self.update(agent, |word| Some(word.released(by)));
        self.appeared(layout, agent, old, new) && !wrong(Mutant::VacateOwesNothing)
    }

    /// Replaces an agent's word, until `change` wants none; answers with the words before and
    /// after.
    pub(in crate::assign::lockfree) fn update(
        &self,
        agent: u32,
        change: impl Fn(Word) -> Option<Word>,
    ) -> (Word, Word) {
        let mut seen = self.word(agent);
        loop {
            let Some(new) = change(seen) else { return (seen, seen) };
            match self.words.at(agent as usize).change(seen.0, new.0) {
                Ok(_) => return (seen, new),
                Err(now) => seen = Word(now),
            }
        }
    }

    /// Sets the bits of an agent whose word made him eligible; whether it did. Who was eligible and
    /// whose score fell is shown again where scores count: that owes nothing, he was to be found
    /// all the time.
    #[inline(always)]
    pub(in crate::assign::lockfree) fn appeared(
        &self,
        layout: &mut Reader<'_, Layout>,
        agent: u32,
        old: Word,
        new: Word,
    ) -> bool {
        let appears = new.eligible() && !old.eligible();
        if appears {
            self.appear(layout, agent, new);
        } else if new.eligible() && new.is_below(old) && !wrong(Mutant::FallUnseen) {
            layout.lend(|layout| self.fell(layout, agent, new));
        }
        appears
    }

    /// Sets the bits of an agent who is eligible with this word. The layout is looked at after his
    /// word was changed: either this finds a layout being published, or its publisher finds the word.
    #[inline(always)]
    pub(in crate::assign::lockfree) fn appear(
        &self,
        layout: &mut Reader<'_, Layout>,
        agent: u32,
        word: Word,
    ) {
        if !wrong(Mutant::AppearWithoutFence) {
            full_fence();
        }
        if !wrong(Mutant::AppearInOldLayout) {
            layout.refresh();
        }
        for stand in layout.stands(agent) {
            if let Some(group) = layout.group(stand.group()) {
                self.show(group, stand.position(), word);
            }
        }
    }

    /// Shows an agent who came free: as the last who did, or by his bit.
    #[inline(always)]
    fn show(&self, group: &Group, position: usize, word: Word) {
        if !Latest::is_used(group.policy) {
            return group.eligible.show(position, word);
        }
        let stood = group.latest.get();
        if stood.position() == Some(position) {
            return;
        }
        let ousted = || {
            let position = stood.position()?;
            let word = self.word(group.agent(position)?);
            word.eligible().then_some((position, word))
        };
        if let Some((position, word)) = ousted() {
            group.eligible.show(position, word);
        }
        if !group.latest.put(stood, position) {
            return group.eligible.show(position, word);
        }
        full_fence();
        if !wrong(Mutant::LatestWithoutLook)
            && let Some((position, word)) = ousted()
        {
            group.eligible.show(position, word);
        }
    }

    /// Shows an agent again where scores count. The layout is looked at after his word, as above.
    fn fell(&self, layout: &mut Reader<'_, Layout>, agent: u32, word: Word) {
        full_fence();
        layout.refresh();
        if !layout.goes_by_score() {
            return;
        }
        for stand in layout.stands(agent) {
            let index = layout.group(stand.group()).map(|group| &group.eligible);
            if let Some(Index::Ring(ring)) = index {
                ring.show(stand.position(), word);
            }
        }
    }

    /// Clears the bit found of an agent who is not eligible, and looks at him again: whoever made
    /// him eligible meanwhile may have found the bit still set. Whether anything was set again.
    #[inline(always)]
    pub(in crate::assign::lockfree) fn clear(
        &self,
        edition: u64,
        group: &Group,
        found: Found,
    ) -> bool {
        let Some(agent) = group.agent(found.position) else { return false };
        let repaired = group.eligible.hide(found);
        full_fence();
        let word = self.word(agent);
        if wrong(Mutant::ClearWithoutLook) || !word.eligible() {
            return repaired;
        }
        self.put_back(edition, group, (found.position, agent), word) || repaired
    }

    /// Sets the bit of an agent again who was found eligible after all, where he stands by now;
    /// whether he receives the group's conversations still.
    #[cold]
    fn put_back(
        &self,
        edition: u64,
        group: &Group,
        (position, agent): (usize, u32),
        word: Word,
    ) -> bool {
        if self.layout.is_current(edition) {
            return group.eligible.show_again(position, word);
        }
        if wrong(Mutant::RepairInOldLayout) {
            return false;
        }
        let layout = self.layout.read();
        let stand = layout.stand(agent, group.number);
        let Some((group, stand)) = layout.group(group.number).zip(stand) else { return false };
        group.eligible.show_again(stand.position(), word)
    }

    /// What a conversation of a group is charged; `turn` says now and then that the mean is to be
    /// brought on. `corrected` is an agent's word as it is about to be.
    #[inline(always)]
    pub(in crate::assign::lockfree) fn charge(
        &self,
        group: &Group,
        turn: u32,
        corrected: Option<(u32, Word)>,
    ) -> u8 {
        const EVERY: u32 = 8;
        if group.order.len() <= Mean::EXACT {
            return self.exact_mean(group, corrected);
        }
        if turn.is_multiple_of(EVERY) {
            self.look(group, corrected);
        }
        group.mean.last()
    }

    fn exact_mean(&self, group: &Group, corrected: Option<(u32, Word)>) -> u8 {
        Mean::of(group.order.iter().map(|at| self.score_of(at.agent, corrected)))
    }

    #[inline(never)]
    fn look(&self, group: &Group, corrected: Option<(u32, Word)>) {
        let score = |at: usize| Some(self.score_of(group.position(at)?.agent, corrected));
        group.mean.look(group.order.len(), score);
    }

    /// The score of an agent, as his word is or is about to be.
    #[inline]
    fn score_of(&self, agent: u32, corrected: Option<(u32, Word)>) -> Score {
        match corrected {
            Some((of, word)) if of == agent => word.score(),
            _ => self.word(agent).score(),
        }
    }
}
