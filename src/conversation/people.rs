//! People of the house, and what the person wants: handing over and taking back, consent, being forgotten.

use std::borrow::Cow;

use super::play::{Parting, Play};
use super::{Action, Fired, Purpose, RowId, RowStatus, Silence, State, Waiting, bounds, delivery};
use crate::bot::{Body, Handoff, HandoffIx, Media, Pick, Target};
use crate::model::{Profile, Timestamp, fold};

impl<'a> Play<'a> {
    /// A person takes over.
    pub(super) fn hand_over(&mut self, ix: HandoffIx) {
        let program = self.program;
        let handoff = program.handoff(ix);
        let note = handoff.note.as_ref().map(|note| self.render(note)).unwrap_or_default();
        self.actions.push(Action::HandOver { queue: handoff.queue.clone(), note: bounds::note(&note) });
        self.state.open = None;
        // Without a word or a time that would end it, it ends as an unasked word of a person does.
        let is_endless = handoff.resume.is_none() && handoff.timeout.is_none();
        let until = program.defaults.mute.filter(|_| is_endless).map(|mute| self.context.now.plus(mute));
        self.state.silence = Some(Silence { since: self.context.now, until, handoff: Some(handoff.id.clone()), desk: false });
        if let Some((after, _)) = &handoff.timeout {
            self.start_timer(Purpose::TakeBack(handoff.id.clone()), self.context.now.plus(*after));
        }
    }

    /// Whether a person of the house speaks; ends a silence whose time is over.
    pub(super) fn is_silent(&mut self) -> bool {
        let now = self.context.now;
        if self.state.silence.as_ref().and_then(|silence| silence.until).is_some_and(|until| until <= now) {
            self.state.silence = None;
        }
        self.state.silence.is_some()
    }

    /// Takes the bot back if that is what the person typed.
    pub(super) fn is_taken_back(&mut self, typed: &str) -> bool {
        let program = self.program;
        let handoff = self.state.silence.as_ref().and_then(|silence| silence.handoff.as_deref());
        let Some(ix) = handoff.and_then(|id| program.handoff_named(id)) else { return false };
        let handoff = program.handoff(ix);
        let Some(resume) = handoff.resume.as_ref().filter(|resume| resume.words.contains(&fold(typed))) else { return false };
        self.take_back();
        self.go_on_behind(handoff, resume.goto.as_ref());
        // Somebody who asks for the bot is answered.
        if !self.has_spoken()
            && let Some(state) = program.welcome.as_ref().and_then(|welcome| welcome.menu)
        {
            self.enter(&Target { state, slots: Vec::new() });
        }
        true
    }

    /// The time for which the bot was handed over is over.
    pub(super) fn time_is_over(&mut self, id: &str) {
        if self.state.silence.as_ref().and_then(|silence| silence.handoff.as_deref()) != Some(id) {
            return;
        }
        let program = self.program;
        let Some(handoff) = program.handoff_named(id).map(|ix| program.handoff(ix)) else { return self.take_back() };
        self.take_back();
        if !self.state.opted_out {
            let goto = handoff.timeout.as_ref().and_then(|(_, goto)| goto.as_ref());
            self.go_on_behind(handoff, goto);
        }
    }

    /// Goes on after a handing over: where it says, else with the steps behind it.
    pub(super) fn go_on_behind(&mut self, handoff: &'a Handoff, goto: Option<&Target>) {
        match (goto, handoff.body) {
            (Some(target), _) => self.enter(target),
            (None, Body::State(state)) => self.resume(state, handoff.at + 1),
            (None, body) => self.digress_from(self.program.steps(body), handoff.at + 1, self.state.messages as usize),
        }
    }

    pub(super) fn take_back(&mut self) {
        self.fired(Fired::TookBack);
        self.state.silence = None;
        self.state.timers.retain(|timer| !matches!(timer.purpose, Purpose::TakeBack(_)));
        self.actions.push(Action::TakeBack);
    }

    /// A person wrote from the account: what the bot had not yet begun to say stays unsaid, and it is silent for a while.
    pub(super) fn operator_spoke(&mut self) {
        let (program, now) = (self.program, self.context.now);
        if self.state.silence.as_ref().is_some_and(|silence| silence.desk) {
            return self.step_aside("withheld: a person of the house has answered");
        }
        let handed_over = self.state.silence.as_ref().and_then(|silence| silence.handoff.clone());
        if let Some(id) = handed_over {
            let after = program.handoff_named(&id).and_then(|ix| program.handoff(ix).timeout.as_ref()).map(|(after, _)| *after);
            if let Some(after) = after {
                self.start_timer(Purpose::TakeBack(id), now.plus(after));
            }
        } else if let Some(mute) = program.defaults.mute {
            self.state.silence = Some(Silence { since: now, until: Some(now.plus(mute)), handoff: None, desk: false });
        } else {
            return;
        }
        self.step_aside("withheld: a person of the house has answered");
    }

