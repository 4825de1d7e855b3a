"""Every row of docs/rules.md has tests that bear its rule in their names."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]

PROPERTY = "test_no_order_of_changes_sends_twice_or_at_the_wrong_time"
COUNTED = "test_the_planner_and_a_count_that_shares_no_code_with_it_agree"

EDITS = "test_an_edited_bill_is_reminded_of_as_a_count_that_shares_no_code_says"

CARDS = "test_a_card_is_reminded_of_as_a_count_that_shares_no_code_says"

TESTED_BY = {
    "silenced": (
        "test_a_silenced_bill_goes_on_and_is_not_reminded_of",
        "test_a_silenced_bill_says_nothing_of_what_was_snoozed_either",
        "test_what_was_missed_in_a_silence_is_said_once_when_it_is_taken_back",
    ),
    "restored": (
        "test_after_a_restore_what_was_planned_before_is_unknown_and_nothing_comes_twice",
        "test_what_was_under_way_when_the_backup_was_made_does_not_come_again",
        "test_a_restore_sends_nothing_again_once_it_is_told_and_goes_on",
    ),
    "unreadable": (
        "test_whatever_is_wrong_each_makes_one_dead_letter_at_most_and_nobody_else_waits",
        "test_a_hundred_and_twenty_make_as_many_dead_letters_in_an_hour",
    ),
    "default plan": (
        "test_the_default_plan_is_three_days_one_day_the_day_and_one_overdue_at_nine",
        COUNTED,
    ),
    "a date is not an instant": (
        "test_the_date_on_the_wall_is_not_the_date_in_utc",
        "test_an_instant_reads_back_what_was_asked_for_unless_that_was_skipped",
    ),
    "short month": (
        "test_a_short_month_shortens_that_date_and_no_later_one",
        "test_a_yearly_29_february_falls_on_the_28th_in_common_years_and_comes_back",
        "test_a_date_is_its_number_of_steps_away_from_the_anchor",
    ),
    "last day of the month": ("test_the_last_day_of_the_month_is_the_last_whatever_the_anchor",),
    "daylight saving": (
        "test_nine_stays_nine_when_the_clocks_change",
        "test_a_time_that_is_skipped_is_the_first_instant_after_the_gap",
        "test_a_time_that_happens_twice_is_the_first",
    ),
    "quiet hours": (
        "test_quiet_hours_move_a_reminder",
        "test_nothing_goes_out_in_quiet_hours_or_when_it_helps_no_more",
        PROPERTY,
    ),
    "quiet hours by law": (
        "test_no_sms_arrives_when_the_law_of_its_country_forbids_it",
        "test_the_law_of_the_numbers_country_counts_and_for_sms_alone",
        COUNTED,
    ),
    "two reminders on one day": (
        "test_two_reminders_that_quiet_hours_bring_to_one_day_go_as_the_nearer",
        "test_a_debit_that_fails_in_the_morning_swallows_nothing_of_its_day",
        "test_a_catch_up_that_quiet_hours_bring_to_the_day_of_a_nearer_one_goes_with_it",
        "test_a_missed_reminder_that_would_be_too_late_after_the_night_expires",
        COUNTED,
    ),
    "nearer": (
        "test_nothing_older_comes_after_something_nearer_that_went_out",
        "test_a_failed_debit_that_nobody_heard_of_is_told_though_another_went_meanwhile",
        "test_a_snooze_survives_a_move_eastward",
    ),
    "due together": (
        "test_bills_of_one_minute_are_due_together_in_the_order_of_their_dates",
        "test_reminders_of_one_user_channel_and_minute_share_a_message",
    ),
    "created late, or after an outage": (
        "test_of_what_was_missed_the_nearest_goes_while_it_helps_and_the_rest_is_noted",
        "test_an_outage_loses_no_reminder_and_sends_none_twice",
    ),
    "too late to help": (
        "test_after_a_long_outage_everything_is_noted_and_only_what_helps_goes_out",
        "test_nothing_goes_out_in_quiet_hours_or_when_it_helps_no_more",
    ),
    "weekend, holiday": (
        "test_a_due_date_moves_to_the_nearest_working_day_or_stays",
        "test_a_payable_date_is_the_nearest_working_day_on_its_side",
        "test_every_channel_names_the_last_working_day_before",
        "test_a_digest_names_the_last_working_day_of_each_bill_that_has_one",
    ),
    "payable date": (
        "test_lead_days_and_overdue_days_count_from_the_payable_date",
        "test_the_number_and_the_payment_follow_the_nominal_date",
        "test_an_end_date_follows_the_nominal_date",
    ),
    "holidays": (
        "test_a_year_is_as_its_government_published_it",
        "test_weekends_and_known_holidays_count_where_a_year_is_not_published",
    ),
    "paid": (
        "test_paid_closes_that_occurrence_only",
        "test_an_early_payment_of_the_next_month_leaves_this_one_open",
        "test_a_payment_that_names_none_goes_to_the_oldest_open_one",
        PROPERTY,
    ),
    "paid ahead": (
        "test_what_is_over_goes_to_the_next_open_dates_in_order",
        "test_its_parts_are_what_was_paid_and_no_date_takes_more_than_is_left_but_the_last",
        "test_instalments_as_the_bank_rounds_them_are_closed_each",
        "test_undoing_it_opens_all_of_its_dates_again_and_no_other",
        "test_what_is_over_stays_with_its_date_unless_the_user_says_otherwise",
        "test_what_was_paid_ahead_is_not_reminded_of_and_the_next_names_what_is_left",
    ),
    "payment's own date": (
        "test_a_payment_was_made_when_its_user_says_or_when_it_was_noted",
        "test_a_payment_of_tomorrow_is_refused_in_the_users_own_zone",
    ),
    "payment undone": (
        "test_an_undone_payment_plans_future_days_only",
        "test_an_undone_payment_after_the_due_day_brings_nothing_back",
        PROPERTY,
    ),
    "partly paid": (
        "test_partly_paid_goes_on",
        "test_what_is_left_and_what_was_paid_add_up",
    ),
    "minimum payment met": (
        "test_a_met_minimum_goes_on_up_to_the_due_day_and_is_not_overdue_after_it",
        "test_a_met_minimum_is_not_called_overdue",
        "test_a_minimum_paid_in_time_then_the_next_statement_which_holds_the_rest",
        "test_a_minimum_that_is_paid_late_is_overdue_until_then",
        "test_a_minimum_that_is_undone_after_the_due_day_brings_no_day_back_that_has_passed",
        CARDS,
    ),
    "newer statement": (
        "test_a_minimum_paid_in_time_then_the_next_statement_which_holds_the_rest",
        "test_of_three_statements_the_newest_holds_all",
        "test_a_statement_that_is_taken_back_opens_the_older_again",
        "test_a_late_statement_of_an_older_date_is_history",
        "test_a_statement_in_another_currency_takes_nothing_in",
        "test_what_is_stated_ahead_of_its_time_silences_nothing_before_it",
        "test_statements_of_other_bills_are_each_owed_on_their_own",
        CARDS,
    ),
    "missed minimum": (
        "test_a_missed_minimum_stays_overdue_until_the_newer_date_falls_due",
        "test_what_is_paid_of_the_newer_statement_meets_a_missed_minimum",
        CARDS,
    ),
    "payment of a card": (
        "test_all_that_is_paid_closes_the_newest_statement_and_the_missed_minimum_with_it",
        "test_a_failed_debit_of_what_a_newer_statement_took_in_is_told",
        CARDS,
    ),
    "credit balance": (
        "test_a_statement_of_nothing_or_a_credit_leaves_nothing_to_pay",
        CARDS,
    ),
    "a statement's own date": (
        "test_a_statements_own_date_moves_that_one_and_the_others_stay",
        "test_a_date_that_was_heard_of_is_told_anew_as_one_that_changed",
        "test_a_statements_own_date_lies_between_its_neighbours",
        "test_a_statements_own_date_before_the_bill_is_owed_is_refused",
        CARDS,
    ),
    "several unpaid occurrences": (
        "test_several_unpaid_occurrences_are_each_overdue_on_their_own",
    ),
    "an edit": (
        "test_no_edit_rewrites_the_past",
        "test_what_was_paid_stays_paid_at_what_it_cost",
        "test_an_overdue_date_keeps_its_date_and_its_amount",
        "test_what_was_paid_ahead_keeps_its_amount",
        "test_a_rise_known_beforehand_comes_on_its_day",
        "test_a_rise_known_beforehand_survives_a_move_of_the_day_past_it",
        "test_one_date_more_before_later_ones_hides_none_of_them",
        "test_what_fell_due_once_and_is_open_repeats_from_its_next_date_on",
        "test_a_later_day_than_the_only_date_is_refused_though_that_one_is_open",
        EDITS,
    ),
    "an edit of what is over": (
        "test_a_change_of_what_is_over_says_that_nothing_would_change",
        "test_a_file_says_nothing_of_a_loan_that_is_over",
    ),
    "terms that are entered at once": (
        "test_a_row_for_each_of_the_terms_makes_one_bill",
        "test_a_bill_is_entered_with_what_is_known_of_later",
        "test_rows_whose_dates_are_over_say_nothing_of_a_bill_that_is_known",
        "test_a_step_from_a_later_day_has_no_date_before_it",
    ),
    "an edit from the beginning": (
        "test_from_the_beginning_says_beforehand_what_it_opens",
        "test_dates_from_the_beginning_leave_none_that_was_paid_without_one",
        "test_an_earlier_end_from_the_beginning_leaves_no_payment_without_its_date",
        EDITS,
    ),
    "an edit on the page": (
        "test_an_amount_holds_from_now_on_and_the_page_says_from_which_date",
        "test_what_was_always_so_is_asked_about_first_and_says_what_it_opens",
        "test_what_cannot_be_is_named_with_its_remedy_and_changes_nothing",
        "test_a_change_is_undone_as_if_it_had_not_been",
        "test_a_change_is_not_undone_over_what_came_after_it",
    ),
    "another day": (
        "test_no_instalment_is_lost_to_one_that_was_paid_ahead",
        "test_another_day_of_the_month_is_the_next_one_to_pay",
        "test_a_longer_step_leaves_what_was_paid_and_opens_the_next_date",
        "test_the_number_of_dates_left_stays_when_the_day_moves",
        "test_the_repayment_day_of_a_loan_moves_and_the_number_left_stays",
        "test_a_day_that_is_told_by_a_past_date_makes_nothing_overdue",
        "test_a_date_that_was_paid_ahead_is_not_the_last_one_that_a_day_may_correct",
        EDITS,
    ),
    "another rate": (
        "test_another_rate_holds_for_the_instalments_that_are_left",
        "test_a_term_that_grows_counts_what_is_left",
    ),
    "amount": (
        "test_an_unknown_amount_is_expected_from_the_latest_statements",
        "test_far_above_the_usual_is_half_as_much_again",
        "test_every_message_says_what_is_known",
    ),
    "card": (
        "test_the_due_date_is_that_many_days_after_each_statement",
        "test_the_statement_is_the_last_one_before_the_due_date",
        "test_looking_from_any_day_finds_the_same_dates",
    ),
    "end": (
        "test_a_count_ends_a_bill_and_the_earlier_end_wins",
        "test_a_bill_ends_with_its_last_date_included",
        "test_a_loan_says_what_each_occurrence_costs_and_when_it_is_over",
    ),
    "instalments": (
        "test_an_instalment_of_zero_does_not_fall_due",
        "test_a_prepayment_ends_a_loan_early_and_never_later",
    ),
    "rate changes": (
        "test_a_mortgage_whose_rate_changes_after_three_instalments",
        "test_a_change_of_the_rate_worked_out_by_hand",
        "test_a_prepayment_after_the_same_instalment_comes_before_the_change",
        "test_another_rate_leaves_what_was_paid",
        "test_terms_by_which_a_prepayment_cannot_have_been_made_are_refused",
    ),
    "stated instalment": (
        "test_an_instalment_that_the_lender_states_holds_for_all_but_the_last",
        "test_an_instalment_that_the_lender_cannot_state_is_refused_with_the_remedy",
        "test_the_banks_own_instalment_holds_beside_the_terms",
    ),
    "tolerance": (
        "test_an_instalment_is_paid_by_a_cent_less_or_more",
        "test_all_but_computed_instalments_are_paid_to_the_last_cent",
    ),
    "first period": (
        "test_a_first_period_pays_interest_for_its_days_alone",
        "test_a_first_period_of_odd_length_pays_interest_for_its_days",
        "test_a_first_period_of_odd_length_counts_by_the_days_of_a_regular_one",
    ),
    "autopay": (
        "test_autopay_reminds_once_the_day_before",
        "test_days_that_begin_earlier_once_automatic_payment_ends_are_told_in_time",
        "test_a_failed_debit_is_told_at_once_and_restores_the_plan",
        PROPERTY,
    ),
    "snooze": (
        "test_a_snooze_is_silent_until_its_day",
        "test_a_snooze_merges_with_what_is_planned_for_that_day",
        "test_a_snooze_to_the_due_day_is_kept_where_quiet_hours_bring_the_day_before_to_it",
        "test_a_snooze_past_the_due_date_wants_a_second_yes",
        PROPERTY,
    ),
    "plans": (
        "test_a_plan_for_a_kind_and_for_a_bill_change_the_users_own",
        "test_a_channel_that_escalates_joins_on_its_day",
        "test_lead_days_reach_from_the_due_day_to_a_year_before",
    ),
    "STOP": (
        "test_stop_is_noted_and_start_brings_the_rest_back",
        "test_stop_is_kept_when_the_user_is_imported_again",
    ),
    "how to stop": (
        "test_the_first_message_alone_says_how_to_stop",
        "test_an_american_number_is_told_how_to_stop_in_the_first_sms_of_each_month",
    ),
    "zone changed": (
        "test_a_move_to_another_zone_repeats_nothing_and_loses_nothing",
        "test_a_snooze_survives_a_move_eastward",
        PROPERTY,
    ),
    "told of a dead address": (
        "test_who_is_not_reached_by_email_any_more_is_told_by_sms_once",
        "test_whoever_opted_out_with_the_provider_knows_it",
        "test_nothing_goes_where_nothing_may_go",
        "test_nobody_is_told_in_quiet_hours",
    ),
    "closed, deleted, erased": (
        "test_a_deleted_bill_and_a_closed_one_wake_nobody",
        "test_an_erased_user_leaves_nothing_and_no_claim_brings_them_back",
        "test_a_change_before_the_claim_is_never_missed",
        "test_an_erasure_takes_the_life_that_it_was_asked_for_and_no_other",
    ),
    "overdue": (
        "test_nobody_pays_and_each_day_of_the_plan_is_sent",
        "test_whatever_the_plan_wants_is_sent_or_noted_as_skipped",
    ),
    "names in messages": (
        "test_no_message_leads_anywhere_but_to_ourselves",
        "test_a_name_that_leads_nowhere_stays_as_it_is",
        "test_an_account_number_shows_its_last_four_digits",
        "test_a_link_in_a_bill_is_refused_by_its_field_with_a_remedy",
        "test_a_bill_that_has_a_link_from_before_can_still_be_changed",
    ),
    "entered late": (
        "test_what_fell_due_before_the_bill_was_owed_is_not_reminded",
        "test_of_a_bill_whose_dates_are_over_the_last_one_is_owed",
        "test_what_is_not_owed_is_called_that_and_not_paid",
        "test_a_billers_file_keeps_to_the_day_of_its_first_import",
    ),
    "plan or settings changed": (
        "test_a_changed_plan_never_repeats_what_was_sent",
        "test_a_change_plans_again_and_repeats_no_lead_day",
        PROPERTY,
    ),
    "due date changed": (
        "test_another_due_date_is_told_again_if_the_user_heard_of_the_one_before",
        "test_a_date_is_told_again_exactly_if_another_may_have_been_heard_in_between",
        "test_a_date_that_moved_after_it_was_told_is_told_as_changed",
        "test_a_ledger_that_is_read_from_earlier_on_sends_nothing_again",
        "test_a_bill_that_is_deleted_and_entered_again_knows_what_was_heard",
        "test_a_revision_says_that_the_date_changed",
    ),
    "pause": (
        "test_nothing_goes_out_in_a_pause_and_one_catch_up_after_it",
        "test_whatever_a_pause_held_back_is_noted",
    ),
    "no address": ("test_without_a_usable_address_a_reminder_is_noted_and_not_sent",),
    "refused for now": (
        "test_what_waits_is_due_again_when_its_time_has_come",
        "test_what_waits_is_withdrawn_when_it_became_needless",
    ),
    "account at fault": (
        "test_what_the_account_is_to_blame_for_waits_and_is_sent_later",
        "test_it_is_asked_again_about_once_an_hour_while_the_reminder_helps",
        "test_a_text_that_speaks_of_the_account_is_not_the_numbers",
        "test_it_is_the_numbers_fault_until_it_came_for_five_of_them",
        "test_from_the_fifth_on_it_is_the_accounts",
        "test_an_answer_that_speaks_of_the_account_waits_and_alarms",
    ),
    "a plan's days": (
        "test_a_file_takes_twenty_days_of_a_plan",
        "test_a_plan_of_more_than_twenty_days_is_a_bad_row",
        "test_the_page_takes_twenty_days_and_says_so",
        "test_days_that_stand_there_may_stay_and_go",
    ),
    "long lists": (
        "test_a_bill_that_is_paid_every_day_for_five_years_keeps_a_year",
        "test_what_is_open_stays_open_and_what_is_closed_stays_closed",
        "test_a_list_that_cannot_make_room_takes_no_more_and_says_what_to_do",
        "test_a_list_from_before_the_bounds_may_stay_as_it_is_and_grow_shorter",
        "test_older_payments_come_page_by_page_the_latest_first",
        "test_notes_of_payments_have_room_of_their_own_and_old_ones_make_some",
        "test_the_largest_bill_fits_into_its_item",
        "test_what_is_put_away_is_no_change_is_exported_and_is_erased",
    ),
    "live at once": (
        "test_what_is_live_at_once_is_dates_in_reach_times_triggers",
        "test_no_day_to_come_has_more_dates_in_reach_than_were_counted",
        "test_500_open_bills_with_a_usual_plan_fit",
        "test_what_enlarges_a_bill_above_its_bound_is_refused_with_the_remedy",
        "test_who_is_above_the_bounds_today_may_do_all_that_does_not_enlarge",
    ),
    "put aside": (
        "test_accounts_from_before_the_bounds_delay_nobody_else",
        "test_who_was_put_aside_is_looked_at_once_a_day",
        "test_a_change_within_the_bounds_brings_back_who_was_put_aside",
    ),
    "too many": (
        "test_an_address_gets_so_many_messages_a_day_and_the_rest_the_next",
        "test_the_cap_is_reserved_in_the_claim",
    ),
    "dead address": (
        "test_nothing_more_goes_to_a_dead_address_until_its_owner_confirms_it_anew",
        "test_an_address_that_the_provider_knows_to_be_of_no_use_is_not_tried_again",
        "test_a_forged_bounce_through_the_topic_of_devices_changes_nothing",
    ),
    "own channels": (
        "test_channels_without_any_address_are_no_choice",
        "test_a_bill_reaches_the_user_wherever_their_own_plan_does",
        "test_a_stop_sends_a_bill_nowhere_else",
    ),
    "fallback": (
        "test_what_failed_goes_by_it_at_once",
        "test_what_may_have_arrived_does_not",
        "test_without_an_address_everything_goes_by_it_and_in_time",
        "test_they_stand_in_in_their_order",
        "test_one_that_joins_later_stands_in_before",
        "test_nothing_older_comes_after_something_nearer_that_went_out",
        "test_the_first_of_nothing_but_fallbacks_takes_part_in_everything",
    ),
    "total of SMS": (
        "test_reminders_end_at_the_total_of_all_sms",
        "test_what_is_above_the_total_stays_in_the_index_unclaimed",
        "test_what_waited_at_the_total_goes_once_on_a_later_day",
        "test_a_raised_total_is_used_at_once",
        "test_who_registered_by_themselves_waits_while_imported_users_are_served",
        "test_who_registered_by_themselves_gets_ten_sms_a_day",
    ),
    "countries of SMS": (
        "test_a_reminder_to_another_country_fails_and_its_fallback_goes",
        "test_a_reminder_to_another_country_stops_no_address",
        "test_codes_go_to_numbers_of_allowed_countries_alone",
    ),
    "spread": (
        "test_lead_days_are_spread_and_nothing_else",
        "test_spreading_leads_neither_into_quiet_hours_nor_into_another_day",
    ),
    "unknown": (
        "test_what_was_claimed_is_never_claimed_again",
        "test_what_got_no_answer_waits_for_a_receipt_and_is_sent_once_more",
        "test_before_its_due_day_it_stays_unknown_for_a_nearer_one_is_still_to_come",
        "test_before_its_due_day_it_is_sent_once_more_when_no_nearer_one_is_to_come",
        "test_it_is_sent_once_more_when_no_nearer_one_is_to_come",
        "test_what_happens_meanwhile_decides",
        "test_a_second_debit_that_failed_stands_for_the_first_and_nothing_else_does",
        "test_a_second_message_that_would_come_too_late_is_not_sent",
        "test_it_waits_until_another_message_was_taken",
        "test_a_success_before_the_last_trouble_is_no_reason_to_send_again",
        "test_one_of_those_that_wait_finds_out_and_the_others_follow_it",
        "test_the_wait_grows_with_each_message_without_an_answer",
        "test_who_gets_no_answer_for_hours_is_reminded_once_but_for_few",
        "test_one_who_is_alone_gets_a_second_message_too",
        "test_after_three_days_it_is_final",
        "test_what_nobody_knew_was_not_sent_after_all",
    ),
    "zone data": ("test_zones_are_those_of_the_pinned_package",),
}


def rows() -> list[str]:
    text = ROOT.joinpath("docs", "rules.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
    return [cell for cell in cells if cell != "case" and not set(cell) <= set("-")]


def names_of_tests() -> set[str]:
    return {
        name
        for path in ROOT.joinpath("tests").rglob("test_*.py")
        for name in re.findall(r"^def (\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }


def test_the_rules_and_their_tests_name_the_same_cases() -> None:
    assert sorted(rows()) == sorted(TESTED_BY)


def test_the_tests_of_a_rule_exist() -> None:
    existing = names_of_tests()
    for case, tests in TESTED_BY.items():
        assert set(tests) <= existing, case
