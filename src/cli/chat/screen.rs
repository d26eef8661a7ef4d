//! What is printed during a chat. It appears above the line that the person may be typing, and the log goes the same way.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Prints beside the line editor.
pub(super) type Printer = Box<dyn rustyline::ExternalPrinter + Send>;

/// Where a chat and its log are printed; all clones are one screen.
#[derive(Clone, Default)]
pub(in crate::cli) struct Screen(Arc<Mutex<Option<Printer>>>);

impl Screen {
    /// Prints beside a line editor from now on.
    pub(super) fn beside(&self, printer: Option<Printer>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = printer;
    }

    /// Prints a line, or several.
    pub(super) fn line(&self, text: &str) {
        if !self.print(&format!("{text}\n")) {
            println!("{text}");
        }
    }

    /// Whether there was a line editor to print beside.
    fn print(&self, text: &str) -> bool {
        let mut printer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        printer.as_mut().is_some_and(|printer| printer.print(text.to_owned()).is_ok())
    }
}

/// The log is written here, a line at a time.
impl Write for Screen {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if !self.print(&String::from_utf8_lossy(line)) {
            io::stderr().write_all(line)?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
