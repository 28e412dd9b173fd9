"""Which tests show that what once displeased new users is gone, and stays so: in the page, the terminal, words, the
command line and the SDK."""

from pathlib import Path

import pytest

from tests.named import names_in

TESTS = Path(__file__).resolve().parents[1]
PAGE = "browser/test_page.py"
ACTING = "browser/test_acting.py"
MANY = "browser/test_many.py"
SLASH = "integration/test_slash.py"
HTTP = "integration/test_http.py"
CHAT = "unit/client/test_chat.py"
TERMINAL = "integration/client/test_terminal.py"

DEFECTS: dict[str, tuple[tuple[str, str], ...]] = {
    "a reply with a command loses its target": (
        (ACTING, "test_what_is_not_allowed_says_why_and_a_reply_supplies_the_target"),
    ),
    "notices name numbers that the page does not show": (
        (ACTING, "test_numbers_links_and_search_lead_to_their_entry"),
    ),
    "on a phone the list is wider than the screen": ((PAGE, "test_on_a_phone_one_thing_is_shown_at_a_time"),),
    "on a phone nothing offers a reply": ((ACTING, "test_on_a_phone_holding_a_message_opens_its_menu"),),
    "documents do not scroll and show raw marks": ((HTTP, "test_documents_are_pages_and_nothing_in_them_acts"),),
    "what one is told is dropped": (
        (PAGE, "test_what_one_is_told_stays_in_sight_until_it_is_read"),
        (ACTING, "test_an_appeal_goes_from_what_one_is_told_to_the_queue_of_the_group"),
    ),
    "without a group one cannot verify or appeal, and who is suspended finds no appeal": (
        ("browser/test_box.py", "test_a_mute_waits_in_the_box_and_is_undone_from_there"),
        ("browser/test_box.py", "test_the_box_tells_what_became_of_a_request_and_where_one_was_called"),
        ("browser/test_desk.py", "test_who_is_suspended_appeals_at_the_gate_and_staff_upholds_at_the_desk"),
    ),
    "on the smallest phone what one is told covers the groups": (
        (PAGE, "test_what_one_is_told_stays_in_sight_until_it_is_read"),
    ),
    "the page says less than the server": (
        (PAGE, "test_the_page_speaks_chinese"),
        ("unit/server/test_web_texts.py", "test_notices_and_values_are_there_in_each_language"),
    ),
    "answers of commands vanish": ((PAGE, "test_slash_commands_are_completed_answered_and_refused"),),
    "own posts are unread, and opening a group marks all as read": (
        (PAGE, "test_what_is_unread_begins_at_a_line_and_stays_so_until_it_was_seen"),
        (MANY, "test_a_thousand_unread_lines_begin_at_the_first"),
    ),
    "a locked group says nothing before the refusal": (
        (ACTING, "test_what_is_not_allowed_says_why_and_a_reply_supplies_the_target"),
    ),
    "offline nothing is said": (
        (PAGE, "test_who_is_offline_reads_so_at_once_and_loses_nothing"),
        (PAGE, "test_a_crash_of_the_server_loses_and_doubles_nothing"),
    ),
    "an export is a line, a request to join is forgotten": (
        (ACTING, "test_who_asks_to_join_is_let_in_from_the_panel_and_a_record_is_a_file"),
    ),
    "many groups have no filter and stand in alphabetical order": (
        (MANY, "test_of_three_hundred_groups_one_is_found_by_its_name"),
        (PAGE, "test_what_is_unread_begins_at_a_line_and_stays_so_until_it_was_seen"),
    ),
    "ten joins take half a screen": (
        ("browser/test_composing.py", "test_who_comes_in_a_row_is_counted_and_tags_are_said_once"),
    ),
    "on a wide screen nothing is aligned, tags stand everywhere, answers stay, a wrong address is bare text": (
        (PAGE, "test_on_a_wide_screen_all_of_a_group_stands_on_one_axis"),
        (ACTING, "test_cards_stay_until_they_are_closed_and_undo_what_they_tell_of"),
        ("browser/test_composing.py", "test_who_comes_in_a_row_is_counted_and_tags_are_said_once"),
        ("browser/test_composing.py", "test_the_page_can_be_installed_and_a_wrong_address_leads_to_it"),
    ),
    "axe finds faults": (
        ("browser/test_tree.py", "test_each_view_is_told_by_names_and_roles"),
        ("browser/test_access.py", "test_axe_finds_nothing"),
        (ACTING, "test_the_log_is_one_stop_of_the_keyboard"),
    ),
    "each file is fetched anew, uncompressed": (
        (HTTP, "test_who_takes_gzip_gets_it"),
        (HTTP, "test_who_has_a_page_does_not_get_it_again"),
        ("unit/server/test_http_server.py", "test_a_connection_is_kept_for_the_next_request_but_not_for_ever"),
    ),
    "quotes keep what was deleted, names are read otherwise than by the server": (
        (PAGE, "test_a_deleted_message_vanishes_and_its_quote_with_it"),
        (ACTING, "test_names_and_quotes_are_as_the_server_has_them"),
    ),
    "the title counts what one does not want to hear of": (
        (PAGE, "test_what_is_unread_begins_at_a_line_and_stays_so_until_it_was_seen"),
    ),
    "a bare command clears what it should show": (
        (SLASH, "test_bare_commands_show_what_is_in_force_and_change_nothing"),
    ),
    "help is long and has no examples": (
        (SLASH, "test_help_is_a_line_for_each_heading_and_tells_all_of_one_command"),
        (SLASH, "test_help_speaks_chinese_to_those_who_read_it"),
    ),
    "commands without a name in Chinese, and values of the protocol in its sentences": (
        ("unit/server/test_guide.py", "test_every_command_has_a_name_in_chinese"),
        ("integration/test_chinese.py", "test_no_value_of_the_protocol_stands_in_an_answer_in_chinese"),
    ),
    "lengths and numbers that nobody says so": (
        ("unit/server/test_i18n.py", "test_a_length_is_said_in_at_most_two_units"),
        ("unit/server/test_i18n.py", "test_one_is_said_otherwise_than_many"),
    ),
    "the README promises what is not there": (
        ("integration/test_stories.py", "test_a_newcomer_gets_to_an_overturned_mute"),
        ("integration/test_readme.py", "test_program_of_the_readme_runs_again_and_again"),
        ("unit/test_commands_of_docs.py", "test_the_command_line_takes_what_the_pages_show"),
    ),
    "English that nobody says": (
        ("unit/test_english.py", "test_what_was_found_once_is_found_again"),
        ("unit/test_english.py", "test_texts_are_english_as_it_is_said"),
    ),
    "Chinese with several words for a thing, and signs of half width": (
        ("unit/test_glossary.py", "test_one_word_is_used_for_each_thing"),
        ("unit/test_glossary.py", "test_sentences_in_chinese_have_its_punctuation"),
    ),
    "the terminal shows thirty lines, no days, no reply, torn emoji, and each act twice": (
        (TERMINAL, "test_two_people_talk_and_a_mute_is_appealed_and_undone"),
        (TERMINAL, "test_history_goes_on_as_far_as_one_scrolls"),
        (CHAT, "test_each_day_is_named_once"),
        (CHAT, "test_joined_emoji_are_one_sign"),
        (CHAT, "test_a_bare_switch_lists_ones_groups"),
        (CHAT, "test_what_the_log_tells_an_answer_does_not_tell_again"),
        (TERMINAL, "test_who_registers_reads_what_they_accept_and_types_the_password_twice"),
    ),
    "lists of rules fail, and columns break what one copies": (
        ("integration/client/test_admin.py", "test_rules_are_printed_in_every_format"),
        ("integration/client/test_admin.py", "test_lists_are_valid_in_every_format"),
        ("unit/client/test_admin.py", "test_no_word_is_broken_over_lines"),
        ("unit/client/test_admin.py", "test_what_is_within_a_field_is_shown_as_people_read_it"),
        ("integration/test_admin.py", "test_the_first_administrator"),
        ("unit/client/test_admin.py", "test_wrong_usage_is_valid_data"),
    ),
    "a program is refused for a rate limit that passes": (
        ("integration/client/test_bots.py", "test_what_a_rate_limit_refuses_is_waited_for"),
    ),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_what_displeased_is_tried(defect: str) -> None:
    for file, name in DEFECTS[defect]:
        assert name in names_in(TESTS / file), f"{file} has no {name}"
