"""What audit events, subscriptions and webhooks look like on which release of Octopus.

Each trait is a span of releases; the code that writes an event asks `has(version, trait)` and never compares
versions itself. Sources are beside each trait: an OctopusDeploy/Issues number, or the release of a captured webhook
that shows it. Where only two captures with a gap between them are known, the span begins at the later one.
"""

from sandbox.versions import at_least

__all__ = ["TRAITS", "has"]

# trait: (first release that has it, first release that no longer has it or None)
TRAITS: dict[str, tuple[str, str | None]] = {
    # Shapes
    "webhook header": ("2018.3.0", None),  # not in a capture of January 2018, in one of March
    "spaces": ("2019.1.0", None),  # SpaceId, UserAgent, IsService; Filter.EventAgents
    "project group filter": ("2020.1.0", None),  # in a capture of 2020.2, not in one of 2019
    "change details": ("2020.3.0", None),  # absent from a capture of 2020.2
    "enums as names": ("2021.2.7536", None),  # Issues#7069: Type and EmailPriority were numbers
    "space id as object": ("2021.2.0", "2021.2.7536"),  # Issues#7013
    "self links": ("2021.3.0", None),  # Links.Self was an empty object
    "milliseconds": ("2022.1.0", None),  # dates had seven digits
    "ip address": ("2023.1.0", None),  # in an answer of 2023.1.9626
    "system identity": ("2025.2.0", None),  # Issues#9400: IdentityEstablishedWith "System", before ""
    "api key": ("2026.2.0", None),  # ApiKeyId and ApiKeyHint: not in the Swagger of 2026.1.9674
    "slack": ("2026.2.0", None),
    # What is audited, and with which related ids
    "project created twice": ("2021.3.0", "2022.1.0"),  # Issues#7056: twice, and the deployment settings
    "process without project": ("2021.3.0", "2022.1.0"),  # Issues#7111, there only now and then
    "library variables without owner": ("2021.1.0", "2023.3.10200"),  # Issues#8275
    "cascade without owner": ("2022.1.0", "2023.1.0"),  # Issues#7565
    "deployments without project group": ("2021.1.0", "2025.3.13392"),  # Issues#9587
    "archiving unaudited": ("2018.1.0", "2022.1.0"),  # Issues#6901, a certificate's
    "package pushed has its own category": ("2025.3.9484", None),
    # Delivery
    "oldest first": ("2018.11.0", None),  # Issues#4817: a batch went newest first
    "types with groups are deaf": ("2022.3.0", "2023.3.0"),  # Issues#8246: categories and document types never fire
    "project groups are heard": ("2024.1.8268", None),  # Issues#8568: that filter let nothing through (?)
}


def has(version: str, trait: str) -> bool:
    """Whether this release (`2026.1.9674`) has the trait. Raises KeyError for a trait that is not in the table."""
    first, gone = TRAITS[trait]
    return at_least(version, first) and (gone is None or not at_least(version, gone))
