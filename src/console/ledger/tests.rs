use super::*;
use crate::bot::Late;
use crate::conversation::{Action, Asking, Event, Fired, Lateness, Outcome, RowId, RowStatus, Silence, State, Trace};
use crate::conversation::{DeskOrder, Row};
use crate::model::{Incoming, MessageId, Outgoing, Profile};
use crate::store::{Record, TurnLog};

const ACCOUNT: UserId = UserId(1);
const DAY: u64 = 24 * 3600;

/// A conversation as the journal tells of it: each entry builds on the one before.
struct Talk {
    record: Record,
    key: Key,
    at: Timestamp,
}

impl Talk {
    fn with(peer: u64) -> Self {
        let at = Timestamp::from_millis(1_767_225_600_000);
        Talk { record: Record::new(State::new(Profile::unknown(UserId(peer)), at)), key: Key::new(ACCOUNT, UserId(peer)), at }
    }

    fn after(&mut self, seconds: u64) -> &mut Self {
        self.at = self.at.plus(Duration::from_secs(seconds));
        self
    }

    fn state(&mut self, change: impl FnOnce(&mut State)) -> &mut Self {
        change(&mut self.record.state);
        self
    }

    /// A prompt is open from the next entry on.
    fn ask(&mut self, state: &str, prompt: &str) -> &mut Self {
        let at = self.at;
        self.state(|it| {
            it.asked += 1;
            let (state, prompt) = (state.to_owned(), prompt.to_owned());
            it.askings.push(Asking { number: it.asked, state, prompt, at, page: 0, answered: false, chosen: None, slots: None });
        })
    }

    fn entry(&mut self, turns: Vec<TurnLog>) -> Entry {
        self.record.revision += 1;
        let (key, at, record) = (self.key, self.at, self.record.clone());
        Entry { kind: EntryKind::Turns, key, at, events: Vec::new(), forgotten: Vec::new(), turns, record, sealed: None }
    }

    /// Something is typed, and this takes it.
    fn says(&mut self, text: &str, fired: Fired) -> Entry {
        let turn = turn(self.message(text), Trace { fired, ..Trace::default() });
        self.entry(vec![turn])
    }

    /// Something is typed, and the person goes from one state to another.
    fn goes(&mut self, fired: Fired, from: Option<&str>, to: &str) -> Entry {
        self.record.state.at = Some(to.to_owned());
        let trace = Trace { fired, from: from.map(str::to_owned), to: Some(to.to_owned()), ..Trace::default() };
        let turn = turn(self.message("go"), trace);
        self.entry(vec![turn])
    }

    fn message(&self, text: &str) -> Event {
        let message = Incoming { id: MessageId(7), sent_at: self.at, text: text.to_owned(), tap: None, attachment: None };
        Event::Message { message, from: Profile::unknown(self.key.peer), overtaken: false, waited: false }
    }

    fn forgotten(&mut self) -> Entry {
        self.record.state = State::new(Profile::unknown(self.key.peer), self.at);
        Entry { kind: EntryKind::Tombstone, ..self.entry(Vec::new()) }
    }
}

fn turn(event: Event, trace: Trace) -> TurnLog {
    TurnLog { event, actions: Vec::new(), trace }
}

fn option(prompt: &str, option: &str) -> Fired {
    Fired::Option(prompt.to_owned(), option.to_owned())
}

fn row() -> RowId {
    RowId { revision: 1, index: 0 }
}

fn book(entries: impl IntoIterator<Item = Entry>) -> Book {
    let mut book = Book::default();
    entries.into_iter().for_each(|entry| book.take(&entry));
    book
}

fn figures(entries: impl IntoIterator<Item = Entry>) -> Figures {
    book(entries).figures.remove(&ACCOUNT).unwrap_or_default()
}

fn peers(directory: &Directory, filter: &Filter) -> Vec<u64> {
    directory.list(filter, 0, 100).lines.iter().map(|line| line.key.peer.0).collect()
}

