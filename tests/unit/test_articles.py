"""Which tests show what each article asks of public accounts and microblogs (letters I, P, W of the rule sets).

A row is a row of the table of articles in the design. Whatever is added to a row is tried through the real server, on
three nodes where the article says so (`cluster/`).
"""

from pathlib import Path

import pytest

from tests.named import names_in

TESTS = Path(__file__).resolve().parents[1]
PUBLIC = "integration/test_public_channels.py"
PAGES = "integration/test_channel_pages.py"
COMMENTS = "integration/test_comments.py"
MEASURES = "integration/test_measures.py"
HERE = "integration/test_channel_articles.py"
NODES = "cluster/test_channel_articles.py"

ARTICLES: dict[str, tuple[tuple[str, str], ...]] = {
    # Following: home has each post once, whatever is unfollowed no more.
    "I2 P2 W2": (
        (HERE, "test_home_has_each_post_once_and_what_is_unfollowed_no_more"),
        ("conformance/test_channels.py", "test_home_is_exactly_the_newest_posts"),
        ("cluster/test_channels.py", "test_home_is_the_same_on_all_nodes_and_live_on_each"),
    ),
    # Who runs the service, under which licence, who answers for the content.
    "I4 W4.1 I5 P5 W6": ((PAGES, "test_who_runs_the_service_stands_on_every_public_page"),),
    # Real identity before one publishes, and numbers that nobody reads; credit.
    "I6 P6 W7": (
        (HERE, "test_who_is_not_verified_or_of_poor_credit_publishes_little"),
        ("unit/governance/test_publish.py", "test_a_verification_that_has_expired_counts_for_neither"),
        ("unit/server/test_renewal.py", "test_from_the_reminder_to_the_new_number"),
        ("integration/test_planted.py", "test_a_hundred_and_fifty_identities_are_nowhere_in_plain"),
        ("cluster/test_planted_in_postgres.py", "test_planted_identities_are_nowhere_in_the_database_nor_its_dump"),
    ),
    # Public accounts are reviewed before they are open, labelled and filed.
    "I7.1 P7.1": (
        (PUBLIC, "test_a_public_account_is_not_there_for_others_before_it_is_approved"),
        (PUBLIC, "test_nobody_approves_their_own"),
        (PUBLIC, "test_a_rejection_is_told_and_appealed_to_somebody_else"),
        (PAGES, "test_what_a_channel_was_granted_is_on_each_page_and_in_feeds"),
    ),
    # Licences for categories such as news.
    "I7.2 I7.3 P8 W4.2": (
        (PUBLIC, "test_a_licensed_category_takes_the_licence_while_it_lasts"),
        (PAGES, "test_what_a_channel_was_granted_is_on_each_page_and_in_feeds"),
        (NODES, "test_a_licence_that_has_ended_is_nowhere_on_any_node"),
    ),
    # What is there after half a year, and what stays.
    "P16 W16": (
        ("unit/server/test_kept_posts.py", "test_posts_and_what_they_show_stay_where_they_are_to_and_comments_go"),
        ("integration/test_crash.py", "test_a_month_whose_posts_are_kept_goes_whenever_it_is_killed"),
        ("integration/storage/test_kept_posts.py", "test_wherever_it_is_broken_off_no_post_is_lost_or_there_twice"),
        ("conformance/test_channels.py", "test_posts_that_are_kept_outlive_their_month_and_comments_do_not"),
    ),
    # Grades by followers, and who reads.
    "P7.2 W9": (
        ("integration/test_reach.py", "test_the_follower_who_crosses_the_border_brings_one_notice"),
        ("integration/test_reach.py", "test_who_opens_it_ten_times_is_one_reader"),
        ("unit/server/test_reads.py", "test_a_reader_on_two_nodes_counts_once_and_is_forgotten_with_the_day"),
    ),
    # How many accounts one subject has.
    "P7.3": (
        (PUBLIC, "test_one_subject_opens_one_however_many_try_at_once"),
        (PUBLIC, "test_nobody_takes_over_more_than_they_may_open"),
        (NODES, "test_one_subject_opens_one_however_many_try_on_three_nodes"),
    ),
    # Badges rest on documents, and on the identity that they were given for.
    "W8 W10.1": ((PUBLIC, "test_a_badge_takes_documents_and_goes_with_the_identity"),),
    # What editors, and the platform, do about comments.
    "W10.2 P12": (
        (COMMENTS, "test_each_policy_has_its_own_error_and_the_stricter_counts"),
        (COMMENTS, "test_editors_silence_and_ban_who_comments"),
        ("unit/governance/test_publish.py", "test_no_comment_by_whom_an_editor_silences"),
        (MEASURES, "test_a_function_is_taken_alone_and_comes_back_by_itself"),
        (NODES, "test_no_comment_comes_after_a_mute_on_any_node"),
    ),
    # Rights in works.
    "P10": (
        ("integration/test_reports.py", "test_copyright_is_answered_by_a_counter_notice"),
        (
            "integration/test_report_page.py",
            "test_a_post_of_a_channel_is_reported_by_its_address_and_goes_with_what_repeats_it",
        ),
        ("integration/test_reposts.py", "test_with_the_original_its_reposts_are_blank"),
    ),
    # What is removed is nowhere; each measure with its reason, its end, its notice, an appeal, and a report.
    "I8 P11 P13 W12": (
        (NODES, "test_what_is_deleted_on_one_node_is_nowhere_on_another"),
        (PAGES, "test_what_is_removed_is_gone_at_once_and_what_never_was_is_not_there"),
        (MEASURES, "test_an_overturned_measure_leaves_nothing"),
        (MEASURES, "test_a_confirmed_measure_stays_as_it_was"),
        (HERE, "test_an_identity_on_the_blacklist_opens_nothing"),
    ),
    # Refutations.
    "W11": (
        ("integration/test_refutations.py", "test_a_refutation_is_on_the_original_and_all_that_repeats_it"),
        (PAGES, "test_what_is_refuted_is_told_on_each_page_and_in_feeds"),
        (NODES, "test_a_refutation_is_on_every_copy_on_every_node"),
    ),
    # New functions wait for their assessment.
    "P12.1 W13": ((PUBLIC, "test_a_function_rests_until_its_assessment_is_on_record"),),
    # Reports by anybody.
    "P15 W14": (
        (HERE, "test_who_follows_nothing_reports_is_answered_and_appeals"),
        (COMMENTS, "test_who_follows_nothing_reports_posts_and_comments"),
    ),
}


@pytest.mark.parametrize("article", ARTICLES)
def test_what_an_article_asks_is_tried(article: str) -> None:
    for file, name in ARTICLES[article]:
        assert name in names_in(TESTS / file), f"{file} has no {name}"
