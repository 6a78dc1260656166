//! What the page calls the plan.

use super::dialect::Dialect;

/// A plan's name is short.
const LONGEST: usize = 40;
const HEADINGS: &[&str] =
    &["current plan", "your plan", "plan", "当前套餐", "我的套餐", "套餐", "subscription", "当前方案", "usage tier"];

pub(super) fn of(text: &str, dialect: &Dialect) -> Option<String> {
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.chars().count() > LONGEST + 20 {
            continue;
        }
        let lower = line.to_ascii_lowercase();
        if let Some((_, name)) = lower.split_once(':').filter(|(heading, _)| HEADINGS.contains(&heading.trim())) {
            let name = line[line.len() - name.len()..].trim();
            if is_name(name) {
                return Some(name.to_owned());
            }
        }
        if HEADINGS.contains(&lower.as_str())
            && let Some(name) = lines.peek().filter(|name| is_name(name))
        {
            return Some((*name).to_owned());
        }
        if dialect.plans.iter().any(|plan| lower.starts_with(plan)) && is_name(line) {
            return Some(line.to_owned());
        }
    }
    None
}

/// Short, of one part, and without a number that tells of a quota.
fn is_name(text: &str) -> bool {
    let telling = ["%", "limit", "usage", "reset", "额度", "用量", "限额", "重置", ":", "upgrade", "升级", "$", "¥"];
    let lower = text.to_ascii_lowercase();
    let n_letters = text.chars().count();
    (2..=LONGEST).contains(&n_letters)
        && !telling.iter().any(|word| lower.contains(word))
        && !text.ends_with(['.', '。', '?'])
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::domain::Service;
    use crate::providers::dashboard::dialect;

    #[test]
    fn a_plan_is_named_beside_its_heading_or_by_a_word_of_its_own() {
        let cases = [
            (Service::Zai, "Usage\nGLM Coding Max\nWeekly 5% used", Some("GLM Coding Max")),
            (Service::Kimi, "当前套餐: Allegretto\n本周用量", Some("Allegretto")),
            (Service::Codex, "Current plan\nChatGPT Plus\n", Some("ChatGPT Plus")),
            (Service::Kimi, "Plan\nUpgrade for more\n5% used", None),
            (Service::Zai, "Your plan resets weekly and more", None),
        ];
        for (service, text, plan) in cases {
            assert_eq!(of(text, &dialect::of(service)).as_deref(), plan, "{text}");
        }
    }
}