#[test]
fn conversations_are_listed_newest_first_and_by_pages() {
    let talks = (0..5).map(|peer| {
        let mut talk = Talk::with(10 + peer);
        talk.after(peer * 60).says("hi", Fired::Nothing)
    });
    let mut book = book(talks);
    let mut first = Talk::with(10);
    first.record.revision = 1;
    book.take(&first.after(DAY).says("again", Fired::Nothing));
    assert_eq!(peers(&book.directory, &Filter::default()), [10, 14, 13, 12, 11]);
    let page = book.directory.list(&Filter::default(), 1, 2);
    assert_eq!((page.lines.len(), page.lines[0].key.peer, page.found), (2, UserId(14), 5));
}

#[test]
fn conversations_are_picked_out_by_what_is_to_be_done() {
    let mut desk = Talk::with(11);
    let since = desk.at;
    desk.state(|state| state.silence = Some(Silence { since, until: None, handoff: None, desk: true }));
    let (mut refused, mut unsent, mut out) = (Talk::with(12), Talk::with(13), Talk::with(14));
    let dead = Action::DeadLetter { row: row(), code: 0, reason: "no".into() };
    let outcome = Outcome::Refused { code: 0, reason: "no".into(), person: false };
    let settled = Event::Settled { row: row(), outcome };
    let letter = refused.entry(vec![TurnLog { actions: vec![dead.clone()], ..turn(settled, Trace::default()) }]);
    // Nobody has to look after what was withheld on purpose.
    let pause = Event::Desk { by: "ann".into(), order: DeskOrder::Pause };
    let withheld = Talk::with(16).entry(vec![TurnLog { actions: vec![dead], ..turn(pause, Trace::default()) }]);
    unsent.state(|state| {
        state.rows.push(Row {
            id: row(),
            status: RowStatus::Due(since),
            attempts: 0,
            doubtful: None,
            asking: None,
            desk: false,
            fingerprint: 0,
            as_lines: None,
        });
    });
    let entries = [
        desk.says("help", Fired::Silent),
        letter,
        withheld,
        unsent.says("hi", Fired::Rule("hi".into())),
        out.state(|state| state.opted_out = true).says("stop", Fired::Rule("stop".into())),
        Talk::with(15).says("mumble", Fired::Fallback),
    ];
    let mut book = book(entries);
    for (kind, peer) in [(Kind::Desk, 11), (Kind::Refused, 12), (Kind::Unsent, 13), (Kind::OptedOut, 14), (Kind::Unmatched, 15)] {
        assert_eq!(peers(&book.directory, &Filter { kind, ..Filter::default() }), [peer], "{kind:?}");
    }
    // Somebody looks after what was refused, and the one who was not understood is understood.
    let looked = turn(Event::Desk { by: "ann".into(), order: DeskOrder::Say { text: "sorry".into() } }, Trace::default());
    book.take(&refused.entry(vec![looked]));
    let mut mumbler = Talk::with(15);
    mumbler.record.revision = 1;
    book.take(&mumbler.says("hi", Fired::Rule("hi".into())));
    for kind in [Kind::Refused, Kind::Unmatched] {
        assert!(peers(&book.directory, &Filter { kind, ..Filter::default() }).is_empty(), "{kind:?}");
    }
}

#[test]
fn words_are_searched_only_for_those_who_may_see_them() {
    let mut talk = Talk::with(11);
    talk.state(|state| state.peer.name = "Zoë".into());
    let book = book([talk.says("Where is my snowboard?", Fired::Nothing), Talk::with(12).says("hi", Fired::Nothing)]);
    let found = |text: &str, sees_words: bool| peers(&book.directory, &Filter { text: text.into(), sees_words, ..Filter::default() });
    assert_eq!(found("SNOWBOARD", true), [11]);
    assert!(found("snowboard", false).is_empty());
    assert_eq!(found("zoe", false), [11]);
    assert_eq!(found("12", false), [12]);
}

