//! A check in words: what was asked and what not, and why; what it cost; how the next ones come.

use super::{Speech, age, clock, clock_and_relative, count, relative};
use crate::domain::{Asked, CheckReport, Cost, Look, Looks, NotAsked, Proof, Purpose, Region, Service, Withheld};

/// "whether jobs can run".
#[must_use]
pub const fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Health => "whether jobs can run",
        Purpose::Quota => "how much of the quota is used",
        Purpose::Model => "whether the model is there",
        Purpose::LastResort => "a job of one token",
        Purpose::Sibling => "whether another address takes the key",
    }
}

/// Why a question was not sent.
#[must_use]
pub fn withheld(why: Withheld, speech: &Speech<'_>) -> String {
    match why {
        Withheld::NoKey => "there is no key to ask with".to_owned(),
        Withheld::SwitchedOff => "its endpoint is undocumented, and those are switched off".to_owned(),
        Withheld::CostsTokens => "it costs tokens, and nobody allowed that".to_owned(),
        Withheld::TooSoon { until } => {
            format!("it costs tokens, and the last one was a short time ago; again at {}", clock(until, speech))
        }
        Withheld::WindowUsedUp => "a window is used up: no job can run".to_owned(),
        Withheld::Answered => "an earlier answer left nothing to ask".to_owned(),
        Withheld::ToldToWait => "an earlier answer asked to wait".to_owned(),
        Withheld::NotEncrypted => "the address is not encrypted, so nothing was sent".to_owned(),
        Withheld::BadAddress => "the address cannot be used, so nothing was sent".to_owned(),
        Withheld::BadKey => "the key holds what cannot be sent, so nothing was sent".to_owned(),
        Withheld::NoWay => "this version knows no way to ask this service".to_owned(),
    }
}

/// "Asked whether jobs can run: answered 200 in 0.4 s, free".
#[must_use]
pub fn asked(asked: &Asked) -> String {
    let answer = match (asked.status, &asked.transport_error) {
        (Some(status), _) => format!("answered {status}"),
        (None, Some(error)) => format!("no answer ({error})"),
        (None, None) => "no answer".to_owned(),
    };
    let cost = if asked.cost == Cost::Paid { "costs tokens" } else { "free" };
    format!("Asked {}: {answer} in {:.1} s, {cost}", purpose(asked.purpose), asked.took.as_secs_f64())
}

/// "Not asked how much of the quota is used: there is no key to ask with".
#[must_use]
pub fn not_asked(left_out: &NotAsked, speech: &Speech<'_>) -> String {
    format!("Not asked {}: {}", purpose(left_out.purpose), withheld(left_out.why, speech))
}

/// "No tokens were spent", "8 tokens were spent".
#[must_use]
pub fn tokens_spent(report: &CheckReport) -> String {
    match (report.tokens_spent, report.paid()) {
        (0, false) => "No tokens were spent".to_owned(),
        (0, true) => "It cost tokens; how many was not told".to_owned(),
        (1, _) => "About 1 token was spent".to_owned(),
        (n, _) => format!("About {n} tokens were spent"),
    }
}

/// What a good answer shows.
#[must_use]
pub const fn proof(proof: Proof) -> &'static str {
    match proof {
        Proof::Nothing => "It proves nothing about jobs",
        Proof::Key => "It proves that the key is taken, not that a job would run",
        Proof::Jobs => "It proves that a job would run",
    }
}

/// "checked 2 min ago, next in 3 min".
#[must_use]
pub fn look_times(look: Option<&Look>, speech: &Speech<'_>) -> String {
    let checked = look.and_then(|look| look.report.as_ref()).map_or_else(
        || "not checked from here yet".to_owned(),
        |report| format!("checked {}", age(report.checked_at, speech.now)),
    );
    match look.and_then(|look| look.due_at).filter(|due| *due > speech.now) {
        Some(due) => format!("{checked}, next {}", relative(due, speech.now)),
        None => checked,
    }
}

/// Why an account cannot be asked now, if so.
#[must_use]
pub fn told_to_wait(look: Option<&Look>, speech: &Speech<'_>) -> Option<String> {
    let until = look?.not_before.filter(|until| *until > speech.now)?;
    Some(format!("It asked for patience: nobody asks it before {}", clock_and_relative(until, speech)))
}

/// "3 of 6 answered".
#[must_use]
pub fn round_progress(looks: &Looks) -> Option<String> {
    let round = looks.round.as_ref().filter(|round| !round.left.is_empty())?;
    Some(format!("{} of {} answered", round.asked.len() - round.left.len(), round.asked.len()))
}

