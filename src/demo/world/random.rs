//! Repeatable chance: the same seed and the same words give the same numbers.

use sha2::{Digest as _, Sha256};

/// A `splitmix64` sequence.
#[derive(Clone, Debug)]
pub(in crate::demo) struct Random(u64);

impl Random {
    /// A sequence of its own for each `what`.
    pub fn of(seed: u64, what: &str) -> Self {
        let digest = Sha256::digest(what);
        let mut word = [0; 8];
        word.copy_from_slice(&digest[..8]);
        Self(seed ^ u64::from_le_bytes(word))
    }

    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.word() % (high - low + 1) as u64) as i64
    }

    pub fn uuid(&mut self) -> String {
        uuid(u128::from(self.word()) << 64 | u128::from(self.word()))
    }
}

/// `bits` in the shape of a random UUID.
pub(in crate::demo) fn uuid(bits: u128) -> String {
    let bits = bits & !(0xF000 << 64 | 0b11 << 62) | 0x4000 << 64 | 0b10 << 62;
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

pub(in crate::demo) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
