//! What waits for the person: questions, confirmations, menus.

use junco::bot::Element;

use super::Grammar;

impl Grammar<'_, '_> {
    pub(super) fn ask(&mut self) -> Element {
        let slot = self.slot();
        let mut ask = Element::new("ask").arg(slot).arg(self.text());
        match self.bytes.below(14) {
            0 => {}
            1 => ask = ask.prop("type", "int").prop("min", 1).prop("max", 5),
            2 => ask = ask.prop("type", "number").prop("max", 9),
            3 => ask = ask.prop("type", "date").prop("min", "today"),
            4 => ask = ask.prop("type", *self.bytes.pick(&["email", "phone", "url", "media", "location"])),
            5 => ask = ask.prop("max", 20).prop("match", r"\S"),
            6 => ask = ask.prop("greedy", true),
            7 => ask = ask.prop("secret", true),
            8 | 9 => ask = ask.prop("from", "areas").prop("page", *self.bytes.pick(&[15i64, 1, 19])).prop("fuzzy", 2),
            10 => ask = ask.prop("from", "few"),
            _ => ask = self.options(3, true).into_iter().fold(ask, Element::child),
        }
        if self.bytes.rarely(4) {
            ask = ask.prop("retries", 1).prop("giveup", self.goto());
        }
        if self.bytes.rarely(4) {
            ask = ask.child(Element::new("invalid").arg(self.text()));
        }
        self.lateness(ask)
    }

    pub(super) fn confirm(&mut self) -> Element {
        let confirm = Element::new("confirm").arg(self.text()).prop("once", self.bytes.rarely(2));
        let mut confirm = self.lateness(confirm);
        if self.bytes.rarely(2) {
            let steps = self.nested(2);
            confirm = confirm.child(steps.into_iter().fold(Element::new("yes"), Element::child));
        }
        confirm.child(Element::new("no").prop("goto", self.goto()))
    }

    pub(super) fn menu(&mut self) -> Vec<Element> {
        let count = 1 + self.bytes.below(4);
        self.options(count, false)
    }

    /// Options of a question, which answer; or of a menu, which lead away.
    fn options(&mut self, count: usize, answers: bool) -> Vec<Element> {
        let described = self.bytes.rarely(3);
        let option = |ix| {
            let mut option = Element::new("option").arg(self.label());
            match (answers, self.bytes.rarely(4)) {
                (true, false) => option = option.prop("value", format!("v{ix}")),
                (answers, _) => {
                    option = option.prop("goto", self.goto()).prop("id", format!("o{ix}"));
                    if !answers && self.bytes.rarely(3) {
                        option = option.prop(self.slot(), self.text());
                    }
                }
            }
            if self.bytes.rarely(6) {
                option = option.prop("metadata", *self.bytes.pick(&["verbatim", "old 7", "j1;home/menu;o0;1;r;1;2"]));
            }
            if described { option.prop("desc", self.small()) } else { option }
        };
        (0..count).map(option).collect()
    }

    fn lateness(&mut self, mut prompt: Element) -> Element {
        if let Some(late) = self.late() {
            prompt = prompt.prop("late", late);
        }
        if self.bytes.rarely(6) { prompt.prop("ttl", *self.bytes.pick(&["10s", "1d"])) } else { prompt }
    }
}
