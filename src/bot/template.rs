//! Jinja templates and conditions, compiled once, bounded by fuel.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Expression, UndefinedBehavior};

use super::scope::Scope;

/// What one rendering may cost: about one unit an instruction and one per 64 bytes made.
const FUEL: u64 = 50_000;

/// A compiled template or condition; plain text where the script has no braces. Cheap to clone.
#[derive(Clone)]
pub struct Template {
    source: Arc<str>,
    code: Code,
}

#[derive(Clone)]
enum Code {
    Literal,
    Text(Arc<Environment<'static>>),
    Condition(Arc<Expression<'static, 'static>>),
}

/// A template that could not be compiled or rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// What is wrong, in lower case.
    pub message: String,
    /// Where in the template's source, in bytes.
    pub at: Option<Range<usize>>,
}

/// Escaping is off because a direct message is not HTML; undefined values chain and render as nothing.
static JINJA: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut jinja = Environment::new();
    jinja.set_auto_escape_callback(|_| AutoEscape::None);
    jinja.set_undefined_behavior(UndefinedBehavior::Chainable);
    jinja.set_fuel(Some(FUEL));
    jinja.set_recursion_limit(64);
    jinja.set_debug(false);
    jinja.remove_global("debug");
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        jinja.set_syntax(syntax);
    }
    jinja
});

/// The name under which an environment knows its only template.
const NAME: &str = "text";

impl Template {
    /// Compiles a text with `{{ }}` and `{% %}` in it.
    pub fn text(source: &str) -> Result<Self, TemplateError> {
        let code = if ["{{", "{%", "{#"].iter().any(|mark| source.contains(mark)) {
            let mut jinja = JINJA.clone();
            jinja.add_template_owned(NAME, source.to_owned()).map_err(|e| TemplateError::of(&e))?;
            Code::Text(Arc::new(jinja))
        } else {
            Code::Literal
        };
        Ok(Template { source: source.into(), code })
    }

    /// A text that is said as it stands, braces and all.
    pub fn literal(text: &str) -> Self {
        Template { source: text.into(), code: Code::Literal }
    }

    /// Compiles a condition: a Jinja expression without braces.
    pub fn condition(source: &str) -> Result<Self, TemplateError> {
        let expression = JINJA.compile_expression_owned(source.to_owned()).map_err(|e| TemplateError::of(&e))?;
        Ok(Template { source: source.into(), code: Code::Condition(Arc::new(expression)) })
    }

    /// What the author wrote.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The text, when it is the same for everybody.
    pub fn as_literal(&self) -> Option<&str> {
        matches!(self.code, Code::Literal).then_some(&*self.source)
    }

    /// The text for this scope. The same scope gives the same text, in bounded time and memory.
    pub fn render(&self, scope: &Scope) -> Result<String, TemplateError> {
        match &self.code {
            Code::Literal => Ok(self.source.to_string()),
            Code::Text(jinja) => jinja.get_template(NAME).and_then(|text| text.render(scope.context())).map_err(|e| TemplateError::of(&e)),
            Code::Condition(condition) => condition.eval(scope.context()).map(|value| value.to_string()).map_err(|e| TemplateError::of(&e)),
        }
    }

    /// Whether a condition holds in this scope; a text holds when it renders to something.
    pub fn holds(&self, scope: &Scope) -> Result<bool, TemplateError> {
        match &self.code {
            Code::Condition(condition) => condition.eval(scope.context()).map(|value| value.is_true()).map_err(|e| TemplateError::of(&e)),
            Code::Literal | Code::Text(_) => Ok(!self.render(scope)?.is_empty()),
        }
    }

    /// What it gives for this scope, as JSON.
    pub fn json(&self, scope: &Scope) -> Result<serde_json::Value, TemplateError> {
        self.render(scope).map(serde_json::Value::String)
    }

    /// A filter, test or function that it uses and nobody knows, if a rendering without slots meets one.
    pub(super) fn unknown_words(&self) -> Option<TemplateError> {
        let rendered = match &self.code {
            Code::Literal => return None,
            Code::Text(jinja) => jinja.get_template(NAME).and_then(|text| text.render(Scope::empty().context())).map(|_| ()),
            Code::Condition(condition) => condition.eval(Scope::empty().context()).map(|_| ()),
        };
        let unknown =
            |error: &Error| matches!(error.kind(), ErrorKind::UnknownFilter | ErrorKind::UnknownTest | ErrorKind::UnknownFunction);
        rendered.err().filter(unknown).map(|error| TemplateError::of(&error))
    }

    /// The names it reads that it does not itself define, without attributes: slots, tables and what every scope has.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let names = match &self.code {
            Code::Literal => return BTreeSet::new(),
            Code::Text(jinja) => jinja.get_template(NAME).map(|text| text.undeclared_variables(false)).unwrap_or_default(),
            Code::Condition(condition) => condition.undeclared_variables(false),
        };
        names.into_iter().filter(|name| !JINJA.globals().any(|(global, _)| global == name)).collect()
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.source)
    }
}

impl TemplateError {
    fn of(error: &Error) -> Self {
        let message = match error.kind() {
            ErrorKind::OutOfFuel => "the template takes too long; make it smaller".to_owned(),
            kind => match error.detail() {
                Some(detail) => format!("{kind}: {detail}"),
                None => kind.to_string(),
            },
        };
        TemplateError { message, at: error.range() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(source: &str) -> Result<String, TemplateError> {
        let mut scope = Scope::empty();
        scope.set_text("area", "Aspen & <Vail>");
        scope.set_int("qty", 3);
        Template::text(source)?.render(&scope)
    }

    #[test]
    fn texts_are_rendered_without_escaping() {
        assert_eq!(render("{{ area }}: {{ qty + 1 }}\n").unwrap(), "Aspen & <Vail>: 4\n");
        assert_eq!(render("no braces").unwrap(), "no braces");
        assert_eq!(Template::literal("{{ x }}").render(&Scope::empty()).unwrap(), "{{ x }}");
    }

    #[test]
    fn what_is_not_there_renders_as_nothing() {
        assert_eq!(render("[{{ nobody.knows[area].this }}]").unwrap(), "[]");
    }

    #[test]
    fn a_condition_holds_or_not() {
        let mut scope = Scope::empty();
        scope.set_int("qty", 3);
        for (condition, holds) in [("qty > 2", true), ("qty == '3'", false), ("nothing", false), ("not nothing", true)] {
            assert_eq!(Template::condition(condition).unwrap().holds(&scope).unwrap(), holds, "{condition}");
        }
    }

    #[test]
    fn an_endless_template_ends() {
        let greedy = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        assert!(render(greedy).unwrap_err().message.contains("too long"));
        assert!(render("{{ 'x' * 1000000000 }}").is_err());
    }

    #[test]
    fn an_error_tells_its_place() {
        let source = "{{ area | shout }}";
        let error = Template::text(source).and_then(|t| t.render(&Scope::empty())).unwrap_err();
        assert!(error.message.contains("shout"), "{error}");
        assert!(Template::text("{{ area").unwrap_err().at.is_some());
    }

    #[test]
    fn it_tells_what_it_reads() {
        let names =
            Template::text("{% set x = area %}{{ x }}{{ resorts[area].id }}{% for i in range(2) %}{{ i }}{% endfor %}").unwrap().names();
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["area", "resorts"]);
    }
}
