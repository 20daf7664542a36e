"""Keys that are good although they look unusual, and every algorithm that is advertised (RFC 7638 section 3, RFC 7518)."""

from keybound.cases.declare import (
    API,
    PAR,
    PROOF_READERS,
    TOKEN,
    USERINFO,
    Case,
    cases,
    spread,
    without_requirements,
)
from keybound.check.issuing import expect_own_jkt, token_or_refusal
from keybound.check.keys import leading_zero_key_where_others_work
from keybound.craft.changes.jose import jwk_member, rsa_key
from keybound.craft.changes.proof import member, with_key
from keybound.craft.changes.values import reordered_with_optional_members
from keybound.craft.jose import Key
from keybound.errors import Inconclusive, NotApplicable
from keybound.judge.answer import Outcome

THUMBPRINT = ("RFC7638-3-required-members",)


OPTIONAL = Case("proof.jwk.optional-members", "jwk with optional members, in another order", requirements=THUMBPRINT, faults=("jwk-members-hashed",),
                threat="the same key written in another way is another key", change=member("jwk", reordered_with_optional_members), known_as=("KY-06", "TP-29"))


@cases(*spread([OPTIONAL], without_requirements(API, USERINFO)))
def test_thumbprint_covers_required_members_only(case, target):
    target.accepts(case)


OPTIONAL_AT_AS = Case("proof.jwk.optional-members", "jwk with optional members, in another order", requirements=("RFC9449-4.2-extra-members",),
                      faults=("refuses-extra-members",), threat="clients that name their keys are locked out (RFC 7517 section 4)",
                      change=member("jwk", reordered_with_optional_members), lenient=True, known_as=("KY-06", "TP-29"))


@cases(*spread([OPTIONAL_AT_AS], without_requirements(TOKEN, PAR)))
def test_optional_members_are_no_reason_to_refuse(case, target):
    target.accepts(case)


EXTRA = Case("proof.jwk.extra-members", "jwk with a member that nobody knows", requirements=("RFC9449-4.2-extra-members",),
             faults=("refuses-extra-members",), threat="extensions of the key break the server (RFC 7517 section 4)",
             change=jwk_member("https://keybound.example/member", "anything"), known_as=("TP-29",))


@cases(*spread([EXTRA], without_requirements(*PROOF_READERS)))
def test_unknown_members_are_ignored(case, target):
    target.accepts(case)


LEADING = tuple(
    Case(f"{prefix}.leading-zero", "a P-256 key whose x begins with a zero octet", requirements=THUMBPRINT, faults=(f"{side}-coordinate-zeros-cut",),
         threat="one key in 256 does not work", place=place, known_as=("KY-06",))
    for side, prefix, place in (("as", "as.cnf.jkt", "token"), ("rs", "rs.proof.jwk", "api"))
)


@cases(LEADING[0])
def test_thumbprint_keeps_zeros(case, target):
    key = leading_zero_key_where_others_work(target, case.place)
    token, seen = token_or_refusal(target, target.lane("dpop"), key=key)
    if token is None:
        target.expect(False, "a token", seen)
    else:
        expect_own_jkt(target, target.read(token))


KINDS = tuple(
    Case(f"as.cnf.jkt.{name}", f"cnf.jkt of a key {what}", requirements=("RFC9449-6.1-jkt-thumbprint", *THUMBPRINT), faults=("as-jkt-members-unsorted",),
         threat="keys of one kind get another thumbprint, and no other server finds the key again", data=algs, known_as=("KY-06", "BI-08"))
    for name, what, algs in (
        ("rsa", "for RSA", ("RS256", "PS256")),
        ("ed25519", "on Ed25519", ("EdDSA",)),
        ("p384", "on P-384", ("ES384",)),
    )
)


@cases(*KINDS)
def test_thumbprint_of_every_kind_of_key(case, target):
    key = target.session.key("second", target.taken_alg(*case.data))
    token, seen = token_or_refusal(target, target.lane("dpop"), key=key)
    if token is None:
        raise NotApplicable(f"there is no token for a key of {key.alg}: {seen}")
    expect_own_jkt(target, target.read(token))


@cases(LEADING[1])
def test_key_with_leading_zero_is_accepted(case, target):
    target.accepts(case, target.holding(leading_zero_key_where_others_work(target, case.place)))


OWN_ROWS = {"ES256", "EdDSA", "PS256", "RS256", "ES384"}  # in test_accepted.py
ALGS = Case("as.alg.others", "proofs signed with the other advertised algorithms", requirements=("RFC9449-4.3-alg-supported",), faults=("as-refuses-eddsa",),
            threat="an advertised algorithm does not work", place="token", known_as=("BI-09",))


@cases(ALGS)
def test_other_advertised_algorithms_work(case, target):
    place, session = target.place(case.place), target.session
    algs = [alg for alg in target.signable(session.advertised_algs) if alg not in OWN_ROWS]
    if not algs:
        raise NotApplicable("every advertised algorithm that keybound can sign with has a case of its own")
    before = target.controls.send(place, "before")
    refused = {}
    for alg in algs:
        key = Key(alg, rsa_key(2048).private) if alg[:2] in {"RS", "PS"} else session.key("victim", alg)
        answer = place.attempt(with_key(key), f"a proof with {alg}")
        if before.outcome is not Outcome.EFFECT or answer.limited or answer.outcome is Outcome.UNREACHABLE:
            raise Inconclusive(f"control: {before.seen}; {alg}: {answer.seen}")
        if (answer.outcome, answer.token_type) != (Outcome.EFFECT, before.token_type):
            refused[alg] = answer.seen
    target.expect(not refused, f"accepted: {' '.join(algs)}", refused or f"accepted: {' '.join(algs)}")
