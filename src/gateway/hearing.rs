//! What a frame means: the answer to a call, or news. Pure.
//!
//! Remembers only what a later frame needs: the last number of an event, and refused attempts of runs.

use serde_json::Value;

use super::attempts::Attempts;
use super::frame::Incoming;
use super::news::from_event;
use super::scrub::Scrub;
use super::{GatewayError, News};
use crate::domain::Secret;

/// One connection's ear.
#[derive(Debug, Default)]
pub struct Hearing {
    attempts: Attempts,
    last_seq: Option<u64>,
    scrub: Scrub,
}

/// What a frame turned out to be.
#[derive(Debug)]
pub enum Heard {
    Answer {
        id: String,
        answer: Result<Value, GatewayError>,
    },
    /// In order; none for what does not matter here.
    News(Vec<News>),
}

impl Hearing {
    /// None of `secrets` stands in what errors quote.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        Self::with(Scrub::new(secrets))
    }

    pub(crate) fn with(scrub: Scrub) -> Self {
        Self { scrub, ..Self::default() }
    }

    /// # Errors
    /// When it is no frame. It may have been the answer to any call, so none can be waited for.
    pub fn hear(&mut self, text: &str) -> Result<Heard, GatewayError> {
        match Incoming::parse(text).map_err(|detail| GatewayError::Garbage { detail })? {
            Incoming::Response { id, answer } => {
                Ok(Heard::Answer { id, answer: answer.map_err(|error| GatewayError::of_call(&error, &self.scrub)) })
            }
            Incoming::Event { event, payload, seq } => {
                let gap = self.missed(seq).then_some(News::Gap);
                let news = from_event(&event, payload, &mut self.attempts);
                Ok(Heard::News(gap.into_iter().chain(news).collect()))
            }
            Incoming::Other => Ok(Heard::News(Vec::new())),
        }
    }

    /// Whether events were lost before the one numbered `seq`.
    fn missed(&mut self, seq: Option<u64>) -> bool {
        let Some(seq) = seq else { return false };
        let expected = self.last_seq.map_or(seq, |last| last.saturating_add(1));
        self.last_seq = Some(seq);
        seq != expected
    }
}

#[cfg(test)]
mod tests {
    use super::{Heard, Hearing, News};

    fn heard(hearing: &mut Hearing, seq: &str) -> Vec<News> {
        match hearing.hear(&format!(r#"{{"type":"event","event":"tick","payload":{{}},"seq":{seq}}}"#)) {
            Ok(Heard::News(news)) => news,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_event_that_was_missed_is_a_gap_whatever_the_numbers_are() {
        let mut hearing = Hearing::default();
        let cases = [
            ("7", false, "the first one"),
            ("8", false, "the next one"),
            ("10", true, "one was lost"),
            ("10", true, "the same again"),
            ("null", false, "without a number"),
            ("11", false, "the next one"),
            ("1e300", true, "beyond all counting"),
            ("1e300", false, "nothing comes after it"),
            ("-3", true, "below it"),
            ("1", false, "the next one"),
        ];
        for (seq, gap, why) in cases {
            let expected = if gap { vec![News::Gap, News::Tick] } else { vec![News::Tick] };
            assert_eq!(heard(&mut hearing, seq), expected, "{seq}: {why}");
        }
    }
}
