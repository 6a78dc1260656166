//! A page's text as a row of facts, in the order they stand there. One pass.

use super::dialect::Dialect;
use super::fact::{Fact, Kind};
use super::when::{self, Clock, When};
use super::{labels, number};

/// Words that announce a reset.
const LEADS: &[&str] = &[
    "next reset",
    "reset time",
    "reset date",
    "resets",
    "resetting",
    "reset",
    "refreshes",
    "refresh time",
    "refresh",
    "regain access",
    "available again",
    "try again",
    "重置时间",
    "重置于",
    "刷新时间",
    "恢复时间",
    "下次重置",
    "下次刷新",
    "将在",
    "将于",
    "重置",
    "刷新",
    "恢复",
];
/// Words between such a word and its moment.
const FILLERS: &[&str] = &[
    " ",
    ":",
    ",",
    "(",
    "~",
    "every day",
    "each day",
    "daily",
    "weekly",
    "monthly",
    "every",
    "each",
    "on",
    "at",
    "in",
    "your",
    "about",
    "approximately",
    "around",
    "will be",
    "is",
    "time",
    "date",
    "automatically",
    "约",
    "大约",
    "于",
    "在",
    "为",
    "时间",
    "日期",
    "每天",
    "每",
    "自动",
    "还有",
    "还需",
    "倒计时",
];
/// Words behind a moment that make it a reset.
const TAILS: &[&str] = &[
    "重置",
    "刷新",
    "恢复",
    "until reset",
    "until your",
    "to reset",
    "before reset",
    "left until",
    "自动重置",
    "自动刷新",
];

pub(super) fn facts(text: &str, dialect: &Dialect, clock: &Clock<'_>) -> Vec<Fact> {
    let lower = text.to_ascii_lowercase();
    let mut scan = Scan { text: &lower, dialect, clock, facts: Vec::new(), awaits: false, loose: None };
    let mut start = 0;
    for (number, line) in lower.split_inclusive('\n').enumerate() {
        let end = start + line.trim_end().len();
        if end > start {
            scan.line(start, end, number);
        }
        start += line.len();
    }
    scan.facts
}

struct Scan<'a> {
    text: &'a str,
    dialect: &'a Dialect,
    clock: &'a Clock<'a>,
    facts: Vec<Fact>,
    /// The last line ended in words that announce a reset.
    awaits: bool,
    /// The last line was a moment and nothing else.
    loose: Option<(When, usize, usize)>,
}

/// How far words reach in their line.
struct Line {
    end: usize,
    number: usize,
    tells_of_quota: bool,
}

