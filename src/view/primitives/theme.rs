//! The colours and attributes of each [`Style`], and the characters that may be written. The views themselves do not
//! use this file.

use std::borrow::Cow;

use owo_colors::{Style as OwoStyle, XtermColors};

use crate::observation::clean_whole;
use crate::timeline::PodKey;
use crate::view::primitives::frame::Style;
use crate::view::primitives::text;

/// Maps each [`Style`] to colours and attributes of a terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stylesheet {
    coloured: bool,
    /// Whether only ASCII characters may be written.
    ascii: bool,
}

impl Stylesheet {
    /// Uses no colours. The only attribute is reverse video for the selected row.
    pub(crate) const PLAIN: Self = Self { coloured: false, ascii: false };

    /// Uses colours that are readable on a white and on a black background. No information depends on colour alone.
    pub(crate) const COLOURED: Self = Self { coloured: true, ascii: false };

    /// The same stylesheet, with ASCII characters only if `ascii` is set.
    pub(crate) fn with_ascii(self, ascii: bool) -> Self {
        Self { ascii, ..self }
    }

    /// Returns the text with the characters that may be written. Escapes the characters that a terminal would obey or
    /// hide, so that no output can contain them. Views clean the text of a cluster before they measure it; this is
    /// the last guard. If only ASCII characters may be written, each other character becomes ASCII characters of the
    /// same width: a dash becomes `-`, and most others become `?`.
    pub(crate) fn writable(self, text: &str) -> Cow<'_, str> {
        let clean = clean_whole(text);
        if !self.ascii || clean.is_ascii() {
            return clean;
        }
        let mut written = String::with_capacity(clean.len());
        for char in clean.chars() {
            match char {
                char if char.is_ascii() => written.push(char),
                '–' | '—' => written.push('-'),
                '…' => written.push('.'),
                '·' => written.push(','),
                char => written.extend(std::iter::repeat_n('?', text::char_width(char))),
            }
        }
        Cow::Owned(written)
    }

    /// Whether colours are written.
    pub(crate) fn is_coloured(self) -> bool {
        self.coloured
    }

    /// The colour of the log lines of a Pod; `None` without colours. Pods that were created one after the other have
    /// different colours.
    pub(crate) fn pod_style(self, pod: PodKey) -> Option<OwoStyle> {
        let colour = Colour::OF_PODS[pod.0 as usize % Colour::OF_PODS.len()];
        self.coloured.then(|| colour.apply(OwoStyle::new()))
    }

    /// The colours and attributes of a style; `None` means plain text.
    pub(crate) fn style(self, style: Style) -> Option<OwoStyle> {
        // Reverse video is not a colour, so the plain stylesheet uses it too.
        if style == Style::Selected {
            return Some(OwoStyle::new().reversed());
        }
        if !self.coloured {
            return None;
        }
        let plain = OwoStyle::new();
        Some(match style {
            Style::Selected => plain.reversed(),
            Style::Strong | Style::Now => plain.bold(),
            Style::Failure => Colour::from_style(style)?.apply(plain).bold(),
            Style::Text
            | Style::Dim
            | Style::Queued
            | Style::Setup
            | Style::Pulling
            | Style::PullFailing
            | Style::Initializing
            | Style::Unready
            | Style::Work
            | Style::FailedWork
            | Style::Success
            | Style::Warning
            | Style::BackOff
            | Style::Terminating
            | Style::Key
            | Style::Quoted
            | Style::Literal => Colour::from_style(style)?.apply(plain),
        })
    }
}

/// A colour with a fixed value.
///
/// The 16 basic colours of a terminal depend on the user's palette, so nothing can be said about their contrast, and
/// `dim` has no fixed effect. The program does not ask the terminal for its background, because not all terminals
/// answer. Therefore each colour has a contrast of at least 4.5:1 on white as well as on black. Only a narrow band of
/// brightness has this property. The palette of 256 colours contains no red and no amber in this band, so these two are
/// RGB values. If a terminal does not understand an RGB value, the zero at its end resets the text to plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Colour {
    /// A colour of the palette of 256 colours.
    Palette(u8),
    /// Red, green and blue.
    Rgb(u8, u8, u8),
}

impl Colour {
    const GREY: Self = Self::Palette(243);
    const GREEN: Self = Self::Palette(29);
    const BLUE: Self = Self::Palette(63);
    const PURPLE: Self = Self::Palette(98);
    const MAGENTA: Self = Self::Palette(163);
    const RED: Self = Self::Rgb(236, 0, 0);
    const AMBER: Self = Self::Rgb(165, 104, 0);
    const CYAN: Self = Self::Rgb(0, 130, 140);

