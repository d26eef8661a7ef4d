//! Texts, conditions, names and addresses.

use super::Grammar;

/// Slots. One is as long as a name may be.
pub(super) const SLOTS: [&str; 6] = ["x", "n", "q", "area", "pick", "slot_of_a_name_that_is_just_as_long_as_any_name_may_ever_be_here"];

/// Texts that ask first whether there is something to show, so that they may stand anywhere.
const TEXTS: [&str; 20] = [
    "Hello.",
    "Hello {{ user.name }} {{ user.screen_name }} {{ user.id }}",
    "{{ x | default('nothing') }}",
    "{{ n | default(1) }}, {{ q | default('') }}",
    "{{ x | default('') }}",
    "{{ (x | default('ab')) * 700 }}",
    "{{ 'ж' * 9999 }}",
    "{{ 'word ' * 2500 }}",
    "{{ '\\n' * 300 }}.",
    "{{ '\u{a0}' * 12000 }}",
    "{% for r in areas %}{{ r.name }}: {{ r.desc }}{% endfor %}",
    "{{ areas[area | default('Area 1')].desc }}",
    "{{ few[pick | default('One')].url }}",
    "{{ transcript }}",
    "{{ s.text | default('-') }} {{ s.list[0].a | default(2) }} {{ s.error | default('') }}",
    "{{ s | default('') }}",
    "{{ now }} {{ prompt.id }} {{ account.id }}",
    "{% if n is defined and n > 3 %}many{% endif %}",
    "{{ 'a' / 2 }}",
    "{{ range(99999) | join }}",
];

const CONDITIONS: [&str; 6] = ["n > 3", "x", "x is defined and x == 'Yes'", "s.error", "(n | int) > 1", "areas[area].id > 4"];

const LABELS: [&str; 10] = [
    "Home",
    "See more",
    "This label has just 36 characters ..",
    "{{ x | default('Pick') }}",
    "{{ x | default('') }}",
    "{{ 'long ' * 9 }}{{ user.name }}",
    "Go to {{ user.name }}",
    "{} {}",
    "{{ 'see x.example' if user.name else 'x' }}",
    "{{ ' ' if user.name }}",
];

/// Small print; what is the same for everybody is looked at by the compiler.
const SMALL: [&str; 6] = [
    "Small",
    "{{ user.name }}",
    "{{ user.screen_name * 40 }}",
    "{{ x | default(user.name) }}",
    "{{ s.text }}{{ user.id }}",
    "{{ user.nothing }}",
];

const ADDRESSES: [&str; 6] = [
    "https://s.example/a",
    "https://s.example/?q={{ x | default('') }}",
    "{{ x | default('https://s.example') }}",
    "{{ few[pick | default('One')].url }}",
    "https://s.example/{{ s.text | default('') }}#{{ n | default(0) }}",
    "http://{{ x | default('s') }}/",
];

/// What stands where something else belongs.
const SLIPS: [&str; 12] =
    ["", " ", "now", "hmoe", "{{ x", "{{ x | nope }}", "{{ y }}", "❄\u{301}", "a.b", "https://t.example", "(?i)[", "x\u{0}y"];

impl Grammar<'_, '_> {
    pub(super) fn slot(&mut self) -> &'static str {
        self.slip().unwrap_or_else(|| *self.bytes.pick(&SLOTS))
    }

    pub(super) fn text(&mut self) -> &'static str {
        self.slip().unwrap_or_else(|| *self.bytes.pick(&TEXTS))
    }

    pub(super) fn condition(&mut self) -> &'static str {
        self.slip().unwrap_or_else(|| *self.bytes.pick(&CONDITIONS))
    }

    pub(super) fn label(&mut self) -> &'static str {
        self.slip().unwrap_or_else(|| *self.bytes.pick(&LABELS))
    }

    pub(super) fn small(&mut self) -> &'static str {
        self.slip().unwrap_or_else(|| *self.bytes.pick(&SMALL))
    }

    pub(super) fn address(&mut self) -> &'static str {
        self.slip().unwrap_or_else(|| *self.bytes.pick(&ADDRESSES))
    }

    pub(super) fn goto(&mut self) -> &'static str {
        self.slip().unwrap_or_else(|| {
            let place = self.bytes.below(self.states.len());
            self.states[place]
        })
    }

    pub(super) fn span(&mut self) -> &'static str {
        self.slip().unwrap_or_else(|| *self.bytes.pick(&["10s", "5m", "2h", "30d"]))
    }

    fn slip(&mut self) -> Option<&'static str> {
        (self.slips && self.bytes.rarely(16)).then(|| *self.bytes.pick(&SLIPS))
    }
}
