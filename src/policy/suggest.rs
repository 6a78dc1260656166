//! A tier for a cron nobody has sorted yet, and the word that speaks for it.
//!
//! Words of the name weigh three times as much as words of the message; without any, what runs
//! often and says little is simple, and what says a lot is complex.

use jiff::SignedDuration;

use crate::domain::{Cron, Schedule, Suggestion, SuggestionReason, Tier};

/// The tier this cron most likely belongs to. Only a proposal: nothing happens before the user accepts it.
#[must_use]
pub fn suggest_tier(cron: &Cron) -> Suggestion {
    let message = cron.turn().map_or("", |turn| turn.message.as_str());
    let mut scores: Vec<Score> = Tier::ALL.into_iter().map(Score::new).collect();
    for (tier, weight, word) in WORDS {
        let score = &mut scores[usize::from(tier.number()) - 1];
        score.add(word, if says(&cron.name, word) { weight * 3 } else { 0 });
        let said = says(message, word) || cron.description.as_deref().is_some_and(|text| says(text, word));
        score.add(word, if said { *weight } else { 0 });
    }
    let every = often(&cron.schedule);
    let n_chars = message.chars().count();
    let command_like = every.filter(|_| n_chars <= SHORT_MESSAGE);
    if command_like.is_some() {
        scores[0].total += 2;
    }
    if n_chars >= LONG_MESSAGE {
        scores[2].total += 2;
    }
    let best = scores.iter().rev().max_by_key(|score| score.total).filter(|score| score.word.is_some());
    match (best, command_like) {
        (Some(score), _) => score.suggestion(),
        (None, _) if n_chars >= LONG_MESSAGE => {
            Suggestion { tier: Tier::T3, why: SuggestionReason::LongMessage { n_chars } }
        }
        (None, Some(every)) => Suggestion { tier: Tier::T1, why: SuggestionReason::RunsOften { every } },
        (None, None) => Suggestion { tier: Tier::T2, why: SuggestionReason::Nothing },
    }
}

const SHORT_MESSAGE: usize = 200;
const LONG_MESSAGE: usize = 1_500;
const OFTEN: SignedDuration = SignedDuration::from_mins(30);

struct Score {
    tier: Tier,
    total: u32,
    word: Option<&'static str>,
    heaviest: u32,
}

impl Score {
    fn new(tier: Tier) -> Self {
        Self { tier, total: 0, word: None, heaviest: 0 }
    }

    fn add(&mut self, word: &'static str, weight: u32) {
        self.total += weight;
        if weight > self.heaviest {
            self.heaviest = weight;
            self.word = Some(word);
        }
    }

    fn suggestion(&self) -> Suggestion {
        let word = self.word.unwrap_or_default().trim_end_matches('*').to_owned();
        let why = match self.tier {
            Tier::T1 => SuggestionReason::ReportsOk { word },
            Tier::T2 => SuggestionReason::ReadsAndDecides { word },
            Tier::T3 => SuggestionReason::ThinksOrWrites { word },
        };
        Suggestion { tier: self.tier, why }
    }
}