/// "2 paid questions in 24 h, 16 tokens".
#[must_use]
pub fn paid_questions(looks: &Looks) -> String {
    match looks.paid {
        0 => "No question cost tokens in the last 24 h".to_owned(),
        paid => {
            let tokens = match looks.tokens_spent {
                0 => String::new(),
                tokens => format!(", about {tokens} tokens"),
            };
            format!("{} in the last 24 h{tokens}", count(paid as usize, "paid question"))
        }
    }
}

/// What a service is called where several belong to one vendor.
#[must_use]
pub const fn service_name(service: Service) -> &'static str {
    match service {
        Service::Zai => "Z.ai (GLM)",
        Service::Anthropic => "Anthropic API",
        Service::ClaudeSubscription => "Claude subscription",
        Service::OpenAi => "OpenAI API",
        Service::Codex => "ChatGPT plan (Codex)",
        Service::Gemini => "Google Gemini API",
        Service::GeminiCli => "Google sign-in (Gemini CLI)",
        Service::MiniMax => "MiniMax",
        Service::Kimi => "Kimi membership",
        Service::Moonshot => "Moonshot Open Platform",
        Service::OpenRouter => "OpenRouter",
        Service::DeepSeek => "DeepSeek",
        Service::Xai => "xAI (Grok)",
        Service::Groq => "Groq",
        Service::Mistral => "Mistral",
        Service::Copilot => "GitHub Copilot",
        Service::Alibaba => "Alibaba (Qwen)",
        Service::Ollama => "Ollama on this computer",
        Service::OllamaCloud => "Ollama cloud",
        Service::LmStudio => "LM Studio on this computer",
        Service::Other => "Another service",
    }
}

#[must_use]
pub const fn region_name(region: Region) -> &'static str {
    match region {
        Region::Global => "Global",
        Region::China => "China",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::testing::{at, world};
    use super::{asked, look_times, not_asked, paid_questions, round_progress, service_name, told_to_wait};
    use crate::domain::{
        AccountId, Asked, CheckReport, Cost, Look, Looks, NotAsked, Purpose, Round, Service, Withheld,
    };

    #[test]
    fn a_question_says_what_it_was_for_what_came_and_what_it_cost() {
        let world = world();
        let sent = Asked {
            purpose: Purpose::Health,
            url: "https://api.z.ai/api/monitor/usage/quota/limit".to_owned(),
            status: Some(200),
            transport_error: None,
            took: Duration::from_millis(412),
            cost: Cost::Free,
            retry_at: None,
        };
        assert_eq!(asked(&sent), "Asked whether jobs can run: answered 200 in 0.4 s, free");
        let broken = Asked { status: None, transport_error: Some("timed out".to_owned()), cost: Cost::Paid, ..sent };
        assert_eq!(asked(&broken), "Asked whether jobs can run: no answer (timed out) in 0.4 s, costs tokens");
        let left = NotAsked { purpose: Purpose::Quota, why: Withheld::SwitchedOff };
        assert_eq!(
            not_asked(&left, &world.speech()),
            "Not asked how much of the quota is used: its endpoint is undocumented, and those are switched off"
        );
    }

    #[test]
    fn times_progress_and_patience_are_said_when_there_are_any() {
        let world = world();
        let speech = &world.speech();
        assert_eq!(look_times(None, speech), "not checked from here yet");
        let report = CheckReport::nothing(AccountId::new("zai"), at("2026-11-23 05:58"));
        let look = Look {
            report: Some(Arc::new(report)),
            due_at: Some(at("2026-11-23 06:03")),
            not_before: Some(at("2026-11-23 06:10")),
            ..Look::default()
        };
        assert_eq!(look_times(Some(&look), speech), "checked 2 min ago, next in 3 min");
        assert_eq!(
            told_to_wait(Some(&look), speech).as_deref(),
            Some("It asked for patience: nobody asks it before 06:10, in 10 min")
        );
        assert_eq!(told_to_wait(Some(&Look { not_before: Some(world.now), ..look }), speech), None);
        let ids: BTreeSet<_> = ["a", "b", "c"].map(AccountId::new).into();
        let left = BTreeSet::from([AccountId::new("c")]);
        let round = Some(Round { started_at: world.now, asked: ids, left });
        let looks = Looks { round, paid: 2, tokens_spent: 16, ..Looks::default() };
        assert_eq!(round_progress(&looks).as_deref(), Some("2 of 3 answered"));
        assert_eq!(paid_questions(&looks), "2 paid questions in the last 24 h, about 16 tokens");
        assert_eq!(round_progress(&Looks::default()), None);
    }

    #[test]
    fn no_two_services_have_the_same_name() {
        let names: BTreeSet<_> = Service::ALL.iter().map(|service| service_name(*service)).collect();
        assert_eq!(names.len(), Service::ALL.len());
    }
}
