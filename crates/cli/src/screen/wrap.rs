//! Text broken into lines by the columns it takes, wide characters included.

use std::borrow::Cow;

use console::measure_text_width;
use textwrap::core::Word;
use textwrap::{Options, WordSeparator, WordSplitter};

use super::Screen;

impl Screen {
    /// A paragraph broken at words to fit `width` columns; lines after the first are indented as its list mark asks. A
    /// word that is wider than that (an address, a path) stands whole on a line of its own, so that it can be copied.
    pub fn wrapped(&self, width: usize, text: &str) -> Vec<String> {
        wrapped(width, &self.masked(text))
    }

    /// Text behind a margin, over the whole width; lines after the first begin below the text's own beginning. Where
    /// nobody looks at a terminal nothing is broken: a log is searched line by line.
    pub fn hung(&self, margin: &str, text: &str) -> Vec<String> {
        self.hung_in(self.columns(), margin, text)
    }

    /// The same for standard output.
    pub fn hung_on_stdout(&self, margin: &str, text: &str) -> Vec<String> {
        self.hung_in(self.data_columns(), margin, text)
    }

    fn hung_in(&self, columns: Option<usize>, margin: &str, text: &str) -> Vec<String> {
        let taken = measure_text_width(margin);
        let width = columns.map_or(usize::MAX / 4, |columns| columns.saturating_sub(taken + 1));
        let text = untabbed(text);
        let lines = text.split('\n').flat_map(|line| match is_for_copying(line) {
            true => vec![(self.masked(line).into_owned(), true)],
            false => self.wrapped(width, line).into_iter().map(|line| (line, false)).collect(),
        });
        let margins = std::iter::once(margin.to_owned()).chain(std::iter::repeat(" ".repeat(taken)));
        let put = |(margin, (line, whole)): (String, (String, bool))| {
            let margin = if whole { String::new() } else { margin };
            format!("{margin}{line}").trim_end().to_owned()
        };
        margins.zip(lines).map(put).collect()
    }

    /// As much as fits into `limit` columns, with a mark where something is left out.
    pub fn at_most(&self, limit: usize, text: &str) -> String {
        console::truncate_str(&self.masked(text), limit, "…").into_owned()
    }

    /// A value in lines of `width` columns, in full if that takes no more than `lines` of them. Of a longer one both ends
    /// are shown, and how much is not: values often differ at their end only.
    pub fn value_lines(&self, width: usize, lines: usize, text: &str) -> Vec<String> {
        value_lines(width, lines, &self.masked(text))
    }
}

/// Whether a line is one to be copied: a public key, which a line break would spoil. It stands whole, from the first column on.
pub(super) fn is_for_copying(line: &str) -> bool {
    let key = |word: &str| word.len() > 40 && word.starts_with("AAAA");
    line.split(' ').any(key)
}

/// A tab goes on to the next of these columns, as in the excerpts of findings.
const TAB: usize = 4;

/// A text with blanks for its tabs, by the columns that it has itself: behind a margin, a terminal's own are others.
pub fn untabbed(text: &str) -> Cow<'_, str> {
    if !text.contains('\t') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + TAB);
    for line in text.split_inclusive('\n') {
        let mut taken = 0;
        for (at, piece) in line.split('\t').enumerate() {
            if at > 0 {
                let blanks = TAB - taken % TAB;
                out.push_str(&" ".repeat(blanks));
                taken += blanks;
            }
            out.push_str(piece);
            taken += measure_text_width(piece);
        }
    }
    Cow::Owned(out)
}

/// Things beside one another, as many on a line of so many columns as fit; none of them is broken, and a line that goes on
/// below says so.
pub fn beside(width: usize, all: &[&str]) -> Vec<String> {
    let mut lines = vec![String::new()];
    for (at, one) in all.iter().enumerate() {
        let goes_on = if at + 1 < all.len() { " ·".chars().count() } else { 0 };
        let line = lines.last_mut().expect("there is one from the start");
        let taken = measure_text_width(line) + " · ".chars().count() + measure_text_width(one) + goes_on;
        match line.is_empty() {
            true => line.push_str(one),
            false if taken <= width => {
                *line += " · ";
                *line += one;
            }
            false => {
                *line += " ·";
                lines.push((*one).to_owned());
            }
        }
    }
    lines
}

