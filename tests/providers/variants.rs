//! The same codes in other phrasing, other languages and other envelopes, written by hand.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::case::Case;

struct Row {
    why: &'static str,
    provider: &'static str,
    billing: &'static str,
    status: u16,
    body: Value,
    /// Health, temporary, scope.
    expected: (&'static str, bool, &'static str),
    reset: Option<&'static str>,
}

const NOW: &str = "2026-11-20T08:00:00Z";

fn row(
    why: &'static str,
    (provider, billing): (&'static str, &'static str),
    status: u16,
    body: Value,
    expected: (&'static str, bool, &'static str),
    reset: Option<&'static str>,
) -> Row {
    Row { why, provider, billing, status, body, expected, reset }
}

const ZAI: (&str, &str) = ("zai", "quota_plan");
const ANTHROPIC: (&str, &str) = ("anthropic", "rate_tier");
const OPENAI: (&str, &str) = ("openai", "rate_tier");
const GEMINI: (&str, &str) = ("gemini", "rate_tier");
const CREDITS: (&str, &str) = ("minimax", "prepaid_credits");
const TOKEN_PLAN: (&str, &str) = ("minimax", "quota_plan");
const KIMI: (&str, &str) = ("kimi", "quota_plan");
const MOONSHOT: (&str, &str) = ("moonshot", "rate_tier");
const OTHER: (&str, &str) = ("somebody", "rate_tier");

const LIMIT: (&str, bool, &str) = ("quota_exhausted", true, "account");
const NO_RESET: (&str, bool, &str) = ("quota_exhausted", false, "account");
const RATE: (&str, bool, &str) = ("rate_limited", true, "account");
const BUSY: (&str, bool, &str) = ("overloaded", true, "account");
const EMPTY: (&str, bool, &str) = ("balance_empty", false, "account");
const KEY: (&str, bool, &str) = ("auth", false, "key");
const FINE: (&str, bool, &str) = ("up", false, "request");
const MODEL: (&str, bool, &str) = ("model_unavailable", false, "model");
const BLOCKED: (&str, bool, &str) = ("blocked", false, "account");
const DOWN: (&str, bool, &str) = ("down", true, "account");

fn error(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message}})
}

fn anthropic(kind: &str, message: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "message": message}})
}

fn base_resp(code: i64, message: &str) -> Value {
    json!({"base_resp": {"status_code": code, "status_msg": message}})
}

fn google(status: u16, name: &str, message: &str, details: &Value) -> Value {
    json!({"error": {"code": status, "status": name, "message": message, "details": details}})
}

