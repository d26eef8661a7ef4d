//! Chance with a seed: everything that looks random here can be had again.

/// The splitmix64 generator: a few lines, well spread, and not for secrets.
pub(super) struct Dice(u64);

impl Dice {
    /// The sequence that belongs to `seed`.
    pub(super) fn new(seed: u64) -> Self {
        Dice(seed)
    }

    /// A word of `length` letters and digits, as short links and media names have.
    pub(super) fn word(&mut self, length: usize) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        (0..length).map(|_| char::from(LETTERS[(self.next() % LETTERS.len() as u64) as usize])).collect()
    }

    /// A number below `limit`; 0 when there is none.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// A version 4 UUID in its usual writing.
    pub(super) fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        let version = (high & !0xf000) | 0x4000;
        let variant = (low & !(0b11 << 62)) | (0b10 << 62);
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            version >> 32,
            (version >> 16) & 0xffff,
            version & 0xffff,
            variant >> 48,
            variant & 0xffff_ffff_ffff
        )
    }

    /// Any number of 64 bits, half of them below 0.
    pub(super) fn signed(&mut self) -> i64 {
        self.next().cast_signed()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same() {
        let throw = |seed| {
            let mut dice = Dice::new(seed);
            (dice.word(10), dice.uuid())
        };
        assert_eq!(throw(7), throw(7));
        assert_ne!(throw(7), throw(8));
        let uuid = throw(7).1;
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"), "{uuid}");
    }
}
