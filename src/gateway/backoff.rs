//! How long to wait before connecting again.

use jiff::SignedDuration;

const FIRST_SECS: i64 = 1;
const LONGEST_SECS: i64 = 30;

/// The wait before attempt `attempt` + 1, when `attempt` attempts in a row have failed: from one second,
/// doubling, to thirty.
#[must_use]
pub fn backoff(attempt: u32) -> SignedDuration {
    let doublings = attempt.saturating_sub(1).min(5);
    SignedDuration::from_secs((FIRST_SECS << doublings).min(LONGEST_SECS))
}

#[cfg(test)]
mod tests {
    use super::backoff;

    #[test]
    fn waiting_doubles_from_one_second_to_thirty() {
        let waits: Vec<_> = (0..8).map(|attempt| backoff(attempt).as_secs()).collect();
        assert_eq!(waits, [1, 1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(backoff(u32::MAX).as_secs(), 30);
    }
}
