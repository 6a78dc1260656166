//! Columns of text that line up, whatever is in the cells.

use crate::words::on_one_line;

/// Rows with every column but the last padded to its widest cell.
pub(super) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(|cell| on_one_line(cell))).collect();
    let width = |column: usize| rows.iter().map(|row| width_of(&row[column])).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let padded = |(cell, width): (&String, usize)| format!("{cell}{}", " ".repeat(width - width_of(cell)));
    let line = |row: &[String; N]| row.iter().zip(widths).map(padded).collect::<Vec<_>>().join("  ");
    rows.iter().map(|row| line(row).trim_end().to_owned() + "\n").collect()
}

/// A name cut to what a line has room for.
pub(super) fn cut(name: &str, max_width: usize) -> String {
    if width_of(name) <= max_width {
        return name.to_owned();
    }
    let mut width = 1;
    let fits = |letter: &char| {
        width += cells(*letter);
        width <= max_width
    };
    let start: String = name.chars().take_while(fits).collect();
    format!("{}…", start.trim_end())
}

fn width_of(text: &str) -> usize {
    text.chars().map(cells).sum()
}

/// How many cells of a terminal a letter takes, near enough: Chinese and emoji take two.
fn cells(letter: char) -> usize {
    match u32::from(letter) {
        0x0300..=0x036F | 0x200B..=0x200F | 0xFE00..=0xFE0F => 0,
        0x1100..=0x115F
        | 0x2E80..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0x1F300..=0x1FAFF => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::{cut, table};

    #[test]
    fn columns_line_up_and_lines_do_not_trail() {
        let rows = [["a", "long one", "x"], ["bbb", "c", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows), "a    long one  x\nbbb  c\n");
    }

    #[test]
    fn a_line_end_in_a_cell_does_not_break_the_table() {
        let rows = [["two\nlines", "x"], ["abc", "y"]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows), "two␊lines  x\nabc        y\n");
    }

    #[test]
    fn a_chinese_letter_takes_two_cells() {
        let rows = [["机房", "x"], ["abc", "y"]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows), "机房  x\nabc   y\n");
    }

    #[test]
    fn a_long_name_ends_with_an_ellipsis() {
        let cases = [
            ("short", 8, "short"),
            ("exactly 8", 9, "exactly 8"),
            ("a long name", 8, "a long…"),
            ("机房温度", 6, "机房…"),
        ];
        for (name, width, shown) in cases {
            assert_eq!(cut(name, width), shown);
        }
    }
}
