//! Secrets planted into an input, to be looked for in what is said of it.

/// Where an input holds this, a secret stands instead.
const MARK: char = '§';

/// Short enough to be quoted whole, and long enough not to come by chance.
pub const SECRET: &str = "sk-Zq7vW3xK9mP2";

/// The input with its marks replaced; a secret is a word of its own. One that a fuzzer has learnt is taken out.
pub fn plant(text: &str) -> String {
    let mut planted = String::with_capacity(text.len());
    for letter in text.replace(SECRET, "").chars() {
        if letter != MARK {
            planted.push(letter);
            continue;
        }
        if planted.ends_with(|last: char| last.is_ascii_alphanumeric() || last == '-' || last == '_') {
            planted.push(' ');
        }
        planted.push_str(SECRET);
    }
    planted
}

/// Fails when something that is said holds the secret.
pub fn kept(said: &str, what: &str) {
    assert!(!said.contains(SECRET), "{what} tells a secret: {said}");
}
