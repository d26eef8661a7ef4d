//! Jinja templates and conditions, compiled once, bounded by fuel.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Object;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Expression, UndefinedBehavior, Value};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use regex::Regex;

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

/// Tells what a text makes of a name that is not set: all else is there, and whatever is asked of it too.
static STRICT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut jinja = JINJA.clone();
    jinja.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    jinja
});

/// A scope in which everything is set, and one name is in question.
#[derive(Debug)]
struct Rehearsal {
    name: String,
    value: Option<Value>,
}

/// Something that has whatever is asked of it.
#[derive(Debug)]
struct Anything;

impl Object for Rehearsal {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if key.as_str()? == self.name { self.value.clone() } else { Some(Value::from_object(Anything)) }
    }
}

impl Object for Anything {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (!key.is_undefined()).then(|| Value::from_object(Anything))
    }
}

/// What stands for itself in every part of an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Values in addresses are percent-encoded; what the author wrote around them is not.
static ADDRESSES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut jinja = JINJA.clone();
    jinja.set_formatter(|out, _, value| {
        if !value.is_undefined() && !value.is_none() {
            write!(out, "{}", utf8_percent_encode(&value.to_string(), PLAIN))?;
        }
        Ok(())
    });
    jinja
});

/// A slice: `[:4]`.
#[expect(clippy::expect_used, reason = "a pattern of our own")]
static SLICE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\[[^\[\]]*:[^\[\]]*\]").expect("a valid pattern"));

/// The name under which an environment knows its only template.
const NAME: &str = "text";

impl Template {
    /// Compiles a text with `{{ }}` and `{% %}` in it.
    pub fn text(source: &str) -> Result<Self, TemplateError> {
        Template::of(source, &JINJA)
    }

    /// Compiles an address: as [`Template::text`], with every value percent-encoded.
    pub fn url(source: &str) -> Result<Self, TemplateError> {
        Template::of(source, &ADDRESSES)
    }

