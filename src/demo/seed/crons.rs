//! The fifty crons of the demo: a small company's gateway, with every kind of job there is.
//!
//! Only data. The text of each message is what a person would have written, so that suggestions of
//! a tier have something to go by.

/// A cron as the table below writes it.
#[derive(Debug)]
pub(super) struct Seed {
    /// The id is made from it: never rename one.
    pub slug: &'static str,
    pub name: &'static str,
    pub when: When,
    pub does: Does,
    /// The lane it is already in; `None` for unsorted crons and for those without a model.
    pub tier: Option<u8>,
    pub marks: &'static [Mark],
}

#[derive(Debug)]
pub(super) enum When {
    /// Expression and zone.
    Cron(&'static str, &'static str),
    /// Minutes, and how far into the first interval the demo starts.
    Every(i64, i64),
    /// Hours from the start of the demo.
    At(i64),
    OnExit(&'static str),
    Stream(&'static str),
}

#[derive(Debug)]
pub(super) enum Does {
    /// Model as stored (empty: the agent's default), and the message.
    Turn(&'static str, &'static str),
    Command(&'static [&'static str]),
    Script(&'static str),
    Event(&'static str),
    Heartbeat,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mark {
    Critical,
    Pinned(&'static str),
    /// Switched off by the user.
    Off,
    /// Switched off by the gateway after ten failures.
    AutoOff,
    /// In the middle of a long run.
    Running,
    AgentMade,
    Own(&'static str),
    DeleteAfterRun,
    Fallbacks(&'static [&'static str]),
    TimeoutSecs(i64),
    /// So many runs failed in a row.
    Failing(u64),
}

use Does::{Command, Event, Heartbeat, Script, Turn};
use Mark::{AgentMade, AutoOff, Critical, DeleteAfterRun, Failing, Fallbacks, Off, Own, Pinned, Running, TimeoutSecs};
use When::{At, Cron, Every, OnExit, Stream};

const M3: &str = "minimax/MiniMax-M3";
const FLASH: &str = "google/gemini-3-flash";
const K3: &str = "kimi/kimi-k3";
const OPUS: &str = "anthropic/claude-opus-4-8";
const SONNET: &str = "anthropic/claude-sonnet-5";
const BRUSSELS: &str = "Europe/Brussels";
const NEW_YORK: &str = "America/New_York";
const SHANGHAI: &str = "Asia/Shanghai";
const TOKYO: &str = "Asia/Tokyo";
const SYDNEY: &str = "Australia/Sydney";
const UTC: &str = "UTC";

const fn seed(
    slug: &'static str,
    name: &'static str,
    when: When,
    does: Does,
    tier: Option<u8>,
    marks: &'static [Mark],
) -> Seed {
    Seed { slug, name, when, does, tier, marks }
}

pub(super) const CRONS: &[Seed] = &[
    // T1: runs a script, reports OK.
    seed(
        "heartbeat-ping",
        "Heartbeat ping",
        Every(5, 3),
        Turn(M3, "Run scripts/ping.sh. If the gateway, the disk and the queue respond, reply HEARTBEAT_OK."),
        Some(1),
        &[],
    ),
    seed(
        "log-rotation-report",
        "Log rotation report",
        Cron("0 3 * * *", BRUSSELS),
        Turn(
            M3,
            "Run scripts/rotate-logs.sh. Reply HEARTBEAT_OK when every log was rotated, else the names of those left.",
        ),
        Some(1),
        &[],
    ),
    seed(
        "session-cleanup",
        "Session cleanup",
        Every(360, 300),
        Turn(M3, "Run scripts/cleanup-sessions.sh. Reply HEARTBEAT_OK when nothing failed."),
        Some(1),
        &[],
    ),
    seed(
        "certificate-expiry",
        "Certificate expiry",
        Cron("15 6 * * *", BRUSSELS),
        Turn("flash", "Run scripts/cert-expiry.sh. Report certificates that expire within 14 days, else HEARTBEAT_OK."),
        Some(1),
        &[],
    ),
    seed(
        "backup-verify",
        "Backup verify",
        Cron("30 1 * * *", UTC),
        Turn(M3, "Run scripts/verify-backup.sh --last. Report the size and checksum result of last night's backup."),
        Some(1),
        &[Critical],
    ),
    seed(
        "uptime-probe",
        "Uptime probe",
        Every(10, 4),
        Turn("flash", "Run scripts/uptime.sh against the public pages. Reply HEARTBEAT_OK if all answer with 200."),
        Some(1),
        &[],
    ),
    seed(
        "queue-depth-watch",
        "Queue depth watch",
        Every(15, 9),
        Turn(M3, "Run scripts/queue-depth.sh. Above 500 waiting jobs send an alert, else reply HEARTBEAT_OK."),
        Some(1),
        &[],
    ),
    seed(
        "dns-records-check",
        "DNS records check",
        Cron("0 */4 * * *", UTC),
        Turn("gemini-3-flash", "Run scripts/dns-diff.sh and reply HEARTBEAT_OK when the records are unchanged."),
        Some(1),
        &[],
    ),
    seed(
        "package-updates",
        "Package updates check",
        Cron("40 8 * * 1-5", TOKYO),
        Turn(M3, "Run scripts/apt-check.sh and list security updates, or HEARTBEAT_OK when there are none."),
        Some(1),
        &[],
    ),
    seed(
        "greenhouse-sensors",
        "🌡️ Greenhouse sensors",
        Every(30, 21),
        Turn(M3, "Run scripts/sensors.sh. Reply HEARTBEAT_OK when temperature and humidity are in range."),
        Some(1),
        &[],
    ),
    seed(
        "server-room-check",
        "机房温度巡检 (server room check)",
        Cron("*/20 * * * *", SHANGHAI),
        Turn(M3, "运行 scripts/room-temp.sh。温度正常时只回复 HEARTBEAT_OK,超过 28 度时发出警报。"),
        Some(1),
        &[],
    ),
    seed(
        "cache-warmup",
        "Cache warm-up",
        Cron("0 5 * * *", NEW_YORK),
        Turn(FLASH, "Run scripts/warm-cache.sh and report the number of pages warmed."),
        Some(1),
        &[],
    ),
    seed(
        "temp-folder-sweep",
        "🧹 Temp folder sweep",
        Cron("10 4 * * 0", BRUSSELS),
        Turn("MiniMax-M3", "Run scripts/sweep-tmp.sh and report the space that was freed."),
        Some(1),
        &[],
    ),
    seed(
        "partner-api-ping",
        "Partner API ping",
        Cron("30 */12 * * * *", UTC),
        Turn(FLASH, "Run scripts/partner-ping.sh. Reply HEARTBEAT_OK on 200, else the status code."),
        Some(1),
        &[],
    ),
    seed(
        "mailbox-size",
        "Mailbox size check",
        Cron("20 7 * * 1", SYDNEY),
        Turn("", "Run scripts/mailbox-size.sh and report mailboxes above 90 percent, else HEARTBEAT_OK."),
        Some(1),
        &[],
    ),
    seed(
        "parcel-tracking",
        "📦 Parcel tracking",
        Every(120, 95),
        Turn(M3, "Run scripts/parcels.sh and report parcels whose status changed, else HEARTBEAT_OK."),
        Some(1),
        &[AgentMade],
    ),
    // T2: reads output, screens content, decides simply.
    seed(
        "email-triage",
        "Email triage",
        Cron("*/30 6-20 * * 1-5", BRUSSELS),
        Turn(
            FLASH,
            "Read new emails and screen them: label urgent, waiting and newsletter, and draft short answers to \
              the urgent ones.",
        ),
        Some(2),
        &[Critical, Fallbacks(&[K3, M3])],
    ),
    seed(
        "mention-screening",
        "Mention screening",
        Cron("45 * * * *", UTC),
        Turn(
            "flash",
            "Screen new mentions of our products on the forums. Classify each as praise, question or \
              complaint and list the complaints.",
        ),
        Some(2),
        &[],
    ),
    seed(
        "invoice-chaser",
        "Invoice chaser",
        Cron("0 7 * * 1-5", BRUSSELS),
        Turn(K3, "Read the list of open invoices, decide which need a reminder and draft it politely."),
        Some(2),
        &[Failing(2)],
    ),
    seed(
        "calendar-conflicts",
        "Calendar conflicts",
        Cron("30 6 * * 1-5", BRUSSELS),
        Turn(FLASH, "Read the calendars of the team for the next three days and report overlapping meetings."),
        Some(2),
        &[Pinned(FLASH)],
    ),
    seed(
        "support-inbox-labels",
        "Support inbox labels",
        Every(20, 11),
        Turn("flash", "Read new support tickets, label product and severity, and assign them to a queue."),
        Some(2),
        &[Critical],
    ),
    seed(
        "feed-filter",
        "Feed filter",
        Every(120, 70),
        Turn(FLASH, "Read the news feeds, filter out duplicates and advertising, and keep at most ten items."),
        Some(2),
        &[],
    ),
    seed(
        "pr-reminders",
        "Review reminders",
        Cron("0 10,15 * * 1-5", NEW_YORK),
        Turn("", "Read the open pull requests and remind reviewers of those waiting for more than a day."),
        Some(2),
        &[],
    ),
    seed(
        "resume-screening",
        "招聘简历筛选 (résumé screening)",
        Cron("0 9 * * 1-5", SHANGHAI),
        Turn(FLASH, "阅读新收到的简历,按照职位要求筛选,并为每份简历写一句话的理由。"),
        Some(2),
        &[],
    ),
    seed(
        "expense-receipts",
        "🧾 Expense receipts",
        Cron("0 18 * * 1-5", BRUSSELS),
        Turn(M3, "Read the receipts that arrived today, extract amount and date and check them against the policy."),
        Some(2),
        &[],
    ),
    seed(
        "price-watch",
        "Price watch",
        Every(20, 11),
        Turn(K3, "Read the price lists of our suppliers and decide whether a change above five percent needs action."),
        Some(2),
        &[],
    ),
    seed(
        "lead-scoring",
        "Lead scoring",
        Cron("15 8-18 * * 1-5", NEW_YORK),
        Turn(FLASH, "Read new sign-ups, screen out spam and score the rest from one to five."),
        Some(2),
        &[Fallbacks(&[K3])],
    ),
    seed(
        "comment-moderation",
        "Comment moderation",
        Every(25, 6),
        Turn("gemini-3-flash", "Screen new comments against the house rules; hide what breaks them and say why."),
        Some(2),
        &[],
    ),
    seed(
        "standup-notes",
        "Stand-up notes follow-up",
        Cron("15 9 * * 1-5", TOKYO),
        Turn(FLASH, "Read the stand-up notes and check whether yesterday's promises were kept."),
        Some(2),
        &[AgentMade],
    ),
    // T3: strategy, analysis, creative work, long context.
    seed(
        "morning-strategy-brief",
        "Morning strategy brief",
        Cron("0 6 * * *", BRUSSELS),
        Turn(
            "opus",
            "Write the morning strategy brief: yesterday's numbers, what they mean for our strategy, three \
              options for today with their risks, and a recommendation.",
        ),
        Some(3),
        &[Critical, Fallbacks(&[SONNET])],
    ),
    seed(
        "research-synthesis",
        "Research synthesis",
        Cron("0 20 * * 0", BRUSSELS),
        Turn(
            OPUS,
            "Synthesise this week's saved papers into one analysis: claims, evidence, contradictions, and what \
              we should try next.",
        ),
        Some(3),
        &[Running, TimeoutSecs(3_600)],
    ),
    seed(
        "blog-draft",
        "Blog draft ✍️",
        Cron("0 9 * * 2", BRUSSELS),
        Turn(
            "sonnet",
            "Draft a blog article of about 1,200 words from the topic list, in our voice, with an outline \
              first and two alternative openings.",
        ),
        Some(3),
        &[],
    ),
    seed(
        "portfolio-review",
        "Portfolio review",
        Cron("0 7 1 * *", NEW_YORK),
        Turn(
            OPUS,
            "Write the portfolio analysis: performance, concentration, currency risk, and a reasoned proposal for \
              rebalancing.",
        ),
        Some(3),
        &[TimeoutSecs(1_200)],
    ),
    seed(
        "incident-retrospective",
        "Incident retrospective",
        OnExit("incident-room"),
        Turn(
            OPUS,
            "Write the retrospective of the incident: timeline, root cause analysis, contributing factors, and \
              measures.",
        ),
        Some(3),
        &[Off],
    ),
    seed(
        "architecture-review",
        "代码架构周评 (architecture review)",
        Cron("0 16 * * 5", SHANGHAI),
        Turn("opus", "深入分析本周合并的代码:架构影响、技术债务和风险,并提出下周的改进策略。"),
        Some(3),
        &[],
    ),
    seed(
        "investor-update",
        "Investor update",
        Cron("0 8 28 * *", SYDNEY),
        Turn(
            "opus",
            "Write the monthly investor update from the metrics folder: narrative, analysis of the trend, and \
              the strategy for the next quarter.",
        ),
        Some(3),
        &[],
    ),
    seed(
        "contract-analysis",
        "Contract analysis",
        Cron("30 13 * * 1-5", NEW_YORK),
        Turn(
            "openai/gpt-5.5",
            "Analyse new contracts clause by clause, compare them with our standard and explain each \
              deviation.",
        ),
        Some(3),
        &[AutoOff],
    ),
    seed(
        "customer-interviews",
        "Customer interviews: read every transcript of the week, cluster the needs behind the words, write the synthesis \
         with quotes, and propose what to change in the roadmap, for the product meeting on Monday",
        Cron("0 17 * * 5", BRUSSELS),
        Turn(
            OPUS,
            "Read all interview transcripts of this week, cluster the needs, and write a synthesis with quotes \
              and a proposal for the roadmap.",
        ),
        Some(3),
        &[TimeoutSecs(1_800)],
    ),
    seed(
        "board-pack",
        "Board pack, one shot",
        At(30),
        Turn("opus", "Prepare the board pack: analysis of the quarter, strategy options, and the open decisions."),
        Some(3),
        &[DeleteAfterRun, TimeoutSecs(1_200)],
    ),
    // Unsorted: new on the gateway.
    seed(
        "newsletter-digest",
        "Newsletter digest",
        Cron("30 8 * * 1", BRUSSELS),
        Turn("", "Read this week's newsletters, filter what concerns our market and summarise it in ten lines."),
        None,
        &[],
    ),
    seed(
        "disk-check",
        "disk-check",
        Every(15, 12),
        Turn("", "Run scripts/disk.sh and reply HEARTBEAT_OK when every volume is below 85 percent."),
        None,
        &[],
    ),
    seed(
        "competitor-weekly",
        "竞品周报 (competitor weekly)",
        Cron("0 17 * * 5", SHANGHAI),
        Turn("", "分析竞争对手本周的产品和定价变化,写一份战略周报,并给出我们的应对策略。"),
        None,
        &[],
    ),
    // Jobs without a model.
    seed(
        "nightly-backup",
        "Nightly backup",
        Cron("0 1 * * *", UTC),
        Command(&["sh", "-lc", "scripts/backup.sh"]),
        None,
        &[TimeoutSecs(900)],
    ),
    seed(
        "release-watcher",
        "Release watcher",
        Stream("ci-events"),
        Command(&["sh", "-lc", "scripts/on-release.sh"]),
        None,
        &[TimeoutSecs(60)],
    ),
    seed(
        "inbox-counter",
        "Inbox counter",
        Every(15, 2),
        Script("return { notify: `inbox ${await tools.count('inbox')}` }"),
        None,
        &[],
    ),
    seed(
        "ticket-export",
        "Ticket export",
        Cron("50 23 * * *", BRUSSELS),
        Script("return await tools.export('tickets', 'csv')"),
        None,
        &[],
    ),
    seed("stretch-reminder", "🤸 Stretch reminder", Every(90, 50), Event("Remind me to stretch."), None, &[]),
    seed(
        "passport-reminder",
        "Passport appointment",
        At(53),
        Event("The passport appointment is in one hour, town hall, counter 4."),
        None,
        &[DeleteAfterRun],
    ),
    seed("heartbeat-main", "heartbeat-main", Every(30, 17), Heartbeat, None, &[Own("heartbeat:main")]),
    seed(
        "skill-collection-review-main",
        "skill-collection-review-main",
        Every(10_080, 4_000),
        Turn("", "Review this agent's Skill Workshop as a collection, not a set of independent writing exercises."),
        None,
        &[Own("skill-collection-review:main")],
    ),
];
