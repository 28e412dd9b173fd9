"""How hard hypothesis looks, in all tests alike; `conftest.py` takes it into use.

`--hypothesis-profile=quick` looks a little, `long` for an hour or more. No test sets a deadline or health checks of
its own: how long one example takes is the machine's affair and proves nothing.
"""

from hypothesis import HealthCheck, Phase, settings

NORMAL = settings(
    max_examples=200,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    # No explain phase: it takes minutes where a run has fifty steps.
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    print_blob=True,
)


def load_profiles() -> None:
    """Register the profiles and load the normal one; pytest's option is read later, and wins."""
    settings.register_profile("normal", NORMAL)
    settings.register_profile("quick", NORMAL, max_examples=20, stateful_step_count=20)
    settings.register_profile("long", NORMAL, max_examples=5_000, stateful_step_count=120)
    settings.load_profile("normal")


def is_long() -> bool:
    """Say whether time does not matter."""
    return settings.get_current_profile_name() == "long"


def scaled(number: int) -> int:
    """Return `number`, which is meant for the normal profile, as the profile in force has it; at least 1."""
    return max(1, number * settings.default.max_examples // NORMAL.max_examples)


def examples(number: int, *, keep_fixtures: bool = False) -> settings:
    """Return settings for a test that takes `number` examples, where each costs much.

    With `keep_fixtures` all examples of a test meet the same fixtures, and the test makes anew what it changes.
    """
    kept = [HealthCheck.function_scoped_fixture] if keep_fixtures else []
    return settings(max_examples=scaled(number), suppress_health_check=[*NORMAL.suppress_health_check, *kept])
