//! Numbers that are as good as random, and the same every time.

use std::ops::RangeInclusive;

/// The numbers of splitmix64, from its beginning.
#[derive(Default)]
pub struct Numbers(u64);

impl Numbers {
    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    /// One of the numbers in `range`.
    pub fn within(&mut self, range: RangeInclusive<i32>) -> i32 {
        let (first, last) = (i64::from(*range.start()), i64::from(*range.end()));
        let count = last.abs_diff(first) + 1;
        (first + (self.any() % count) as i64) as i32
    }

    /// One of `values`.
    pub fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[(self.any() % values.len() as u64) as usize]
    }
}
