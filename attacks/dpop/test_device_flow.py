"""A device flow that began with a proof (an expired draft on DPoP for RFC 8628): a breach is a warning, and only where proofs are read."""

from keybound.cases.declare import Case, cases
from keybound.check.device_flow import needs_proofs_read, started
from keybound.craft.changes.jose import flipped_signature
from keybound.craft.changes.proof import by_attacker, no_proof
from keybound.errors import NotApplicable
from keybound.judge.answer import Outcome
from keybound.judge.rules import Exact
from keybound.places.place import BAD_PROOF_AS

PHISHED = "the attacker polls for the token of a flow that the victim approves"
POLLED = (
    Case("as.device.poll.other-key", "a poll with another key than the flow began with",
         requirements=("DPOPDEVICE-3.1-code-binds", "DPOPDEVICE-3.2-poll-key"), faults=("as-device-key-forgotten",), threat=PHISHED, change=by_attacker, place="device.bound",
         names_the_reason=Exact((400,), ("invalid_grant", "invalid_dpop_proof")), lenient=True),
    Case("as.device.poll.without-proof", "a poll without a proof for a flow that began with one", requirements=("DPOPDEVICE-3.2-poll-key",),
         faults=("as-device-key-forgotten",), threat=PHISHED, change=no_proof, place="device.bound",
         names_the_reason=Exact((400,), ("invalid_grant", "invalid_dpop_proof", "invalid_request")), lenient=True),
)


@cases(*POLLED)
def test_poll_needs_the_key_of_the_start(case, target):
    needs_proofs_read(target)
    target.refuses(case)


CHECKED = Case("as.device.start.bad-signature", "a device flow that begins with a bad proof", requirements=("DPOPDEVICE-3.1-proof-checked",),
               faults=("as-device-proof-unchecked",), threat="the attacker ties the victim's flow to a key it does not have, or to its own", change=flipped_signature,
               place="device.bound", says="in the request that starts the flow", names_the_reason=BAD_PROOF_AS, lenient=True)


@cases(CHECKED)
def test_start_checks_its_proof(case, target):
    place = target.place(case.place)
    target.controls.require(place)
    if place.attempt(by_attacker, "does the flow belong to a key?").outcome is not Outcome.REFUSED:
        raise NotApplicable("a device flow does not belong to the key it began with, as it need not")
    answer = started(target, flipped_signature, "hostile")
    target.expect(answer.outcome is not Outcome.EFFECT, f"refused: {case.names_the_reason}", answer.seen)


BOUND = Case("as.device.tokens-bound", "a device flow that began with a proof gives a token bound to its key", requirements=("DPOPDEVICE-3.2-tokens-bound",),
             faults=("as-device-grant-unbound",), says="nothing: this looks at the token", threat="the flow begins with a key and ends with a bearer token", place="device.bound", lenient=True,
             known_as=("BI-04",))


@cases(BOUND)
def test_tokens_are_bound_to_the_key_of_the_start(case, target):
    needs_proofs_read(target)
    place = target.place(case.place)
    token = target.read(target.session.issue(place.lane, place.material()))
    place.renew()
    target.expect(token.is_bound_by("dpop"), "token_type DPoP, with cnf.jkt where the token can be read", token.facts)
