//! Why there is nothing to do, said so that it can be believed.

use egui::Ui;

use crate::domain::{Decision, Verdict};
use crate::engine::Snapshot;
use crate::ui::icon;
use crate::ui::rights::cannot_write;
use crate::ui::theme::space;
use crate::ui::widgets;
use crate::words::{self, Speech};

pub(super) fn nothing_ui(ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) {
    let plan = &snapshot.plan;
    if !matches!(snapshot.connection, crate::domain::Connection::Connected(_)) {
        let why = cannot_write(snapshot).unwrap_or_default();
        widgets::empty_state(ui, icon::CLOUD_OFF, "Nothing can be planned now", &why);
        return;
    }
    if snapshot.crons_as_of.is_none() {
        widgets::empty_state(
            ui,
            icon::HOURGLASS_TOP,
            "Reading the crons…",
            "The plan follows as soon as the list is complete",
        );
        return;
    }
    let routable = snapshot.crons.values().filter(|cron| cron.routable()).count();
    let sorted =
        snapshot.crons.values().filter(|cron| cron.routable() && snapshot.tiers.contains_key(&cron.id)).count();
    if routable == 0 {
        let text = "This gateway has no cron with a model to choose.";
        widgets::empty_state(ui, icon::INBOX, "Nothing to plan", text);
    } else if sorted == 0 {
        let text = "No cron has a tier yet. Sort some on the board; what would change then shows up here, before anything is written.";
        widgets::empty_state(ui, icon::INBOX, "Nothing is sorted yet", text);
    } else {
        let health = words::outage(&plan.outage, speech);
        let rest = match routable - sorted {
            0 => String::new(),
            1 => " 1 unsorted cron is left alone.".to_owned(),
            n => format!(" {n} unsorted crons are left alone."),
        };
        let stuck = |decision: &&Decision| matches!(decision.verdict, Verdict::Waiting | Verdict::Stranded);
        let stuck = plan.decisions.iter().filter(stuck).count();
        if stuck > 0 {
            let verb = if stuck == 1 { "waits" } else { "wait" };
            let text = format!("{} {verb}: no route of the chain serves. {health}.{rest}", words::count(stuck, "cron"));
            widgets::empty_state(ui, icon::INBOX, "Nothing that a change would mend", &text);
            return ui.add_space(space::L);
        }
        let noun = if sorted == 1 { "The sorted cron is" } else { "All sorted crons are" };
        let text = format!("{noun} where the chains want them ({sorted} of {routable}). {health}.{rest}");
        widgets::empty_state(ui, icon::CHECK_CIRCLE, "Nothing to change", &text);
    }
    ui.add_space(space::L);
}
