use super::super::books::Books;
use super::{Line, UnderWay, Waiting};
use model::id::LaneId;

/// In which order the conversations of one lane are served.
///
/// A later conversation may come to its lane before an earlier one of the same line, who still waits
/// as far as the lane knows, in two cases only:
///
/// 1. The earlier one was handed a seat first, by an operation that still runs: it tells the lane
///    afterwards. It does so before it hands over the next, so each operation of another lane
///    explains one conversation.
/// 2. The earlier one was handed a seat first, and that was undone: he waits again, though others
///    have passed him meanwhile.
///
/// So whoever is passed is suspected until he is served. He was overtaken when he still waits
/// though every operation has ended that ran when the later one came, or when fewer run than would
/// have to explain him and those suspected before him; unless a change that may undo a hand-over
/// fell into the time in which his may have been under way.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// Those who were seated since the last look, and their places.
    served: Vec<(Line, i64)>,
    suspicions: Vec<Suspicion>,
    /// Since when the operations of others run that ran when this look began.
    others: Vec<u64>,
    /// What is taken at a look was handed over by operations that began no earlier: for the look
    /// under way, and for the one after it.
    horizon_ns: u64,
    next_horizon_ns: u64,
    /// When the last look ended at which a hand-over may have been undone.
    undone_ns: Option<u64>,
}

/// A conversation that still waited when a later one had come.
#[derive(Debug)]
struct Suspicion {
    line: Line,
    key: i64,
    /// The later one was handed its seat no earlier.
    since_ns: u64,
    /// The later one had come, and the lane had looked at every hand-over it was told of.
    taken_ns: u64,
}

impl Order {
    /// A conversation was seated.
    pub(super) fn serve(&mut self, line: Line, key: i64) {
        self.served.push((line, key));
    }

    /// A look at the hand-overs begins.
    pub(super) fn look(&mut self, under_way: &UnderWay, books: &Books, lane: LaneId, now_ns: u64) {
        self.others.clear();
        self.horizon_ns = self.next_horizon_ns;
        // An old horizon is a true one too, and reading what other lanes write costs them time.
        let undone = self.undone_ns.is_some_and(|at| at >= self.horizon_ns);
        if undone || !self.suspicions.is_empty() || books.unrest_since(self.horizon_ns) {
            self.others.extend(under_way.of_others(lane));
            self.next_horizon_ns = self.others.iter().copied().fold(now_ns, u64::min);
        }
    }

    /// The look found no more: how many have been overtaken.
    pub(super) fn judge(&mut self, waiting: &mut Waiting, books: &Books, now_ns: u64) -> u64 {
        if books.unrest_since(self.horizon_ns) {
            self.undone_ns = Some(now_ns);
        }
        let overtaken = match self.suspicions.is_empty() {
            true => 0,
            false => self.overtaken(waiting),
        };
        for (line, key) in self.served.drain(..) {
            for older in waiting.suspect(line, key) {
                let (since_ns, taken_ns) = (self.horizon_ns, now_ns);
                self.suspicions.push(Suspicion { line, key: older, since_ns, taken_ns });
            }
        }
        overtaken
    }

