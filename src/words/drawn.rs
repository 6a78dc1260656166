//! Which cron draws on which quota, in one sentence, for beside what lights up.

use super::{Speech, account_name, clock, count, forecast_window, list, span};
use crate::domain::{AccountId, Cron, Drawn, Forecast, Pointed, WindowForecast};

/// "Email triage draws on Kimi 5h and Kimi weekly: 14 runs in the next 24 h".
#[must_use]
pub fn cron_draws(cron: &Cron, drawn: &Drawn, forecast: &Forecast) -> String {
    let name = &cron.name;
    if drawn.crons.is_empty() {
        if cron.turn().is_none() {
            return format!("{name} runs without a model: it draws on no quota");
        }
        return if cron.enabled {
            format!("{name} draws on no quota: what it runs on is not known")
        } else {
            format!("{name} is switched off: it draws on no quota")
        };
    }
    let runs = match drawn.starts.len() {
        _ if drawn.n_variable > 0 => "when it runs an event or a condition decides".to_owned(),
        0 => format!("no run {}", ahead(drawn, forecast)),
        n => format!("{} {}", count(n, "run"), ahead(drawn, forecast)),
    };
    let windows: Vec<_> = drawn.windows.iter().map(|index| name_of(&forecast.windows[*index])).collect();
    if windows.is_empty() {
        let mut accounts: Vec<&AccountId> =
            drawn.crons.iter().map(|one| &forecast.coming.crons[*one].account).collect();
        accounts.dedup();
        let accounts: Vec<_> = accounts.into_iter().map(account_name).collect();
        return format!("{name} runs on {}, of which no quota is known: {runs}", list(&accounts));
    }
    format!("{name} draws on {}: {runs}", list(&windows))
}

/// "Kimi weekly: 9 crons draw on it, 41 runs until its reset tomorrow 09:00".
#[must_use]
pub fn window_draws(window: &WindowForecast, drawn: &Drawn, forecast: &Forecast, speech: &Speech<'_>) -> String {
    format!("{}: {}", name_of(window), window_drawn(window, drawn, forecast, speech))
}

/// The same without its name, for whoever has read that.
#[must_use]
pub fn window_drawn(window: &WindowForecast, drawn: &Drawn, forecast: &Forecast, speech: &Speech<'_>) -> String {
    let reset = window.resets_at.filter(|reset| *reset == drawn.until);
    if drawn.n_crons == 0 {
        let until = reset.map(|reset| format!(" until its reset {}", clock(reset, speech)));
        return format!("no cron draws on it{}", until.unwrap_or_default());
    }
    let crons = draw(drawn.n_crons);
    let variable = match drawn.n_variable {
        0 => String::new(),
        n if n == drawn.n_crons => return format!("{crons} on it, on events or conditions"),
        n => format!(", {n} of them on events or conditions"),
    };
    let until = match reset {
        Some(reset) => format!("until its reset {}", clock(reset, speech)),
        None => ahead(drawn, forecast),
    };
    format!("{crons} on it{variable}, {} {until}", count(drawn.starts.len(), "run"))
}

/// "14:15 to 14:30: 12 runs of 9 crons".
#[must_use]
pub fn starts_between(drawn: &Drawn, pointed: &Pointed, speech: &Speech<'_>) -> String {
    let Pointed::Between(from, to) = pointed else { return String::new() };
    let within = format!("{} to {}", clock(*from, speech), clock(*to, speech));
    match drawn.starts.len() {
        0 => format!("{within}: no run"),
        n => format!("{within}: {} of {}", count(n, "run"), count(drawn.n_crons, "cron")),
    }
}

/// How many of a column light up: "3 of 12 draw on it".
#[must_use]
pub fn lit_of(n: usize, of: usize, pointed: &Pointed) -> String {
    let what = match (pointed, n) {
        (Pointed::Between(..), 1) => "starts then",
        (Pointed::Between(..), _) => "start then",
        (_, 1) => "draws on it",
        _ => "draw on it",
    };
    format!("{n} of {of} {what}")
}

fn draw(n: usize) -> String {
    if n == 1 { "1 cron draws".to_owned() } else { format!("{n} crons draw") }
}

fn name_of(window: &WindowForecast) -> String {
    format!("{} {}", account_name(&window.account), forecast_window(window))
}

