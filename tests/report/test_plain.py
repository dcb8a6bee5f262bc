"""Text of cells: as a terminal shows it, bounded, and without marks that nobody sees."""

import pytest

from econmodel.report.sanitiser import cut, plain_message, printed_by_terminal, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\r 9%|#\r50%|##\r100%|###\n", "100%|###\n"),
        ("long words\rshort\n", "shortwords\n"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("abc\b\b\bxy", "xyc"),
        ("\b\ba", "a"),
        ("50%\r\x1b[K9%", "9%"),
        ("words\x1b[2K\rnew", "new"),
        ("ab\x1b[2Kc", "  c"),
        ("\x1b[1;31mred\x1b[0m\r\x1b[32mg", "ged"),
        ("\x1b]0;title\x07a\x00\x1b", "a"),
    ],
)
def test_streams_are_what_a_terminal_shows_in_the_end(text, shown):
    assert printed_by_terminal(text) == shown


def test_a_bar_of_many_steps_is_quick_and_short():
    assert printed_by_terminal("".join(f"\r{step:>6}|" for step in range(100_000))) == " 99999|"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("".join(map(chr, [*range(9), *range(11, 32), *range(127, 160), 0xD800, 0xDFFF])), ""),
        ("A\u202eB\u2066C\u200bD\ufeffE\U000e0041", "A⟨U+202E⟩B⟨U+2066⟩C⟨U+200B⟩D⟨U+FEFF⟩E⟨U+E0041⟩"),
        ("\u0646\u200c\u06cc \u200f👩\u200d👩", "\u0646\u200c\u06cc \u200f👩\u200d👩"),
        ("f\u2061x", "f\u2061x"),
        ("\x1b[<p>a</p>\x1b]<b>\x07", "[<p>a</p>]<b>"),
    ],
)
def test_marks_that_nobody_sees_are_shown_or_gone_and_markup_stays(text, shown):
    assert visible(text) == shown


def test_a_cut_line_is_not_cut_again():
    once = cut("a" * 200_000 + "\nshort")
    assert once == "a" * 2000 + " … 198,000 more characters\nshort"
    assert cut(once) == once


def test_a_message_without_a_warning_keeps_its_indented_lines():
    assert plain_message("red\n  indented") == "red\n  indented"
