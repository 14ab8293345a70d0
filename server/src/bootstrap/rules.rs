use std::time::Duration;

use model::id::GroupId;
use model::limit;
use model::people::{GroupRules, Inactivity, OnAbsence, Silence, Warning};
use model::unit::Period;
use serde::Deserialize;

/// The table `[group.rules]`, as it is written: what is left out is as in
/// [`GroupRules::default`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RulesRow {
    on_absence: OnAbsence,
    grace: Period,
    queue_limit: Option<u32>,
    overflow: Option<GroupId>,
    transfer_to: Option<Vec<GroupId>>,
    takes_transfers: bool,
    transfer_to_paused: bool,
    note_required: bool,
    pending_after: Option<Period>,
    running: Option<InactivityRow>,
    queued: Option<InactivityRow>,
}

/// `{ limit = "24h", warn_percent = 80, warn_text = "…", silence = "both" }`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InactivityRow {
    limit: Period,
    warn_percent: Option<u8>,
    warn_text: Option<String>,
    #[serde(default)]
    silence: Silence,
}

impl Default for RulesRow {
    fn default() -> Self {
        let rules = GroupRules::default();
        Self {
            on_absence: rules.on_absence,
            grace: Period(rules.grace),
            queue_limit: rules.queue_limit,
            overflow: rules.overflow,
            transfer_to: rules.transfer_to,
            takes_transfers: rules.takes_transfers,
            transfer_to_paused: rules.transfer_to_paused,
            note_required: rules.note_required,
            pending_after: None,
            running: None,
            queued: None,
        }
    }
}

impl RulesRow {
    /// The rules, or what is wrong with them.
    pub(super) fn rules(self) -> Result<GroupRules, String> {
        let listed = self.transfer_to.as_ref().map_or(0, Vec::len);
        if listed > limit::TRANSFER_GROUPS {
            let most = limit::TRANSFER_GROUPS;
            return Err(format!("`transfer_to` names {listed} groups: at most {most}"));
        }
        if self.pending_after.is_some_and(|after| after.0.is_zero()) {
            return Err("`pending_after` is longer than nothing".to_owned());
        }
        Ok(GroupRules {
            on_absence: self.on_absence,
            grace: self.grace.0,
            queue_limit: self.queue_limit,
            overflow: self.overflow,
            transfer_to: self.transfer_to,
            takes_transfers: self.takes_transfers,
            transfer_to_paused: self.transfer_to_paused,
            note_required: self.note_required,
            pending_after: self.pending_after.map(|after| after.0),
            running: self.running.map(InactivityRow::inactivity).transpose()?,
            queued: self.queued.map(InactivityRow::inactivity).transpose()?,
        })
    }
}

impl InactivityRow {
    fn inactivity(self) -> Result<Inactivity, String> {
        if self.limit.0 == Duration::ZERO {
            return Err("a `limit` of silence is longer than nothing".to_owned());
        }
        let warning = match (self.warn_percent, self.warn_text) {
            (None, None) => None,
            (Some(percent @ 1..=99), Some(text)) if !text.trim().is_empty() => {
                Some(Warning { percent, text })
            }
            _ => {
                let both = "a warning has `warn_percent`, 1 to 99, and `warn_text`";
                return Err(both.to_owned());
            }
        };
        Ok(Inactivity { limit: self.limit.0, warning, silence: self.silence })
    }
}
