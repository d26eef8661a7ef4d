//! Saying things: templates in their scope, the script's words and the machine's own.

use super::play::Play;
use super::{Action, Value, bounds};
use crate::bot::{Scope, Template, limits};

impl Play<'_> {
    /// What the person just wrote stays out of the journal and of transcripts.
    pub(super) fn keep_secret(&mut self) {
        self.trace.is_secret = true;
        bounds::hide_line(&mut self.state.lines);
    }

    pub(super) fn say_words(&mut self, text: &str) {
        self.output.say(text, false);
    }

    /// Says one of the machine's sentences about an option.
    pub(super) fn say_about(&mut self, words: &str, label: &str) {
        self.output.say(&words.replace("{}", label), false);
    }

    pub(super) fn say(&mut self, template: &Template) {
        let text = self.render(template);
        self.output.say(&text, false);
    }

    /// Hangs a button on the message, unless X would refuse what it became.
    pub(super) fn link(&mut self, label: &Template, url: &Template) {
        let (shown, address) = (self.render(label), self.render(url));
        let shown: String = shown.chars().take(limits::LABEL).collect();
        if limits::is_label(&shown) && limits::is_address(&address) {
            self.output.link(shown, address, self.context.rendering.numbered);
        } else {
            self.fault(format!("no link: X does not take what `{}` or `{}` became", label.source(), url.source()));
        }
    }

    pub(super) fn render(&mut self, template: &Template) -> String {
        if let Some(text) = template.as_literal() {
            return text.to_owned();
        }
        template.render(&self.scope()).unwrap_or_else(|error| {
            self.fault(format!("`{}`: {error}", template.source()));
            String::new()
        })
    }

    pub(super) fn holds(&mut self, condition: &Template) -> bool {
        condition.holds(&self.scope()).unwrap_or_else(|error| {
            self.fault(format!("`{}`: {error}", condition.source()));
            false
        })
    }

    pub(super) fn scope(&self) -> Scope {
        let mut scope = Scope::new(self.program);
        scope.set_user(&self.state.peer);
        scope.set_account(self.context.key.account);
        scope.set_now(self.context.now);
        for (name, answer) in &self.state.answers {
            scope.set_json(name, answer);
        }
        for (name, value) in &self.state.slots {
            match value {
                Value::Text(text) => scope.set_text(name, text),
                Value::Int(number) => scope.set_int(name, *number),
                Value::Number(number) => scope.set_number(name, *number),
            }
        }
        scope.set_captures(&self.captures);
        if let Some(number) = self.state.prompt {
            scope.set_prompt(&self.prompt_id(number));
        }
        if self.program.reads_transcript {
            scope.set_text("transcript", &self.state.lines.join("\n"));
        }
        scope
    }

    /// Names an asking among all of all conversations, so that it serves as an idempotency key.
    fn prompt_id(&self, number: u32) -> String {
        let key = self.context.key;
        format!("{}-{}-{}-{number}", key.account, key.peer, self.state.started)
    }

    pub(super) fn fault(&mut self, what: String) {
        self.actions.push(Action::Fault { what });
    }
}
