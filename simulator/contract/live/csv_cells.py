"""What spreadsheets write: bytes to text, text to numbered rows, cells to numbers."""

from __future__ import annotations

import csv
import io
import re

from simulator._errors import Problem, ScenarioError

__all__ = ["BLANK", "NotANumber", "decode", "read_number", "rows_of", "shown"]

BLANK = " \t\r\n\u00a0\u2007\u2009\u202f\u200b\ufeff"
"""What is no content at the ends of a cell: blanks of every width, and marks without any."""

_LONGEST_CELL = 131_072  # characters
_MOST_ROWS = 200_000
_MOST_COLUMNS = 200
_LARGEST = 1e12  # pounds or people; beyond any contract
_MARKS = ",;\t|"
_SEPARATOR_LINE = re.compile(rf'"?sep=([{_MARKS}])"?[^\S\r\n]*(?:\r\n|\r|\n|$)', re.I)
_BRACKETS = re.compile(r"([£€$]?) ?\( ?([^()]*?) ?\)")
_WRITTEN = re.compile(r"([-+]?) ?([£€$]?) ?([-+]?) ?([0-9.][0-9., ]*?) ?(%?)")
_DIGITS = re.compile(
    r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?: [0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+"
)
_SHORTENED = re.compile(r"[-+£€$( ]*[0-9.,]+e[-+]?[0-9]+[) ]*", re.I)
_DECIMAL_COMMA = re.compile(r"[-+£€$( ]*[0-9][0-9. ]*,[0-9]{1,2}[)% ]*")
_IN_WORDS = re.compile(r"[-+£€$( ]*[0-9., ]+ ?(?:k|m|mn|bn|thousands?|millions?)[) ]*", re.I)
_NOTHING = re.compile(r"(?:[£€$]? ?-+|nil|none|n/?a|t\.?b\.?[ac]\.?|\?+|x)", re.I)


class NotANumber(ValueError):
    """A cell holds no number; its arguments are what was found, what is allowed, how to mend it."""


def shown(written: str) -> str:
    """Return a cell in quotes, cut where it is long."""
    return f"'{written if len(written) <= 60 else written[:57] + '...'}'"


def decode(data: bytes, file: str) -> str:
    """Return the text of a CSV file: UTF-8, UTF-16 with its mark, or the Windows code page.

    Raises:
        ScenarioError: it is none of these.
    """
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        if encoding == "utf-16":
            raise _not_text(file) from None
        text = data.decode("cp1252", errors="replace")  # what Excel writes as plain "CSV"
    if "\x00" in text or data.startswith(b"%PDF-"):
        raise _not_text(file)
    return text


def _not_text(file: str) -> ScenarioError:
    return _whole(file, "found a file that is not text", "save the sheet as CSV UTF-8")


def _whole(file: str, found: str, mend: str, row: int = 0) -> ScenarioError:
    return ScenarioError([Problem(file, row, 0, "", found, "actuals are a CSV file", mend)])


def rows_of(text: str, file: str) -> list[tuple[int, list[str]]]:
    """Return the rows that hold anything, each with the number a spreadsheet shows beside it.

    Raises:
        ScenarioError: the text is empty, too long, or does not read as CSV.
    """
    line = _SEPARATOR_LINE.match(text)
    if line:  # spreadsheets do not show this line, so it has no number
        separator, text = line[1], text[line.end() :]
    else:
        lines = (found[0] for found in re.finditer(r"[^\r\n]+", text))
        first = next((each for each in lines if each.strip(BLANK + _MARKS + '"')), "")
        separator = max(_MARKS, key=first.count)
    rows: list[tuple[int, list[str]]] = []
    number = 0
    # strict: a quotation mark that nobody closes would swallow the rows after it in silence
    csv.field_size_limit(_LONGEST_CELL)  # the module's own may have been raised elsewhere
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for number, cells in enumerate(reader, 1):
            if not any(cell.strip(BLANK) for cell in cells):
                continue
            rows.append((number, cells))
            if len(rows) > _MOST_ROWS:
                found = f"found more than {_MOST_ROWS:,} rows"
                raise _whole(file, found, "check that this is the file you meant")
    except csv.Error as error:
        if "limit" in str(error):
            found = f"found a cell of more than {csv.field_size_limit():,} characters"
            raise _whole(file, found, "look for an open quotation mark", number + 1) from None
        found = "found a quotation mark that does not pair"
        mend = 'close it or remove it; inside a text it is written twice, as in "5"" tube"'
        raise _whole(file, found, mend, number + 1) from None
    if not rows:
        raise _whole(file, "the file is empty", "write a template: settle --template FILE.csv")
    header = rows[0][1]
    while not header[-1].strip(BLANK):
        header.pop()
    if len(header) > _MOST_COLUMNS:
        found = f"found {len(header):,} columns"
        raise _whole(file, found, "check that this is the file you meant", rows[0][0])
    return rows


def read_number(written: str) -> tuple[float, str, bool]:
    """Return the number in a cell, as people and spreadsheets write it.

    Returns:
        The number, its currency sign if there is one, and whether it was written in per cent.

    Raises:
        NotANumber: it is none, or could mean several.

    >>> read_number("(£1,234.50)"), read_number("90%")
    ((-1234.5, '£', False), (0.9, '', True))
    """
    text = "".join(" " if char in BLANK else char for char in written).strip()
    text = text.replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-")
    bracketed = _BRACKETS.fullmatch(text)
    bare = f"{bracketed[1]}{bracketed[2]}" if bracketed else text
    found = _WRITTEN.fullmatch(bare)
    if found is None or not _DIGITS.fullmatch(found[4]):
        raise _none(written, text)
    signs = found[1] + found[3]
    if len(signs) > 1 or (bracketed and signs):
        raise NotANumber(
            f"found {shown(written)}, with two signs", "a number has one", "write -100 or (100)"
        )
    value = float(found[4].replace(",", "").replace(" ", ""))
    if value > _LARGEST:
        raise NotANumber(f"found {shown(written)}", "at most 1,000,000,000,000", "correct it")
    value = value / 100 if found[5] else value
    negative = bracketed is not None or signs == "-"
    return (-value if negative and value else value), found[2], bool(found[5])


def _none(written: str, text: str) -> NotANumber:
    found, allowed = f"found {shown(written)}", "a number stands here"
    mend = "write for example 1234.50, 1,234.50 or (1,234.50)"
    if _SHORTENED.fullmatch(text):
        found, allowed = f"{found}, which a spreadsheet has shortened", "a figure is written out"
        mend = "format the column as a number with two decimals, and save again"
    elif _DECIMAL_COMMA.fullmatch(text):
        mend = "write the decimals after a point, as in 1234.50"
    elif _IN_WORDS.fullmatch(text):
        mend = "write the figure out in full, as in 120000"
    elif _NOTHING.fullmatch(text):
        mend = "write 0 for nought; leave the cell empty where the figure is not known"
    elif text.startswith(("#", "=")):
        mend = "save the sheet with what the formula comes to"
    return NotANumber(found, allowed, mend)
