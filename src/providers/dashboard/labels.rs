//! Words that name a window, a model, an add-on, or which side of a limit a number counts.
//!
//! Everything here looks at the start of a text in lower case and says how long its words are.

use super::fact::{Kind, Limit, Way};
use crate::domain::{Metric, Span};

/// Spans by a word of their own.
const SPANS: &[(&str, Span)] = &[
    ("weekly", Span::Weekly),
    ("this week", Span::Weekly),
    ("current week", Span::Weekly),
    ("per week", Span::Weekly),
    ("本周", Span::Weekly),
    ("每周", Span::Weekly),
    ("周用量", Span::Weekly),
    ("周额度", Span::Weekly),
    ("周限额", Span::Weekly),
    ("周配额", Span::Weekly),
    ("monthly", Span::Monthly),
    ("this month", Span::Monthly),
    ("current month", Span::Monthly),
    ("per month", Span::Monthly),
    ("本月", Span::Monthly),
    ("每月", Span::Monthly),
    ("当月", Span::Monthly),
    ("月用量", Span::Monthly),
    ("月度", Span::Monthly),
    ("月额度", Span::Monthly),
    ("月限额", Span::Monthly),
    ("daily", Span::Daily),
    ("per day", Span::Daily),
    ("today", Span::Daily),
    ("今日", Span::Daily),
    ("每日", Span::Daily),
    ("每天", Span::Daily),
    ("当日", Span::Daily),
    ("日用量", Span::Daily),
    ("日额度", Span::Daily),
    ("five-hour", Span::Hours(5)),
    ("five hour", Span::Hours(5)),
    ("五小时", Span::Hours(5)),
    ("per minute", Span::Minute),
    ("每分钟", Span::Minute),
];

/// What follows a span that is none: prices, letters, charts.
const NO_SPANS: &[&str] = &[
    "subscription",
    "plan",
    "billing",
    "payment",
    "newsletter",
    "price",
    "invoice",
    "active",
    "费",
    "订阅",
    "套餐",
    "价",
];

pub(super) fn span(text: &str) -> Option<(Span, usize)> {
    let (word, span) = SPANS.iter().find(|(word, _)| text.starts_with(word))?;
    let after = &text[word.len()..];
    let ends = !word.is_ascii() || !after.starts_with(|next: char| next.is_ascii_alphanumeric());
    let after = after.trim_start_matches([' ', ',', ')']);
    (ends && !NO_SPANS.iter().any(|no| after.starts_with(no))).then_some((*span, word.len()))
}

/// Words that make "5 hours" before them the name of a window.
const WINDOWS: &[&str] = &[
    "limit",
    "window",
    "quota",
    "usage",
    "session",
    "rolling",
    "cap",
    "allowance",
    "prompts",
    "额度",
    "限额",
    "用量",
    "配额",
    "窗口",
    "限制",
    "使用",
    "周期",
    "内",
    "滚动",
];

/// "5-hour", "5h limit", "7 天额度", "per 5 hours", "(5h)", and as its own line or opening of one "5 hours", "5h: 63%".
pub(super) fn counted_span(text: &str, before: &str) -> Option<(Span, usize)> {
    let digits = text.bytes().take(3).take_while(u8::is_ascii_digit).count();
    let number: u32 = text[..digits].parse().ok()?;
    let after = &text[digits..];
    let hyphen = after.starts_with('-');
    let unit_text = after.trim_start_matches(['-', ' ']);
    let letters = unit_text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (unit, unit_len) = match &unit_text[..letters] {
        "h" | "hr" | "hrs" | "hour" | "hours" => ('h', letters),
        "d" | "day" | "days" => ('d', letters),
        "" if unit_text.starts_with("个小时") => ('h', "个小时".len()),
        "" if unit_text.starts_with("小时") => ('h', "小时".len()),
        "" if unit_text.starts_with('天') => ('d', "天".len()),
        "" if unit_text.starts_with('日') => ('d', "日".len()),
        _ => return None,
    };
    let span = match (unit, number) {
        ('h', 24) | ('d', 1) => Span::Daily,
        ('h', 168) | ('d', 7) => Span::Weekly,
        ('h', 1..=23) => Span::Hours(number),
        ('d', 28..=31) => Span::Monthly,
        _ => return None,
    };
    let len = text.len() - unit_text.len() + unit_len;
    let after = &text[len..];
    let rest = after.trim_start_matches([' ', '(', ')', ':', '-']);
    let named = WINDOWS.iter().any(|word| rest.starts_with(word));
    let number = rest.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    let opens = before.is_empty() && (rest.is_empty() || after.starts_with(':') || number.starts_with('%'));
    let led = ["per ", "every ", "each ", "每", "("].iter().any(|word| before.ends_with(word));
    (named || (hyphen && letters > 0) || opens || led).then_some((span, len))
}

