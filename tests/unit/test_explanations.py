"""Why a reminder came, and why one did not: a sentence for every case, in every language."""

from datetime import date

import pytest

from bill_reminders.domain.ledger import State
from bill_reminders.domain.people import Language
from bill_reminders.domain.reminders import SkipReason, Trigger, TriggerKind
from bill_reminders.messages.explanations import because, outcome

EN, HANS, HANT = Language.ENGLISH, Language.SIMPLIFIED_CHINESE, Language.TRADITIONAL_CHINESE
IN_LANGUAGES = pytest.mark.parametrize("language", Language)
SNOOZE = Trigger.snooze(date(2027, 3, 5))
FAILED_DEBIT = Trigger.autopay_failed("event-7")
TRIGGERS = [
    Trigger.lead(3),
    Trigger.lead(1),
    Trigger.lead(0),
    Trigger.overdue(1),
    Trigger.overdue(5),
    SNOOZE,
    FAILED_DEBIT,
]


@pytest.mark.parametrize(
    ("language", "trigger", "sentence"),
    [
        (EN, Trigger.lead(3), "By your reminder plan: 3 days before."),
        (EN, Trigger.lead(0), "By your reminder plan: on the due day."),
        (EN, Trigger.overdue(1), "By your reminder plan: 1 day after."),
        (EN, SNOOZE, "You asked to be reminded again on Friday, March 5, 2027."),
        (EN, FAILED_DEBIT, "The automatic payment did not go through."),
        (HANS, Trigger.lead(3), "按提醒计划：提前3天。"),
        (HANS, Trigger.overdue(5), "按提醒计划：到期后5天。"),
        (HANS, SNOOZE, "按您的要求，2027年3月5日星期五再次提醒。"),
        (HANS, FAILED_DEBIT, "自动扣款未成功。"),
        (HANT, Trigger.lead(1), "依提醒計劃：提前1天。"),
        (HANT, SNOOZE, "依您的要求，2027年3月5日 星期五再次提醒。"),
        (HANT, FAILED_DEBIT, "自動扣款未成功。"),
    ],
)
def test_a_reminder_came_because_of_its_trigger(
    language: Language, trigger: Trigger, sentence: str
) -> None:
    assert because(language, trigger) == sentence


@IN_LANGUAGES
def test_every_trigger_has_a_sentence_of_its_own(language: Language) -> None:
    assert {trigger.kind for trigger in TRIGGERS} == set(TriggerKind)
    assert len({because(language, trigger) for trigger in TRIGGERS}) == len(TRIGGERS)


@IN_LANGUAGES
def test_a_billers_name_of_a_failed_debit_is_not_shown(language: Language) -> None:
    assert "event-7" not in because(language, FAILED_DEBIT)


@IN_LANGUAGES
def test_every_state_and_every_skip_reason_has_a_sentence_of_its_own(language: Language) -> None:
    said = [outcome(language, state, None) for state in State]
    said += [outcome(language, State.SKIPPED, reason) for reason in SkipReason]
    assert len(set(said)) == len(State) + len(SkipReason)
    full_stop = "." if language is EN else "。"
    for sentence in said:
        assert sentence.count(full_stop) == 1
        assert sentence.endswith(full_stop)


@pytest.mark.parametrize("state", [state for state in State if state is not State.SKIPPED])
@IN_LANGUAGES
def test_a_providers_words_are_not_shown(language: Language, state: State) -> None:
    assert outcome(language, state, "OptedOut +12025550123") == outcome(language, state, None)


@IN_LANGUAGES
def test_a_reason_that_nobody_knows_any_more_is_passed_over(language: Language) -> None:
    assert outcome(language, State.SKIPPED, "old") == outcome(language, State.SKIPPED, None)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (EN, "the provider does not accept this address or text"),
        (HANS, "服务商不接受该收件地址或消息内容"),
        (HANT, "服務商不接受此收件地址或訊息內容"),
    ],
)
def test_a_failed_one_says_in_general_words_what_was_refused(
    language: Language, words: str
) -> None:
    assert words in outcome(language, State.FAILED, "InvalidParameter")


@pytest.mark.parametrize("reason", SkipReason)
def test_a_skipped_one_says_that_it_is_not_sent_and_why(reason: SkipReason) -> None:
    assert outcome(EN, State.SKIPPED, reason.value).startswith("Not sent: ")
    assert "发送" in outcome(HANS, State.SKIPPED, reason.value)
    assert "發送" in outcome(HANT, State.SKIPPED, reason.value)
