"""A proof whose claims are missing, of the wrong type, or made for another request (RFC 9449 section 4.3).

Each row is the valid request of each place that reads proofs, with one claim changed.
"""

from keybound.cases.declare import API, PAR, PROOF_READERS, RESOURCES, TOKEN, WRITE, At, Case, cases, spread
from keybound.craft.changes.proof import (
    ath_of_another_token,
    ath_of_part_of_token,
    ath_with_sha512,
    claim,
    htu,
    raw_claim,
    stale_with_exp,
    without_claim,
)
from keybound.craft.changes.request import sent_by
from keybound.craft.changes.values import (
    HOUR,
    as_text,
    beginning,
    encoded_slash,
    from_now,
    in_hex,
    in_list,
    later,
    lower_case,
    milliseconds,
    one_other,
    other_case,
    other_host,
    other_method,
    other_path,
    other_port,
    other_scheme,
    path_alone,
    upper_case,
    without_last_character,
    written,
)
from keybound.errors import NotApplicable

CLAIMS = (
    Case("proof.jti.missing", "no jti", requirements=("RFC9449-4.3-jti-present",), faults=("jti-optional",),
         threat="without jti no replay can be noticed", change=without_claim("jti"), known_as=("TP-17",)),
    Case("proof.jti.empty", "jti is an empty string", requirements=("RFC9449-4.3-jti-present",), faults=("jti-any-type",),
         threat="one empty jti for all proofs", change=claim("jti", ""), lenient=True, known_as=("TP-18",)),
    Case("proof.jti.number", "jti is a number", requirements=("RFC9449-4.3-jti-present",), faults=("jti-any-type",),
         threat="a jti that is no string may not be stored as one", change=claim("jti", 1234567890), lenient=True, known_as=("TP-18",)),
    Case("proof.htm.missing", "no htm", requirements=("RFC9449-4.3-htm-present",), faults=("htm-optional",),
         threat="a proof good for every method", change=without_claim("htm"), known_as=("TP-17",)),
    Case("proof.htm.other-method", "htm of another method", requirements=("RFC9449-4.3-htm",), faults=("htm-not-compared",),
         threat="a captured proof is used for another method", change=claim("htm", other_method),
         known_as=("TP-20", "RS-10")),
    Case("proof.htm.empty", "htm is an empty string", requirements=("RFC9449-4.3-htm",), faults=("htm-prefix-ok",),
         threat="every method begins with nothing", change=claim("htm", "")),
    Case("proof.htm.prefix", "htm is the method's first letter", requirements=("RFC9449-4.3-htm",), faults=("htm-prefix-ok",),
         threat="a method is compared by its beginning only", change=claim("htm", beginning(1))),
    Case("proof.htm.longer", "htm is the method and more", requirements=("RFC9449-4.3-htm",), faults=("htm-prefix-ok",),
         threat="a method is compared by its beginning only", change=claim("htm", written("{}X"))),
    Case("proof.htm.lower-case", "htm in lower case", requirements=("RFC9449-4.3-htm",), faults=("htm-case-ignored",),
         threat="methods have case (RFC 9110 section 9.1)", change=claim("htm", lower_case), lenient=True, known_as=("TP-21",)),
    Case("proof.htm.list", "htm is a list that holds the method", requirements=("RFC9449-4.3-htm",), faults=("htm-list-ok",),
         threat="loose comparison takes [\"POST\"] for \"POST\"", change=claim("htm", in_list), known_as=("TP-18",)),
    Case("proof.htu.missing", "no htu", requirements=("RFC9449-4.3-htu-present",), faults=("htu-optional",),
         threat="a proof good for every URL", change=without_claim("htu"), known_as=("TP-17",)),
    Case("proof.htu.other-path", "htu of another path", requirements=("RFC9449-4.3-htu",), faults=("htu-path-ignored",),
         threat="a proof made for one endpoint opens another", change=htu("path", other_path), known_as=("TP-22",)),
    Case("proof.htu.other-host", "htu of another host", requirements=("RFC9449-4.3-htu",), faults=("htu-host-ignored",),
         threat="a proof given to a rogue server is used here", change=htu("netloc", other_host), known_as=("TP-22",)),
    Case("proof.htu.other-port", "htu of another port", requirements=("RFC9449-4.3-htu",), faults=("htu-port-ignored",),
         threat="a proof given to a neighbour on the same host is used here",
         change=htu("netloc", other_port), known_as=("HT-05",)),
    Case("proof.htu.other-scheme", "htu of another scheme", requirements=("RFC9449-4.3-htu",), faults=("htu-scheme-ignored",),
         threat="a proof sent over plain HTTP is used over TLS",
         change=htu("scheme", other_scheme), known_as=("HT-13",)),
    Case("proof.htu.empty", "htu is an empty string", requirements=("RFC9449-4.3-htu",), faults=("htu-prefix-ok",),
         threat="every URL begins with nothing", change=claim("htu", "")),
    Case("proof.htu.shorter", "htu without the end of its path", requirements=("RFC9449-4.3-htu",), faults=("htu-prefix-ok",),
         threat="a URL is compared by its beginning only", change=claim("htu", without_last_character)),
    Case("proof.htu.longer", "htu with more path behind it", requirements=("RFC9449-4.3-htu",), faults=("htu-prefix-ok",),
         threat="a URL is compared by its beginning only", change=claim("htu", written("{}/more"))),
    Case("proof.htu.relative", "htu is the path alone", requirements=("RFC9449-4.3-htu",), faults=("htu-relative-ok",),
         threat="a proof made for the same path on another host is used here", change=claim("htu", path_alone)),
    Case("proof.htu.unparseable", "htu is no URI", requirements=("RFC9449-4.3-htu",), faults=("htu-unparseable-ok",),
         threat="what cannot be parsed is not compared", change=claim("htu", ":::*;"), known_as=("TP-23",)),
    Case("proof.htu.userinfo", "htu has this host as user name of another", requirements=("RFC9449-4.3-htu",), faults=("htu-substring-ok",),
         threat="a proof made for https://this-host@attacker.example is used here",
         change=htu("netloc", written("{}@attacker.example")), known_as=("HT-10",)),
    Case("proof.htu.path-case", "htu with its path in upper case", requirements=("RFC9449-4.3-htu-distinct-targets",),
         faults=("htu-path-case-ignored",), threat="two resources become one", change=htu("path", upper_case), lenient=True, known_as=("HT-06",)),
    Case("proof.htu.trailing-slash", "htu with a slash behind its path", requirements=("RFC9449-4.3-htu-distinct-targets",),
         faults=("htu-slashes-merged",), threat="two resources become one", change=htu("path", written("{}/")), lenient=True, known_as=("HT-07",)),
    Case("proof.htu.double-slash", "htu with a doubled slash", requirements=("RFC9449-4.3-htu-distinct-targets",), faults=("htu-slashes-merged",),
         threat="two resources become one", change=htu("path", written("/{}")), lenient=True, known_as=("HT-11",)),
    Case("proof.htu.encoded-slash", "htu with a slash of its path percent-encoded", requirements=("RFC9449-4.3-htu-distinct-targets",),
         faults=("htu-slashes-merged",), threat="two resources become one", change=htu("path", encoded_slash), lenient=True, known_as=("HT-09",)),
    Case("proof.htu.list", "htu is a list that holds the URL", requirements=("RFC9449-4.3-htu",), faults=("htu-list-ok",),
         threat="loose comparison takes a list for its item", change=claim("htu", in_list), known_as=("TP-18",)),
    Case("proof.iat.missing", "no iat", requirements=("RFC9449-4.3-iat-present",), faults=("iat-optional",),
         threat="a proof without a date never grows old", change=without_claim("iat"), known_as=("TP-17", "NO-11")),
    Case("proof.iat.string", "iat is a string of digits", requirements=("RFC9449-4.3-iat-present",), faults=("iat-string-ok",),
         threat="a date that is no NumericDate", change=claim("iat", as_text), lenient=True, known_as=("TP-18",)),
)


