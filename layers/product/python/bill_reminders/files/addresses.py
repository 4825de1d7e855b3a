"""Addresses as people write them to addresses as providers want them.

Like all cells (see cells.py): CellError with the remedy, and never a word of the address.
"""

import re

from bill_reminders.files.cells import CellError

_PHONE = re.compile(r"\+[0-9 ().-]{1,40}")
_PUSH_TOKEN = re.compile(r"[!-~]{16,4096}")


def phone(text: str) -> str:
    """A phone number in E.164 form.

    It must have a length that its country uses. Whether the range is assigned is not asked:
    numbering plans change faster than their tables, and fictitious numbers must pass.
    """
    # sixty modules, and no bill needs them
    import phonenumbers  # noqa: PLC0415

    number = None
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
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


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
