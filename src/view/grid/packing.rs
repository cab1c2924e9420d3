//! Arranges cells in lines: wide cells where there is room, narrow cells otherwise, and several Pods in a cell if even
//! narrow cells do not fit.

/// A wider gap follows each group of this many cells, so that people can count the cells.
const CELLS_PER_GROUP: usize = 10;
/// If a line has room for this many cells, their number is a multiple of it, so that the labels are round numbers.
const ROUND_CELLS_PER_LINE: usize = 50;

/// The width of the cells and of the gaps between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spacing {
    /// A cell is two columns wide, with a gap to the next cell.
    Wide,
    /// A cell is one column wide, with a gap to the next group.
    Grouped,
    /// A cell is one column wide, without gaps.
    Tight,
}

impl Spacing {
    /// The number of columns of a cell.
    pub(crate) fn cell_columns(self) -> usize {
        match self {
            Self::Wide => 2,
            Self::Grouped | Self::Tight => 1,
        }
    }

    /// The first column of the cell with this index.
    pub(crate) fn column(self, index: usize) -> usize {
        match self {
            Self::Wide => 3 * index + index / CELLS_PER_GROUP,
            Self::Grouped => index + index / CELLS_PER_GROUP,
            Self::Tight => index,
        }
    }

    /// The largest number of cells for a line of this many columns.
    fn max_cells(self, columns: usize) -> usize {
        if self == Self::Tight {
            return columns.max(1);
        }
        let width = |groups: usize| self.column(groups * CELLS_PER_GROUP - 1) + self.cell_columns();
        let groups = (1..=columns).take_while(|&groups| width(groups) <= columns).count();
        groups * CELLS_PER_GROUP
    }
}

/// How cells are arranged in lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packing {
    /// The number of completions or Pods in a cell.
    pub(crate) pods_per_cell: usize,
    /// The number of cells in a line.
    pub(crate) cells_per_line: usize,
    pub(crate) spacing: Spacing,
}

impl Packing {
    /// The number of completions or Pods in a line.
    pub(crate) fn pods_per_line(self) -> usize {
        self.pods_per_cell * self.cells_per_line
    }

    /// The number of lines for groups of these sizes.
    fn line_count(self, sizes: &[usize]) -> usize {
        sizes.iter().map(|size| size.div_ceil(self.pods_per_line())).sum()
    }

    /// Chooses the most spacious arrangement for groups of these sizes in lines of `columns` columns. `lines` is `None`
    /// if there is no limit.
    pub(crate) fn choose(sizes: &[usize], columns: usize, lines: Option<usize>) -> Self {
        let whole_groups = |cells: usize| cells - cells % CELLS_PER_GROUP;
        let round = |cells: usize| cells - cells % ROUND_CELLS_PER_LINE;
        let candidates = [Spacing::Wide, Spacing::Grouped, Spacing::Tight].into_iter().flat_map(|spacing| {
            let most = spacing.max_cells(columns);
            [round(most), whole_groups(most), most].map(|cells_per_line| (spacing, cells_per_line))
        });
        let mut candidates = candidates
            .filter(|&(_, cells_per_line)| cells_per_line > 0)
            .map(|(spacing, cells_per_line)| Self { pods_per_cell: 1, cells_per_line, spacing });
        let fits = |packing: Self, lines: usize| packing.line_count(sizes) <= lines;
        if let Some(fitting) = candidates.find(|&packing| lines.is_none_or(|lines| fits(packing, lines))) {
            return fitting;
        }
        let cells_per_line = Some(whole_groups(columns)).filter(|&cells| cells > 0).unwrap_or(columns.max(1));
        let tight = Self { pods_per_cell: 2, cells_per_line, spacing: Spacing::Tight };
        let largest = sizes.iter().copied().max().unwrap_or(1);
        // One line says how many Pods a cell stands for.
        let lines = lines.unwrap_or(usize::MAX).saturating_sub(1);
        let mut pods_per_cell = tight.pods_per_cell;
        while pods_per_cell < largest && !fits(Self { pods_per_cell, ..tight }, lines) {
            pods_per_cell += pods_per_cell.div_ceil(8);
        }
        Self { pods_per_cell, ..tight }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_wide_where_there_is_room() {
        let packing = |size, columns, lines| {
            let Packing { pods_per_cell, cells_per_line, spacing } =
                Packing::choose(&[size], columns, Some(lines));
            (spacing, cells_per_line, pods_per_cell)
        };
        assert_eq!(packing(100, 76, 20), (Spacing::Wide, 20, 1));
        assert_eq!(packing(400, 195, 40), (Spacing::Wide, 50, 1));
        assert_eq!(packing(1_000, 76, 20), (Spacing::Grouped, 50, 1));
        assert_eq!(packing(1_400, 76, 20), (Spacing::Grouped, 70, 1));
        assert_eq!(packing(1_450, 76, 20), (Spacing::Tight, 76, 1));
        assert_eq!(packing(10_000, 194, 44), (Spacing::Tight, 190, 2));
        assert_eq!(packing(7, 5, 2), (Spacing::Tight, 5, 1));
    }

    #[test]
    fn every_cell_fits_into_its_line() {
        for columns in 1..250 {
            for size in [1, 30, 600, 9_000] {
                let packing = Packing::choose(&[size], columns, Some(20));
                let last = packing.cells_per_line - 1;
                let end = packing.spacing.column(last) + packing.spacing.cell_columns();
                assert!(end <= columns, "{size} {columns}: {packing:?}");
                assert!(packing.line_count(&[size]) <= 20, "{size} {columns}: {packing:?}");
            }
        }
    }
}
