//! Numbers as pages write them: percents, "1,234 / 5,000 requests", "$12.34 / $50".
//!
//! Everything looks at the start of a text in lower case and says how long its words are.

use super::fact::Kind;
use crate::domain::Metric;

/// A percent, a pair, an amount or a plain number.
pub(super) fn read(text: &str) -> Option<(Kind, usize)> {
    amount_or_pair(text).or_else(|| percent(text)).or_else(|| pair(text)).or_else(|| plain(text))
}

/// "63%", "< 1 %", "12.5 percent".
fn percent(text: &str) -> Option<(Kind, usize)> {
    let lead: usize = text.chars().take(2).take_while(|sign| "<~≈ ".contains(*sign)).map(char::len_utf8).sum();
    let (percent, len) = number(&text[lead..])?;
    let end = lead + len;
    let rest = text[end..].strip_prefix(' ').unwrap_or(&text[end..]);
    let sign = ["%", "percent"].into_iter().find(|sign| rest.starts_with(sign))?;
    let end = text.len() - rest.len() + sign.len();
    // "45% more than last week", "20% off".
    let compares = ["more", "less", "off", "discount", "higher", "lower", "faster", "cheaper", "优惠", "折扣"];
    if compares.iter().any(|word| text[end..].trim_start().starts_with(word)) {
        return None;
    }
    Some((Kind::Percent { percent, of: is_of(&text[end..]) }, end))
}

/// "63% of your weekly limit": the window follows.
fn is_of(after: &str) -> bool {
    after.trim_start().strip_prefix("used ").unwrap_or(after.trim_start()).starts_with("of ")
}

/// "1,234 / 5,000", "41 of 250 requests", "已用 12 次 / 50 次".
fn pair(text: &str) -> Option<(Kind, usize)> {
    let (used, len) = scaled(text)?;
    let first_unit = unit(&text[len..]);
    let after = text[len + first_unit.map_or(0, |(_, len)| len)..].trim_start_matches(' ');
    let between = ["out of ", "of ", "/"].into_iter().find(|sign| after.starts_with(sign))?;
    let second = after[between.len()..].trim_start_matches([' ', '共']);
    let (limit, len) = scaled(second)?;
    let rest = &second[len..];
    // 2026/11/20 is a date, 1/2/3 nothing.
    if rest.starts_with(['/', '%']) || rest.starts_with(" /") || limit <= 0.0 {
        return None;
    }
    let second_unit = unit(rest);
    let metric = second_unit.or(first_unit).map(|(metric, _)| metric);
    let end = text.len() - rest.len() + second_unit.map_or(0, |(_, len)| len);
    Some((Kind::Pair { used, limit, metric, of: is_of(&text[end..]) }, end))
}

fn plain(text: &str) -> Option<(Kind, usize)> {
    let (number, len) = scaled(text)?;
    let ends = !text[len..].starts_with(|next: char| next.is_ascii_alphabetic() || next == '%');
    ends.then(|| {
        let len = len + unit(&text[len..]).map_or(0, |(_, len)| len);
        (Kind::Number(number), len)
    })
}

const UNITS: &[(&str, Metric)] = &[
    ("requests", Metric::Requests),
    ("prompts", Metric::Requests),
    ("messages", Metric::Requests),
    ("次请求", Metric::Requests),
    ("请求", Metric::Requests),
    ("条", Metric::Requests),
    ("tokens", Metric::Tokens),
    ("calls", Metric::Calls),
    ("searches", Metric::Calls),
    ("次", Metric::Calls),
    ("credits", Metric::PlanCredits),
    ("积分", Metric::PlanCredits),
    ("点", Metric::PlanCredits),
];

fn unit(text: &str) -> Option<(Metric, usize)> {
    let rest = text.strip_prefix(' ').unwrap_or(text);
    let (word, metric) = UNITS.iter().find(|(word, _)| rest.starts_with(word))?;
    Some((*metric, text.len() - rest.len() + word.len()))
}

const CURRENCIES: &[(&str, &str)] = &[
    ("us$", "USD"),
    ("usd", "USD"),
    ("$", "USD"),
    ("cny", "CNY"),
    ("rmb", "CNY"),
    ("¥", "CNY"),
    ("€", "EUR"),
    ("£", "GBP"),
];
const CURRENCIES_BEHIND: &[(&str, &str)] =
    &[("usd", "USD"), ("美元", "USD"), ("cny", "CNY"), ("rmb", "CNY"), ("元", "CNY")];

fn amount_or_pair(text: &str) -> Option<(Kind, usize)> {
    let (used, currency, len) = amount(text)?;
    let after = text[len..].trim_start();
    let words = after.strip_prefix("spent ").or_else(|| after.strip_prefix("used ")).unwrap_or(after);
    let between = ["out of ", "of ", "/"].into_iter().find(|sign| words.starts_with(sign));
    let limit = between.and_then(|sign| {
        let second = words[sign.len()..].trim_start();
        amount(second).map(|(limit, _, len)| (limit, text.len() - second.len() + len))
    });
    Some(match limit {
        Some((limit, end)) if limit > 0.0 => (Kind::AmountPair { used, limit, currency }, end),
        _ => (Kind::Amount { amount: used, currency }, len),
    })
}

