"""Check digits and dates, held against published examples."""

import calendar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitd.rules.checks import date_parts, is_date, luhn, mod97, verhoeff

digits = st.text("0123456789", min_size=3, max_size=30)


@pytest.mark.parametrize(
    "number",
    [
        "17893729974",  # the worked example of Wikipedia, Luhn algorithm
        "79927398713",  # the same article's example in its earlier editions
        "4111111111111111",  # the card schemes' published test number
        "378282246310005",  # the same, with 15 digits
    ],
)
def test_luhn_knows_published_numbers(number):
    """A published number passes, and with any other last digit it does not."""
    assert [d for d in "0123456789" if luhn(number[:-1] + d)] == [number[-1]]


@pytest.mark.parametrize(
    "number",
    [
        "79444",  # ISO 7064's own example: 794 with the check digits 44
        "3214282912345698765432161182",  # GB82 WEST 1234 5698 7654 32 with letters as numbers (ISO 13616)
    ],
)
def test_mod97_knows_published_numbers(number):
    """A published number passes, and with a changed last digit it does not."""
    assert [d for d in "0123456789" if mod97(number[:-1] + d)] == [number[-1]]


@pytest.mark.parametrize(
    "number",
    [
        "2363",  # Wikipedia, Verhoeff algorithm: 236 with the check digit 3
        "123451",  # Rosetta Code, Verhoeff algorithm: 12345 with 1
        "1234567890120",  # the same: 123456789012 with 0
    ],
)
def test_verhoeff_knows_published_numbers(number):
    """A published number passes, and with any other last digit it does not."""
    assert [d for d in "0123456789" if verhoeff(number[:-1] + d)] == [number[-1]]


@given(digits, st.integers(0, 29), st.sampled_from("0123456789"))
def test_every_check_finds_one_wrong_digit(number, place, digit):
    """Of the numbers that differ in one digit at most one passes."""
    place %= len(number)
    other = number[:place] + digit + number[place + 1 :]
    for check in (luhn, mod97, verhoeff):
        assert other == number or not (check(number) and check(other))


@given(digits, st.integers(0, 28))
def test_verhoeff_and_mod97_find_neighbours_that_swapped_places(number, place):
    """Swapped neighbours never pass both ways."""
    place %= len(number) - 1
    other = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    for check in (verhoeff, mod97):
        assert other == number or not (check(number) and check(other))


@given(st.integers(1, 9999), st.integers(0, 99), st.integers(0, 99))
def test_a_date_is_one_the_calendar_has(year, month, day):
    """Every format agrees with the calendar on what day there is."""
    exists = 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]
    assert is_date(f"{day:02}{month:02}{year:04}", "DDMMYYYY") == exists
    assert is_date(f"{year:04}{month:02}{day:02}", "YYYYMMDD") == exists


@pytest.mark.parametrize(
    ("value", "layout", "there"),
    [
        ("29022024", "DDMMYYYY", True),
        ("29022023", "DDMMYYYY", False),
        ("29021900", "DDMMYYYY", False),
        ("29022000", "DDMMYYYY", True),
        ("290200", "DDMMYY", True),  # 2000 has the day, though 1900 has not
        ("290201", "DDMMYY", False),
        ("2902", "DDMM", True),  # in some year
        ("3002", "DDMM", False),
        ("022031", "MMYYYY", True),
        ("132031", "MMYYYY", False),
        ("01010000", "DDMMYYYY", False),
        ("1012024", "DDMMYYYY", False),
    ],
)
def test_leap_days_and_short_formats(value, layout, there):
    """29 February is there in leap years, in years of two digits and without a year where it can be."""
    assert is_date(value, layout) is there


@pytest.mark.parametrize("layout", ["", "DD/MM/YYYY", "DDMMDD", "YYYY", "DDYYYY", "YYYYYY", "ddmmyyyy"])
def test_a_format_that_is_none_is_refused(layout):
    """The message shows how one is written."""
    with pytest.raises(ValueError, match="as DDMMYYYY"):
        date_parts(layout)
