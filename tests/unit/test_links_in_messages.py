"""What e-mails and push notifications carry beside their words: a link, a way out, a code word."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.channels.email.compose import EmailText, email
from bill_reminders.channels.push.compose import PushText, push
from bill_reminders.channels.push.request import LARGEST_PUSH, Opens, push_request
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Language
from bill_reminders.messages.notices import Notice, Sender
from tests.support.people import ENDPOINT, a_bill, a_trigger, a_user

TODAY = date(2027, 3, 2)
LINK = "https://pay.example.com/r/abcdefgh123456789"
UNSUBSCRIBE = "https://pay.example.com/u/abcdefgh123456789"
SENDER = Sender("Family Bills", "stop@bills.example.com")
NOTICE = Notice(a_bill(due_on=TODAY), TODAY, a_trigger(0))


def an_email(language: Language, *, linked: bool = True, **user: Any) -> EmailText:
    return email(
        a_user(channels=[Channel.EMAIL], language=language, **user),
        [NOTICE],
        today=TODAY,
        sender=SENDER,
        first=True,
        reference="reference",
        link=LINK if linked else None,
        unsubscribe_link=UNSUBSCRIBE if linked else None,
    )


def a_push(**user: Any) -> PushText:
    who = a_user(channels=[Channel.PUSH], **user)
    return push(who, [NOTICE], today=TODAY, sender=SENDER, first=False)


@pytest.mark.parametrize("language", Language)
def test_an_email_leads_to_its_page_and_out_in_both_forms(language: Language) -> None:
    text = an_email(language)
    assert text.list_unsubscribe.startswith(f"<{UNSUBSCRIBE}>, <mailto:stop@bills.example.com?")
    assert text.one_click
    for body in (text.text, text.html):
        assert LINK in body
        assert UNSUBSCRIBE in body
    assert "mailto:" not in text.html


def test_an_email_without_links_is_stopped_by_writing() -> None:
    text = an_email(Language.ENGLISH, linked=False)
    assert not text.one_click
    assert "mailto:stop@bills.example.com" in text.html
    assert "http" not in text.text


def test_the_code_word_stands_in_every_email_and_push() -> None:
    text = an_email(Language.ENGLISH, code_word="<Heron>")
    assert "Your code word: <Heron>" in text.text
    assert "Your code word: &lt;Heron&gt;" in text.html
    assert a_push(code_word="Heron").body.endswith("\nYour code word: Heron")
    for other in (an_email(Language.ENGLISH).text, an_email(Language.ENGLISH).html, a_push().body):
        assert "code word" not in other


def payloads(body: str, opens: Opens) -> dict[str, Any]:
    request = push_request(ENDPOINT, "Title", body, expires_in=timedelta(hours=9), opens=opens)
    told: dict[str, Any] = json.loads(request["Message"])
    return told


def test_a_push_opens_its_page_and_is_grouped_by_its_bill() -> None:
    told = payloads("Body", Opens(url=LINK, thread="rent", badge=2))
    apple, google = json.loads(told["APNS"]), json.loads(told["GCM"])["fcmV1Message"]["message"]
    assert apple["url"] == google["data"]["url"] == LINK
    assert apple["aps"]["thread-id"] == google["android"]["notification"]["tag"] == "rent"
    assert apple["aps"]["badge"] == google["android"]["notification"]["notification_count"] == 2
    assert apple["aps"]["alert"] == google["notification"] == {"title": "Title", "body": "Body"}


def attributes(opens: Opens | None) -> dict[str, str]:
    request = push_request(ENDPOINT, "Title", "Body", expires_in=timedelta(hours=9), opens=opens)
    return {name: said["StringValue"] for name, said in request["MessageAttributes"].items()}


COLLAPSE_ID = "AWS.SNS.MOBILE.APNS.COLLAPSE_ID"


def test_on_phones_of_both_kinds_those_about_one_bill_replace_each_other() -> None:
    """A `tag` on Android; on iPhones the thread only groups, and the collapse id replaces."""
    assert attributes(Opens(thread="rent"))[COLLAPSE_ID] == "rent"
    assert attributes(Opens(thread="bills"))[COLLAPSE_ID] == "bills"


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=300))
def test_a_collapse_id_fits_apns_and_is_that_of_one_thread_alone(one: str, other: str) -> None:
    first, second = (attributes(Opens(thread=each))[COLLAPSE_ID] for each in (one, other))
    assert 0 < len(first.encode()) <= 64
    assert first.isascii()
    assert first.isprintable()
    assert (first == second) == (one == other)


def test_what_replaces_nothing_has_no_collapse_id() -> None:
    assert COLLAPSE_ID not in attributes(None)


@given(st.text(st.sampled_from('aé账😀\n"'), max_size=6000))
def test_no_body_makes_a_payload_that_a_service_refuses(body: str) -> None:
    told = payloads(body, Opens(url=LINK, thread="t" * 64))
    for service in ("APNS", "APNS_SANDBOX", "GCM"):
        assert len(told[service].encode()) <= LARGEST_PUSH
        json.loads(told[service])


def test_a_push_that_opens_another_page_offers_ours_beside_it() -> None:
    told = payloads("Body", Opens(url="https://bank.example.com/pay", page=LINK))
    apple, google = json.loads(told["APNS"]), json.loads(told["GCM"])["fcmV1Message"]["message"]
    for links in (apple, google["data"]):
        assert (links["url"], links["page"]) == ("https://bank.example.com/pay", LINK)
