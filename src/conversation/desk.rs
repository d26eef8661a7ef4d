//! The desk: a person of the house writes, takes over and gives back from the console.

use super::play::Play;
use super::{Action, DeskOrder, Fired, Purpose, Silence};

impl Play<'_> {
    /// Carries out what a person of the house does.
    pub(super) fn desk(&mut self, order: &DeskOrder) {
        self.fired(Fired::Desk);
        self.desk = order.speaks();
        match order {
            DeskOrder::Pause => self.pause(),
            DeskOrder::Resume => self.hand_back(),
            // Nobody overrules the person's wish to hear nothing.
            DeskOrder::Say { .. } | DeskOrder::Again { .. } if self.state.opted_out => {
                self.fault("nothing is sent to somebody who wants to hear nothing".to_owned());
            }
            DeskOrder::Say { text } => {
                self.operator_spoke();
                self.state.said = 0;
                self.output.say(text, true);
            }
            DeskOrder::Again { message, .. } => {
                self.state.said = 0;
                let mut message = message.clone();
                // It may be of a time when there were buttons where it goes.
                if self.context.rendering.numbered {
                    (message.text, message.numbered) = (message.as_text().into_owned(), true);
                }
                self.output.whole(message);
            }
        }
    }

    /// The bot is silent from here on, and what it had not begun to send stays unsaid.
    fn pause(&mut self) {
        let handoff = self.state.silence.take().and_then(|silence| silence.handoff);
        self.state.silence = Some(Silence { since: self.context.now, until: None, handoff, desk: true });
        // Who takes over also takes over the watch: no timeout gives the bot back behind their back.
        self.state.timers.retain(|timer| !matches!(timer.purpose, Purpose::TakeBack(_)));
        self.step_aside("withheld: a person of the house has taken over");
        self.actions.push(Action::HandOver { queue: None, note: String::new() });
    }

    /// The bot speaks again: after a handing over it goes on as when the person had asked for it.
    fn hand_back(&mut self) {
        let program = self.program;
        let Some(silence) = self.state.silence.clone() else { return };
        self.take_back();
        self.fired(Fired::Desk);
        let handoff = silence.handoff.and_then(|id| program.handoff_named(&id)).map(|ix| program.handoff(ix));
        if let Some(handoff) = handoff.filter(|_| !self.state.opted_out) {
            self.go_on_behind(handoff, handoff.resume.as_ref().and_then(|resume| resume.goto.as_ref()));
        }
    }
}
