//! Real names of crons, in both languages, and the tier a person would give them.

use super::*;
use crate::domain::{AgentTurn, CronId, Payload};

fn cron(name: &str, message: &str, schedule: Schedule) -> Cron {
    Cron::new(
        CronId::new("c"),
        name,
        schedule,
        Payload::AgentTurn(AgentTurn { message: message.to_owned(), ..AgentTurn::default() }),
    )
}

fn daily() -> Schedule {
    Schedule::Cron { expr: "0 8 * * *".to_owned(), zone: None, stagger: None }
}

#[test]
fn real_names_get_the_tier_a_person_would_give_them() {
    let cases = [
        ("disk-check", "Run ./disk.sh and reply OK", Tier::T1),
        ("Heartbeat", "Read HEARTBEAT.md. If nothing needs attention, reply HEARTBEAT_OK", Tier::T1),
        ("Nightly backup", "Run the script backup.sh and report OK or the error", Tier::T1),
        ("每日备份", "运行备份脚本，完成后回复OK", Tier::T1),
        ("cert renewal", "renew certificates", Tier::T1),
        ("Newsletter digest", "Summarise today's newsletters in five lines", Tier::T2),
        ("Inbox triage", "Check the inbox, label what needs an answer. Otherwise reply HEARTBEAT_OK", Tier::T2),
        ("Invoice chaser", "Look for unpaid invoices and draft a reminder", Tier::T2),
        ("Morning briefing", "Weather, calendar, top news", Tier::T2),
        ("邮件筛选", "检查收件箱，筛选重要邮件", Tier::T2),
        ("Competitor watch", "Research what our competitors shipped and analyse it", Tier::T3),
        ("竞品周报", "分析竞品动态，写一份周报", Tier::T3),
        ("Weekly strategy memo", "Write a strategy memo", Tier::T3),
        ("Blog draft", "Write a draft for the blog", Tier::T3),
    ];
    for (name, message, tier) in cases {
        let suggestion = suggest_tier(&cron(name, message, daily()));
        assert_eq!(suggestion.tier, tier, "{name}: {:?}", suggestion.why);
        assert_ne!(suggestion.why, SuggestionReason::Nothing, "{name} has a word that speaks for it");
    }
}

#[test]
fn without_a_telling_word_length_and_frequency_decide() {
    let every = SignedDuration::from_mins(5);
    let frequent = cron("poll", "go", Schedule::Every { every, anchor: None });
    assert_eq!(suggest_tier(&frequent), Suggestion { tier: Tier::T1, why: SuggestionReason::RunsOften { every } });

    let expr = cron("poll", "go", Schedule::Cron { expr: "*/5 * * * *".to_owned(), zone: None, stagger: None });
    assert_eq!(suggest_tier(&expr), suggest_tier(&frequent), "the same rhythm written as an expression");

    let long = cron("thing", &"lorem ipsum ".repeat(200), daily());
    assert_eq!(suggest_tier(&long).why, SuggestionReason::LongMessage { n_chars: 2_400 });
    assert_eq!(suggest_tier(&long).tier, Tier::T3);

    let plain = cron("thing", "go", daily());
    assert_eq!(suggest_tier(&plain), Suggestion { tier: Tier::T2, why: SuggestionReason::Nothing });
}

#[test]
fn a_word_is_not_found_inside_another() {
    for (text, word) in [("shipping", "ping"), ("airplane", "plan"), ("planet", "plan"), ("precheck", "check*")] {
        assert!(!says(text, word), "{word} is not said in {text}");
    }
    assert!(says("disk-check", "check*") && says("summarise", "summar*"));
}
