//! The reading half of `cron.*`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::World;
use super::job::Job;
use crate::demo::wire::Fault;

const LIST_PARAMS: &[&str] = &[
    "includeDisabled",
    "limit",
    "offset",
    "sortBy",
    "sortDir",
    "query",
    "enabled",
    "scheduleKind",
    "lastRunStatus",
    "trigger",
    "agentId",
    "compact",
    "includeDeliveryPreviews",
];
const RUNS_PARAMS: &[&str] = &[
    "id",
    "jobId",
    "scope",
    "runId",
    "limit",
    "offset",
    "sortDir",
    "status",
    "statuses",
    "deliveryStatus",
    "deliveryStatuses",
    "query",
    "agentId",
];

const CURRENT_ID: &str = "List automations and retry with a current job id. For cross-session management, use a fresh \
     authenticated configured channel owner or Control UI administrator turn or the Automations page.";

pub(super) fn not_found(what: &str, id: &str) -> Fault {
    Fault::invalid(format!("{what} not found: {id}. {CURRENT_ID}"))
        .with(json!({ "code": "CRON_JOB_NOT_FOUND", "jobId": id }))
}

/// `id` or `jobId`.
pub(super) fn job_id<'a>(method: &str, params: &'a Value) -> Result<&'a str, Fault> {
    let id = params.get("id").or_else(|| params.get("jobId")).and_then(Value::as_str);
    id.filter(|id| !id.is_empty())
        .ok_or_else(|| Fault::invalid(format!("invalid {method} params: at root: must have required property 'id'")))
}

fn refuse_unknown(method: &str, params: &Value, known: &[&str]) -> Result<(), Fault> {
    let mut keys = params.as_object().into_iter().flat_map(serde_json::Map::keys);
    keys.find(|key| !known.contains(&key.as_str())).map_or(Ok(()), |key| {
        Err(Fault::invalid(format!("invalid {method} params: at root: unexpected property '{key}'")))
    })
}

/// Offset and limit of a page.
fn page(method: &str, params: &Value, default_limit: usize) -> Result<(usize, usize), Fault> {
    let invalid = |why: &str| Fault::invalid(format!("invalid {method} params: {why}"));
    let number = |key: &str| match params.get(key) {
        None => Ok(None),
        Some(value) => value.as_i64().map(Some).ok_or_else(|| invalid(&format!("at /{key}: must be integer"))),
    };
    let limit = match number("limit")? {
        None => default_limit,
        Some(limit) if limit > 200 => return Err(invalid("at /limit: must be <= 200")),
        Some(limit) if limit < 1 => return Err(invalid("at /limit: must be >= 1")),
        Some(limit) => limit as usize,
    };
    match number("offset")?.unwrap_or(0) {
        offset if offset < 0 => Err(invalid("at /offset: must be >= 0")),
        offset => Ok((offset as usize, limit)),
    }
}

fn paged(total: usize, offset: usize, limit: usize) -> Value {
    let end = offset.saturating_add(limit);
    let has_more = end < total;
    let next = if has_more { json!(end) } else { Value::Null };
    json!({ "total": total, "offset": offset, "limit": limit, "hasMore": has_more, "nextOffset": next })
}

impl World {
    pub(super) fn get(&self, params: &Value) -> Result<Value, Fault> {
        let id = job_id("cron.get", params)?;
        self.jobs.get(id).map(Job::whole).ok_or_else(|| not_found("cron job", id))
    }

    pub(super) fn status(&self) -> Value {
        let next = self.jobs.values().filter_map(Job::next_run_ms).min();
        let path = "/home/user/.openclaw/state/openclaw.sqlite";
        let mut status = json!({
            "enabled": true,
            "triggersEnabled": true,
            "storePath": path,
            "storage": "sqlite",
            "sqlitePath": path,
            "jobs": self.jobs.len(),
        });
        status["nextWakeAtMs"] = next.map_or(Value::Null, Value::from);
        status
    }

    pub(super) fn list(&self, params: &Value) -> Result<Value, Fault> {
        refuse_unknown("cron.list", params, LIST_PARAMS)?;
        let (offset, limit) = page("cron.list", params, 200)?;
        let mut jobs: Vec<&Job> = self.jobs.values().filter(|job| wanted(job, params)).collect();
        sort(&mut jobs, params)?;
        let flag = |key: &str| params.get(key).and_then(Value::as_bool);
        let compact = flag("compact").unwrap_or(false);
        let shown: Vec<&Job> = jobs.iter().skip(offset).take(limit).copied().collect();
        let mut result = json!({
            "jobs": shown.iter().map(|job| if compact { in_short(job) } else { job.in_list() }).collect::<Vec<_>>(),
            "snapshotRevision": self.snapshot_revision(),
        });
        merge(&mut result, paged(jobs.len(), offset, limit));
        if !compact && flag("includeDeliveryPreviews").unwrap_or(true) {
            let previews = shown.iter().map(|job| (job.id().to_owned(), delivery_preview(job)));
            result["deliveryPreviews"] = Value::Object(previews.collect());
        }
        Ok(result)
    }

    /// The same for two pages of an unchanged list, whatever their parameters.
    fn snapshot_revision(&self) -> String {
        let mut hash = Sha256::new();
        for job in self.jobs.values() {
            hash.update(job.id());
            hash.update(job.revision());
            hash.update(job.updated_ms.to_le_bytes());
            hash.update(job.next_run_ms().unwrap_or(0).to_le_bytes());
        }
        format!("sha256:{}", URL_SAFE_NO_PAD.encode(hash.finalize()))
    }

