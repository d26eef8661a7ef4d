//! The chat in the terminal: a line is a number, a label or a text; a slash is a command.

use std::io::IsTerminal as _;
use std::sync::mpsc as sync;
use std::time::Duration;

use rustyline::error::ReadlineError;
use tokio::sync::mpsc;

use super::Rig;
use super::phone::{Phone, option_named, show};

/// How long an answer is waited for before the person may type again; it shows up later if it comes later.
const PATIENCE: Duration = Duration::from_secs(3);

const HELP: &str = "\
  a number or a label    taps that option of the newest menu
  anything else          is typed to the bot
  /say TEXT              types a text, even if it is a number or a label
  #N OPTION              taps an option of message N, however old: #2 1, #2 Aspen
  /menus                 shows every menu so far; all of them stay tappable
  /redeliver             X delivers every event again
  /restart, /crash       stops the service (in good order, or not) and starts it again
  /quit                  ends the chat";

/// What a line asks for.
enum Wish {
    Tap { message: Option<usize>, option: String },
    Type(String),
    Menus,
    Redeliver,
    Restart,
    Crash,
    Help,
    Quit,
}

/// Chats until the person has enough.
pub(in crate::cli) async fn chat(rig: &mut Rig) -> anyhow::Result<()> {
    println!("Type to the bot; /help tells what else can be done.");
    let mut phone = Phone::default();
    let (mut lines, more, printer) = keyboard();
    let mut print = Print(printer);
    loop {
        let line = tokio::select! {
            line = lines.recv() => line,
            // A message may come without being asked for: a reminder, a late retry.
            () = tokio::time::sleep(Duration::from_millis(200)) => {
                arrivals(&mut phone, rig, &mut print);
                continue;
            }
        };
        let Some(line) = line else { return Ok(()) };
        let done = match read(&line, &phone) {
            None => Ok(()),
            Some(Wish::Quit) => return Ok(()),
            Some(wish) => fulfil(wish, rig, &phone).await,
        };
        if let Err(error) = done {
            print.line(&format!("    {error:#}"));
        }
        rig.settled(PATIENCE).await;
        arrivals(&mut phone, rig, &mut print);
        let _ = more.send(());
    }
}

fn arrivals(phone: &mut Phone, rig: &Rig, print: &mut Print) {
    for (number, message) in phone.look(rig) {
        print.line(&show(number, &message));
    }
}

fn read(line: &str, phone: &Phone) -> Option<Wish> {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    Some(match word {
        "" => return None,
        "/say" => Wish::Type(rest.to_owned()),
        "/menus" => Wish::Menus,
        "/redeliver" => Wish::Redeliver,
        "/restart" => Wish::Restart,
        "/crash" => Wish::Crash,
        "/quit" | "/exit" => Wish::Quit,
        "/help" => Wish::Help,
        _ => match word.strip_prefix('#').and_then(|number| number.parse().ok()) {
            Some(number) => Wish::Tap { message: Some(number), option: rest.trim().to_owned() },
            None if phone.newest_menu().is_some_and(|(_, menu)| option_named(menu, line).is_some()) => {
                Wish::Tap { message: None, option: line.to_owned() }
            }
            None => Wish::Type(line.to_owned()),
        },
    })
}

async fn fulfil(wish: Wish, rig: &mut Rig, phone: &Phone) -> anyhow::Result<()> {
    match wish {
        Wish::Type(text) => {
            rig.simulator().say(rig.person(), rig.account(), &text)?;
        }
        Wish::Tap { message, option } => {
            let message = match message {
                Some(number) => phone.message(number)?,
                None => phone.newest_menu().map(|(_, menu)| menu).ok_or_else(|| anyhow::anyhow!("there is no menu yet"))?,
            };
            phone.tap(rig, message, &option)?;
        }
        Wish::Menus => phone.menus().for_each(|(number, menu)| println!("{}", show(number, menu))),
        Wish::Redeliver => println!("    {} deliveries made again", rig.simulator().redeliver_all()),
        Wish::Restart => {
            rig.restart().await?;
            println!("    the service was stopped and started again");
        }
        Wish::Crash => {
            rig.crash().await?;
            println!("    the service was cut off and started again");
        }
        Wish::Help => println!("{HELP}"),
        Wish::Quit => {}
    }
    Ok(())
}

/// Prints beside the line that the person may be typing.
struct Print(Option<Box<dyn rustyline::ExternalPrinter + Send>>);

impl Print {
    fn line(&mut self, text: &str) {
        let printed = self.0.as_mut().is_some_and(|printer| printer.print(format!("{text}\n")).is_ok());
        if !printed {
            println!("{text}");
        }
    }
}

type Keyboard = (mpsc::Receiver<String>, sync::Sender<()>, Option<Box<dyn rustyline::ExternalPrinter + Send>>);

/// Lines from the keyboard, read on a thread of their own: the next is asked for when the last was answered.
fn keyboard() -> Keyboard {
    let (send, lines) = mpsc::channel(1);
    let (more, wanted) = sync::channel::<()>();
    let mut editor = std::io::stdin().is_terminal().then(rustyline::DefaultEditor::new).and_then(Result::ok);
    let printer = editor.as_mut().and_then(|editor| editor.create_external_printer().ok());
    let printer = printer.map(|printer| Box::new(printer) as Box<dyn rustyline::ExternalPrinter + Send>);
    std::thread::spawn(move || {
        loop {
            let line = match &mut editor {
                Some(editor) => match editor.readline("you> ") {
                    Ok(line) => {
                        // A history that cannot grow costs nothing but comfort.
                        let _ = editor.add_history_entry(&line);
                        line
                    }
                    Err(ReadlineError::Interrupted | ReadlineError::Eof) => return,
                    Err(_) => return,
                },
                None => {
                    let mut line = String::new();
                    match std::io::stdin().read_line(&mut line) {
                        Ok(0) | Err(_) => return,
                        Ok(_) => line,
                    }
                }
            };
            if send.blocking_send(line).is_err() || wanted.recv().is_err() {
                return;
            }
        }
    });
    (lines, more, printer)
}
