"""How hard the property tests look: a little each time, long with FOLKMOOT_HYPOTHESIS=long."""

import os

from hypothesis import HealthCheck, Phase, settings

LONG = os.environ.get("FOLKMOOT_HYPOTHESIS") == "long"

# No deadline: how long one example takes is the machine's affair and proves nothing.
# No explain phase: it takes minutes where a run has fifty steps.
SETTINGS = settings(
    max_examples=5_000 if LONG else 200,
    stateful_step_count=120 if LONG else 50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)

# Seconds. Shrinking a failure may take hypothesis five minutes, and its result must not be lost.
TIMEOUT = 0 if LONG else 400
