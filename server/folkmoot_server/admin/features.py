"""Administration of functions that rest until they are assessed (P12.1, W13)."""

from folkmoot_governance import Refusal
from folkmoot_governance.features import AssessFeature, Feature, StopFeature
from folkmoot_protocol.admin import features as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.results import AdminResult

from .call import Call, Outcome, carries_out


@carries_out(rows.LIST_FEATURES)
async def list_features(call: Call, options: NoOptions) -> Outcome:
    return AdminResult(items=tuple([await feature_item(call, feature) for feature in Feature]))


async def feature_item(call: Call, feature: Feature) -> dict[str, object]:
    """Return a function with its assessment, if there is one."""
    found = {one.feature: one for one in await call.app.store.ledger.assessments()}
    one, is_needed = found.get(feature), feature in call.app.policy.features
    return {
        "feature": feature.value,
        "state": "assessed" if one else "off" if is_needed else "on",
        "by": one.by if one else "",
        "at_ts": one.ts if one else 0,
        "sha256": one.sha256 if one else "",
        "reason": one.reason if one else "",
    }


@carries_out(rows.ASSESS_FEATURE)
async def assess_feature(call: Call, options: rows.NewAssessment) -> Outcome:
    return await change(call, AssessFeature(Feature(options.feature), options.sha256, call.reason))


@carries_out(rows.STOP_FEATURE)
async def stop_feature(call: Call, options: rows.OldAssessment) -> Outcome:
    return await change(call, StopFeature(Feature(options.feature), call.reason))


async def change(call: Call, command: AssessFeature | StopFeature) -> Outcome:
    """Put it on record, unless it is a dry run."""
    refusal = await call.app.alarms.assess(command, call.account, dry_run=call.dry_run)
    if isinstance(refusal, Refusal):
        return refusal
    return AdminResult(items=(await feature_item(call, command.feature),), changed=1)