    pub(super) fn opt_in(&mut self) {
        self.parting = None;
        self.state.opted_out = false;
        self.actions.push(Action::Consent { wanted: true });
    }

    /// The account has withdrawn the app's access, and the house is told to forget.
    pub(super) fn withdrawn(&mut self) {
        self.state.waiting.clear();
        self.parting = Some(Parting::Forgotten);
    }

    /// Carries out at the end of the turn what concerns everything before it.
    pub(super) fn part(&mut self) {
        let Some(parting) = self.parting else { return };
        let reason = "withheld: the person wants to hear nothing";
        self.withhold(reason, false);
        delivery::never_again(&mut self.state, reason, self.context.now, |_| true);
        self.state.timers.clear();
        match parting {
            Parting::OptedOut => {
                self.state.opted_out = true;
                self.actions.push(Action::Consent { wanted: false });
            }
            Parting::Forgotten => {
                self.actions.push(Action::Forget);
                self.state = forgotten(&self.state, self.context.now);
            }
        }
    }

    /// The bot leaves the word to a person of the house: nothing of it begins to leave, or is tried again. What people of the house
    /// have written goes its way.
    pub(super) fn step_aside(&mut self, reason: &str) {
        self.withhold(reason, true);
        delivery::never_again(&mut self.state, reason, self.context.now, |row| !row.desk);
    }

    /// Messages of earlier turns that have not begun to leave never do; those of people of the house may be spared.
    fn withhold(&mut self, reason: &str, spares_desk: bool) {
        let mut withheld: Vec<RowId> = Vec::new();
        self.state.rows.retain(|row| {
            let stays = !matches!(row.status, RowStatus::Due(_)) || row.doubtful.is_some() || spares_desk && row.desk;
            if !stays {
                withheld.push(row.id);
            }
            stays
        });
        withheld.extend(self.state.backlog.take_if(|backlog| !(spares_desk && backlog.desk)).map(|backlog| backlog.next));
        let letter = |row| Action::DeadLetter { row, code: 0, reason: reason.to_owned() };
        self.actions.extend(withheld.into_iter().map(letter));
    }

    pub(super) fn tag(&mut self, name: &str) {
        match bounds::tag(&self.state.tags, name) {
            Some(name) => {
                self.state.tags.insert(name.clone());
                self.actions.push(Action::Tag { name });
            }
            None => self.fault(format!("tags are not empty, and take {} bytes together", bounds::TAG_BYTES)),
        }
    }

    /// Keeps a line for `transcript`.
    pub(super) fn remember_line(&mut self, who: &str, text: &str) {
        if self.program.reads_transcript && !text.is_empty() {
            bounds::keep_line(&mut self.state.lines, who, text);
        }
    }

    /// Hangs a picture on a message of its own.
    pub(super) fn show_media(&mut self, media: &Media, variant: usize) {
        let (file, caption) = match &media.pick {
            Pick::File(file) => (file.clone(), None),
            Pick::Row { table, caption } => {
                let rows = self.program.tables.get(table).map(|table| table.rows.as_slice()).unwrap_or_default();
                let first = self.context.key.peer.0 as usize;
                // Each person begins elsewhere and sees all of them before one comes again.
                let Some(row) = rows.get(first.wrapping_add(variant).checked_rem(rows.len()).unwrap_or(0)) else { return };
                (row.key.clone(), caption.as_ref().and_then(|column| row.text(column)).map(Cow::into_owned))
            }
        };
        let caption = media.caption.as_ref().map(|caption| self.render(caption)).or(caption);
        self.output.media(file, caption.as_deref().unwrap_or_default());
    }
}

/// What is left of a forgotten person: that messages are on their way, and whether any are wanted. What they have written since is of a
/// new conversation; it waits no longer, since nothing of the past can be read after this commit.
fn forgotten(state: &State, now: Timestamp) -> State {
    State {
        waiting: state.waiting.iter().map(|waiting| Waiting { until: None, ..*waiting }).collect(),
        asked: state.asked,
        counted: state.counted,
        said: state.said,
        rows: state.rows.clone(),
        sent: state.sent,
        heard: state.heard,
        replies: state.replies,
        opted_out: state.opted_out,
        own_talk: state.own_talk.clone(),
        ..State::new(Profile::unknown(state.peer.id), now)
    }
}
