//! What the machine says by itself.

/// Sentences the machine says by itself, in the bot's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The yes of a confirmation.
    pub yes: String,
    /// The no of a confirmation.
    pub no: String,
    /// The option that shows the next page.
    pub more: String,
    /// Said when a late tap is rejected.
    pub stale: String,
    /// Said when an answer does not fit and the question has no `invalid` text.
    pub invalid: String,
    /// The text over a menu that has none.
    pub choose: String,
    /// Asked about a late tap on a menu whose policy is `ask`; `{}` stands for the option's label.
    pub ask: String,
    /// Asked about a late answer to a question whose policy is `ask`; `{}` stands for the option's label.
    pub change: String,
    /// Said of a late answer that was stored where the person is elsewhere by now; `{}` stands for the option's label.
    pub noted: String,
}

impl Default for Words {
    fn default() -> Self {
        Words {
            yes: "Yes".into(),
            no: "No".into(),
            more: "More …".into(),
            stale: "That no longer counts.".into(),
            invalid: "That does not fit.".into(),
            choose: "Please choose:".into(),
            ask: "That was about “{}”. Go there?".into(),
            change: "That was about “{}”. Change it?".into(),
            noted: "Noted: {}.".into(),
        }
    }
}
