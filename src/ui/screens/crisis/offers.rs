//! Which plans there are to choose from now.

use std::sync::Arc;

use crate::domain::{ChangeKind, OutageLevel, Plan, Readiness};
use crate::engine::Snapshot;
use crate::ui::action::Choice;

/// The plans of one snapshot.
#[derive(Debug, Default)]
pub(super) struct Offers {
    /// The ordinary plan without its pauses, and what it was made of.
    without_pauses: Option<(Arc<Plan>, Arc<Plan>)>,
    plans: [Option<Arc<Plan>>; 4],
    report: bool,
}

const PLANS: [Choice; 4] = [Choice::Enter, Choice::Reroute, Choice::Follow, Choice::Recover];

impl Offers {
    pub fn follow(&mut self, snapshot: &Snapshot) {
        let view = &snapshot.crisis;
        let state = &view.state;
        let off = state.mode.is_none();
        let enter = view.enter.clone().filter(|_| off);
        let reroute = off && snapshot.level() == OutageLevel::Crisis;
        let reroute = reroute.then(|| self.reroute(&snapshot.plan));
        let follow = (state.governs() && !snapshot.plan.changes.is_empty()).then(|| Arc::clone(&snapshot.plan));
        // With the mode off there is only something to recover while something is owed.
        let owed = |plan: &Arc<Plan>| !off || !plan.changes.is_empty();
        // What was stopped half way goes on with the plan of now.
        let recover = view.recover.clone().filter(owed);
        self.plans = [enter, reroute, follow, recover];
        self.report = state.report.as_ref().is_some_and(|report| !report.lines.is_empty());
    }

    fn reroute(&mut self, plan: &Arc<Plan>) -> Arc<Plan> {
        if let Some((of, made)) = &self.without_pauses
            && Arc::ptr_eq(of, plan)
        {
            return Arc::clone(made);
        }
        let mut made = (**plan).clone();
        made.changes.retain(|change| change.kind != ChangeKind::Pause);
        let made = Arc::new(made);
        self.without_pauses = Some((Arc::clone(plan), Arc::clone(&made)));
        made
    }

    pub fn plan(&self, choice: Choice) -> Option<&Arc<Plan>> {
        let at = PLANS.iter().position(|known| *known == choice)?;
        self.plans[at].as_ref()
    }

    fn has(&self, choice: Choice) -> bool {
        if choice == Choice::Report { self.report } else { self.plan(choice).is_some() }
    }

    /// In the order in which they stand side by side.
    pub fn all(&self) -> Vec<Choice> {
        let order = [Choice::Report, Choice::Recover, Choice::Follow, Choice::Enter, Choice::Reroute];
        order.into_iter().filter(|choice| self.has(*choice)).collect()
    }

    /// What the user wants, as long as it is there; else what matters most.
    pub fn chosen(&self, wanted: Option<Choice>, snapshot: &Snapshot) -> Option<Choice> {
        let view = &snapshot.crisis;
        let ready = view.readiness == Readiness::Ready || view.state.recovering().is_some();
        if view.state.governs() && !ready {
            // The way back is there to be chosen, and never stands where something else was pressed a moment ago.
            return wanted.into_iter().chain([Choice::Follow, Choice::Report]).find(|choice| self.has(*choice));
        }
        let first = match snapshot.level() {
            _ if ready => [Choice::Recover, Choice::Follow, Choice::Enter, Choice::Report],
            OutageLevel::Crisis => [Choice::Enter, Choice::Follow, Choice::Recover, Choice::Report],
            _ => [Choice::Report, Choice::Follow, Choice::Recover, Choice::Enter],
        };
        // What nobody agreed to yet is there to be looked at, and not what matters most.
        let follow = self.plan(Choice::Follow).is_some_and(|plan| plan.changes.iter().any(|change| change.ticked));
        let first = first.into_iter().filter(|choice| *choice != Choice::Follow || follow);
        wanted.into_iter().chain(first).chain([Choice::Follow]).find(|choice| self.has(*choice))
    }
}
