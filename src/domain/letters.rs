//! Letters that no reader sees but that steer what shows them.

/// Control characters and marks of writing direction: a terminal obeys them, or shows a text as another one.
///
/// What joins emoji, or letters of a script, is none of these.
#[must_use]
pub fn steers(letter: char) -> bool {
    let directs = |letter| matches!(letter, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}');
    letter.is_control() || directs(letter)
}
