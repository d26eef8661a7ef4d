//! The chat in the terminal: a line is a number, a label or a text; a slash is a command.

use std::io::{BufRead as _, IsTerminal as _};
use std::sync::mpsc as sync;
use std::time::Duration;

use rustyline::error::ReadlineError;
use tokio::sync::mpsc;

use super::phone::{Phone, option_named, show};
use super::screen::{Printer, Screen};
use super::{Rig, told};

/// How long an answer is waited for before the person may type again; it shows up later if it comes later.
const PATIENCE: Duration = Duration::from_secs(3);

const HELP: &str = "  a number or a label    taps that option of the newest menu
  anything else          is typed to the bot
  /say TEXT              types a text, even if it is a number, a label or begins with # or /
  #N OPTION              taps an option of message N, however old: #2 1, #2 Aspen
  #N                     shows message N again
  /menus                 shows every menu so far; all of them stay tappable
  /redeliver             X delivers every event again
  /restart, /crash       stops the service (in good order, or not) and starts it again
  /quit                  ends the chat, as Ctrl-D and Ctrl-C do";

/// What a line asks for.
enum Wish {
    Tap { message: Option<usize>, option: String },
    Type(String),
    Show(usize),
    Menus,
    Redeliver,
    Restart,
    Crash,
    Help,
    Quit,
    Unknown(String),
}

/// Chats until the person has enough.
pub(in crate::cli) async fn chat(rig: &mut Rig, screen: &Screen) -> anyhow::Result<()> {
    println!("Type to the bot; /help tells what else can be done.");
    let mut phone = Phone::default();
    let (mut lines, more, printer) = keyboard();
    screen.beside(printer);
    loop {
        let line = tokio::select! {
            line = lines.recv() => line,
            // A message may come without being asked for: a reminder, a late retry.
            () = tokio::time::sleep(Duration::from_millis(200)) => {
                arrivals(&mut phone, rig, screen);
                continue;
            }
        };
        let Some(line) = line else { return Ok(()) };
        let done = match read(&line, &phone) {
            None => Ok(()),
            Some(Wish::Quit) => return Ok(()),
            Some(wish) => fulfil(wish, rig, &phone, screen).await,
        };
        if let Err(error) = done {
            screen.line(&format!("    {}", told(&error)));
        }
        rig.settled(PATIENCE).await;
        arrivals(&mut phone, rig, screen);
        let _ = more.send(());
    }
}

fn arrivals(phone: &mut Phone, rig: &Rig, screen: &Screen) {
    for (number, message) in phone.look(rig) {
        screen.line(&show(number, &message));
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
        _ if word.starts_with('/') => Wish::Unknown(word.to_owned()),
        _ => match word.strip_prefix('#').and_then(|number| number.parse().ok()) {
            Some(number) if rest.trim().is_empty() => Wish::Show(number),
            Some(number) => Wish::Tap { message: Some(number), option: rest.trim().to_owned() },
            None if phone.newest_menu().is_some_and(|(_, menu)| option_named(menu, line).is_some()) => {
                Wish::Tap { message: None, option: line.to_owned() }
            }
            None => Wish::Type(line.to_owned()),
        },
    })
}

async fn fulfil(wish: Wish, rig: &mut Rig, phone: &Phone, screen: &Screen) -> anyhow::Result<()> {
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
        Wish::Show(number) => screen.line(&show(number, phone.message(number)?)),
        Wish::Menus => phone.menus().for_each(|(number, menu)| screen.line(&show(number, menu))),
        Wish::Redeliver => screen.line(&format!("    {} deliveries made again", rig.simulator().redeliver_all())),
        Wish::Restart => {
            rig.restart().await?;
            screen.line("    the service was stopped and started again");
        }
        Wish::Crash => {
            rig.crash().await?;
            screen.line("    the service was cut off and started again");
        }
        Wish::Help => screen.line(HELP),
        Wish::Unknown(word) => anyhow::bail!("there is no {word}: /help tells what there is, and /say {word} types it to the bot"),
        Wish::Quit => {}
    }
    Ok(())
}

type Keyboard = (mpsc::Receiver<String>, sync::Sender<()>, Option<Printer>);

/// Lines from the keyboard, read on a thread of their own: the next is asked for when the last was answered.
fn keyboard() -> Keyboard {
    let (send, lines) = mpsc::channel(1);
    let (more, wanted) = sync::channel::<()>();
    let mut editor = std::io::stdin().is_terminal().then(rustyline::DefaultEditor::new).and_then(Result::ok);
    let printer = editor.as_mut().and_then(|editor| editor.create_external_printer().ok());
    let printer = printer.map(|printer| Box::new(printer) as Printer);
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
                    let mut line = Vec::new();
                    match std::io::stdin().lock().read_until(b'\n', &mut line) {
                        Ok(0) | Err(_) => return,
                        Ok(_) => {
                            let line = String::from_utf8_lossy(&line).into_owned();
                            // A chat through a pipe should read like one that was typed.
                            println!("you> {}", line.trim_end());
                            line
                        }
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
