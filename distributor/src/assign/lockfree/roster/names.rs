/// Numbers of the core by ids of the settings: an open hash table that never changes, at most half
/// full.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// The id, and the number + 1 below it; 0 where there is nothing.
    cells: Box<[u64]>,
    shift: u32,
}

impl Names {
    pub(super) fn new(names: impl ExactSizeIterator<Item = (u32, u32)>) -> Self {
        let size = (names.len() * 2).next_power_of_two().max(2);
        let shift = 64 - size.trailing_zeros();
        let mut table = Self { cells: vec![0; size].into(), shift };
        for (id, number) in names {
            let mut at = table.first(id);
            while table.cells.get(at).is_some_and(|cell| *cell != 0) {
                at = table.after(at);
            }
            if let Some(free) = table.cells.get_mut(at) {
                *free = u64::from(id) << 32 | (u64::from(number) + 1);
            }
        }
        table
    }

    /// The number of a name. It looks until it finds the name or an empty cell, of which there is
    /// always one.
    #[inline]
    pub(super) fn get(&self, id: u32) -> Option<u32> {
        let mut at = self.first(id);
        loop {
            let cell = *self.cells.get(at)?;
            if cell == 0 || (cell >> 32) as u32 == id {
                return (cell as u32).checked_sub(1);
            }
            at = self.after(at);
        }
    }

    /// The cell where an id is looked for first (Fibonacci hashing).
    #[inline]
    fn first(&self, id: u32) -> usize {
        (u64::from(id).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize
    }

    #[inline]
    fn after(&self, at: usize) -> usize {
        (at + 1) & self.cells.len().wrapping_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_no_other() {
        let ids = [0, 1, 2, 7, 1 << 20, u32::MAX, 3 << 16, 5 << 16];
        let names =
            Names::new((0..).zip(ids).map(|(n, id)| (id, n)).collect::<Vec<_>>().into_iter());
        for (number, id) in (0..).zip(ids) {
            assert_eq!(names.get(id), Some(number));
        }
        assert_eq!([3, 4, u32::MAX - 1].map(|id| names.get(id)), [None; 3]);
        assert_eq!(Names::default().get(0), None);
    }
}