/// How many columns the longest word of a text takes, which is never broken.
pub(super) fn longest_word(text: &str) -> usize {
    words(text).map(|word| measure_text_width(word.word)).max().unwrap_or(0)
}

/// How many columns the number of an item takes that a line begins with, the blank behind it included.
fn number(line: &str) -> usize {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let is_item = (1..4).contains(&digits) && [". ", ") "].iter().any(|end| line[digits..].starts_with(end));
    if is_item { digits + 2 } else { 0 }
}

pub(super) fn wrapped(width: usize, text: &str) -> Vec<String> {
    let indent = text.len() - text.trim_start().len();
    let mark =
        ["- [ ] ", "- [x] ", "- ", "* ", "> "].iter().find(|mark| text.trim_start().starts_with(**mark));
    let hang = " ".repeat(indent + mark.map_or_else(|| number(text.trim_start()), |mark| mark.len()));
    let options = Options::new(width)
        .subsequent_indent(&hang)
        .break_words(false)
        .word_separator(WordSeparator::Custom(words))
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::wrap(text, options).into_iter().map(Cow::into_owned).collect()
}

/// Words as blanks part them; among wide characters (Chinese, Japanese, Korean) each is one, with what may not begin a
/// line kept behind it.
fn words(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    Box::new(WordSeparator::AsciiSpace.find_words(line).flat_map(|word| {
        let whole = &line[offset(line, word.word)..][..word.word.len() + word.whitespace.len()];
        let mut parts = Vec::new();
        let mut start = 0;
        let mut before: Option<char> = None;
        for (at, c) in word.word.char_indices() {
            let apart = before.is_some_and(|before| (wide(before) || wide(c)) && !OPENS.contains(before));
            if apart && !CLOSES.contains(c) {
                parts.push(Word::from(&whole[start..at]));
                start = at;
            }
            before = Some(c);
        }
        parts.push(Word::from(&whole[start..]));
        parts
    }))
}

/// Where `part` begins in the `whole` that it is cut from.
fn offset(whole: &str, part: &str) -> usize {
    part.as_ptr() as usize - whole.as_ptr() as usize
}

/// What no line begins with.
const CLOSES: &str = "、。，．：；！？）」』】〉》〕ー…・”’)]},.:;!?";
/// What no line ends with.
const OPENS: &str = "（「『【〈《〔“‘([{";

fn wide(c: char) -> bool {
    measure_text_width(c.encode_utf8(&mut [0; 4])) > 1
}

fn value_lines(width: usize, lines: usize, text: &str) -> Vec<String> {
    let width = width.max(8);
    let pieces = pieces(width, text);
    if pieces.len() <= lines {
        return pieces;
    }
    let (head, tail) = (&pieces[..lines.div_ceil(2)], &pieces[pieces.len() - lines / 2..]);
    let shown: usize = head.iter().chain(tail).map(|piece| piece.chars().count()).sum();
    let left_out = format!("… {} characters are not shown …", text.chars().count() - shown);
    [head, &[left_out], tail].concat()
}