/// Whole words without case; a star takes any ending; anything beyond ASCII is found anywhere.
const WORDS: &[(Tier, u32, &str)] = &[
    (Tier::T1, 6, "HEARTBEAT_OK"),
    (Tier::T1, 5, "reply OK"),
    (Tier::T1, 5, "reply with OK"),
    (Tier::T1, 5, "respond OK"),
    (Tier::T1, 5, "report OK"),
    (Tier::T1, 5, "回复OK"),
    (Tier::T1, 5, "回复 OK"),
    (Tier::T1, 4, "run the script"),
    (Tier::T1, 3, "heartbeat"),
    (Tier::T1, 3, "script*"),
    (Tier::T1, 3, "backup*"),
    (Tier::T1, 3, "disk"),
    (Tier::T1, 3, "ping"),
    (Tier::T1, 3, "uptime"),
    (Tier::T1, 3, "healthcheck"),
    (Tier::T1, 3, "health check"),
    (Tier::T1, 3, "cleanup"),
    (Tier::T1, 3, "clean up"),
    (Tier::T1, 2, "prune"),
    (Tier::T1, 2, "rotate"),
    (Tier::T1, 2, "sync"),
    (Tier::T1, 2, "restart"),
    (Tier::T1, 2, "renew*"),
    (Tier::T1, 2, "git pull"),
    (Tier::T1, 2, "curl"),
    (Tier::T1, 2, "watchdog"),
    (Tier::T1, 2, "certificate*"),
    (Tier::T1, 2, "cert"),
    (Tier::T1, 3, "心跳"),
    (Tier::T1, 3, "脚本"),
    (Tier::T1, 3, "备份"),
    (Tier::T1, 3, "磁盘"),
    (Tier::T1, 2, "清理"),
    (Tier::T1, 2, "同步"),
    (Tier::T1, 2, "重启"),
    (Tier::T1, 2, "签到"),
    (Tier::T2, 3, "triage*"),
    (Tier::T2, 3, "inbox"),
    (Tier::T2, 3, "digest*"),
    (Tier::T2, 3, "summar*"),
    (Tier::T2, 3, "screen*"),
    (Tier::T2, 2, "check*"),
    (Tier::T2, 2, "email*"),
    (Tier::T2, 2, "mail"),
    (Tier::T2, 2, "review*"),
    (Tier::T2, 2, "monitor*"),
    (Tier::T2, 2, "scan*"),
    (Tier::T2, 2, "classif*"),
    (Tier::T2, 2, "categor*"),
    (Tier::T2, 2, "filter*"),
    (Tier::T2, 2, "label*"),
    (Tier::T2, 2, "news"),
    (Tier::T2, 2, "newsletter*"),
    (Tier::T2, 2, "headline*"),
    (Tier::T2, 2, "remind*"),
    (Tier::T2, 2, "brief"),
    (Tier::T2, 2, "briefing"),
    (Tier::T2, 2, "invoice*"),
    (Tier::T2, 2, "calendar"),
    (Tier::T2, 2, "feed*"),
    (Tier::T2, 2, "standup"),
    (Tier::T2, 2, "watch"),
    (Tier::T2, 3, "汇总"),
    (Tier::T2, 3, "摘要"),
    (Tier::T2, 3, "总结"),
    (Tier::T2, 3, "筛选"),
    (Tier::T2, 3, "收件箱"),
    (Tier::T2, 2, "检查"),
    (Tier::T2, 2, "邮件"),
    (Tier::T2, 2, "监控"),
    (Tier::T2, 2, "分类"),
    (Tier::T2, 2, "提醒"),
    (Tier::T2, 2, "新闻"),
    (Tier::T2, 2, "早报"),
    (Tier::T2, 2, "日报"),
    (Tier::T3, 4, "strateg*"),
    (Tier::T3, 4, "research*"),
    (Tier::T3, 3, "analys*"),
    (Tier::T3, 3, "analyz*"),
    (Tier::T3, 3, "competitor*"),
    (Tier::T3, 3, "competitive"),
    (Tier::T3, 3, "creative"),
    (Tier::T3, 3, "essay*"),
    (Tier::T3, 3, "roadmap*"),
    (Tier::T3, 3, "proposal*"),
    (Tier::T3, 3, "forecast*"),
    (Tier::T3, 3, "investor*"),
    (Tier::T3, 3, "deep dive"),
    (Tier::T3, 3, "blog"),
    (Tier::T3, 3, "article*"),
    (Tier::T3, 2, "write"),
    (Tier::T3, 2, "writing"),
    (Tier::T3, 2, "draft*"),
    (Tier::T3, 2, "report"),
    (Tier::T3, 2, "reports"),
    (Tier::T3, 2, "plan"),
    (Tier::T3, 2, "planning"),
    (Tier::T3, 2, "brainstorm*"),
    (Tier::T3, 2, "retrospective"),
    (Tier::T3, 2, "architecture"),
    (Tier::T3, 4, "策略"),
    (Tier::T3, 4, "战略"),
    (Tier::T3, 3, "分析"),
    (Tier::T3, 3, "研究"),
    (Tier::T3, 3, "竞品"),
    (Tier::T3, 3, "周报"),
    (Tier::T3, 3, "月报"),
    (Tier::T3, 3, "撰写"),
    (Tier::T3, 3, "写作"),
    (Tier::T3, 3, "创意"),
    (Tier::T3, 3, "规划"),
    (Tier::T3, 3, "深度"),
    (Tier::T3, 2, "报告"),
    (Tier::T3, 2, "文章"),
];

fn says(text: &str, word: &str) -> bool {
    let (stem, any_ending) = word.strip_suffix('*').map_or((word, false), |stem| (stem, true));
    if !stem.is_ascii() {
        return text.contains(stem);
    }
    let (text, stem) = (text.to_ascii_lowercase(), stem.to_ascii_lowercase());
    let letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    text.match_indices(&stem).any(|(at, found)| {
        let bytes = text.as_bytes();
        let starts = !letter(at.checked_sub(1).and_then(|before| bytes.get(before)));
        starts && (any_ending || !letter(bytes.get(at + found.len())))
    })
}

/// How often it runs, when that is often.
fn often(schedule: &Schedule) -> Option<SignedDuration> {
    let every = match schedule {
        Schedule::Every { every, .. } => *every,
        Schedule::Cron { expr, .. } => {
            let mut fields: Vec<&str> = expr.split_whitespace().collect();
            if fields.len() == 6 {
                fields.remove(0);
            }
            match fields.as_slice() {
                ["*", "*", ..] => SignedDuration::from_mins(1),
                [minute, "*", ..] => SignedDuration::from_mins(minute.strip_prefix("*/")?.parse().ok()?),
                _ => return None,
            }
        }
        Schedule::At { .. } | Schedule::Event { .. } => return None,
    };
    (every <= OFTEN).then_some(every)
}

#[cfg(test)]
mod tests;