/// What precedes the period of a price.
pub(super) fn is_of_price(before: &str) -> bool {
    ["billed ", "paid ", "charged ", "renews ", "按"].iter().any(|word| before.ends_with(word))
}

/// What precedes the length of a chart.
pub(super) fn is_of_chart(before: &str) -> bool {
    let before = before.trim_end();
    ["last", "past", "previous", "最近", "过去", "近"].iter().any(|word| before.ends_with(word))
}

const LIMITS: &[(&str, &str, Metric, Span)] = &[
    ("requests per minute", "requests", Metric::Requests, Span::Minute),
    ("requests/min", "requests", Metric::Requests, Span::Minute),
    ("requests / min", "requests", Metric::Requests, Span::Minute),
    ("rpm", "requests", Metric::Requests, Span::Minute),
    ("每分钟请求数", "requests", Metric::Requests, Span::Minute),
    ("每分钟请求", "requests", Metric::Requests, Span::Minute),
    ("input tokens per minute", "input_tokens", Metric::Tokens, Span::Minute),
    ("itpm", "input_tokens", Metric::Tokens, Span::Minute),
    ("output tokens per minute", "output_tokens", Metric::Tokens, Span::Minute),
    ("otpm", "output_tokens", Metric::Tokens, Span::Minute),
    ("tokens per minute", "tokens", Metric::Tokens, Span::Minute),
    ("tokens/min", "tokens", Metric::Tokens, Span::Minute),
    ("tpm", "tokens", Metric::Tokens, Span::Minute),
    ("每分钟 token 数", "tokens", Metric::Tokens, Span::Minute),
    ("每分钟 token", "tokens", Metric::Tokens, Span::Minute),
    ("每分钟token", "tokens", Metric::Tokens, Span::Minute),
    ("requests per day", "requests", Metric::Requests, Span::Daily),
    ("rpd", "requests", Metric::Requests, Span::Daily),
    ("每日请求数", "requests", Metric::Requests, Span::Daily),
    ("每天请求数", "requests", Metric::Requests, Span::Daily),
    ("tokens per day", "tokens", Metric::Tokens, Span::Daily),
    ("tpd", "tokens", Metric::Tokens, Span::Daily),
    ("每日 token", "tokens", Metric::Tokens, Span::Daily),
];

pub(super) fn limit(text: &str) -> Option<(Limit, usize)> {
    let (word, name, metric, span) = *LIMITS.iter().find(|(word, ..)| text.starts_with(word))?;
    let ends = !word.is_ascii() || !text[word.len()..].starts_with(|next: char| next.is_ascii_alphanumeric());
    ends.then_some((Limit { span, metric, name }, word.len()))
}

const WORDS: &[(&str, Kind)] = &[
    ("all models", Kind::Everything),
    ("全部模型", Kind::Everything),
    ("所有模型", Kind::Everything),
    ("extra usage", Kind::Beside),
    ("overage", Kind::Beside),
    ("booster", Kind::Beside),
    ("额外用量", Kind::Beside),
    ("加油包", Kind::Beside),
    ("used", Kind::Way(Way::Used)),
    ("consumed", Kind::Way(Way::Used)),
    ("utilized", Kind::Way(Way::Used)),
    ("spent", Kind::Way(Way::Used)),
    ("已使用", Kind::Way(Way::Used)),
    ("已用", Kind::Way(Way::Used)),
    ("已消耗", Kind::Way(Way::Used)),
    ("使用了", Kind::Way(Way::Used)),
    ("使用率", Kind::Way(Way::Used)),
    ("remaining", Kind::Way(Way::Left)),
    ("unused", Kind::Way(Way::Left)),
    ("left", Kind::Way(Way::Left)),
    ("available", Kind::Way(Way::Left)),
    ("剩余", Kind::Way(Way::Left)),
    ("还剩", Kind::Way(Way::Left)),
    ("可用", Kind::Way(Way::Left)),
    ("未使用", Kind::Way(Way::Left)),
    ("剩", Kind::Way(Way::Left)),
    ("balance", Kind::Balance),
    ("余额", Kind::Balance),
    ("total", Kind::Total),
    ("limit:", Kind::Total),
    ("总额度", Kind::Total),
    ("总量", Kind::Total),
    ("总计", Kind::Total),
    ("上限", Kind::Total),
    ("共", Kind::Total),
    ("unlimited", Kind::NoNumber),
    ("n/a", Kind::NoNumber),
    ("不限", Kind::NoNumber),
];

