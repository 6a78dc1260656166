//! Facts put together: which number belongs to which window.
//!
//! A label opens a row, and what follows belongs to it until the next label, or until other words
//! come after its number. A heading lends its window to the models below it, a model its name to
//! the windows below it; a table lends its columns to its rows.

use super::fact::{Fact, Kind, Limit, Way};
use super::way;
use super::when::When;
use crate::domain::{Covers, Span};

/// What one label gathered.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) span: Option<Span>,
    pub(super) limit: Option<Limit>,
    pub(super) covers: Covers,
    /// Its label says "usage".
    pub(super) usage: bool,
    /// Its label says "left this week" or "used today".
    pub(super) way: Option<Way>,
    /// Numbers, and what they count.
    pub(super) values: Vec<(Kind, Option<Way>)>,
    pub(super) reset: Option<When>,
    /// The line that speaks of a reset and gives no moment.
    pub(super) unclear_line: Option<usize>,
    line: usize,
    /// Its window is that of the heading above.
    inherited: bool,
    /// Other words came after its number.
    over: bool,
}

/// All rows of a page, and what belongs to none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rows {
    pub(super) list: Vec<Row>,
    /// Numbers that no label claims.
    pub(super) orphans: Vec<(Kind, Option<Way>)>,
    /// Amounts beside a word such as "balance".
    pub(super) balances: Vec<(f64, &'static str)>,
    /// Rows of a table with too few cells.
    pub(super) misfits: Vec<String>,
    pub(super) has_amounts: bool,
    /// A number stood before the first label, and the last label has none.
    pub(super) labels_trail: bool,
}

pub(super) fn gather(facts: &[Fact], text: &str) -> Rows {
    let (ways, taken) = way::of_all(facts, text);
    let value_first = value_first_lines(facts);
    let mut gatherer = Gatherer { facts, taken, value_first, ..Gatherer::default() };
    let mut at = 0;
    while at < facts.len() {
        let next = facts.get(at + 1);
        let beside = next.filter(|next| next.line == facts[at].line);
        match (&facts[at].kind, beside.map(|next| &next.kind)) {
            // "500 RPM" in a cell.
            (Kind::Number(_) | Kind::Pair { .. }, Some(Kind::Limit(limit)))
                if gatherer.is_value_first(facts[at].line) =>
            {
                gatherer.take_limited(*limit, at, ways[at]);
                at += 1;
            }
            // "63% of your weekly limit", "250 of 1,000 requests used today".
            (Kind::Percent { .. } | Kind::Pair { .. }, _) if let Some(label) = label_behind(facts, at) => {
                gatherer.take(label, None);
                gatherer.take(at, ways[at]);
                for between in at + 1..label {
                    gatherer.take(between, None);
                }
                at = label;
            }
            _ => gatherer.take(at, ways[at]),
        }
        at += 1;
    }
    gatherer.finish()
}

/// The window that the only number of a line stands before.
fn label_behind(facts: &[Fact], at: usize) -> Option<usize> {
    let on_line = |fact: &&Fact| fact.line == facts[at].line;
    let is_window = |fact: &Fact| matches!(fact.kind, Kind::Span(_) | Kind::Limit(_));
    let is_number = |fact: &Fact| matches!(fact.kind, Kind::Percent { .. } | Kind::Pair { .. });
    // A few things stand in one line; in a page without lines the order is that of the page.
    let before: Vec<&Fact> = facts[..at].iter().rev().take_while(on_line).take(8).collect();
    let after: Vec<&Fact> = facts[at + 1..].iter().take_while(on_line).take(8).collect();
    let only = !before.iter().any(|fact| is_window(fact) || is_number(fact)) && before.len() < 8;
    let label = after.iter().position(|fact| is_window(fact))?;
    let alone = !after.iter().enumerate().any(|(n, fact)| is_number(fact) || (n != label && is_window(fact)));
    let said_of = way::is_of(&facts[at].kind) && !after[..label].iter().any(|fact| is_number(fact));
    (said_of || (only && alone && after.len() < 8)).then_some(at + 1 + label)
}

/// Lines in which a number comes before the first rate.
fn value_first_lines(facts: &[Fact]) -> Vec<usize> {
    let mut lines = Vec::new();
    let mut seen = None;
    for fact in facts {
        let value = matches!(fact.kind, Kind::Number(_) | Kind::Pair { .. });
        if (value || matches!(fact.kind, Kind::Limit(_))) && seen != Some(fact.line) {
            seen = Some(fact.line);
            if value {
                lines.push(fact.line);
            }
        }
    }
    lines
}

#[derive(Default)]
struct Gatherer<'a> {
    facts: &'a [Fact],
    /// Words of direction that a number has.
    taken: Vec<bool>,
    value_first: Vec<usize>,
    found: Rows,
    row: Option<Row>,
    /// The newest window, for labels that name none.
    section: Option<(Span, Option<Limit>)>,
    /// A model or add-on that the windows below belong to.
    heading: Option<Covers>,
    /// Other words came after the rows of a heading: whose the next ones are is not known.
    heading_over: bool,
    /// Paid use beside the plan: its numbers are left out.
    beside: bool,
    columns: Vec<Limit>,
    table_row: Option<(Covers, Vec<Kind>)>,
    balance_line: Option<usize>,
    /// Telling numbers before the first label.
    n_early: usize,
}