    fn of(source: &str, jinja: &Environment<'static>) -> Result<Self, TemplateError> {
        let code = if ["{{", "{%", "{#"].iter().any(|mark| source.contains(mark)) {
            let mut jinja = jinja.clone();
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

    /// What it gives as JSON: a text that is nothing but one `{{ … }}` keeps its type, anything else is a string.
    pub fn json(&self, scope: &Scope) -> Result<serde_json::Value, TemplateError> {
        let Some(expression) = self.expression() else { return self.render(scope).map(serde_json::Value::String) };
        let value = JINJA.compile_expression(expression).and_then(|expression| expression.eval(scope.context()));
        let value = value.map_err(|e| TemplateError::of(&e))?;
        serde_json::to_value(&value).map_err(|e| TemplateError { message: e.to_string(), at: None })
    }

    /// The expression of a text that is nothing else.
    fn expression(&self) -> Option<&str> {
        let Code::Text(_) = self.code else { return None };
        let inner = self.source.trim().strip_prefix("{{")?.strip_suffix("}}")?;
        let inner = inner.strip_prefix('-').unwrap_or(inner);
        let inner = inner.strip_suffix('-').unwrap_or(inner);
        // With marks inside it is several of them, or a string with a mark in it: as a text it is right in any case.
        (!["{{", "}}", "{%", "%}", "{#"].iter().any(|mark| inner.contains(mark))).then_some(inner)
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

    /// Whether it shows or computes with that name even where nothing is set: without asking first, as `{% if name %}` does.
    pub(super) fn relies_on(&self, name: &str) -> bool {
        if !matches!(self.code, Code::Text(_)) {
            return false;
        }
        let rehearse = |value| STRICT.render_str(&self.source, Value::from_object(Rehearsal { name: name.to_owned(), value }));
        match rehearse(None) {
            Ok(_) => false,
            Err(error) => error.kind() == ErrorKind::UndefinedError || rehearse(Some(Value::from(1))).is_ok(),
        }
    }

    /// What it reads and does not itself define: slots, tables, answers, and what every scope has; with attributes as far as they are
    /// written out: `user.name`.
    pub(super) fn reads(&self) -> BTreeSet<String> {
        let paths = match &self.code {
            Code::Literal => return BTreeSet::new(),
            Code::Text(jinja) => jinja.get_template(NAME).map(|text| text.undeclared_variables(true)).unwrap_or_default(),
            Code::Condition(condition) => condition.undeclared_variables(true),
        };
        let paths = paths.into_iter().chain(self.sliced());
        let global = |path: &str| JINJA.globals().any(|(global, _)| global == base(path));
        paths.filter(|path| !global(path)).collect()
    }
}

/// The name with which a path begins.
pub(super) fn base(path: &str) -> &str {
    path.split_once('.').map_or(path, |(base, _)| base)
}

impl Template {
    /// What it takes slices of, which the engine does not count among what it reads: so its text is looked at without them.
    fn sliced(&self) -> HashSet<String> {
        let bare = SLICE.replace_all(&self.source, "");
        match &self.code {
            _ if bare == *self.source => HashSet::new(),
            Code::Literal => HashSet::new(),
            Code::Text(_) => JINJA.template_from_str(&bare).map(|text| text.undeclared_variables(true)).unwrap_or_default(),
            Code::Condition(_) => JINJA.compile_expression(&bare).map(|code| code.undeclared_variables(true)).unwrap_or_default(),
        }
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
        let source = "{% set x = area %}{{ x }}{{ resorts[area].id }}{% for i in range(2) %}{{ i }}{% endfor %}{{ a.b.c }}{{ d.e | length }}{{ f.g[:h] }}";
        let reads = Template::text(source).unwrap().reads();
        assert_eq!(reads.into_iter().collect::<Vec<_>>(), ["a.b.c", "area", "d.e", "f.g", "h", "resorts"]);
    }

    #[test]
    fn a_text_relies_on_what_it_does_not_ask_for() {
        for (source, relies) in [
            ("{{ n }}", true),
            ("{{ user.name }}: {{ n + 1 }}", true),
            ("{{ table[n].x }}", true),
            ("{% if n %}{{ n }}{% endif %}", false),
            ("{{ n or 'nobody' }}{{ n | default('x') }}", false),
            ("{{ n is defined }}", false),
            ("{{ other }}", false),
        ] {
            assert_eq!(Template::text(source).unwrap().relies_on("n"), relies, "{source}");
        }
    }

    #[test]
    fn values_in_addresses_are_encoded() {
        let mut scope = Scope::empty();
        scope.set_text("area", "A&B/c?=ü {{x}}");
        scope.set_int("n", -3);
        let url = Template::url("https://x.example/{{ area }}?n={{ n }}&u={{ nothing }}&l=a%20b").unwrap();
        assert_eq!(url.render(&scope).unwrap(), "https://x.example/A%26B%2Fc%3F%3D%C3%BC%20%7B%7Bx%7D%7D?n=-3&u=&l=a%20b");
        assert_eq!(Template::text("{{ 'a b' | urlencode }}").unwrap().render(&scope).unwrap(), "a%20b");
    }

    #[test]
    fn a_value_by_itself_keeps_its_type() {
        let mut scope = Scope::empty();
        scope.set_int("qty", 3);
        scope.set_text("map", "ara");
        scope.set_json("order", &serde_json::json!({ "lines": [1.5, true, null] }));
        for (source, value) in [
            ("{{ qty }}", serde_json::json!(3)),
            (" {{- qty + 1 -}} ", serde_json::json!(4)),
            ("{{ qty > 2 }}", serde_json::json!(true)),
            ("{{ map }}", serde_json::json!("ara")),
            ("{{ order.lines }}", serde_json::json!([1.5, true, null])),
            ("{{ nothing }}", serde_json::Value::Null),
            ("{{ qty }}{{ qty }}", serde_json::json!("33")),
            ("{{ qty }} maps", serde_json::json!("3 maps")),
            ("{{ '}}' }}", serde_json::json!("}}")),
            ("5", serde_json::json!("5")),
        ] {
            assert_eq!(Template::text(source).unwrap().json(&scope).unwrap(), value, "{source}");
        }
    }
}