#[test]
fn people_are_counted_by_state_and_the_quiet_ones_apart() {
    let mut late = Talk::with(12);
    late.after(2 * DAY);
    let now = late.at;
    let mut elsewhere = Talk::with(13);
    elsewhere.key.account = UserId(2);
    let went = |talk: &mut Talk| talk.goes(Fired::Rule("hi".into()), None, "home");
    let book = book([went(&mut Talk::with(11)), went(&mut late), went(&mut elsewhere), went(&mut Talk::with(14))]);
    let states = book.directory.by_state(ACCOUNT, now.minus(Duration::from_secs(DAY)));
    assert_eq!(states, BTreeMap::from([("home".to_owned(), (3, 2))]));
}

#[test]
fn of_a_forgotten_person_nothing_is_shown() {
    let mut talk = Talk::with(11);
    talk.state(|state| state.peer.name = "Ann".into());
    let said = talk.says("my secret", Fired::Fallback);
    let mut book = book([said, talk.forgotten()]);
    let line = book.directory.line(talk.key).expect("the line");
    assert_eq!((line.words.as_str(), line.name.as_str(), line.is_unmatched), ("", "", false));
    let figures = book.figures.remove(&ACCOUNT).unwrap_or_default();
    assert!(figures.unmatched.ranked(10).is_empty());
}

#[test]
fn what_comes_twice_counts_once() {
    let mut talk = Talk::with(11);
    let (first, second) = (talk.says("mumble", Fired::Fallback), talk.says("jumble", Fired::Fallback));
    let figures = figures([first.clone(), second.clone(), first, second]);
    assert_eq!(figures.heard_in_all(), 2);
}

#[test]
fn states_options_and_rules_are_counted() {
    let mut talk = Talk::with(11);
    let entries = [
        talk.goes(Fired::Rule("hi".into()), None, "home"),
        talk.goes(option("home/menu", "photo"), Some("home"), "photo"),
        talk.goes(option("photo/menu", "another"), Some("photo"), "photo"),
        talk.goes(option("photo/menu", "home"), Some("photo"), "home"),
        talk.after(3600).goes(option("home/menu", "photo"), Some("home"), "photo"),
    ];
    let figures = figures(entries);
    let named = |pairs: &[(&str, u32)]| pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect::<BTreeMap<_, _>>();
    assert_eq!(figures.entered, named(&[("home", 2), ("photo", 2)]), "who stays has not entered");
    assert_eq!(figures.rules, named(&[("hi", 1)]));
    assert_eq!(figures.options[&("home/menu".to_owned(), "photo".to_owned())], 2);
    assert_eq!(figures.options[&("photo/menu".to_owned(), "another".to_owned())], 1);
    assert_eq!(figures.heard.values().copied().collect::<Vec<_>>(), [4, 1], "by the hour");
}

#[test]
fn what_waits_is_counted_when_it_is_taken() {
    let mut talk = Talk::with(11);
    let waits = talk.says("mumble", Fired::Waits);
    assert_eq!(figures([waits.clone()]).heard_in_all(), 0);
    let figures = figures([waits, talk.says("mumble", Fired::Fallback)]);
    assert_eq!((figures.heard_in_all(), figures.unmatched.ranked(9).len()), (1, 1));
}

#[test]
fn times_to_answer_fall_into_spans() {
    let mut talk = Talk::with(11);
    let asked = talk.ask("home", "menu").says("hi", Fired::Rule("hi".into()));
    let tapped = talk.after(60).ask("order", "qty").says("Order", option("home/menu", "order"));
    let answered = talk.after(2 * DAY).says("3", Fired::Answer("qty".into()));
    let figures = figures([asked, tapped, answered]);
    assert_eq!(figures.asked, BTreeMap::from([("home/menu".to_owned(), 1), ("order/qty".to_owned(), 1)]));
    let at = |prompt: &str| figures.answered_in[prompt].iter().position(|count| *count == 1);
    assert_eq!(at("home/menu"), SPANS.iter().position(|end| *end == 60));
    assert_eq!(at("order/qty"), Some(SPANS.len()), "longer than the last span");
}

