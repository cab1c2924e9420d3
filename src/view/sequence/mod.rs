//! The sequence diagram: one row a Pod, all bars on one time axis.

pub(crate) mod concurrency;
pub(crate) mod held;
pub(crate) mod laned;
pub(crate) mod layout;
pub(crate) mod row;
pub(crate) mod scroll;
pub(crate) mod tries;

use std::ops::ControlFlow;
use std::rc::Rc;

use crate::timeline::{Summary, Workload};
use crate::view::chart::legend::LegendEntries;
use crate::view::chart::span::span;
use crate::view::frame_cache::keys::{FindingsKey, FoldKey, RowsKey};
use crate::view::frame_cache::results::{Counts, Folded, PodPace, PodRows};
use crate::view::picture::{Bars, Picture};
use crate::view::primitives::frame::{Frame, Line, Style};
use crate::view::rows::groups::{Group, Heading, blocks, is_bare_pod};
use crate::view::rows::overflow::fold;
use crate::view::rows::{findings, headings};
use crate::view::state::{Align, GroupBy, Size, Sort};
use crate::view::view_context::ViewContext;
use layout::Layout;
use row::Rows;

/// A block with all that its lines need.
pub(crate) struct Part<'a> {
    block: Group<'a>,
    counts: Counts,
    summary: Option<Summary>,
    reason: Option<Line>,
    /// Where the time went.
    verdict: Vec<Line>,
    tries: Rc<PodRows>,
    rows_key: RowsKey,
    folded: Rc<Folded>,
    pace: PodPace,
}

impl Part<'_> {
    /// The numbers of a line that tells how many Pods worked at which time, if that is worth one.
    fn concurrency(&self, context: &ViewContext<'_>) -> Option<&Summary> {
        let worth = context.state.align == Align::Wall && self.block.pods.len() >= concurrency::LEAST_PODS;
        self.summary.as_ref().filter(|summary| worth && summary.concurrency_max > 1)
    }

    /// The workload, if it has a row of its own: it was held back.
    fn held(&self, context: &ViewContext<'_>) -> Option<&Workload> {
        match self.block.heading {
            Heading::Workload(workload) if held::is_there(context, workload) => Some(workload),
            _ => None,
        }
    }
}

/// Lines around the rows of the blocks; those that come last here go first when there is no room for them.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each kind of line is there or not")]
struct Extras {
    verdicts: bool,
    concurrency: bool,
    legend: usize,
    blanks: bool,
    reasons: bool,
}

impl Extras {
    /// From all to none.
    const CHOICES: [(bool, bool, bool, bool, bool); 6] = [
        (true, true, true, true, true),
        (true, false, true, true, true),
        (true, false, true, false, true),
        (true, false, false, false, true),
        (false, false, false, false, true),
        (false, false, false, false, false),
    ];
}

/// Takes away the lines that are done; tells whether more are wanted.
pub(crate) type Flush<'a> = dyn FnMut(&mut Vec<Line>) -> ControlFlow<()> + 'a;

/// The picture. Without a bound on its lines, `flush` may take those away that are done.
pub(crate) fn draw(context: &ViewContext<'_>, size: Size, flush: &mut Flush<'_>) -> Picture {
    let columns = size.columns.max(1);
    let mut parts: Vec<Part<'_>> =
        blocks(context).into_iter().map(|block| part(context, block, columns)).collect();
    if !context.window.filter.is_empty() && parts.len() > 1 {
        parts.retain(|part| !part.block.pods.is_empty());
    }
    let layout = Layout::of(context, &parts.iter().map(|part| &part.block).collect::<Vec<_>>(), columns);
    let span = span(context);
    let axis = span.axis(layout.bar);
    let laned = laned::laned(context, &parts, size);
    let rows = Rows::new(context, &layout, &axis, &span, laned);

    let has_axis = parts.iter().any(|part| !part.block.pods.is_empty() || part.held(context).is_some());
    let mut frame = Frame { lines: preface(context, columns) };
    if let Some(rows) = size.rows {
        frame.lines.truncate(rows / 3);
    }
    let mut picture = Picture {
        found: parts.iter().map(|part| part.block.pods.len()).sum(),
        per_line: 1,
        bars: has_axis.then(|| Bars {
            column: layout.left() + layout.gap(),
            columns: layout.bar,
            span: span.clone(),
        }),
        ..Picture::default()
    };
    if context.window.unfolded && size.rows.is_some() {
        scroll::draw(context, &parts, &rows, size, &mut frame, &mut picture);
    } else {
        folded(context, &mut parts, &rows, size, (&mut frame, flush), &mut picture);
    }
    if let Some(rows) = size.rows {
        frame.lines.truncate(rows);
    }
    picture.frame = frame;
    picture
}

