"""Rules of EventBridge."""

import copy

from moto.events.models import Rule
from moto.events.utils import EventMessageType

from batchrec.localaws import event_targets
from batchrec.localaws.moto_patches.patching import patch, remember


def send_events_to_more_targets() -> None:
    """moto's EventBridge has no SNS topics and no state machines as targets.

    And it sends events to rules that are disabled.
    """

    def send_to_targets(rule: Rule, event: EventMessageType, transform_input: bool = True) -> None:
        if rule.state != "ENABLED" or not rule.event_pattern.matches_event(event):
            return
        ours = [target for target in rule.targets if event_targets.emulated(target)]
        for target in ours:
            event_targets.deliver(target, dict(event), rule.arn)
        others = copy.copy(rule)
        others.targets = [target for target in rule.targets if target not in ours]
        original_send(others, event, transform_input)

    original_send = remember(Rule, "send_to_targets")
    patch(Rule, "send_to_targets", send_to_targets)
