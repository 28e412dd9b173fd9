"""The settings of public accounts; `settings` puts them into the whole."""

from collections.abc import Mapping
from dataclasses import dataclass

from folkmoot_governance.case.events_application import WishKind
from folkmoot_governance.credentials import Scope
from folkmoot_governance.features import Feature
from folkmoot_governance.text import N_

from ..common.terminal import _
from .declare import labels, section, setting

SCOPES = tuple(scope.value for scope in Scope)


def check_scope(text: str) -> str | None:
    """Say what a licence can allow, unless the text is that."""
    return None if text in SCOPES else _("one of: {choices}").format(choices=", ".join(SCOPES))


def check_document(names: tuple[str, ...]) -> str | None:
    """Say how kinds of documents are named, unless all of these are."""
    is_fine = all(name.isascii() and name.replace("_", "a").isalnum() and len(name) <= 32 for name in names)
    return None if is_fine else _("names of letters, digits and _")


def check_features(names: tuple[str, ...]) -> str | None:
    """Say which functions can rest, unless all of these can."""
    known = [feature.value for feature in Feature]
    return None if set(names) <= set(known) else _("a list of: {choices}").format(choices=", ".join(known))


@dataclass(frozen=True)
class Features:
    """Functions that rest until they are assessed (P12.1, W13)."""

    assessed: tuple[str, ...] = setting(
        (),
        N_("Functions that are off until a safety assessment is on record: channels, comments, reposts, media."),
        check=check_features,
    )


@dataclass(frozen=True)
class PerSubject:
    """How many public accounts one subject may have (P7.3)."""

    person: int = setting(1, N_("Public accounts of one person. 0 = any number."), open=0, least=0)
    organisation: int = setting(2, N_("Public accounts of one organisation. 0 = any number."), open=0, least=0)


_DOCUMENTS = N_("Kinds of documents that go with such an application; one named `identity` is compared with the vault.")


@dataclass(frozen=True)
class ChannelPolicy:
    """Public accounts: caps, licences, documents (P7, P8, W8, W10)."""

    per_subject: PerSubject = section(PerSubject, N_("How many public accounts one subject may have."))
    answer_hours: int = setting(168, N_("Hours within which an application is to be answered."), least=1, most=8760)
    channel_documents: tuple[str, ...] = setting((), _DOCUMENTS, check=check_document)
    badge_documents: tuple[str, ...] = setting((), _DOCUMENTS, check=check_document)
    licence_documents: tuple[str, ...] = setting((), _DOCUMENTS, check=check_document)
    quota_documents: tuple[str, ...] = setting((), _DOCUMENTS, check=check_document)
    licences: Mapping[str, str] = labels(
        "CATEGORY",
        N_(
            "Categories in which a post of a channel needs a licence, name = publish or relay. "
            "Whoever has one to relay may only repost."
        ),
        {},
        check=check_scope,
    )

    def documents(self) -> dict[str, tuple[str, ...]]:
        """Return the kinds of documents that go with an application, by what it is for."""
        given = {kind.value: getattr(self, f"{kind}_documents") for kind in WishKind}
        return {kind: documents for kind, documents in given.items() if documents}