#[test]
fn taps_are_counted_by_lateness_and_policy() {
    let mut talk = Talk::with(11);
    let mut tap = |lateness, policy| {
        let turn = turn(talk.message("tap"), Trace { fired: option("a/menu", "b"), lateness: Some(lateness), policy, ..Trace::default() });
        talk.entry(vec![turn])
    };
    let late = || (Lateness::Superseded, Some(Late::Follow));
    let figures = figures([tap(late().0, late().1), tap(Lateness::Current, None), tap(late().0, late().1)]);
    assert_eq!(figures.lateness, BTreeMap::from([((Lateness::Current, None), 1), (late(), 2)]));
}

#[test]
fn what_nothing_took_is_ranked_by_its_folded_words() {
    let mut talk = Talk::with(11);
    let mut secret = talk.says("my card is 1234", Fired::Fallback);
    secret.turns[0].trace.is_secret = true;
    let entries = [
        secret,
        talk.says("Snow today", Fired::Fallback),
        talk.after(5).says("wher is it", Fired::Nothing),
        talk.after(5).says("Where?", Fired::Fallback),
        talk.says("where!!", Fired::Fallback),
        talk.says("?", Fired::Fallback),
    ];
    let figures = figures(entries);
    let ranked: Vec<_> = figures.unmatched.ranked(9).into_iter().map(|text| (text.text.as_str(), text.count)).collect();
    assert_eq!(ranked, [("where!!", 2), ("wher is it", 1), ("Snow today", 1)]);
    assert_eq!(figures.unmatched.ranked(1).len(), 1);
}

#[test]
fn what_is_sent_is_counted() {
    let mut talk = Talk::with(11);
    let mut entry = talk.says("hi", Fired::Rule("hi".into()));
    let said = Action::Send { row: row(), message: Outgoing::default(), asking: None, options: 0 };
    entry.turns[0].actions = vec![said.clone(), said];
    assert_eq!(figures([entry]).sent, 2);
}

#[tokio::test]
async fn what_is_older_than_the_span_is_counted_no_longer() {
    use crate::clock::ManualClock;
    use crate::store::MemoryStore;
    use crate::turn::{Arrival, Turns};
    let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_767_225_600_000)));
    let sources = crate::bot::Sources::from([("bot.kdl".to_owned(), "bot \"b\" version=1\non \"hi\" { say \"Hello.\" }".to_owned())]);
    let program = crate::bot::compile(&sources).unwrap_or_else(|found| panic!("{found:?}")).program;
    let programs = BTreeMap::from([(ACCOUNT, Arc::new(program))]);
    let (turns, _) = Turns::new(Arc::new(MemoryStore::new()), clock.clone(), programs, Duration::from_secs(30));
    let (turns, ledger) = (Arc::new(turns), Ledger::new());
    let follows = tokio::spawn(ledger.clone().follow(turns.clone(), clock.clone()));
    let hears = async |number: u64| {
        let peer = Profile::unknown(UserId(11));
        let message = Incoming { id: MessageId(number), sent_at: clock.now(), text: "hi".into(), tap: None, attachment: None };
        let id = crate::model::EventId::message(ACCOUNT, message.id);
        let event = Event::Message { message, from: peer.clone(), overtaken: false, waited: false };
        let mut changes = ledger.changes();
        turns.arrive(vec![Arrival { key: Key::new(ACCOUNT, peer.id), id, event, peer }]).await.expect("taken");
        changes.recv().await.expect("a change");
    };
    while !ledger.is_whole() {
        tokio::task::yield_now().await;
    }
    hears(1).await;
    hears(2).await;
    assert_eq!(ledger.figures(ACCOUNT, Figures::heard_in_all), 2);
    clock.advance(SPAN + Duration::from_secs(DAY));
    hears(3).await;
    assert_eq!(ledger.figures(ACCOUNT, Figures::heard_in_all), 1);
    follows.abort();
}