pub(super) fn word(text: &str) -> Option<(Kind, usize)> {
    let (word, kind) = WORDS.iter().find(|(word, _)| text.starts_with(word))?;
    let ends = !word.is_ascii() || !text[word.len()..].starts_with(|next: char| next.is_ascii_alphanumeric());
    ends.then(|| (kind.clone(), word.len()))
}

/// "usage", "用量", unless a limit of it is meant.
pub(super) fn usage(text: &str) -> Option<usize> {
    let word = ["usage", "utilization", "用量", "使用量"].into_iter().find(|word| text.starts_with(word))?;
    let after = text[word.len()..].trim_start();
    let limits = ["limit", "quota", "cap", "window", "tier", "限", "上限", "额度", "配额"];
    (!limits.iter().any(|limit| after.starts_with(limit))).then_some(word.len())
}

/// Add-ons beside chat, and what they are called.
const FEATURES: &[(&str, &str)] = &[
    ("mcp", "mcp"),
    ("web search", "web-search"),
    ("search", "web-search"),
    ("联网搜索", "web-search"),
    ("网络搜索", "web-search"),
    ("搜索", "web-search"),
    ("code review", "code-review"),
    ("代码审查", "code-review"),
    ("video", "video"),
    ("视频", "video"),
    ("image", "image"),
    ("图片", "image"),
    ("图像", "image"),
    ("music", "music"),
    ("音乐", "music"),
    ("speech", "speech"),
    ("语音", "speech"),
    ("claude design", "design"),
    ("routine runs", "routines"),
    ("routines", "routines"),
];

/// An add-on that the text begins with; only where its line tells of a quota.
pub(super) fn feature(text: &str) -> Option<(&'static str, usize)> {
    let (word, name) = FEATURES.iter().find(|(word, _)| text.starts_with(word))?;
    Some((name, word.len()))
}

const FAMILIES: &[&str] = &[
    "claude", "opus", "sonnet", "haiku", "gpt", "chatgpt", "o1", "o3", "o4", "gemini", "gemma", "glm", "kimi",
    "minimax", "codex", "deepseek",
];
const FURTHER: &[&str] = &[
    "claude",
    "opus",
    "sonnet",
    "haiku",
    "flash",
    "pro",
    "lite",
    "mini",
    "nano",
    "air",
    "turbo",
    "preview",
    "codex",
    "spark",
    "latest",
    "highspeed",
    "thinking",
    "fast",
    "live",
    "tts",
    "image",
    "embedding",
    "max",
    "vision",
    "code",
    "coder",
    "native",
    "audio",
    "chat",
    "sol",
    "luna",
    "terra",
    "reasoner",
];

