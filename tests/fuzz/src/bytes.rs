//! Bytes as decisions.

/// Bytes that are used up one by one; where there are none left every decision is the first choice.
#[derive(Debug, Clone)]
pub(crate) struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    /// Decisions out of these bytes.
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Bytes(bytes)
    }

    /// Whether all are used up.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub(crate) fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number below `count`, which is at least 1 and at most 256.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        usize::from(self.next()) % count
    }

    /// One of several.
    pub(crate) fn pick<'t, T>(&mut self, choices: &'t [T]) -> &'t T {
        &choices[self.below(choices.len())]
    }

    /// Yes once in `times`; no where no bytes are left.
    pub(crate) fn rarely(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }
}