impl Scan<'_> {
    fn line(&mut self, start: usize, end: usize, number: usize) {
        let text = &self.text[start..end];
        let quota_words = [
            "limit",
            "quota",
            "usage",
            "calls",
            "used",
            "remaining",
            "left",
            "%",
            "额度",
            "次数",
            "用量",
            "限额",
            "剩余",
            "已用",
        ];
        let short = text.len() <= 160;
        let tells_of_quota = short && quota_words.iter().any(|word| text.contains(word)) || text.len() <= 24;
        let line = Line { end, number, tells_of_quota };
        // A sentence names windows without telling of them.
        if !short && text.chars().count() > 100 && !text.contains('%') {
            self.loose = None;
            self.awaits = false;
            return self.push(Kind::Text, start, end, number);
        }
        let before = self.facts.len();
        let mut at = self.opening(start, &line);
        let mut previous = ' ';
        while at < end {
            let Some(letter) = self.text[at..].chars().next() else { break };
            if is_start(previous, letter)
                && let Some((kind, len)) = self.fact_at(start, at, &line)
            {
                if kind != Kind::Text {
                    self.push(kind, at, at + len, number);
                }
                at += len;
                previous = self.text[..at].chars().next_back().unwrap_or(' ');
                continue;
            }
            previous = letter;
            at += letter.len_utf8();
        }
        let only_lead = matches!(self.facts[before..].last(), Some(fact) if fact.kind == Kind::ResetLead && rest_is_empty(&self.text[fact.end..end]));
        self.awaits = only_lead;
        if self.facts.len() == before && self.loose.is_none_or(|(.., line)| line != number) {
            self.push(Kind::Text, start, end, number);
        }
    }

    /// A moment that the line before announced, or that the line behind may explain.
    fn opening(&mut self, start: usize, line: &Line) -> usize {
        let text = &self.text[start..line.end];
        let loose = self.loose.take();
        if std::mem::take(&mut self.awaits) {
            let skipped = fillers(text).0;
            if let Some((when, len)) = when::at_start(&text[skipped..], self.clock) {
                self.facts.pop();
                self.push(Kind::Reset(when), start, start + skipped + len, line.number);
                return start + skipped + len;
            }
        }
        let tail = text.trim_start_matches(['后', ' ']);
        if let Some((when, from, ..)) = loose.filter(|_| TAILS.iter().any(|word| tail.starts_with(word))) {
            self.push(Kind::Reset(when), from, line.end, line.number);
            return line.end;
        }
        if let Some((when, len)) = when::at_start(text, self.clock).filter(|(_, len)| rest_is_empty(&text[*len..])) {
            // "5 hours" may be the name of a window as well.
            if labels::counted_span(text, "").is_none() || when::moment(text, self.clock).is_some() {
                self.loose = Some((when, start, line.number));
                // "1M" is a number, too.
                let number = number::read(text).is_some_and(|(_, read)| read >= len);
                return if number { start } else { line.end };
            }
        }
        start
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize, line: usize) {
        self.facts.push(Fact { kind, start, end, line });
    }

    fn fact_at(&self, start: usize, at: usize, line: &Line) -> Option<(Kind, usize)> {
        let text = &self.text[at..line.end];
        let before = &self.text[start..at];
        if text.starts_with(|first: char| first.is_ascii_digit() || "<~≈$¥€£-".contains(first)) {
            return self.number_at(text, before);
        }
        // "per month" behind a price is no window.
        if text.starts_with("per ")
            && matches!(self.facts.last(), Some(Fact { kind: Kind::Amount { .. }, end, .. }) if at - end <= 2)
        {
            return Some((Kind::Text, "per ".len()));
        }
        self.reset_at(text, before)
            .or_else(|| self.tailed(text))
            .or_else(|| labels::limit(text).map(|(limit, len)| (Kind::Limit(limit), len)))
            .or_else(|| labels::word(text))
            .or_else(|| labels::usage(text).map(|len| (Kind::Usage, len)))
            .or_else(|| {
                labels::span(text)
                    .map(|(span, len)| (if labels::is_of_price(before) { Kind::Text } else { Kind::Span(span) }, len))
            })
            .or_else(|| self.named_window(text))
            .or_else(|| number::read(text))
            .or_else(|| {
                // "Model: gpt-6" names a model that the windows below are not about.
                let opens = before.len() < 8 && !before.bytes().any(|byte| byte.is_ascii_alphanumeric());
                let goes_on = self.facts.last().is_some_and(|fact| fact.line == line.number);
                let (model, len) = labels::model(text).filter(|_| opens || goes_on)?;
                Some((Kind::Model(model), len))
            })
            .or_else(|| {
                let (feature, len) = labels::feature(text).filter(|_| line.tells_of_quota)?;
                Some((Kind::Feature(feature.to_owned()), len))
            })
    }

    fn number_at(&self, text: &str, before: &str) -> Option<(Kind, usize)> {
        if text == "-" || text == "--" {
            return Some((Kind::NoNumber, text.len()));
        }
        self.tailed(text)
            .or_else(|| {
                if labels::is_of_chart(before) {
                    return when::wait(text).map(|(_, len)| (Kind::Chart, len));
                }
                labels::counted_span(text, before).map(|(span, len)| (Kind::Span(span), len))
            })
            // A date that announces nothing: its digits are not to be taken for numbers.
            .or_else(|| when::moment(text, self.clock).map(|(_, len)| (Kind::Text, len)))
            .or_else(|| number::read(text))
    }

    /// "18 小时后重置", "2026-11-27 08:00 重置", "3 hr 12 min until reset".
    fn tailed(&self, text: &str) -> Option<(Kind, usize)> {
        let (when, len) = when::at_start(text, self.clock)?;
        let rest = text[len..].trim_start_matches(['后', '之', ' ', ')', '(', '左', '右', '内', '将', '会', '于']);
        let tail = TAILS.iter().find(|tail| rest.starts_with(**tail))?;
        Some((Kind::Reset(when), text.len() - rest.len() + tail.len()))
    }

    fn reset_at(&self, text: &str, before: &str) -> Option<(Kind, usize)> {
        let lead = LEADS.iter().find(|lead| text.starts_with(**lead))?;
        let after = &text[lead.len()..];
        if lead.is_ascii() && after.starts_with(|next: char| next.is_ascii_alphanumeric()) {
            return None;
        }
        let past = ["last ", "上次", "previous ", "最近", "password ", "密码"];
        let named_before = past.iter().any(|word| before.ends_with(word))
            || after.starts_with(" password")
            || after.starts_with("密码");
        if named_before {
            return Some((Kind::Text, lead.len()));
        }
        let (skipped, periodic) = fillers(after);
        let rest = &after[skipped..];
        let counts_down = ["in ", "in: ", "还有", "还需", "倒计时", "倒计时:"]
            .iter()
            .any(|word| after[..skipped].trim_end_matches(' ').ends_with(word.trim_end()));
        let found = match when::moment(rest, self.clock) {
            // "in 03:12:45" is a wait, and "in 3:12" may be either.
            Some(found) if counts_down && when::is_clock(rest) => {
                Some((when::countdown(rest, self.clock).unwrap_or(When::Unclear), found.1))
            }
            Some(found) => Some(found),
            // "every 5 hours" and "5 hours after the first use" tell a length.
            None => when::at_start(rest, self.clock)
                .filter(|(_, len)| !periodic && !rest[*len..].trim_start().starts_with("after")),
        };
        let end = lead.len() + skipped;
        let (when, len) = match found {
            Some((when, len)) => (Some(when), end + len),
            None => (None, lead.len()),
        };
        let whole = match when {
            Some(when) => Kind::Reset(when),
            None if periodic => Kind::Text,
            // "将在" alone is only a word.
            None if lead.starts_with('将') => return None,
            None => Kind::ResetLead,
        };
        // "将在 2026-11-27 08:00 重置" ends with its own word.
        let rest = text[len..].trim_start_matches(['后', ' ']);
        let tail = TAILS.iter().find(|tail| when.is_some() && !tail.is_ascii() && rest.starts_with(**tail));
        let len = tail.map_or(len, |tail| text.len() - rest.len() + tail.len());
        Some((whole, len))
    }

    fn named_window(&self, text: &str) -> Option<(Kind, usize)> {
        let sessions = ["current session", "session limit", "session usage", "当前会话", "会话限额"];
        let rates = ["rate limit details", "rate limit", "频限明细", "频限", "频率限制", "速率限制"];
        let of = |words: &[&str], span: Option<crate::domain::Span>| {
            let span = span?;
            let word = words.iter().find(|word| text.starts_with(**word))?;
            let plural = text[word.len()..].starts_with('s');
            (!plural).then_some((Kind::Span(span), word.len()))
        };
        of(&sessions, self.dialect.session).or_else(|| of(&rates, self.dialect.rate_limit))
    }
}

