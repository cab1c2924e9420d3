//! Divides the lines of a screen among the parts of the diagram.

use crate::view::sequence::rows::RowWriter;
use crate::view::sequence::section::{Section, ShownConclusions};
use crate::view::view_context::ViewContext;

/// The width of a legend with all its entries. It determines how many lines are reserved for the legend.
const FULL_LEGEND_COLUMNS: usize = 110;

/// The kinds of lines around the rows, each shown or not.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each kind of line is shown or not")]
pub(crate) struct SurroundingLines {
    /// The verdict and the findings.
    pub(crate) conclusions: ShownConclusions,
    pub(crate) concurrency: bool,
    pub(crate) legend: bool,
    /// Blank lines between sections.
    pub(crate) blanks: bool,
    /// The reasons why Pods failed and why a workload failed or waits, and the row of a held workload.
    pub(crate) reasons: bool,
}

impl SurroundingLines {
    const ALL: Self = Self {
        conclusions: ShownConclusions::All,
        concurrency: true,
        legend: true,
        blanks: true,
        reasons: true,
    };
    const NONE: Self = Self {
        conclusions: ShownConclusions::None,
        concurrency: false,
        legend: false,
        blanks: false,
        reasons: false,
    };

    const SENTENCE_AND_REASONS: Self =
        Self { conclusions: ShownConclusions::Sentence, reasons: true, ..Self::NONE };
    const ONLY_REASONS: Self = Self { reasons: true, ..Self::NONE };
    const ONLY_SENTENCE: Self = Self { conclusions: ShownConclusions::Sentence, ..Self::NONE };

    /// The choices, from all lines to a few lines. The first choice that leaves room for the rows is used.
    const CHOICES: &'static [Self] = {
        let without_concurrency = Self { concurrency: false, ..Self::ALL };
        let without_blanks = Self { blanks: false, ..without_concurrency };
        let without_legend = Self { legend: false, ..without_blanks };
        &[Self::ALL, without_concurrency, without_blanks, without_legend, Self::SENTENCE_AND_REASONS]
    };

    /// The choices for a very small screen, on which these lines are more important than the second row of a section.
    /// Each choice has the number of rows that must fit.
    const SMALL_CHOICES: [(Self, usize); 4] =
        [(Self::SENTENCE_AND_REASONS, 2), (Self::ONLY_REASONS, 1), (Self::ONLY_SENTENCE, 1), (Self::NONE, 0)];

    /// The number of lines around the rows, including the headings and the header.
    fn count(
        self,
        context: &ViewContext<'_>,
        sections: &[Section<'_>],
        rows: &RowWriter<'_>,
        legend_lines: Option<usize>,
    ) -> usize {
        let if_shown = |is_shown: bool, lines: usize| if is_shown { lines } else { 0 };
        let held = sections.iter().filter_map(|section| section.held_workload(context));
        let with_gang = sections.iter().filter(|section| section.gang(context).is_some());
        let with_concurrency = sections.iter().filter(|section| section.concurrency(context).is_some());
        sections.len()
            + usize::from(legend_lines.is_some())
            + sections.iter().map(|section| section.conclusions(self.conclusions).len()).sum::<usize>()
            + if_shown(self.concurrency, with_concurrency.count())
            + if_shown(self.legend, legend_lines.unwrap_or(0))
            + if_shown(self.blanks, sections.len().saturating_sub(1))
            + if_shown(self.reasons, sections.iter().map(|section| section.reasons.len()).sum())
            + if_shown(self.reasons && legend_lines.is_some(), with_gang.count())
            + if_shown(self.reasons, held.map(|workload| rows.count_held_lines(workload)).sum())
    }
}

/// The maximum number of lines of the legend.
pub(crate) fn max_legend_lines(columns: usize) -> usize {
    FULL_LEGEND_COLUMNS.div_ceil(columns).min(3)
}

/// Divides the lines between the rows of each section and the lines around them. `legend_lines` is the number of lines
/// that are reserved for the legend; `None` if there is no axis. `lines` is `None` if there is no
/// limit.
pub(crate) fn divide_lines(
    context: &ViewContext<'_>,
    sections: &mut [Section<'_>],
    lines: Option<usize>,
    rows: &RowWriter<'_>,
    legend_lines: Option<usize>,
) -> SurroundingLines {
    let Some(lines) = lines else {
        for section in sections {
            section.fold_to(context, usize::MAX);
        }
        return SurroundingLines::ALL;
    };
    let all_rows: usize = sections.iter().map(|section| section.rows.rows.len()).sum();
    let min_rows: usize = sections.iter().map(|section| section.min_rows(context, lines)).sum();
    let fitting = SurroundingLines::CHOICES.iter().find_map(|choice| {
        let around = choice.count(context, sections, rows, legend_lines);
        // No line stays empty while Pods are folded.
        if around + all_rows * rows.max_lines_per_row() > lines && choice.blanks {
            let choice = SurroundingLines { blanks: false, ..*choice };
            let around = choice.count(context, sections, rows, legend_lines);
            return (around + min_rows <= lines).then(|| (choice, lines - around));
        }
        (around + min_rows <= lines).then(|| (*choice, lines - around))
    });
    let count = |choice: SurroundingLines| choice.count(context, sections, rows, legend_lines);
    let small = || {
        let has_reasons = sections.iter().any(|section| !section.reasons.is_empty());
        let mut choices = SurroundingLines::SMALL_CHOICES.into_iter();
        let fits = |(choice, rows): &(SurroundingLines, usize)| {
            // Without reasons, the sentence takes their room.
            let is_useful = !choice.reasons || has_reasons || choice.conclusions != ShownConclusions::None;
            is_useful && count(*choice) + rows * sections.len() <= lines
        };
        choices.find(fits).map_or(SurroundingLines::NONE, |(choice, _)| choice)
    };
    let (mut chosen, mut free) = fitting.unwrap_or_else(|| {
        let choice = small();
        (choice, lines.saturating_sub(count(choice)))
    });
    let mut wanted: Vec<usize> = sections.iter().map(|section| section.rows.rows.len()).collect();
    // A row with evidence or container bars takes several lines.
    let count_rows = |free: usize| (free / rows.max_lines_per_row()).max(usize::from(free > 0));
    if chosen.blanks && wanted.iter().sum::<usize>() > count_rows(free) {
        // No line is empty while there are rows without a line.
        chosen.blanks = false;
        free += sections.len().saturating_sub(1);
    }
    let shares = distribute(&mut wanted, count_rows(free));
    for (section, share) in sections.iter_mut().zip(shares) {
        section.fold_to(context, share);
    }
    chosen
}

/// Distributes `free` lines. All sections get the same number, but no section gets more than it wants.
fn distribute(wanted: &mut [usize], mut free: usize) -> Vec<usize> {
    let mut shares = vec![0; wanted.len()];
    loop {
        let unsatisfied = wanted.iter().filter(|&&wanted| wanted > 0).count();
        if unsatisfied == 0 || free == 0 {
            return shares;
        }
        let each = (free / unsatisfied).max(1);
        for (wanted, share) in wanted.iter_mut().zip(&mut shares) {
            let given = each.min(*wanted).min(free);
            *wanted -= given;
            *share += given;
            free -= given;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_shared_equally_but_no_section_gets_more_than_it_wants() {
        assert_eq!(distribute(&mut [10, 1, 10], 11), [5, 1, 5]);
        assert_eq!(distribute(&mut [1, 1], 10), [1, 1]);
        assert_eq!(distribute(&mut [5, 5, 5], 2), [1, 1, 0]);
        assert!(distribute(&mut [], 2).is_empty());
    }
}
