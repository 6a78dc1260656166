//! Which switches the activity screen lists: filtered, grouped by plan, computed when something changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::{Confirmation, PlanId, Switch};
use crate::ui::screens::tables::folded;
use crate::words::{self, Speech};

/// What the chips choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Filter {
    #[default]
    All,
    /// No run has used it yet.
    Unconfirmed,
    /// "Ran on another model than intended".
    RanElsewhere,
    Undone,
}

impl Filter {
    pub const ALL: [Self; 4] = [Self::All, Self::Unconfirmed, Self::RanElsewhere, Self::Undone];

    pub fn label(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Unconfirmed => "Unconfirmed",
            Self::RanElsewhere => "Ran elsewhere",
            Self::Undone => "Undone",
        }
    }

    fn admits(self, switch: &Switch) -> bool {
        let undone = switch.undone_by.is_some();
        match self {
            Self::All => true,
            Self::Unconfirmed => !undone && switch.confirmation == Confirmation::Waiting,
            Self::RanElsewhere => matches!(switch.confirmation, Confirmation::RanElsewhere { .. }),
            Self::Undone => undone,
        }
    }
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// The plan of the switches below it, by the first of them.
    Plan {
        first: usize,
        listed: usize,
        /// Switches of the whole plan that nobody has taken back.
        standing: usize,
    },
    Switch(usize),
}

/// The rows, and what they were made of.
#[derive(Debug, Default)]
pub(super) struct List {
    switches: Arc<Vec<Switch>>,
    said: Vec<String>,
    counts: [usize; 4],
    wanted: (String, Filter),
    pub items: Vec<Item>,
}

impl List {
    /// Follows the journal and the filter; costs nothing while both stay the same.
    pub fn follow(&mut self, switches: &Arc<Vec<Switch>>, text: &str, filter: Filter, speech: &Speech<'_>) {
        let same = Arc::ptr_eq(&self.switches, switches) && self.said.len() == switches.len();
        if !same {
            self.switches = Arc::clone(switches);
            self.said = switches.iter().map(|switch| said(switch, speech)).collect();
            self.counts = Filter::ALL.map(|filter| switches.iter().filter(|switch| filter.admits(switch)).count());
        }
        let text = folded(text);
        if same && self.wanted == (text.clone(), filter) {
            return;
        }
        let listed = switches.iter().zip(&self.said).enumerate();
        let listed = listed.filter(|(_, (switch, said))| filter.admits(switch) && said.contains(&text));
        self.items = grouped(switches, listed.map(|(at, _)| at));
        self.wanted = (text, filter);
    }

    pub fn count(&self, filter: Filter) -> usize {
        self.counts[filter as usize]
    }
}

/// Everything of a switch that a search may hit.
fn said(switch: &Switch, speech: &Speech<'_>) -> String {
    let (from, to) = models(switch, speech);
    let parts = [
        &switch.name,
        &from,
        &to,
        &words::reason(&switch.reason, speech),
        words::cause(switch.cause),
        switch.plan.as_str(),
    ];
    folded(&parts.join(" "))
}

/// What it was on and what it was put on.
pub(in crate::ui::screens) fn models(switch: &Switch, speech: &Speech<'_>) -> (String, String) {
    let text = |fields: &crate::domain::Fields| {
        let model = speech.catalog.resolve(fields.model.as_deref(), None).filter(|_| fields.model.is_some());
        words::fields(fields, model.as_ref(), speech)
    };
    (text(&switch.from), text(&switch.to))
}

fn grouped(switches: &[Switch], listed: impl Iterator<Item = usize>) -> Vec<Item> {
    let mut standing: BTreeMap<&PlanId, usize> = BTreeMap::new();
    for switch in switches.iter().filter(|switch| switch.undone_by.is_none()) {
        *standing.entry(&switch.plan).or_default() += 1;
    }
    let mut items: Vec<Item> = Vec::new();
    let mut head: Option<usize> = None;
    for at in listed {
        let plan = &switches[at].plan;
        let same =
            head.is_some_and(|head| matches!(items[head], Item::Plan { first, .. } if switches[first].plan == *plan));
        if !same {
            head = Some(items.len());
            let standing = standing.get(plan).copied().unwrap_or_default();
            items.push(Item::Plan { first: at, listed: 0, standing });
        }
        if let Some(Item::Plan { listed, .. }) = head.and_then(|head| items.get_mut(head)) {
            *listed += 1;
        }
        items.push(Item::Switch(at));
    }
    items
}