    pub(super) fn list_runs(&self, params: &Value) -> Result<Value, Fault> {
        refuse_unknown("cron.runs", params, RUNS_PARAMS)?;
        let (offset, limit) = page("cron.runs", params, 50)?;
        let text = |key: &str| params.get(key).and_then(Value::as_str);
        let id = text("id").or_else(|| text("jobId"));
        if id.is_none() && text("scope") != Some("all") {
            return Err(Fault::invalid("invalid cron.runs params: missing id"));
        }
        let query = text("query").map(str::to_lowercase);
        let statuses: Option<Vec<&str>> = params
            .get("statuses")
            .and_then(Value::as_array)
            .map(|list| list.iter().filter_map(Value::as_str).collect());
        let fits = |entry: &&Value| {
            let own = |key: &str| entry.get(key).and_then(Value::as_str);
            id.is_none_or(|id| own("jobId") == Some(id))
                && text("runId").is_none_or(|run| own("runId") == Some(run))
                && text("status").is_none_or(|status| status == "all" || own("status") == Some(status))
                && statuses.as_ref().is_none_or(|wanted| own("status").is_some_and(|own| wanted.contains(&own)))
                && query.as_ref().is_none_or(|query| entry.to_string().to_lowercase().contains(query))
        };
        let mut entries: Vec<&Value> = self.runs.iter().filter(fits).collect();
        entries.sort_by_key(|entry| entry.get("ts").and_then(Value::as_i64));
        if text("sortDir") != Some("asc") {
            entries.reverse();
        }
        let shown: Vec<_> = entries.iter().skip(offset).take(limit).collect();
        let mut result = json!({ "entries": shown });
        merge(&mut result, paged(entries.len(), offset, limit));
        Ok(result)
    }
}

fn wanted(job: &Job, params: &Value) -> bool {
    let text = |key: &str| params.get(key).and_then(Value::as_str).filter(|wanted| *wanted != "all");
    let all = params.get("includeDisabled").and_then(Value::as_bool).unwrap_or(false);
    let by_state = match params.get("enabled").and_then(Value::as_str) {
        Some("all") => true,
        Some("enabled") => job.enabled(),
        Some("disabled") => !job.enabled(),
        _ => all || job.enabled(),
    };
    let kind = job.schedule().get("kind").and_then(Value::as_str);
    let last = job.state.get("lastRunStatus").and_then(Value::as_str).unwrap_or("unknown");
    let conditional = job.def.contains_key("trigger");
    let agent = job.def.get("agentId").and_then(Value::as_str).unwrap_or("main");
    by_state
        && text("scheduleKind").is_none_or(|wanted| kind == Some(wanted))
        && text("lastRunStatus").is_none_or(|wanted| last == wanted)
        && text("trigger").is_none_or(|wanted| (wanted == "conditional") == conditional)
        && text("agentId").is_none_or(|wanted| agent == wanted)
        && text("query").is_none_or(|query| {
            let query = query.to_lowercase();
            [job.text("name"), job.text("displayName"), job.text("description")]
                .iter()
                .any(|text| text.to_lowercase().contains(&query))
        })
}

fn sort(jobs: &mut [&Job], params: &Value) -> Result<(), Fault> {
    let text = |key: &str| params.get(key).and_then(Value::as_str);
    match text("sortBy").unwrap_or("nextRunAtMs") {
        "nextRunAtMs" => jobs.sort_by_key(|job| job.next_run_ms().unwrap_or(i64::MAX)),
        "updatedAtMs" => jobs.sort_by_key(|job| job.updated_ms),
        "name" => jobs.sort_by_cached_key(|job| job.text("name").to_lowercase()),
        _ => {
            let why = "invalid cron.list params: at /sortBy: must be equal to one of the allowed values";
            return Err(Fault::invalid(why));
        }
    }
    if text("sortDir") == Some("desc") {
        jobs.reverse();
    }
    Ok(())
}

fn in_short(job: &Job) -> Value {
    let state = |key: &str| job.state.get(key).cloned().unwrap_or(Value::Null);
    let time = |key: &str| {
        let ms = job.state.get(key).and_then(Value::as_i64).and_then(|ms| Timestamp::from_millisecond(ms).ok());
        ms.map_or(Value::Null, |at| at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string().into())
    };
    json!({
        "id": job.id(),
        "name": job.text("name"),
        "updatedAtMs": job.updated_ms,
        "enabled": job.enabled(),
        "nextRunAt": time("nextRunAtMs"),
        "nextRunAtMs": state("nextRunAtMs"),
        "scheduleKind": job.schedule().get("kind"),
        "schedule": job.schedule(),
        "lastRunAt": time("lastRunAtMs"),
        "lastRunAtMs": state("lastRunAtMs"),
        "lastRunStatus": state("lastRunStatus"),
        "lastRunError": state("lastError"),
        "effectiveAgentId": job.def.get("agentId").cloned().unwrap_or_else(|| "main".into()),
    })
}

pub(super) fn delivery_preview(job: &Job) -> Value {
    let mode = job.def.get("delivery").and_then(|delivery| delivery.get("mode")).and_then(Value::as_str);
    let label = if mode == Some("announce") { "announce to last channel" } else { "not requested" };
    json!({ "label": label, "detail": label })
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}