    fn overtaken(&mut self, waiting: &mut Waiting) -> u64 {
        let (others, undone_ns) = (&self.others, self.undone_ns);
        let (mut explained, mut overtaken) = (0, 0);
        self.suspicions.retain(|suspicion| {
            if !waiting.waits(suspicion.line, suspicion.key) {
                return false;
            }
            if undone_ns.is_some_and(|at| at >= suspicion.since_ns) {
                waiting.acquit(suspicion.line, suspicion.key);
                return false;
            }
            let explain = others.iter().filter(|since| **since <= suspicion.taken_ns).count();
            let lawful = explain > explained;
            explained += usize::from(lawful);
            overtaken += u64::from(!lawful);
            lawful
        });
        overtaken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::id::GroupId;

    const LINE: Line = Line::Group(GroupId(1));

    /// A lane in whose slots 1 to 9 conversations wait, the first longest, and two lanes beside it.
    struct Desk {
        order: Order,
        waiting: Waiting,
        books: Books,
        lanes: UnderWay,
    }

    impl Desk {
        fn new() -> Self {
            let mut waiting = Waiting::default();
            (1..10).for_each(|slot| waiting.enter(slot, LINE, i64::from(slot)));
            let (order, books) = (Order::default(), Books::small());
            Self { order, waiting, books, lanes: UnderWay::new(3) }
        }

        /// A look at `now_ns` which finds these served; how many have been overtaken.
        fn look(&mut self, now_ns: u64, served: &[u32]) -> u64 {
            self.order.look(&self.lanes, &self.books, LaneId::FIRST, now_ns);
            for slot in served {
                let (line, key) = self.waiting.leave(*slot).unwrap();
                self.order.serve(line, key);
            }
            self.order.judge(&mut self.waiting, &self.books, now_ns)
        }

        fn begins(&self, lane: u8, now_ns: u64) {
            self.lanes.begin(LaneId::new(lane).unwrap(), now_ns);
        }

        fn ends(&self, lane: u8) {
            self.lanes.end(LaneId::new(lane).unwrap());
        }

        fn unrest(&self, now_ns: u64) {
            self.books.unrest(|| now_ns, || {});
        }
    }

    #[test]
    fn who_is_served_late_with_nobody_under_way_was_overtaken_once() {
        let mut desk = Desk::new();
        assert_eq!([desk.look(10, &[1]), desk.look(20, &[3]), desk.look(30, &[])], [0, 0, 1]);
        assert_eq!([desk.look(40, &[4]), desk.look(50, &[2, 5]), desk.look(60, &[])], [0; 3]);
    }

    #[test]
    fn who_is_served_at_the_next_look_was_not_overtaken() {
        let mut desk = Desk::new();
        assert_eq!([desk.look(10, &[3]), desk.look(20, &[1, 2]), desk.look(30, &[])], [0; 3]);
    }

    #[test]
    fn an_operation_explains_one_conversation_until_it_ends() {
        let mut desk = Desk::new();
        desk.begins(1, 5);
        assert_eq!([desk.look(10, &[2]), desk.look(20, &[3]), desk.look(30, &[])], [0; 3]);
        desk.begins(2, 35);
        assert_eq!([desk.look(40, &[6]), desk.look(50, &[])], [0, 1], "4 and 5, by one more");
        desk.ends(1);
        assert_eq!([desk.look(60, &[]), desk.look(70, &[])], [1, 0]);
        desk.ends(2);
        assert_eq!([desk.look(80, &[]), desk.look(90, &[])], [1, 0]);
    }

    #[test]
    fn an_operation_that_began_afterwards_explains_nothing() {
        let mut desk = Desk::new();
        assert_eq!(desk.look(10, &[2]), 0);
        desk.begins(1, 11);
        assert_eq!(desk.look(20, &[]), 1);
    }

    #[test]
    fn who_may_have_been_put_back_meanwhile_was_not_overtaken() {
        let mut desk = Desk::new();
        desk.look(10, &[]);
        desk.unrest(15);
        assert_eq!([desk.look(20, &[2]), desk.look(30, &[])], [0, 0], "put back before");
        assert_eq!(desk.look(40, &[3]), 0);
        desk.unrest(45);
        assert_eq!([desk.look(50, &[]), desk.look(60, &[])], [0, 0], "put back after");
        assert_eq!([desk.look(70, &[4]), desk.look(80, &[])], [0, 1], "long ago");
    }

    #[test]
    fn an_operation_may_be_about_one_who_was_put_back_since_it_began() {
        let mut desk = Desk::new();
        desk.look(10, &[]);
        desk.unrest(11);
        desk.begins(1, 12);
        let quiet = [desk.look(20, &[]), desk.look(30, &[]), desk.look(40, &[])];
        desk.ends(1);
        assert_eq!([desk.look(50, &[2]), desk.look(60, &[])], [0, 0], "{quiet:?}");
        assert_eq!([desk.look(70, &[3]), desk.look(80, &[])], [0, 1]);
    }
}