/// A model's name at the start of a text: a family, then numbers and known words. "Claude Max" is none.
pub(super) fn model(text: &str) -> Option<(String, usize)> {
    let family = FAMILIES.iter().find(|family| text.starts_with(**family))?;
    let mut end = family.len();
    let alone = matches!(*family, "opus" | "sonnet" | "haiku");
    let mut numbered = family.ends_with(|last: char| last.is_ascii_digit());
    let mut words = usize::from(alone);
    for _ in 0..8 {
        let rest = &text[end..];
        let gap = usize::from(rest.starts_with([' ', '-']));
        let word = &rest[gap..];
        let len = word.bytes().take(12).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'.').count();
        let word = word[..len].trim_end_matches('.');
        let number = word.trim_start_matches(['v', 'k', 'm', 'o']).trim_end_matches(['o', 'b', 'v']);
        let is_number =
            !number.is_empty() && number.len() <= 4 && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        // "Gemini 3 Flash 3 / 10": the second number is the first cell.
        if word.is_empty() || (gap == 0 && !is_number) || !(is_number && !numbered || FURTHER.contains(&word)) {
            break;
        }
        // "Opus 4 hours" is no name, nor is "Opus 63%".
        let after = rest[gap + word.len()..].trim_start();
        if is_number && (after.starts_with(['%', '/', ',']) || after.starts_with("hour") || after.starts_with("小时"))
        {
            break;
        }
        numbered |= is_number;
        words += usize::from(matches!(word, "opus" | "sonnet" | "haiku"));
        end += gap + word.len();
    }
    let ends = !text[end..].starts_with(|next: char| next.is_ascii_alphanumeric());
    let known = ends && (numbered || words > 0);
    known.then(|| {
        let tail = &text[end..];
        let only =
            [" only", " 专用", "专用", " models"].into_iter().find(|word| tail.starts_with(word)).map_or(0, str::len);
        (text[..end].replace(' ', "-"), end + only)
    })
}

#[cfg(test)]
mod tests {
    use super::{counted_span, model, span, usage};
    use crate::domain::Span;

    #[test]
    fn a_window_is_named_in_many_ways_and_a_price_is_none() {
        let cases = [
            ("weekly limits", Some(Span::Weekly)),
            ("本周用量", Some(Span::Weekly)),
            ("monthly subscription", None),
            ("weekly newsletter", None),
            ("weeklyish", None),
            ("每月费用", None),
        ];
        for (text, expected) in cases {
            assert_eq!(span(text).map(|(span, _)| span), expected, "{text}");
        }
        let cases = [
            ("5-hour limit", Some(Span::Hours(5))),
            ("5h limit", Some(Span::Hours(5))),
            ("5h: 63% used", Some(Span::Hours(5))),
            ("5h 63% used", Some(Span::Hours(5))),
            ("5 hours", Some(Span::Hours(5))),
            ("5小时额度", Some(Span::Hours(5))),
            ("5 小时用量", Some(Span::Hours(5))),
            ("7-day", Some(Span::Weekly)),
            ("7 天额度", Some(Span::Weekly)),
            ("24-hour", Some(Span::Daily)),
            ("5 hours ago", None),
            ("5 hours 12 minutes", None),
            ("17 minutes", None),
            ("99 hours limit", None),
        ];
        for (text, expected) in cases {
            assert_eq!(counted_span(text, "").map(|(span, _)| span), expected, "{text}");
        }
        for (before, named) in [("resets in ", false), ("requests per ", true), ("usage (", true)] {
            assert_eq!(counted_span("5 hours", before).is_some(), named, "{before}");
        }
        assert_eq!((usage("usage limit"), usage("usage: 5%"), usage("用量")), (None, Some(5), Some(6)));
    }

    #[test]
    fn a_model_is_known_by_its_family_and_a_plan_is_no_model() {
        let cases = [
            ("opus only", Some("opus"), ""),
            ("sonnet only 12%", Some("sonnet"), " 12%"),
            ("gemini 3 flash 3 / 10", Some("gemini-3-flash"), " 3 / 10"),
            ("gemini 2.5 flash-lite", Some("gemini-2.5-flash-lite"), ""),
            ("gpt-5.3-codex-spark 5 hour usage limit", Some("gpt-5.3-codex-spark"), " 5 hour usage limit"),
            ("claude opus 4.5", Some("claude-opus-4.5"), ""),
            ("glm-5.3", Some("glm-5.3"), ""),
            ("minimax m3", Some("minimax-m3"), ""),
            ("o3-mini", Some("o3-mini"), ""),
            ("opus 63% used", Some("opus"), " 63% used"),
            ("claude max 20x", None, ""),
            ("claude code", None, ""),
            ("glm coding max", None, ""),
            ("gemini api", None, ""),
            ("opuses", None, ""),
        ];
        for (text, name, rest) in cases {
            let found = model(text);
            assert_eq!(found.as_ref().map(|(name, _)| name.as_str()), name, "{text}");
            assert_eq!(found.map_or("", |(_, len)| &text[len..]), rest, "{text}");
        }
    }
}
