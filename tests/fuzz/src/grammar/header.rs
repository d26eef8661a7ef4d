//! The top of a script: defaults and tables.

use junco::bot::Element;

use super::Grammar;

impl Grammar<'_, '_> {
    pub(super) fn header(&mut self) -> Vec<Element> {
        let mut bot = Element::new("bot").arg("b").prop("version", 1);
        if self.bytes.rarely(3) {
            bot = bot.prop("lang", *self.bytes.pick(&["en", "de", "ja", "pt-BR", "rm"]));
        }
        if self.bytes.rarely(4) {
            bot = bot.prop("tz", *self.bytes.pick(&["Europe/Zurich", "Pacific/Apia", "UTC"]));
        }
        bot = bot.child(Element::new("allow").arg("s.example"));
        if let Some(late) = self.late() {
            bot = bot.child(Element::new("late").arg(late).prop("ttl", *self.bytes.pick(&["1h", "10s", "3d"])));
        }
        if self.bytes.rarely(3) {
            bot = bot.child(Element::new("idle").arg(*self.bytes.pick(&["5h", "1s", "365d"])));
        }
        if self.bytes.rarely(3) {
            bot = bot.child(Element::new("reorder").arg(*self.bytes.pick(&["300ms", "10s", "1ms"])));
        }
        if self.bytes.rarely(3) {
            bot = bot.child(Element::new("handoff").prop("mute", *self.bytes.pick(&["12h", "1s"])));
        }
        if self.bytes.rarely(3) {
            bot = bot.child(self.words());
        }
        let mut nodes = vec![bot, table("areas", "areas.csv", "name"), table("few", "few.json", "key")];
        nodes.push(table("photos", "photos.csv", "file").prop("sep", ";"));
        if self.bytes.rarely(3) {
            let welcome = Element::new("welcome").child(Element::new("say").arg("Welcome."));
            nodes.push(welcome.child(Element::new("menu").arg("home")));
        }
        nodes
    }

    /// The bot's own words, among them such as no message can carry twice.
    fn words(&mut self) -> Element {
        let mut words = Element::new("words");
        for name in ["yes", "no", "more"] {
            if self.bytes.rarely(3) {
                words = words.child(Element::new(name).arg(format!("{name} {}", "x".repeat(32 - name.len()))));
            }
        }
        for name in ["stale", "invalid", "choose", "ask", "change", "noted"] {
            if self.bytes.rarely(4) {
                let text = match self.bytes.below(4) {
                    0 => "Ah {} {} {}".to_owned(),
                    1 => "long ".repeat(199),
                    2 => format!("{{}}{}", "L".repeat(990)),
                    _ => "{} ".repeat(300),
                };
                words = words.child(Element::new(name).arg(text));
            }
        }
        words
    }

    pub(super) fn late(&mut self) -> Option<&'static str> {
        let policies = ["follow", "rewind", "apply", "ask", "reject", "ignore"];
        self.bytes.rarely(3).then(|| *self.bytes.pick(&policies))
    }
}

fn table(name: &str, file: &str, key: &str) -> Element {
    Element::new("table").arg(name).prop("file", file).prop("key", key)
}