/// Cut behind a blank where a line is full, or anywhere in what has none for half a line; never between a character and what
/// is drawn over it or makes it wider. Put together, the pieces are the text. A line is measured whole: what a character takes
/// depends on what stands beside it.
fn pieces(width: usize, text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let base = first.len_utf8();
        let over = rest[base..].find(|c: char| measure_text_width(c.encode_utf8(&mut [0; 4])) > 0);
        let (drawn, after) = rest.split_at(over.map_or(rest.len(), |over| base + over));
        let piece = pieces.last_mut().expect("there is one from the start");
        let before = piece.len();
        piece.push_str(drawn);
        if measure_text_width(piece) > width && before > 0 {
            piece.truncate(before);
            let word = piece.rfind(' ').map_or(0, |blank| blank + 1);
            let torn = word > 0 && !drawn.starts_with(' ') && measure_text_width(&piece[word..]) < width / 2;
            let begun = if torn { piece.split_off(word) } else { String::new() };
            pieces.push(begun + drawn);
        }
        rest = after;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_line_of_a_host_key_stands_whole_wherever_it_is_told() {
        let screen = Screen::kept(&Default::default()).0;
        let key = format!("[127.0.0.1]:2222 ssh-ed25519 AAAA{}", "C3NzaC1lZDI1NTE5".repeat(4));
        let told = format!("not started: its host key is not known here, add to known_hosts:\n{key}");
        let hung = screen.hung_in(Some(40), "    came  ", &told);
        assert!(hung.len() > 2 && hung.contains(&key), "{hung:#?}");
        assert!(hung.iter().all(|line| line.len() < 40 || *line == key), "{hung:#?}");
    }

    #[test]
    fn marks_of_lists_are_hung() {
        assert_eq!(wrapped(12, "- [ ] one two three"), ["- [ ] one", "      two", "      three"]);
        assert_eq!(wrapped(9, "12. one two"), ["12. one", "    two"]);
        assert_eq!(wrapped(9, "2026. one two"), ["2026. one", "two"]);
    }

    #[test]
    fn wide_characters_count_twice_and_break_between_each_other() {
        assert_eq!(wrapped(8, "本番環境を切り替える。"), ["本番環境", "を切り替", "える。"]);
        assert_eq!(wrapped(6, "「本番」へ"), ["「本", "番」へ"]);
        assert_eq!(Screen::kept(&Default::default()).0.at_most(5, "日本語"), "日本…");
    }

    #[test]
    fn an_option_is_not_torn_and_an_address_stays_whole() {
        let lines = wrapped(20, "Run it with --force-with-lease see https://example.org/a-long-address now");
        let wanted =
            ["Run it with", "--force-with-lease", "see", "https://example.org/a-long-address", "now"];
        assert_eq!(lines, wanted);
    }

    #[test]
    fn tabs_end_at_the_same_columns_wherever_a_text_begins() {
        assert_eq!(untabbed("none"), "none");
        assert_eq!(untabbed("\ta\tbc\tdefg\th"), "    a   bc  defg    h");
        assert_eq!(untabbed("ab\tc\n本\tc\n\tc"), "ab  c\n本  c\n    c");
    }

    #[test]
    fn of_a_long_value_both_ends_are_shown() {
        assert_eq!(value_lines(10, 3, "short"), ["short"]);
        let long = format!("begin{}end", "x".repeat(100));
        let shown = ["beginxxxxx", "xxxxxxxxxx", "… 80 characters are not shown …", "xxxxxend"];
        assert_eq!(value_lines(10, 3, &long), shown);
    }

    #[test]
    fn a_value_is_broken_behind_blanks_and_loses_none_of_them() {
        let value = "/dev/vda1  30G  /srv/data";
        let lines = value_lines(16, 9, value);
        assert_eq!(lines, ["/dev/vda1  30G  ", "/srv/data"]);
        assert_eq!(lines.concat(), value);
        assert_eq!(value_lines(12, 9, value), ["/dev/vda1  ", "30G  /srv/da", "ta"]);
        // A word that is longer than half a line is cut.
        assert_eq!(value_lines(10, 9, "a /srv/data/of/it"), ["a /srv/dat", "a/of/it"]);
    }

    #[test]
    fn what_makes_a_character_wider_stays_beside_it() {
        // VARIATION SELECTOR-16: two columns with it, one without.
        let wider = "0\u{fe0f}";
        assert_eq!(value_lines(8, 9, &format!("1234567{wider}8")), ["1234567", &format!("{wider}8")]);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_asked_for_but_one_word(width in 8_usize..200, text in "([a-zA-Z-]{1,30}|([一-龥]{1,3}[。、]?){1,8}|🚀| ){1,60}") {
            for line in wrapped(width, &text) {
                let one = !line.trim().contains(' ') && !line.trim().chars().any(wide);
                prop_assert!(measure_text_width(&line) <= width || one, "{line:?} in {width}");
            }
        }

        #[test]
        fn wrapping_loses_nothing_but_blanks(width in 8_usize..60, text in "([a-z]{1,12}|[一-龥。]{1,8}| ){1,40}") {
            let squeezed = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(squeezed(&wrapped(width, &text).concat()), squeezed(&text));
        }

        #[test]
        fn a_value_never_leaves_its_columns(width in 40_usize..100, lines in 2_usize..5, text in "\\PC{0,600}") {
            for line in value_lines(width, lines, &text) {
                prop_assert!(measure_text_width(&line) <= width, "{line:?}");
            }
        }
    }
}
