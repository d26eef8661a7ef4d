//! Steps.

use junco::bot::Element;

use super::Grammar;

impl Grammar<'_, '_> {
    /// One to `most` steps.
    pub(super) fn steps(&mut self, most: usize) -> Vec<Element> {
        let count = 1 + self.bytes.below(most);
        (0..count).flat_map(|_| self.step()).collect()
    }

    pub(super) fn nested(&mut self, most: usize) -> Vec<Element> {
        self.depth += 1;
        let steps = self.steps(most);
        self.depth -= 1;
        steps
    }

    fn step(&mut self) -> Vec<Element> {
        let node = Element::new;
        vec![match self.bytes.below(28) {
            0 => node("say").arg(self.text()),
            1 => node("say").arg(self.text()).prop("break", true),
            2 => node("say").arg(self.text()).arg(self.text()),
            3 => node("media").arg("p/1.png").prop("caption", self.text()),
            4 => node("media").prop("pick", "photos").prop("caption", "caption"),
            5 => node("link").arg(self.label()).prop("url", self.address()),
            6 => node("set").prop(self.slot(), self.text()),
            7 => node("unset").arg(self.slot()),
            8 => node("count").arg("c").prop("by", self.text()),
            9 => node("tag").arg(self.text()),
            10 => node(self.bytes.pick::<&str>(&["typing", "read"])),
            11 => node("optout"),
            12 => node("optin"),
            13 => node("forget"),
            14 => node("cancel"),
            15 => node("end"),
            16 if self.asked || !self.asks => node("goto").arg(self.goto()),
            17 if self.asked || !self.asks => node("goto").arg(self.goto()).prop(self.slot(), self.text()),
            18 | 19 if self.depth < 3 => return self.branches(),
            20 | 21 if self.depth < 3 => self.http(),
            22 if self.depth < 3 => self.remind(),
            23 => self.handoff(),
            24..=26 if self.asks => {
                self.asked = true;
                self.ask()
            }
            27 if self.asks && self.depth < 3 => {
                self.asked = true;
                self.confirm()
            }
            _ => node("say").arg("Yes?"),
        }]
    }

    fn branches(&mut self) -> Vec<Element> {
        let branch = |node: Element, grammar: &mut Self| grammar.nested(2).into_iter().fold(node, Element::child);
        let condition = self.condition();
        let mut branches = vec![branch(Element::new("if").arg(condition), self)];
        if self.bytes.rarely(3) {
            let condition = self.condition();
            branches.push(branch(Element::new("elif").arg(condition), self));
        }
        if self.bytes.rarely(2) {
            branches.push(branch(Element::new("else"), self));
        }
        branches
    }

    fn http(&mut self) -> Element {
        let name = *self.bytes.pick(&["s", "s", "answer_of_a_name_that_is_just_as_long_as_any_name_may_ever_be_h"]);
        let mut http = Element::new("http").arg(name).prop("timeout", "3s");
        if self.bytes.rarely(2) {
            http = http.prop("post", self.host()).prop("idempotency", "{{ prompt.id }}").prop("retry", 2);
            let body = Element::new("body").prop("a", self.text()).prop("b", 7);
            http = http.child(body);
        } else {
            http = http.prop("get", self.host()).prop("cache", "10m");
        }
        for branch in ["ok", "fail"] {
            http = http.child(self.nested(2).into_iter().fold(Element::new(branch), Element::child));
        }
        http
    }

    fn host(&mut self) -> String {
        format!("https://s.example/{}", self.text())
    }

    fn remind(&mut self) -> Element {
        let remind = Element::new("remind").arg(self.span());
        let asks = std::mem::replace(&mut self.asks, false);
        let steps = self.nested(2);
        self.asks = asks;
        steps.into_iter().fold(remind, Element::child)
    }

    fn handoff(&mut self) -> Element {
        let mut handoff = Element::new("handoff").prop("queue", "q");
        if self.bytes.rarely(2) {
            handoff = handoff.prop("note", self.text());
        }
        let resume = Element::new("resume").prop("on", "bot");
        let resume = if self.bytes.rarely(2) { resume.prop("goto", self.goto()) } else { resume };
        let timeout = Element::new("timeout").arg(self.span());
        let timeout = if self.bytes.rarely(2) { timeout.prop("goto", self.goto()) } else { timeout };
        match self.bytes.below(4) {
            0 => handoff.child(resume).child(timeout),
            1 => handoff.child(resume),
            2 => handoff.child(timeout),
            _ => handoff,
        }
    }
}
