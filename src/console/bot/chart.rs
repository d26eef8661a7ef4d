//! Charts, drawn on the server.

use maud::{Markup, html};

/// A bar: what it is for, and how high it is.
pub(super) type Bar = (String, u64);

/// Bars side by side, as high as the highest; `told` says what they show to those who do not see them.
pub(super) fn bars(bars: &[Bar], width: usize, height: usize, told: &str) -> Markup {
    let most = bars.iter().map(|(_, value)| *value).max().unwrap_or_default().max(1);
    let step = width / bars.len().max(1);
    html! {
        svg.chart width=(width) height=(height + 2) viewBox={ "0 0 " (width) " " (height + 2) } role="img" aria-label=(told) {
            @for (ix, (name, value)) in bars.iter().enumerate() {
                // What happened at all is seen.
                @let tall = if *value == 0 { 0 } else { (value * height as u64 / most).max(2) };
                rect x=(ix * step) y=(height as u64 - tall) width=(step.saturating_sub(2).max(1)) height=(tall) { title { (name) ": " (value) } }
            }
            path.base d={ "M0 " (height) ".5H" (width) } {}
        }
    }
}