fn ahead(drawn: &Drawn, forecast: &Forecast) -> String {
    let until = drawn.until.duration_since(forecast.at);
    let said = if until == Drawn::AHEAD { "24 h".to_owned() } else { span(until) };
    format!("in the next {said}")
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::super::testing::{at, cron, model, world};
    use super::{cron_draws, lit_of, starts_between, window_draws};
    use crate::domain::{
        Basis, Claim, ComingCron, ComingRuns, Cron, CronId, Drawn, Forecast, Foretold, Growth, Learning, ModelScope,
        Payload, Pointed, Source, Start, TrackRecord, WindowForecast, WindowStart,
    };

    fn window(account: &str, label: &str) -> WindowForecast {
        WindowForecast {
            account: account.into(),
            label: label.to_owned(),
            span: None,
            metric: None,
            covers: ModelScope::All,
            used_ratio: 0.71,
            observed_at: at("2026-11-23 05:59"),
            source: Source::Probe,
            resets_at: Some(at("2026-11-24 09:00")),
            started_at: None,
            starts: WindowStart::Unknown,
            claim: Claim::Learning(Learning::Readings { seen: 3, needed: 8 }),
            band: Vec::new(),
            growth: Growth::default(),
            basis: Basis::default(),
            past: Vec::new(),
            next: Vec::new(),
        }
    }

    fn forecast() -> Forecast {
        let now = at("2026-11-23 06:00");
        let of = |id: &str, on: &str, foretold| {
            let model = model(on);
            let account = model.account();
            ComingCron { cron: CronId::new(id), model, account, foretold, n_starts: 0, tokens: None }
        };
        let crons = vec![
            of("c1", "kimi/k2", Foretold::Told),
            of("c2", "kimi/k2", Foretold::Variable),
            of("c3", "minimax/MiniMax-M3", Foretold::Told),
        ];
        let starts = (1..100).map(|hour| Start { after_secs: hour * 3600, cron: 0 }).collect();
        let until = now + SignedDuration::from_hours(100);
        let coming = ComingRuns { from: now, until, crons, starts, clusters: Vec::new() };
        let windows = vec![window("kimi", "5h"), window("kimi", "weekly")];
        Forecast { at: now, until, windows, coming, record: TrackRecord::default() }
    }

    #[test]
    fn a_cron_says_what_it_draws_on_and_how_often() {
        let forecast = forecast();
        let said = |id: &str, enabled| {
            let id = CronId::new(id);
            let drawn = forecast.drawn(&Pointed::Cron(id.clone()));
            cron_draws(&Cron { id, enabled, ..cron(None) }, &drawn, &forecast)
        };
        assert_eq!(said("c1", true), "Heartbeat ping draws on Kimi 5h and Kimi weekly: 24 runs in the next 24 h");
        assert!(said("c2", true).ends_with("and Kimi weekly: when it runs an event or a condition decides"));
        let unknown = "Heartbeat ping runs on MiniMax, of which no quota is known: no run in the next 24 h";
        assert_eq!(said("c3", true), unknown);
        assert_eq!(said("c4", false), "Heartbeat ping is switched off: it draws on no quota");
        let command = Cron { payload: Payload::Other("command".to_owned()), ..cron(None) };
        let nothing = Drawn::default();
        assert_eq!(
            cron_draws(&command, &nothing, &forecast),
            "Heartbeat ping runs without a model: it draws on no quota"
        );
        assert_eq!(said("c4", true), "Heartbeat ping draws on no quota: what it runs on is not known");
    }

    #[test]
    fn a_window_says_who_draws_on_it_until_its_reset() {
        let (world, mut forecast) = (world(), forecast());
        let said = |forecast: &Forecast| {
            let window = &forecast.windows[1];
            let drawn = forecast.drawn(&Pointed::Window(window.account.clone(), window.label.clone()));
            window_draws(window, &drawn, forecast, &world.speech())
        };
        let whole = "Kimi weekly: 2 crons draw on it, 1 of them on events or conditions, 26 runs until its reset \
                     tomorrow 09:00";
        assert_eq!(said(&forecast), whole);
        forecast.windows[1].resets_at = None;
        assert!(said(&forecast).ends_with(", 24 runs in the next 24 h"), "{}", said(&forecast));
        forecast.coming.crons.remove(0);
        forecast.coming.starts.clear();
        assert_eq!(said(&forecast), "Kimi weekly: 1 cron draws on it, on events or conditions");
        forecast.coming.crons.clear();
        assert_eq!(said(&forecast), "Kimi weekly: no cron draws on it");
    }

    #[test]
    fn a_part_of_time_says_what_starts_in_it() {
        let (world, forecast) = (world(), forecast());
        let said = |from: &str, to: &str| {
            let pointed = Pointed::Between(at(from), at(to));
            starts_between(&forecast.drawn(&pointed), &pointed, &world.speech())
        };
        assert_eq!(said("2026-11-23 07:00", "2026-11-23 09:00"), "07:00 to 09:00: 2 runs of 1 cron");
        assert_eq!(said("2026-11-23 07:10", "2026-11-23 07:20"), "07:10 to 07:20: no run");
        let window = Pointed::Window("kimi".into(), "5h".to_owned());
        let between = Pointed::Between(at("2026-11-23 07:10"), at("2026-11-23 07:20"));
        assert_eq!(lit_of(1, 7, &window), "1 of 7 draws on it");
        assert_eq!(lit_of(3, 7, &between), "3 of 7 start then");
    }
}