impl Gatherer<'_> {
    fn is_value_first(&self, line: usize) -> bool {
        self.value_first.binary_search(&line).is_ok()
    }

    fn take(&mut self, at: usize, way: Option<Way>) {
        let fact = &self.facts[at];
        match &fact.kind {
            Kind::Span(span) => self.take_span(*span, at),
            Kind::Limit(limit) => self.take_limit(*limit, at),
            Kind::Model(name) => self.take_covers(Covers::Model(name.clone()), at),
            Kind::Feature(name) => self.take_covers(Covers::Feature(name.clone()), at),
            Kind::Everything => {
                self.heading = None;
                self.take_covers(Covers::Account, at);
            }
            Kind::Beside => {
                self.close_row();
                self.beside = true;
            }
            Kind::Percent { .. } | Kind::Pair { .. } | Kind::Number(_) | Kind::NoNumber | Kind::AmountPair { .. } => {
                self.take_value(fact, way);
            }
            Kind::Total => {
                if let Some(row) = self.row.as_mut().filter(|row| !row.over) {
                    row.values.push((Kind::Total, None));
                }
            }
            Kind::Amount { amount, currency } => self.take_amount(*amount, currency, at),
            Kind::Balance => self.balance_line = Some(fact.line),
            Kind::Usage => {
                if let Some(row) = self.row.as_mut().filter(|row| row.has_no_number()) {
                    row.usage = true;
                }
            }
            Kind::Reset(when) => {
                if let Some(row) = self.row.as_mut().filter(|row| !row.over && row.reset.is_none()) {
                    row.reset = Some(*when);
                }
            }
            Kind::ResetLead => {
                if let Some(row) = self.row.as_mut().filter(|row| !row.over) {
                    row.unclear_line.get_or_insert(fact.line);
                }
            }
            Kind::Text => self.take_text(),
            Kind::Chart => {
                self.close_row();
                self.section = None;
            }
            Kind::Way(way) => {
                let free = !self.taken[at];
                if let Some(row) = self.row.as_mut().filter(|row| free && row.line == fact.line && row.has_no_number())
                {
                    row.way = row.way.or(Some(*way));
                }
            }
        }
    }

    fn take_span(&mut self, span: Span, at: usize) {
        // The cap of paid use is monthly, too.
        if self.beside && span == Span::Monthly {
            return;
        }
        self.end_table();
        let fact = &self.facts[at];
        let before =
            || self.facts[..at].iter().enumerate().rev().take(3).take_while(|(_, other)| other.line == fact.line);
        let usage = before().any(|(_, other)| other.kind == Kind::Usage);
        let way = before().find_map(|(at, other)| match other.kind {
            Kind::Way(way) if !self.taken[at] => Some(way),
            _ => None,
        });
        if let Some(row) = self.row.as_mut().filter(|row| row.is_bare()) {
            if row.covers != Covers::Account && row.inherited && row.line != fact.line {
                self.heading = Some(row.covers.clone());
                self.heading_over = false;
            }
            (row.span, row.limit, row.inherited) = (Some(span), None, false);
            row.usage |= usage;
            row.way = row.way.or(way);
        } else {
            let covers = self.headed();
            self.open(Row { usage, way, ..Row::new(Some(span), None, covers, fact.line) });
        }
        self.section = Some((span, None));
    }

    fn take_limit(&mut self, limit: Limit, at: usize) {
        let line = self.facts[at].line;
        let before = at.checked_sub(1).map(|before| &self.facts[before]);
        if before.is_some_and(|before| before.kind == Kind::Limit(limit) && before.line == line) {
            return; // "Requests per minute (RPM)".
        }
        let goes_on = self.row.as_ref().is_some_and(|row| row.limit.is_some() && !row.inherited && row.is_bare());
        if goes_on && self.table_row.is_none() {
            self.columns.push(limit);
        } else {
            self.end_table();
            self.columns = vec![limit];
        }
        let of_model = |row: &&mut Row| row.covers != Covers::Account && row.inherited && row.is_bare();
        if let Some(row) = self.row.as_mut().filter(of_model) {
            if row.line != line {
                self.heading = Some(row.covers.clone());
                self.heading_over = false;
            }
            (row.span, row.limit, row.inherited) = (Some(limit.span), Some(limit), false);
        } else {
            let covers = self.headed();
            self.open(Row::new(Some(limit.span), Some(limit), covers, line));
        }
        self.section = Some((limit.span, Some(limit)));
    }

    fn take_covers(&mut self, covers: Covers, at: usize) {
        let line = self.facts[at].line;
        if self.columns.len() > 1 && matches!(covers, Covers::Model(_)) {
            self.close_row();
            self.end_table_row();
            self.table_row = Some((covers, Vec::new()));
            return;
        }
        self.heading = None;
        self.heading_over = false;
        if let Some(row) = self.row.as_mut().filter(|row| row.is_bare() && row.line == line && !row.inherited) {
            row.covers = covers;
        } else {
            let (span, limit) = self.section.map_or((None, None), |(span, limit)| (Some(span), limit));
            self.open(Row { inherited: true, ..Row::new(span, limit, covers, line) });
        }
    }

    /// The covers of a window that names none.
    fn headed(&mut self) -> Covers {
        if self.heading_over {
            // Neither the account's nor surely the heading's: kept apart under no name.
            return Covers::Feature(String::new());
        }
        self.heading.clone().unwrap_or(Covers::Account)
    }

    fn take_value(&mut self, fact: &Fact, way: Option<Way>) {
        self.found.has_amounts |= matches!(fact.kind, Kind::AmountPair { .. });
        if self.beside {
            return;
        }
        if let Some((_, cells)) = &mut self.table_row {
            if cells.len() < self.columns.len() {
                cells.push(fact.kind.clone());
            } else {
                self.end_table_row();
            }
            return;
        }
        if let Some(row) = self.row.as_mut().filter(|row| !row.over) {
            row.values.push((fact.kind.clone(), way));
            return;
        }
        if self.row.is_none() && self.found.list.is_empty() && way.is_some() {
            self.n_early += 1;
        }
        self.found.orphans.push((fact.kind.clone(), way));
    }

    fn take_limited(&mut self, limit: Limit, at: usize, way: Option<Way>) {
        let (covers, line) = match (&self.row, &self.heading) {
            (Some(row), _) => (row.covers.clone(), row.line),
            (None, Some(heading)) => (heading.clone(), self.facts[at].line),
            (None, None) => (Covers::Account, self.facts[at].line),
        };
        // The model's row stays open for its further cells.
        let mut row = Row::new(Some(limit.span), Some(limit), covers.clone(), line);
        row.values.push((self.facts[at].kind.clone(), way));
        self.close_row();
        self.found.list.push(row);
        self.row = Some(Row { inherited: true, ..Row::new(None, None, covers, line) });
    }

    fn take_amount(&mut self, amount: f64, currency: &'static str, at: usize) {
        self.found.has_amounts = true;
        let fact = &self.facts[at];
        let named = self.balance_line.is_some_and(|line| fact.line - line <= 2);
        let behind = self.facts.get(at + 1).is_some_and(|next| next.kind == Kind::Balance && next.line == fact.line);
        if (named || behind) && !self.beside {
            self.found.balances.push((amount, currency));
            self.balance_line = None;
        }
    }

    fn take_text(&mut self) {
        if let Some(row) = self.row.as_mut().filter(|row| !row.has_no_number()) {
            row.over = true;
            self.heading_over = self.heading.is_some();
        }
        if self.table_row.as_ref().is_some_and(|(_, cells)| cells.len() == self.columns.len()) {
            self.end_table_row();
        }
    }

    fn open(&mut self, row: Row) {
        self.beside = false;
        self.close_row();
        self.row = Some(row);
    }

    fn close_row(&mut self) {
        let row = self.row.take();
        self.found.list.extend(row.filter(|row| !(row.is_bare() && row.inherited)));
    }

    fn end_table(&mut self) {
        self.end_table_row();
        self.columns.clear();
    }

    fn end_table_row(&mut self) {
        let Some((covers, cells)) = self.table_row.take() else { return };
        if cells.len() != self.columns.len() {
            if let (Covers::Model(model), false) = (covers, cells.is_empty()) {
                self.found.misfits.push(model);
            }
            return;
        }
        for (limit, cell) in self.columns.iter().zip(cells) {
            let mut row = Row::new(Some(limit.span), Some(*limit), covers.clone(), 0);
            row.values.push((cell, None));
            self.found.list.push(row);
        }
    }

    fn finish(mut self) -> Rows {
        self.end_table();
        self.close_row();
        let telling = |row: &&Row| row.span.is_some() && row.limit.is_none();
        let mut rows = self.found.list.iter().filter(telling);
        self.found.labels_trail = self.n_early > 0 && rows.next_back().is_some_and(Row::has_no_number);
        self.found
    }
}

impl Row {
    fn new(span: Option<Span>, limit: Option<Limit>, covers: Covers, line: usize) -> Self {
        Self {
            span,
            limit,
            covers,
            usage: false,
            way: None,
            values: Vec::new(),
            reset: None,
            unclear_line: None,
            line,
            inherited: false,
            over: false,
        }
    }

    fn has_no_number(&self) -> bool {
        self.values.iter().all(|(kind, _)| *kind == Kind::Total)
    }

    fn is_bare(&self) -> bool {
        self.has_no_number() && self.reset.is_none()
    }

    /// "weekly", "opus weekly", `gemini-3-flash requests_minute`.
    pub(super) fn name(&self) -> String {
        let window = self.limit.map(Limit::id).or_else(|| self.span.map(Span::id)).unwrap_or_default();
        match &self.covers {
            Covers::Account => window,
            Covers::Model(name) | Covers::Feature(name) => format!("{name} {window}").trim().to_owned(),
        }
    }
}