fn rows() -> Vec<Row> {
    let quota = |id: &str| json!([{"violations": [{"quotaId": id}]}]);
    vec![
        // Z.ai
        row("other words for 1113", ZAI, 429, error("1113", "No resources left, buy more"), LIMIT, None),
        row("1113 with a different status", ZAI, 403, error("1113", "余额不足"), LIMIT, None),
        row(
            "1113 of an account set to prepaid",
            ("zai", "prepaid_credits"),
            429,
            error("1113", "余额不足"),
            LIMIT,
            None,
        ),
        row(
            "1308 in Chinese",
            ZAI,
            429,
            error("1308", "已达到 5 小时的使用上限。您的限额将在 2026-11-20 19:12:05 重置。"),
            LIMIT,
            Some("2026-11-20T11:12:05Z"),
        ),
        row("1308 without a time", ZAI, 429, error("1308", "Limit reached"), LIMIT, None),
        row(
            "1310 in English",
            ZAI,
            429,
            error("1310", "Weekly/Monthly Limit Exhausted. Your limit will reset at 2026-11-25 10:03:21"),
            LIMIT,
            Some("2026-11-25T02:03:21Z"),
        ),
        row("1319 speaks of money", ZAI, 429, error("1319", "Insufficient balance, recharge"), LIMIT, None),
        row("1302 in Chinese", ZAI, 429, error("1302", "您当前使用该API的并发数过高"), RATE, None),
        row("1305 in Chinese", ZAI, 429, error("1305", "当前API请求过多，请稍后重试"), BUSY, None),
        row("1120 locks the account", ZAI, 429, error("1120", "账户异常"), BLOCKED, None),
        row("1234 is the network", ZAI, 400, error("1234", "网络错误"), DOWN, None),
        row("1261 is too long", ZAI, 400, error("1261", "Prompt exceeds max length"), FINE, None),
        row("a code nobody knows", ZAI, 429, error("1399", "something new about your balance"), RATE, None),
        row(
            "the bracketed code alone",
            ZAI,
            429,
            anthropic("rate_limit_error", "[1308][reset at 2026-11-20 18:35:41][x]"),
            LIMIT,
            Some("2026-11-20T10:35:41Z"),
        ),
        // Anthropic
        row(
            "a workspace's own limit",
            ANTHROPIC,
            400,
            anthropic(
                "invalid_request_error",
                "You have reached your specified workspace API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.",
            ),
            LIMIT,
            Some("2026-12-01T00:00:00Z"),
        ),
        row(
            "a spend limit without a date",
            ANTHROPIC,
            429,
            json!({"type": "error", "error": {"type": "rate_limit_error", "message": "Limit", "details": {"error_code": "enforced_spend_limit_reached"}}}),
            LIMIT,
            Some("2026-12-01T00:00:00Z"),
        ),
        row(
            "credits for a subscription",
            ("anthropic", "quota_plan"),
            400,
            anthropic("invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
            LIMIT,
            None,
        ),
        row(
            "money in the user's text",
            ANTHROPIC,
            400,
            anthropic("invalid_request_error", "messages.0.content: \"Your credit balance is too low\" is no text"),
            FINE,
            None,
        ),
        row(
            "usage credits for long context",
            ANTHROPIC,
            429,
            anthropic("rate_limit_error", "Usage credits are required for long context requests."),
            ("model_unavailable", false, "request"),
            None,
        ),
        row(
            "an expired sign-in",
            ("claude-subscription", "quota_plan"),
            401,
            anthropic("authentication_error", "Invalid bearer token"),
            ("auth", true, "key"),
            None,
        ),
        row(
            "a request that is too large",
            ANTHROPIC,
            413,
            anthropic("request_too_large", "Request exceeds the maximum size"),
            FINE,
            None,
        ),
        row("busy by its type alone", ANTHROPIC, 500, anthropic("overloaded_error", "Overloaded"), BUSY, None),
        // OpenAI
        row(
            "the day's tokens",
            OPENAI,
            429,
            error(
                "rate_limit_exceeded",
                "Rate limit reached for gpt-6 on tokens per day (TPD): Limit 1,000, Used 990, Requested 50. Please try again in 1h2m3s.",
            ),
            ("quota_exhausted", true, "model"),
            Some("2026-11-20T09:02:03Z"),
        ),
        row("a rate limit without any words", OPENAI, 429, error("rate_limit_exceeded", ""), RATE, None),
        row(
            "only the type tells of quota",
            OPENAI,
            429,
            json!({"error": {"type": "insufficient_quota", "code": null, "message": "x"}}),
            NO_RESET,
            None,
        ),
        row(
            "prepaid by the user's word",
            ("openai", "prepaid_credits"),
            429,
            error("insufficient_quota", "x"),
            EMPTY,
            None,
        ),
        row(
            "a cap stays a cap when prepaid",
            ("openai", "prepaid_credits"),
            429,
            error("project_spend_limit_exceeded", "x"),
            LIMIT,
            Some("2026-12-01T00:00:00Z"),
        ),
        row("a page of its edge", OPENAI, 529, json!({"error": {"message": "x"}}), BUSY, None),
        // Gemini
        row(
            "a day's tokens",
            GEMINI,
            429,
            google(429, "RESOURCE_EXHAUSTED", "x", &quota("GenerateContentInputTokensPerModelPerDay-PaidTier")),
            ("quota_exhausted", true, "model"),
            Some("2026-11-21T08:00:00Z"),
        ),
        row(
            "a minute in words only",
            GEMINI,
            429,
            google(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.\nPlease retry in 42.5s.", &json!([])),
            ("rate_limited", true, "model"),
            Some("2026-11-20T08:00:43Z"),
        ),
        row(
            "a limit of zero in words only",
            GEMINI,
            429,
            google(
                429,
                "RESOURCE_EXHAUSTED",
                "You exceeded your current quota.\n* Quota exceeded for metric: x, limit: 0, model: gemini-9",
                &json!([]),
            ),
            MODEL,
            None,
        ),
        row(
            "an expired key",
            GEMINI,
            400,
            google(
                400,
                "INVALID_ARGUMENT",
                "API key expired. Please renew the API key.",
                &json!([{"reason": "API_KEY_INVALID"}]),
            ),
            KEY,
            None,
        ),
        row(
            "high demand",
            GEMINI,
            503,
            google(503, "UNAVAILABLE", "This model is currently experiencing high demand.", &json!([])),
            ("overloaded", true, "model"),
            None,
        ),
        row(
            "an API that is not enabled",
            GEMINI,
            403,
            google(
                403,
                "PERMISSION_DENIED",
                "Generative Language API has not been used in project 1 before or it is disabled.",
                &json!([{"reason": "SERVICE_DISABLED"}]),
            ),
            KEY,
            None,
        ),
        row(
            "a region",
            GEMINI,
            400,
            google(
                400,
                "FAILED_PRECONDITION",
                "User location is not supported for the API use without a billing account.",
                &json!([]),
            ),
            BLOCKED,
            None,
        ),
        // MiniMax
        row("1008 in Chinese", CREDITS, 200, base_resp(1008, "余额不足"), EMPTY, None),
        row("1008 of a plan", TOKEN_PLAN, 200, base_resp(1008, "insufficient balance"), LIMIT, None),
        row(
            "the type alone",
            CREDITS,
            429,
            json!({"error": {"type": "insufficient_balance_error", "message": "x"}}),
            EMPTY,
            None,
        ),
        row(
            "a daily window",
            TOKEN_PLAN,
            200,
            base_resp(
                2056,
                "usage limit exceeded, daily usage limit reached for Token Plan X (9/9 used), resets at 2026-11-21T00:00:00+08:00",
            ),
            LIMIT,
            Some("2026-11-20T16:00:00Z"),
        ),
        row(
            "a plan without the model",
            TOKEN_PLAN,
            429,
            anthropic("rate_limit_error", "your plan does not support this model (2061)"),
            MODEL,
            None,
        ),
        row("too many connections", CREDITS, 200, base_resp(1041, "conn limit"), RATE, None),
        row("bad parameters", CREDITS, 200, base_resp(2013, "invalid params"), FINE, None),
        row(
            "a code nobody knows",
            CREDITS,
            200,
            base_resp(9999, "insufficient imagination"),
            ("unknown", true, "account"),
            None,
        ),
        // Kimi and Moonshot
        row(
            "the type of a permission",
            KIMI,
            403,
            anthropic("permission_error", "You've reached your usage limit for this billing cycle."),
            LIMIT,
            None,
        ),
        row(
            "suspended until the reset",
            KIMI,
            403,
            error("", "Your access is suspended until your quota resets"),
            LIMIT,
            None,
        ),
        row(
            "402 is about the membership",
            KIMI,
            402,
            error("", "会员权益无法验证"),
            ("plan_inactive", false, "account"),
            None,
        ),
        row("a refusal in new words", KIMI, 403, error("", "Nope"), BLOCKED, None),
        row(
            "a ban",
            KIMI,
            403,
            json!({"error": {"type": "access_terminated_error", "message": "Your account was terminated because of a violation of our policies."}}),
            BLOCKED,
            None,
        ),
        row(
            "minutes of the platform",
            MOONSHOT,
            429,
            json!({"error": {"type": "rate_limit_reached_error", "message": "Your account org-x request reached organization TPM rate limit, please try again after 9 seconds"}}),
            RATE,
            Some("2026-11-20T08:00:09Z"),
        ),
        row(
            "an empty purse of a rate tier",
            MOONSHOT,
            429,
            json!({"error": {"type": "exceeded_current_quota_error", "message": "余额不足"}}),
            NO_RESET,
            None,
        ),
        // Others
        row(
            "OpenRouter's weekly key budget",
            ("openrouter", "prepaid_credits"),
            402,
            json!({"error": {"code": 402, "message": "Key limit exceeded (weekly limit)."}}),
            ("quota_exhausted", true, "key"),
            Some("2026-11-23T00:00:00Z"),
        ),
        row(
            "xAI with 429",
            ("xai", "prepaid_credits"),
            429,
            json!({"error": "Your team x has either used all available credits or reached its monthly spending limit."}),
            EMPTY,
            None,
        ),
        row(
            "Copilot's quota",
            ("github-copilot", "quota_plan"),
            402,
            error("quota_exceeded", "x"),
            LIMIT,
            Some("2026-12-01T00:00:00Z"),
        ),
        row(
            "Alibaba's week",
            ("qwen", "quota_plan"),
            429,
            error("insufficient_quota", "week allocated quota exceeded."),
            LIMIT,
            None,
        ),
        row(
            "Alibaba's throttling",
            ("qwen", "rate_tier"),
            429,
            json!({"code": "Throttling.RateQuota", "message": "Requests rate limit exceeded"}),
            RATE,
            None,
        ),
        row(
            "Alibaba's arrears on a rate tier",
            ("qwen", "rate_tier"),
            400,
            json!({"code": "Arrearage", "message": "overdue"}),
            NO_RESET,
            None,
        ),
        row(
            "Ollama's session",
            ("ollama-cloud", "quota_plan"),
            429,
            json!({"error": "you (u) have reached your session usage limit, upgrade"}),
            LIMIT,
            None,
        ),
        // Nobody in particular
        row("402 of a rate tier", OTHER, 402, json!({"error": {"message": "Payment Required"}}), NO_RESET, None),
        row(
            "402 of a prepaid account",
            ("somebody", "prepaid_credits"),
            402,
            json!({"error": {"message": "x"}}),
            EMPTY,
            None,
        ),
        row("403 without a word", OTHER, 403, json!({}), BLOCKED, None),
        row("409 passes", OTHER, 409, json!({}), DOWN, None),
        row("422 is the request", OTHER, 422, json!({"detail": [{"msg": "insufficient balance"}]}), FINE, None),
        row("529 is load", OTHER, 529, json!({"message": "x"}), BUSY, None),
        row(
            "a wait of many hours is no rate limit",
            OTHER,
            429,
            json!({"error": {"message": "slow"}, "retry_after": 7200}),
            LIMIT,
            Some("2026-11-20T10:00:00Z"),
        ),
        row(
            "a client's word before the sentence",
            KIMI,
            403,
            error("", "Error: You've reached your weekly usage limit"),
            LIMIT,
            None,
        ),
        row("an error in a success", OTHER, 200, json!({"error": {"code": 429, "message": "slow"}}), RATE, None),
    ]
}

#[test]
fn other_phrasing_of_the_same_codes_means_the_same() {
    let rows = rows();
    let mut faults = Vec::new();
    for row in &rows {
        let document = json!({
            "provider": row.provider, "account": {"billing": row.billing}, "now": NOW,
            "request": {"kind": "chat"}, "status": row.status, "headers": {}, "body": row.body,
        });
        let case = Case { name: row.why.to_owned(), document, expect: Value::Null };
        let found = case.diagnosis();
        let told = (found.state.code(), found.temporary, found.scope.code());
        let reset = row.reset.map(|at| at.parse::<Timestamp>().expect("a moment"));
        if told != row.expected || found.reset_at != reset {
            faults.push(format!(
                "{} {}: {told:?} until {:?}, expected {:?} until {reset:?}",
                row.provider, row.why, found.reset_at, row.expected
            ));
        }
    }
    assert!(rows.len() >= 60, "{} rows", rows.len());
    assert!(faults.is_empty(), "{} of {} fail:\n{}", faults.len(), rows.len(), faults.join("\n"));
}

#[test]
fn a_usage_endpoint_never_speaks_for_the_provider() {
    let cases = [
        (429, json!({"error": {"message": "slow down"}}), "unknown"),
        (500, json!({"error": {"message": "x"}}), "unknown"),
        (503, json!({}), "unknown"),
        (404, json!({"error": "not found"}), "unknown"),
        (400, json!({"error": {"message": "x"}}), "unknown"),
        (401, json!({"error": {"message": "x"}}), "auth"),
        (200, json!({"what": "is this"}), "unknown"),
    ];
    for provider in ["zai", "kimi", "claude-subscription", "codex", "minimax", "openrouter", "copilot", "somebody"] {
        for (status, body, state) in &cases {
            let document = json!({
                "provider": provider, "now": NOW, "request": {"kind": "quota"}, "status": status, "body": body,
            });
            let found = Case { name: provider.to_owned(), document, expect: Value::Null }.diagnosis();
            assert_eq!(found.state.code(), *state, "{provider} {status} {body}");
            let unchanged = found.health().is_none();
            assert_eq!(unchanged, *state == "unknown", "{provider} {status}");
        }
    }
}
