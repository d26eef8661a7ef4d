//! Whether a typed text answers a question.

use super::{Value, bounds};
use crate::bot::{Answer, Question};

/// The value of an answer that validates.
pub(super) fn accept(question: &Question, typed: &str) -> Option<Value> {
    let typed = typed.trim();
    match &question.answer {
        Answer::Text { min, max, pattern } => {
            let count = typed.chars().count();
            let fits = count >= min.unwrap_or(1) && count <= (*max).min(bounds::ANSWER_CHARS);
            let matches = pattern.as_ref().is_none_or(|pattern| pattern.is_match(typed));
            (fits && matches).then(|| Value::Text(typed.to_owned()))
        }
        Answer::Int { min, max } => {
            let number: i64 = typed.parse().ok()?;
            let fits = min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max);
            fits.then_some(Value::Int(number))
        }
        // Options are matched by their labels and values before this is asked.
        Answer::Choice => None,
        Answer::Number { .. } | Answer::Date { .. } | Answer::Email | Answer::Phone | Answer::Url | Answer::Media | Answer::Location => {
            None
        }
    }
}

/// The value that an option gives.
pub(super) fn of_option(question: &Question, value: &str) -> Value {
    match (&question.answer, value.parse()) {
        (Answer::Int { .. }, Ok(number)) => Value::Int(number),
        _ => Value::Text(value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(answer: Answer) -> Question {
        Question { slot: "x".into(), answer, invalid: None, retries: None, giveup: None, fuzzy: 0, greedy: false, secret: false }
    }

    #[test]
    fn numbers_keep_their_bounds() {
        let question = question(Answer::Int { min: Some(1), max: Some(5) });
        assert_eq!(accept(&question, " 3 "), Some(Value::Int(3)));
        for bad in ["0", "6", "3.5", "three", "", "99999999999999999999"] {
            assert_eq!(accept(&question, bad), None, "{bad}");
        }
    }

    #[test]
    fn texts_keep_their_length_and_pattern() {
        let pattern = regex::Regex::new("^[0-9]+$").ok();
        let question = question(Answer::Text { min: Some(2), max: 4, pattern });
        assert_eq!(accept(&question, "123"), Some(Value::Text("123".into())));
        for bad in ["1", "12345", "ab", ""] {
            assert_eq!(accept(&question, bad), None, "{bad}");
        }
    }

    #[test]
    fn an_empty_text_is_no_answer() {
        assert_eq!(accept(&question(Answer::Text { min: None, max: 1_000, pattern: None }), "  "), None);
    }
}
