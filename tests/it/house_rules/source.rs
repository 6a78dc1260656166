//! Reading Rust just well enough to see which paths it names.
//!
//! Comments, texts and test modules are blanked out first, keeping every line where it is. What is
//! left is read token by token; macros and glob imports need no special care, because a path is a
//! path wherever it stands.

/// One source file, by its path from the repository's root.
pub struct Source {
    pub path: String,
    pub text: String,
    /// The text without comments, texts and test modules.
    code: String,
}

/// A path from the crate's root, such as `["domain", "Plan"]`.
#[derive(Debug, PartialEq, Eq)]
pub struct UsedPath {
    pub segments: Vec<String>,
    /// From one.
    pub line: usize,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
        let code = if is_test { String::new() } else { without_tests(&blanked(text)) };
        Self { path: path.to_owned(), text: text.to_owned(), code }
    }

    /// The folder of `src` it lies in, or the file that is a whole room.
    pub fn room(&self) -> Option<&str> {
        let inner = self.path.strip_prefix("src/")?;
        match inner.split_once('/') {
            Some((room, _)) => Some(room),
            None => inner.strip_suffix(".rs").filter(|name| !matches!(*name, "lib" | "main")),
        }
    }

    /// Every path that starts at the crate's root, `super` resolved.
    pub fn crate_paths(&self, crate_name: &str) -> Vec<UsedPath> {
        let tokens = tokens(&self.code);
        let mut paths = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let starts = at == 0 || tokens[at - 1].text != "::";
            match tokens[at].text {
                "crate" if starts => at = read_tree(&tokens, at + 1, &[], &mut paths),
                name if starts && name == crate_name => at = read_tree(&tokens, at + 1, &[], &mut paths),
                "super" if starts => {
                    let (next, base) = self.resolve_super(&tokens, at);
                    at = read_tree(&tokens, next, &base, &mut paths);
                }
                _ => at += 1,
            }
        }
        paths
    }

    /// Lines that name `name`: a type or a path wherever it stands (`use std::{fmt, fs}` names
    /// `std::fs`), a crate where a path begins with it.
    pub fn lines_naming(&self, name: &str) -> Vec<usize> {
        let wanted: Vec<&str> = name.split("::").collect();
        let is_crate = wanted.len() == 1 && name.starts_with(|first: char| first.is_lowercase());
        let tokens = tokens(&self.code);
        let names = |at: &usize| {
            if tokens[*at].text != wanted[0] {
                return false;
            }
            if is_crate {
                let opens = *at == 0 || tokens[at - 1].text != "::";
                return opens && tokens.get(at + 1).is_some_and(|next| next.text == "::");
            }
            let mut paths = Vec::new();
            read_tree(&tokens, at + 1, &[wanted[0].to_owned()], &mut paths);
            paths.iter().any(|path| wanted.iter().eq(path.segments.iter().take(wanted.len())))
        };
        let mut lines: Vec<usize> = (0..tokens.len()).filter(names).map(|at| tokens[at].line).collect();
        lines.dedup();
        lines
    }

    /// Where a chain of `super` ends: the index after it, and the path of that module.
    fn resolve_super(&self, tokens: &[Token<'_>], mut at: usize) -> (usize, Vec<String>) {
        let inner = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let mut module: Vec<String> = inner.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if module.last().is_some_and(|last| last == "mod") {
            module.pop();
        }
        loop {
            module.pop();
            let again = tokens.get(at + 1).is_some_and(|token| token.text == "::")
                && tokens.get(at + 2).is_some_and(|token| token.text == "super");
            if !again {
                return (at + 1, module);
            }
            at += 2;
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Token<'a> {
    text: &'a str,
    line: usize,
}

/// Reads what follows a path's head: `::a::b`, `::{a, b::c}`, `::*`. Returns where it ended.
fn read_tree(tokens: &[Token<'_>], mut at: usize, base: &[String], paths: &mut Vec<UsedPath>) -> usize {
    let mut segments = base.to_vec();
    let line = tokens.get(at.saturating_sub(1)).map_or(0, |token| token.line);
    while tokens.get(at).is_some_and(|token| token.text == "::") {
        let Some(next) = tokens.get(at + 1) else { break };
        if next.text == "{" {
            return read_group(tokens, at + 2, &segments, paths);
        }
        if !is_name(next.text) {
            break;
        }
        segments.push(next.text.to_owned());
        at += 2;
    }
    paths.push(UsedPath { segments, line });
    at
}

fn read_group(tokens: &[Token<'_>], mut at: usize, base: &[String], paths: &mut Vec<UsedPath>) -> usize {
    while let Some(token) = tokens.get(at) {
        match token.text {
            "}" => return at + 1,
            "as" => at += 2,
            "self" => {
                paths.push(UsedPath { segments: base.to_vec(), line: token.line });
                at += 1;
            }
            name if is_name(name) => {
                let mut inner = base.to_vec();
                inner.push(name.to_owned());
                at = read_tree(tokens, at + 1, &inner, paths);
            }
            _ => at += 1,
        }
    }
    at
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let len = if is_name(rest) {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            let (text, after) = rest.split_at(len);
            if !first.is_whitespace() {
                tokens.push(Token { text, line: number + 1 });
            }
            rest = after;
        }
    }
    tokens
}

/// Cuts at the first test module: tests are last in a file.
fn without_tests(code: &str) -> String {
    let mut kept = Vec::new();
    for line in code.lines() {
        if line.trim() == "#[cfg(test)]" {
            break;
        }
        kept.push(line);
    }
    kept.join("\n")
}

/// The text with comments and the insides of texts and characters replaced by spaces.
fn blanked(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = match chars[at] {
            '/' if chars.get(at + 1) == Some(&'/') => line_end(&chars, at),
            '/' if chars.get(at + 1) == Some(&'*') => comment_end(&chars, at),
            '"' => text_end(&chars, at),
            'r' if starts_raw_text(&chars, at) => raw_text_end(&chars, at),
            '\'' => character_end(&chars, at).unwrap_or(at),
            _ => at,
        };
        if end == at {
            out.push(chars[at]);
            at += 1;
            continue;
        }
        out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
        at = end;
    }
    out
}

fn line_end(chars: &[char], from: usize) -> usize {
    chars[from..].iter().position(|c| *c == '\n').map_or(chars.len(), |n| from + n)
}

fn comment_end(chars: &[char], from: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = from;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => {
                depth += 1;
                at += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    chars.len()
}

fn text_end(chars: &[char], from: usize) -> usize {
    let mut at = from + 1;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

fn starts_raw_text(chars: &[char], at: usize) -> bool {
    let within_name = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_') && chars[at - 1] != 'b';
    let opening = chars[at + 1..].iter().find(|c| **c != '#');
    !within_name && opening == Some(&'"')
}

fn raw_text_end(chars: &[char], from: usize) -> usize {
    let n_hashes = chars[from + 1..].iter().take_while(|c| **c == '#').count();
    let mut at = from + n_hashes + 2;
    while at < chars.len() {
        let closes =
            chars[at] == '"' && chars[at + 1..].iter().take(n_hashes).filter(|c| **c == '#').count() == n_hashes;
        if closes {
            return at + 1 + n_hashes;
        }
        at += 1;
    }
    chars.len()
}

/// The end of a character literal; `None` for a lifetime.
fn character_end(chars: &[char], from: usize) -> Option<usize> {
    if chars.get(from + 1) == Some(&'\\') {
        let close = chars[from + 3..].iter().take(10).position(|c| *c == '\'')?;
        return Some(from + 3 + close + 1);
    }
    (chars.get(from + 2) == Some(&'\'')).then_some(from + 3)
}

#[test]
fn comments_and_texts_are_blanked_but_lines_stay() {
    let text = "a /* b /* c */ d */ e\n'\"' f \"g\\\" h\ni\" j r#\"k\" l\"# 'm n // o\np";
    let expected = "a                   e\n    f       \n   j           'm n     \np";
    assert_eq!(blanked(text), expected);
}

#[test]
fn groups_open_into_full_paths() {
    let source = Source::new("src/ui/app.rs", "use crate::{domain::{self, Plan as P, cron::*}, words::Speech};");
    let found: Vec<String> = source.crate_paths("x").into_iter().map(|path| path.segments.join("::")).collect();
    assert_eq!(found, ["domain", "domain::Plan", "domain::cron", "words::Speech"]);
}