FRESHNESS = (
    Case("proof.iat.huge", "iat is 1e400", requirements=("RFC9449-4.3-iat-window",), faults=("crashes-on-huge-iat",),
         threat="a date that no clock reaches crashes the server", change=raw_claim("iat", "1e400")),
    Case("proof.iat.nan", "iat is NaN", requirements=("RFC9449-4.3-iat-window",), faults=("iat-nan-ok",),
         threat="NaN is neither too old nor too new", change=raw_claim("iat", "NaN")),
    Case("proof.iat.zero", "iat is 0", requirements=("RFC9449-4.3-iat-window",), faults=("iat-no-past-limit",),
         threat="a proof from 1970 still works", change=claim("iat", 0)),
    Case("proof.iat.negative", "iat is -1", requirements=("RFC9449-4.3-iat-window",), faults=("iat-no-past-limit",),
         threat="a proof from before 1970 still works", change=claim("iat", -1)),
    Case("proof.iat.milliseconds", "iat in milliseconds", requirements=("RFC9449-4.3-iat-window",), faults=("iat-milliseconds-ok",),
         threat="a date of the far future is divided until it fits", change=claim("iat", milliseconds)),
    Case("proof.iat.stale", "iat one hour ago", requirements=("RFC9449-4.3-iat-window",), faults=("iat-no-past-limit",),
         threat="an old captured proof still works", change=claim("iat", later(-HOUR)), known_as=("TP-24",)),
    Case("proof.iat.stale-with-exp", "iat one hour ago, exp one hour ahead", requirements=("RFC9449-4.3-iat-window",), faults=("exp-replaces-iat", "iat-no-past-limit"),
         threat="whoever makes a proof says himself how long it is good", change=stale_with_exp),
    Case("proof.iat.future", "iat one hour ahead", requirements=("RFC9449-4.3-iat-window",), faults=("iat-no-future-limit",),
         threat="proofs made in advance stay good for later", change=claim("iat", later(HOUR)), known_as=("TP-25",)),
)