/// How much stands before the moment, and whether it tells a period.
fn fillers(text: &str) -> (usize, bool) {
    let (mut at, mut periodic) = (0, false);
    for _ in 0..8 {
        let rest = &text[at..];
        let letter = |last: char| last.is_ascii_alphabetic();
        let word = FILLERS.iter().find(|word| {
            rest.strip_prefix(**word).is_some_and(|after| !(word.ends_with(letter) && after.starts_with(letter)))
        });
        let Some(word) = word else { break };
        periodic |= word.starts_with("every")
            || word.starts_with("each")
            || matches!(*word, "daily" | "weekly" | "monthly" | "每" | "每天");
        at += word.len();
    }
    (at, periodic)
}

fn rest_is_empty(text: &str) -> bool {
    text.chars().all(|letter| letter.is_whitespace() || ".:,()。".contains(letter))
}

/// Whether a word can begin here.
fn is_start(previous: char, letter: char) -> bool {
    if is_cjk(letter) || is_cjk(previous) {
        return true;
    }
    let joined = previous.is_alphanumeric() || (previous == '.' && letter.is_ascii_digit());
    // "63%used" begins a word behind the sign.
    !joined
}

fn is_cjk(letter: char) -> bool {
    ('\u{2e80}'..='\u{9fff}').contains(&letter)
}