    /// The colours of the log lines of Pods. Red is not among them, because red means failure.
    const OF_PODS: &[Self] = &[Self::GREEN, Self::BLUE, Self::AMBER, Self::MAGENTA, Self::CYAN, Self::PURPLE];

    /// The colour of a style; `None` for the colour of the terminal's text.
    fn from_style(style: Style) -> Option<Self> {
        match style {
            Style::Text | Style::Selected | Style::Strong | Style::Now => None,
            Style::Dim | Style::Queued => Some(Self::GREY),
            Style::Setup | Style::Key => Some(Self::BLUE),
            Style::Pulling => Some(Self::MAGENTA),
            Style::Initializing => Some(Self::PURPLE),
            Style::Work | Style::Success | Style::Quoted | Style::Unready => Some(Self::GREEN),
            Style::Failure | Style::FailedWork | Style::PullFailing | Style::Terminating => Some(Self::RED),
            Style::Warning | Style::BackOff | Style::Literal => Some(Self::AMBER),
        }
    }

    fn apply(self, style: OwoStyle) -> OwoStyle {
        match self {
            Self::Palette(index) => style.color(XtermColors::from(index)),
            Self::Rgb(red, green, blue) => style.truecolor(red, green, blue),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Style; 21] = [
        Style::Text,
        Style::Dim,
        Style::Strong,
        Style::Queued,
        Style::Setup,
        Style::Pulling,
        Style::PullFailing,
        Style::Initializing,
        Style::Unready,
        Style::Work,
        Style::FailedWork,
        Style::Success,
        Style::Failure,
        Style::Warning,
        Style::BackOff,
        Style::Terminating,
        Style::Now,
        Style::Selected,
        Style::Key,
        Style::Quoted,
        Style::Literal,
    ];

    /// Red, green and blue from the numbers of a terminal code: `38;5;INDEX` or `38;2;RED;GREEN;BLUE`.
    fn rgb_of_code(numbers: &[u8]) -> Option<[u8; 3]> {
        match *numbers {
            [38, 2, red, green, blue] => Some([red, green, blue]),
            [38, 5, index @ 16..=231] => {
                let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
                let index = index - 16;
                Some([level(index / 36), level(index / 6 % 6), level(index % 6)])
            }
            [38, 5, index @ 232..=255] => Some([8 + 10 * (index - 232); 3]),
            _ => None,
        }
    }

    /// The relative luminance of WCAG 2.
    fn luminance(rgb: [u8; 3]) -> f64 {
        let linear = rgb.map(|value| {
            let value = f64::from(value) / 255.0;
            if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    #[test]
    fn the_list_of_styles_is_complete() {
        for (index, style) in ALL.into_iter().enumerate() {
            assert_eq!(style as usize, index, "{style:?}");
        }
        assert_eq!(ALL.len(), Style::Literal as usize + 1, "Literal is the last style");
    }

    #[test]
    fn every_colour_is_readable_on_white_and_on_black() {
        let of_pods = (0..6).map(|pod| (format!("pod {pod}"), Stylesheet::COLOURED.pod_style(PodKey(pod))));
        let of_styles = ALL.map(|style| (format!("{style:?}"), Stylesheet::COLOURED.style(style)));
        for (style, owo) in of_styles.into_iter().chain(of_pods) {
            let Some(owo) = owo else { continue };
            let written = owo.style("x").to_string();
            let codes = written.strip_prefix("\u{1b}[").unwrap().split_once('m').unwrap().0.to_owned();
            let numbers: Vec<u8> = codes.split(';').map(|number| number.parse().unwrap()).collect();
            let without_attributes: Vec<u8> = match numbers.as_slice() {
                // Bold and reverse video keep the contrast. The colours of the user's own palette and `dim` do not.
                [1 | 7] => continue,
                [colour @ .., 1] | [1, colour @ ..] | colour => colour.to_vec(),
            };
            let rgb = rgb_of_code(&without_attributes)
                .unwrap_or_else(|| panic!("{style} has no fixed colour: {codes}"));
            // Each style is used for text, so the limit for text applies: 4.5. It is also above 3, the limit for
            // glyphs.
            let on_white = 1.05 / (luminance(rgb) + 0.05);
            let on_black = (luminance(rgb) + 0.05) / 0.05;
            assert!(on_white >= 4.5 && on_black >= 4.5, "{style}: {on_white:.2} {on_black:.2}");
        }
    }
}