TOKEN_HASH = (
    Case("proof.ath.missing", "no ath", requirements=("RFC9449-4.3-ath",), faults=("ath-optional",),
         threat="a proof captured at one place serves with any token", change=without_claim("ath"), known_as=("RS-07",)),
    Case("proof.ath.other-token", "ath of another token", requirements=("RFC9449-4.3-ath",), faults=("ath-not-compared",),
         threat="a proof made for one token serves with another", change=ath_of_another_token, known_as=("RS-08",)),
    Case("proof.ath.empty", "ath is an empty string", requirements=("RFC9449-4.3-ath",), faults=("ath-empty-ok",),
         threat="a proof captured at one place serves with any token", change=claim("ath", "")),
    Case("proof.ath.hex", "ath in hex", requirements=("RFC9449-4.3-ath",), faults=("ath-hex-ok",),
         threat="the hash has one spelling", change=claim("ath", in_hex), known_as=("RS-08",)),
    Case("proof.ath.shorter", "ath without its end", requirements=("RFC9449-4.3-ath",), faults=("ath-prefix-ok",),
         threat="the hash is compared by its beginning only", change=claim("ath", beginning(8)), known_as=("RS-08",)),
    Case("proof.ath.longer", "ath and one character more", requirements=("RFC9449-4.3-ath",), faults=("ath-prefix-ok",),
         threat="a hash is compared as far as both go", change=claim("ath", written("{}A")), lenient=True),
    Case("proof.ath.other-case", "ath with its letters in the other case", requirements=("RFC9449-4.3-ath",), faults=("ath-case-ignored",),
         threat="base64url has case", change=claim("ath", other_case), known_as=("RS-08",)),
    Case("proof.ath.part-of-token", "ath of the token without its last character", requirements=("RFC9449-4.3-ath",), faults=("ath-of-part-ok",),
         threat="only a part of the token is hashed", change=ath_of_part_of_token, known_as=("RS-08",)),
    Case("proof.ath.list", "ath is a list that holds the hash", requirements=("RFC9449-4.3-ath",), faults=("ath-list-ok",),
         threat="loose comparison takes a list for its item", change=claim("ath", in_list), known_as=("RS-09",)),
)

OTHER_HASH = (
    Case("proof.ath.sha512", "ath made with SHA-512", requirements=("RFC9449-11.10-sha256",), faults=("ath-sha512-ok",),
         threat="the hash is SHA-256 and no other", change=ath_with_sha512),
)


PERIOD = (
    Case("proof.exp.past", "exp one hour ago", requirements=("RFC7519-4.1.4-exp-nbf",), faults=("exp-nbf-ignored",),
         threat="a proof that says it has expired still works", change=claim("exp", from_now(-HOUR)), lenient=True, known_as=("TP-34",)),
    Case("proof.nbf.future", "nbf one hour ahead", requirements=("RFC7519-4.1.4-exp-nbf",), faults=("exp-nbf-ignored",),
         threat="a proof works before it says it does", change=claim("nbf", from_now(HOUR)), lenient=True, known_as=("TP-34",)),
)
MCP_API = At(API.place, API.prefix, (*API.requirements, "MCP-dpop-proof-checks"))
AT_A_WRITE = tuple(row for row in CLAIMS if row.id in {"proof.htm.other-method", "proof.htu.other-path"})


@cases(*spread(CLAIMS, PROOF_READERS), *spread(TOKEN_HASH + OTHER_HASH, RESOURCES), *spread(AT_A_WRITE, [WRITE]))
def test_wrong_claim_is_refused(case, target):
    target.refuses(case)


@cases(*spread(FRESHNESS, (TOKEN, PAR, MCP_API)))
def test_untimely_proof_is_refused(case, target):
    target.needs_dates()
    target.refuses(case)


@cases(*spread(PERIOD, [At(at.place, at.prefix, ()) for at in (TOKEN, API)]))
def test_proof_outside_its_own_period_is_refused(case, target):
    target.refuses(case)


ELSEWHERE = Case("proof.htu.other-endpoint", "htu of another endpoint of the same server", requirements=("RFC9449-4.3-htu",), faults=("htu-any-endpoint",),
               threat="a proof made for one endpoint opens another", says="htu: the URL of another endpoint of the target", known_as=("TP-22", "RS-10"))


@cases(*spread([ELSEWHERE], PROOF_READERS))
def test_proof_for_another_endpoint_is_refused(case, target):
    target.refuses(case, claim("htu", one_other(target.endpoints())))


HEAD = Case("rs.proof.htm.get-for-head", "a HEAD request with a proof for GET", requirements=("RFC9449-4.3-htm",), faults=("rs-get-proof-for-head",),
            threat="methods are compared loosely; some servers treat HEAD as GET all the way", change=sent_by("HEAD"), place="api", lenient=True)


@cases(HEAD)
def test_head_needs_its_own_proof(case, target):
    resource = target.session.profile.resource
    if resource is None or "HEAD" not in resource.methods or resource.method != "GET":
        raise NotApplicable("the profile does not say that GET and HEAD work at the resource (resource.methods)")
    target.refuses(case)
