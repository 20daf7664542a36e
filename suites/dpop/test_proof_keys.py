"""Keys that are good although they look unusual, and every algorithm that is advertised (RFC 7638 section 3, RFC 7518)."""

from keybound.cases import API, PROOF_READERS, USERINFO, At, Case, cases, spread
from keybound.craft.deltas import with_key
from keybound.craft.deltas_jose import jwk_members, leading_zero_key, rsa_key
from keybound.craft.jose import SUPPORTED_ALGS, Key
from keybound.errors import Inconclusive, NotApplicable
from keybound.judge.answer import Outcome

THUMBPRINT = ("RFC7638-3-required-members",)


def with_optional_members(right):
    """Return the same key with more members, in another order."""
    return {"use": "sig", "kid": "keybound", **dict(reversed(right.items())), "key_ops": ["verify"], "https://keybound.example/": 1}


OPTIONAL = Case("proof.jwk.optional-members", "jwk with optional members, in another order", THUMBPRINT, ("jwk-members-hashed",),
                "the same key written in another way is another key", jwk_members(with_optional_members), also=("KY-06", "TP-29"))


@cases(*spread([OPTIONAL], [At(at.place, at.prefix, ()) for at in (API, USERINFO)]))
def test_thumbprint_covers_required_members_only(case, target):
    target.accepts(case)


EXTRA = Case("proof.jwk.extra-members", "jwk with a member that nobody knows", ("RFC9449-4.2-extra-members",),
             ("refuses-extra-members",), "extensions of the key break the server (RFC 7517 section 4)",
             jwk_members(lambda right: {**right, "https://keybound.example/member": "anything"}), also=("TP-29",))


@cases(*spread([EXTRA], [At(at.place, at.prefix, ()) for at in PROOF_READERS]))
def test_unknown_members_are_ignored(case, target):
    target.accepts(case)


LEADING = tuple(
    Case(f"{prefix}.leading-zero", "a P-256 key whose x begins with a zero octet", THUMBPRINT, (f"{side}-coordinate-zeros-cut",),
         "one key in 256 does not work", place=place, also=("KY-06",))
    for side, prefix, place in (("as", "as.cnf.jkt", "token"), ("rs", "rs.proof.jwk", "api"))
)


@cases(LEADING[0])
def test_thumbprint_keeps_zeros(case, target):
    target.taken_alg("ES256")
    key, lane = leading_zero_key(), target.lane("dpop")
    target.bench.require(target.place(case.place))
    try:
        token = target.read(target.session.issue(lane, key=key))
    except Inconclusive as error:
        target.expect(False, "a token", str(error))
        return
    if "jkt" not in token.cnf:
        raise NotApplicable("the token cannot be read")
    target.expect(token.cnf["jkt"] == key.thumbprint, f"cnf.jkt {key.thumbprint}", token.cnf["jkt"])


@cases(LEADING[1])
def test_key_with_leading_zero_is_accepted(case, target):
    target.taken_alg("ES256")
    target.accepts(case, target.holding(leading_zero_key()))


ALGS = Case("as.measure.algs", "every advertised algorithm works", ("RFC9449-4.3-alg-supported",), ("as-refuses-eddsa", "as-refuses-rsa"),
            "an advertised algorithm does not work", place="token", also=("BI-09",))


@cases(ALGS)
def test_algorithms_are_those_advertised(case, target):
    place, listed = target.place(case.place), target.signable(target.session.advertised_algs)
    if not listed:
        raise NotApplicable("the target advertises no algorithms that keybound can sign with")
    target.bench.require(place)
    taken = []
    for alg in SUPPORTED_ALGS:
        key = Key(alg, rsa_key(2048).private) if alg[:2] in {"RS", "PS"} else target.session.key("victim", alg)
        answer = place.attempt(with_key(key), f"a proof with {alg}")
        if answer.limited or answer.outcome is Outcome.UNREACHABLE:
            raise Inconclusive(answer.seen)
        taken += [alg] if answer.outcome is Outcome.EFFECT and answer.token_type == "dpop" else []
    others = [alg for alg in taken if alg not in listed]
    target.measure("algs_advertised", "as.token", len(listed), "algorithms")
    target.measure("algs_accepted", "as.token", len(taken), "algorithms")
    if others:
        target.note(f"accepted though not advertised: {' '.join(others)}")
    target.expect(set(listed) <= set(taken), f"accepted: {' '.join(listed)}", " ".join(taken))
