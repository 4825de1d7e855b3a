"""Addresses as people write them to addresses as providers want them.

Like all cells (see cells.py): CellError with the remedy, and never a word of the address.
"""

import re
import unicodedata
from types import ModuleType
from typing import TYPE_CHECKING

from bill_reminders.files.cells import CellError, half_width

_SPACES_AND_HYPHENS = {"Cf": "", "Zs": " ", "Pd": "-"}
"""What a category of signs counts as; those without width come along from contacts."""

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_PHONE = re.compile(r"\+[0-9 ().-]{1,40}")
_PUSH_TOKEN = re.compile(r"[!-~]{16,4096}")


def phone(text: str) -> str:
    """A phone number in E.164 form, of digits in either width, with any spaces and hyphens.

    It must have a length that its country uses. Whether the range is assigned is not asked:
    numbering plans change faster than their tables, and fictitious numbers must pass. What is known
    to be no person's telephone is refused: an SMS there reaches nobody, and somebody earns by it.
    """
    phonenumbers = _library()
    number, text = None, _plain(text)
    if _PHONE.fullmatch(text):  # the parser by itself skips words before and after a number
        try:
            number = phonenumbers.parse(text, None)
        except phonenumbers.NumberParseException:
            number = None
    # `is_possible_number` also says yes to numbers that only work inside one town.
    if number is None or (
        phonenumbers.is_possible_number_with_reason(number)
        != phonenumbers.ValidationResult.IS_POSSIBLE
    ):
        raise CellError(
            "not a phone number that can be dialled from abroad: write + and the country code, "
            "then all digits of the number"
        )
    if _only_costs(number):
        raise CellError(
            "a number that an SMS to a person does not go to, such as premium rate, toll-free, "
            "pager or satellite: write a mobile number"
        )
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _library() -> ModuleType:
    # sixty modules, and no bill needs them
    import phonenumbers  # noqa: PLC0415

    return phonenumbers


def _plain(text: str) -> str:
    signs = (_SPACES_AND_HYPHENS.get(unicodedata.category(each), each) for each in half_width(text))
    return "".join(signs).replace("\u2212", "-").strip()


def _only_costs(number: "PhoneNumber") -> bool:
    """Whether it is of a kind that bills by the message, is answered by a company or a machine, or
    forwards at a rate of its own; or of no country, as satellites and international networks are.

    Mobile, fixed line (some read an SMS aloud, and many numbers are of both kinds), internet and
    unknown kinds pass.
    """
    phonenumbers = _library()
    kinds = phonenumbers.PhoneNumberType
    region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    return region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY or (
        phonenumbers.number_type(number)
        in {
            kinds.PREMIUM_RATE,
            kinds.SHARED_COST,
            kinds.TOLL_FREE,
            kinds.PAGER,
            kinds.UAN,
            kinds.VOICEMAIL,
            kinds.PERSONAL_NUMBER,
        }
    )


def email(text: str) -> str:
    """An e-mail address, its domain in lower case and in ASCII form.

    SES takes no other letters before the @ than ASCII, and domains in punycode only.
    """
    # compiles what RFCs allow in an address, which few requests need
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415

    try:
        parsed = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        parsed = None
    if parsed is None or parsed.ascii_email is None:
        raise CellError(
            "not an e-mail address that can be written to: write one address, name@domain, with "
            "nothing but ASCII letters, digits and the usual signs before the @"
        )
    return parsed.ascii_email


def push_token(text: str) -> str:
    """A device's token as its operating system gave it: opaque, printable ASCII, no spaces."""
    if not _PUSH_TOKEN.fullmatch(text):
        raise CellError(
            "not a device token: copy all of it from the app, 16 to 4096 ASCII characters without "
            "spaces"
        )
    return text