/// The rows that deserve it most, the others told as numbers.
fn folded(
    context: &ViewContext<'_>,
    parts: &mut [Part<'_>],
    rows: &Rows<'_>,
    size: Size,
    (frame, flush): (&mut Frame, &mut Flush<'_>),
    picture: &mut Picture,
) {
    let columns = size.columns.max(1);
    let has_axis = picture.bars.is_some();
    let room = size.rows.map(|rows| rows.saturating_sub(frame.lines.len()));
    let extras = allot(context, parts, room, rows, has_axis, columns);
    let several = parts.len() > 1;

    let mut seen = LegendEntries::default();
    // One workload: its heading over the axis. Several: the axis is common to them all.
    if several && has_axis {
        frame.lines.push(rows.header());
    }
    for (index, part) in parts.iter().enumerate() {
        let room = size.rows.unwrap_or(usize::MAX).saturating_sub(frame.lines.len());
        if room < 2 && index + 1 < parts.len() {
            let left = parts.len() - index;
            frame.lines.push(
                Line::of(format!("+ {left} more"), Style::Dim).shorten_end(columns, context.glyphs.ellipsis),
            );
            break;
        }
        if extras.blanks && index > 0 {
            frame.lines.push(Line::default());
        }
        frame.lines.push(headings::heading(
            context,
            &part.block,
            &part.counts,
            part.summary.as_ref(),
            columns,
        ));
        if extras.reasons {
            frame.lines.extend(part.reason.clone());
        }
        if !several && has_axis {
            frame.lines.push(rows.header());
        }
        if let Some(workload) = part.held(context).filter(|_| extras.reasons) {
            rows.draw_held(workload, &mut seen, &mut frame.lines);
        }
        for &key in &part.folded.shown {
            rows.draw(key, &part.block, &part.tries, part.pace, &mut seen, &mut frame.lines);
            if size.rows.is_none() && flush(&mut frame.lines).is_break() {
                return;
            }
        }
        picture.pods.extend_from_slice(&part.folded.shown);
        for fold in &part.folded.folds {
            frame.lines.push(rows.draw_fold(fold));
        }
        if let Some(summary) = part.concurrency(context).filter(|_| extras.concurrency) {
            frame.lines.push(rows.draw_concurrency(&part.block, summary));
        }
        if extras.verdicts {
            frame.lines.extend_from_slice(&part.verdict);
        }
    }
    picture.folded =
        parts.iter().map(|part| part.tries.rows.len()).sum::<usize>().saturating_sub(picture.pods.len());
    if extras.legend > 0 && has_axis {
        frame.lines.extend(seen.legend(context.glyphs, columns).into_iter().take(extras.legend));
    }
}

/// The workloads, if the blocks are not theirs.
fn preface(context: &ViewContext<'_>, columns: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let grouped = context.state.group_by != GroupBy::Workload;
    for workload in context.timeline.workloads().iter().filter(|workload| grouped && !is_bare_pod(workload)) {
        let block = Group {
            heading: Heading::Workload(workload),
            sort: Sort::Start,
            pods: workload.pods.as_slice().into(),
        };
        let part = part(context, block, columns);
        lines.push(headings::heading(context, &part.block, &part.counts, part.summary.as_ref(), columns));
        lines.extend(part.reason);
        lines.extend(part.verdict);
    }
    lines
}

fn part<'a>(context: &ViewContext<'a>, mut block: Group<'a>, columns: usize) -> Part<'a> {
    let counts = Counts::recall(context, &block);
    let (cache, version) = (context.cache, context.version());
    let pace = *cache.pace.get_or_compute(version, block.key(), || PodPace::of(context, &block.pods));
    let (summary, reason) = match block.heading {
        Heading::Workload(workload) => {
            (Some(context.summary(workload)), headings::reason(context, workload, columns))
        }
        _ => (None, None),
    };
    // Without its Pods nobody knows what an ended workload's slots were used for.
    let is_known = |workload: &Workload| !workload.has_ended() || !workload.pods.is_empty();
    let is_known = !matches!(block.heading, Heading::Workload(workload) if !is_known(workload));
    let verdict =
        summary.filter(|_| is_known).and_then(|summary| headings::verdict(context, &summary, columns));
    let key = FindingsKey { group: block.key(), columns };
    let found = cache.findings.get_or_compute(version, key, || found(context, &block, columns));
    let verdict = verdict.into_iter().chain(found.iter().cloned()).collect();
    block.find(context);
    let rows_key = RowsKey {
        group: block.key(),
        filter: context.window.filter.clone(),
        align: context.state.align,
        explain: context.state.explain,
        unfolded: context.window.unfolded,
    };
    let tries = cache.pod_rows.get_or_compute(version, rows_key.clone(), || PodRows::of(context, &block));
    Part { block, counts, summary, reason, verdict, tries, rows_key, folded: Rc::default(), pace }
}

/// What a pass over the Pods of a block finds: where images were pulled, what was waited for longest, who ended last.
fn found(context: &ViewContext<'_>, block: &Group<'_>, columns: usize) -> Vec<Line> {
    let mut found = findings::pulls(context, &block.pods, columns);
    if let Heading::Workload(workload) = block.heading {
        found.extend(findings::waits(context, workload, columns));
        found.extend(findings::stragglers(context, workload, columns));
    }
    found
}

/// The rows and folds of a block in at most so many lines.
fn fold_block(context: &ViewContext<'_>, part: &Part<'_>, lines: usize) -> Rc<Folded> {
    let rows = part.tries.rows.as_slice();
    if lines >= rows.len() {
        return Rc::new(fold(context, rows, lines));
    }
    let key = FoldKey { rows: part.rows_key.clone(), lines };
    context.cache.folded.get_or_compute(context.version(), key, || fold(context, rows, lines))
}

/// Deals the lines out: to what surrounds the rows as far as the rows keep some, the rest to the blocks' rows.
fn allot(
    context: &ViewContext<'_>,
    parts: &mut [Part<'_>],
    lines: Option<usize>,
    rows: &Rows<'_>,
    has_axis: bool,
    columns: usize,
) -> Extras {
    // The legend of all there can be is one line at 120 columns.
    let legend_lines = 110_usize.div_ceil(columns).min(3);
    let blanks = parts.len() > 1;
    let all = Extras { verdicts: true, concurrency: true, legend: legend_lines, blanks, reasons: true };
    let Some(lines) = lines else {
        for part in parts {
            part.folded = fold_block(context, part, usize::MAX);
        }
        return all;
    };
    let mut chosen = Extras { verdicts: false, concurrency: false, legend: 0, blanks: false, reasons: false };
    let mut free = lines.saturating_sub(parts.len() + usize::from(has_axis));
    for (verdicts, concurrency, legend, blanks, reasons) in Extras::CHOICES {
        let count = |wanted: bool, lines: usize| if wanted { lines } else { 0 };
        let around = parts.len()
            + usize::from(has_axis)
            + count(verdicts, parts.iter().map(|part| part.verdict.len()).sum())
            + count(concurrency, parts.iter().filter(|part| part.concurrency(context).is_some()).count())
            + count(legend && has_axis, legend_lines)
            + count(blanks, parts.len().saturating_sub(1))
            + count(reasons, parts.iter().filter(|part| part.reason.is_some()).count())
            + count(
                reasons,
                parts.iter().filter_map(|part| part.held(context)).map(|it| rows.lines_of_held(it)).sum(),
            );
        // Every block that has Pods wants a few rows before anything is said about it.
        let wanted: usize = parts.iter().map(|part| part.tries.rows.len().min(4)).sum();
        if around + wanted <= lines {
            let legend = count(legend, legend_lines);
            chosen = Extras { verdicts, concurrency, legend, blanks: blanks && parts.len() > 1, reasons };
            free = lines - around;
            break;
        }
    }
    // A row with its evidence takes several lines.
    let mut wanted: Vec<usize> = parts.iter().map(|part| part.tries.rows.len()).collect();
    let shares = deal(&mut wanted, (free / rows.lines_of_row()).max(usize::from(free > 0)));
    for (part, share) in parts.iter_mut().zip(shares) {
        part.folded = if share == 0 { Rc::default() } else { fold_block(context, part, share) };
    }
    chosen
}

/// Deals `free` lines to those who want so many each: all get the same, but none more than it wants.
fn deal(wanted: &mut [usize], mut free: usize) -> Vec<usize> {
    let mut shares = vec![0; wanted.len()];
    loop {
        let hungry = wanted.iter().filter(|&&wanted| wanted > 0).count();
        if hungry == 0 || free == 0 {
            return shares;
        }
        let each = (free / hungry).max(1);
        for (wanted, share) in wanted.iter_mut().zip(&mut shares) {
            let given = each.min(*wanted).min(free);
            *wanted -= given;
            *share += given;
            free -= given;
        }
    }
}