/// "$12.34", "-$0.05", "¥ 56", "12.34 USD", "56 元".
fn amount(text: &str) -> Option<(f64, &'static str, usize)> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let sign = if unsigned.len() < text.len() { -1.0 } else { 1.0 };
    if let Some((word, currency)) = CURRENCIES.iter().find(|(word, _)| unsigned.starts_with(word)) {
        let rest = unsigned[word.len()..].trim_start_matches(' ');
        let inner = if rest.starts_with('-') { -1.0 } else { 1.0 };
        let rest = rest.strip_prefix('-').unwrap_or(rest);
        let (amount, len) = number(rest)?;
        return Some((sign * inner * amount, currency, text.len() - rest.len() + len));
    }
    let (amount, len) = number(unsigned)?;
    let rest = unsigned[len..].trim_start_matches(' ');
    let (word, currency) = CURRENCIES_BEHIND.iter().find(|(word, _)| rest.starts_with(word))?;
    Some((sign * amount, currency, text.len() - rest.len() + word.len()))
}

/// Digits, perhaps with commas between thousands, perhaps with a fraction.
fn number(text: &str) -> Option<(f64, usize)> {
    let bytes = text.as_bytes();
    let mut digits = String::new();
    let mut at = 0;
    while at < bytes.len() && digits.len() < 18 {
        match bytes[at] {
            digit @ b'0'..=b'9' => digits.push(char::from(digit)),
            b',' if at > 0 && thousands(&bytes[at + 1..]) => {}
            _ => break,
        }
        at += 1;
    }
    if digits.is_empty() || bytes.get(at).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    if bytes.get(at) == Some(&b'.') {
        let fraction = bytes[at + 1..].iter().take(12).take_while(|byte| byte.is_ascii_digit()).count();
        if fraction > 0 {
            digits.push('.');
            digits.push_str(&text[at + 1..=at + fraction]);
            at += 1 + fraction;
        }
    }
    // A version such as 4.5.1 is no number.
    let version = bytes.get(at) == Some(&b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
    digits.parse().ok().filter(|_| !version).map(|number| (number, at))
}

fn thousands(after: &[u8]) -> bool {
    after.len() >= 3 && after[..3].iter().all(u8::is_ascii_digit) && !after.get(3).is_some_and(u8::is_ascii_digit)
}

/// A number that may be shortened: "12.4K", "1.5M", "3万".
fn scaled(text: &str) -> Option<(f64, usize)> {
    let (value, len) = number(text)?;
    let rest = &text[len..];
    let (factor, sign) = [(1e3, "k"), (1e6, "m"), (1e9, "b"), (1e4, "万"), (1e8, "亿")]
        .into_iter()
        .find(|(_, sign)| rest.starts_with(sign))
        .unwrap_or((1.0, ""));
    let goes_on = sign.is_ascii() && rest[sign.len()..].starts_with(|next: char| next.is_ascii_alphanumeric());
    if !sign.is_empty() && goes_on { Some((value, len)) } else { Some((value * factor, len + sign.len())) }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::providers::dashboard::fact::Kind;

    #[test]
    fn numbers_are_read_as_pages_write_them() {
        let percent = |percent, of| Some(Kind::Percent { percent, of });
        let pair = |used, limit| Some((used, limit));
        let cases = [
            ("63% used", percent(63.0, false)),
            ("< 1 % used", percent(1.0, false)),
            ("12.5 percent", percent(12.5, false)),
            ("20% off", None),
            ("63% of your weekly limit", percent(63.0, true)),
            ("1,234", Some(Kind::Number(1234.0))),
            ("12.4k", Some(Kind::Number(12_400.0))),
            ("4.5.1", None),
            ("20x", None),
            ("$12.34", Some(Kind::Amount { amount: 12.34, currency: "USD" })),
            ("-$0.05", Some(Kind::Amount { amount: -0.05, currency: "USD" })),
            ("¥ 56.00", Some(Kind::Amount { amount: 56.0, currency: "CNY" })),
            ("56.5 元", Some(Kind::Amount { amount: 56.5, currency: "CNY" })),
            ("$34.12 / $120.00", Some(Kind::AmountPair { used: 34.12, limit: 120.0, currency: "USD" })),
            ("$34 spent of $120", Some(Kind::AmountPair { used: 34.0, limit: 120.0, currency: "USD" })),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).map(|(kind, _)| kind), expected, "{text}");
        }
        let cases = [
            ("1,234 / 5,000 requests", pair(1234.0, 5000.0)),
            ("41 of 250", pair(41.0, 250.0)),
            ("12.4k / 250k", pair(12_400.0, 250_000.0)),
            ("12 次 / 共 50 次", pair(12.0, 50.0)),
            ("3 / 1万", pair(3.0, 10_000.0)),
            ("2026/11/20", None),
            ("0 / 0", None),
            ("24/7", pair(24.0, 7.0)),
        ];
        for (text, expected) in cases {
            let found = match read(text) {
                Some((Kind::Pair { used, limit, .. }, _)) => Some((used, limit)),
                _ => None,
            };
            assert_eq!(found, expected, "{text}");
        }
    }
}
