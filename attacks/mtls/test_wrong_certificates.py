"""A certificate that shares everything with the client's but one thing does not make the client (RFC 8705 section 2)."""

from keybound.cases.declare import Case, cases
from keybound.craft.changes.certificate import (
    attackers_certificate,
    no_certificate,
    related_certificate,
    with_forged_assertion,
    with_guessed_basic,
    with_guessed_secret,
)
from keybound.craft.changes.request import all_of

CHAIN, SUBJECT, DN = ("RFC8705-2.1-chain",), ("RFC8705-2.1-subject-match",), ("RFC8705-2.1-dn-comparison",)
PAR = ("RFC9126-2.1-client-auth",)
CLIENT, HANDSHAKE = ("RFC8705-2-client-binding",), ("RFC8705-2-handshake",)
REGISTERED = ("RFC8705-2.2-registered-certificate",)
ANY_ISSUER = "whoever makes a CA with the same name is the client"
ANY_NAME = "every customer of the CA is the client"


def row(name, title, requirements, fault, threat, *, place="mtls.token.dn", **more):
    subject = {"mtls.token.dn": "pki", "mtls.token.self-signed": "self-signed"}.get(place) or place.split(".")[2].replace("_", "-")
    return Case(f"as.mtls.{subject}.{name}", title, requirements=requirements, faults=tuple(fault.split()), threat=threat, change=related_certificate(name), place=place,
                mechanism="mtls", **more)


def san_row(kind, name, title, fault, threat):
    return row(name, f"registered by {kind}: {title}", SUBJECT, fault, threat, place=f"mtls.token.{kind}", known_as=("MC-04",))


WRONG = (
    row("other", "the certificate of another customer of the CA", (*CLIENT, *SUBJECT), "as-mtls-subject-ignored", ANY_NAME,
        known_as=("MC-04",)),
    row("untrusted", "the client's names, by another CA with the same name", CHAIN, "as-mtls-chain-ignored", ANY_ISSUER,
        known_as=("MC-03", "MC-06")),
    row("self-issued", "the client's names, signed by itself", CHAIN, "as-mtls-chain-ignored", ANY_ISSUER, known_as=("CB-14",)),
    row("expired", "an expired certificate of the client", CHAIN, "as-mtls-lifetime-ignored", "an old key lives for ever"),
    row("not-yet-valid", "a certificate of the client that is not valid yet", CHAIN, "as-mtls-lifetime-ignored",
        "nothing of the lifetime is looked at"),
    row("server-only", "a certificate for servers", CHAIN, "as-mtls-purpose-ignored",
        "the certificate of a web server logs in as its client", lenient=True),
    row("intermediate-alone", "a certificate without the chain that makes it trusted", CHAIN, "as-mtls-chain-ignored",
        "the chain is not checked, or the issuer is known from elsewhere", lenient=True),
    row("reversed", "the client's subject in reverse order", DN, "as-mtls-dn-order-ignored", "two names are taken for one"),
    row("longer", "the client's subject and one part more", DN, "as-mtls-dn-contained", "two names are taken for one"),
    row("shorter", "the client's common name and nothing else of its subject", SUBJECT, "as-mtls-common-name-compared", ANY_NAME,
        known_as=("MC-04",)),
    row("issuer-named", "another subject, by a CA that is named like the client", SUBJECT, "as-mtls-issuer-for-subject",
        "the name is looked for in the wrong field", known_as=("MC-06",)),
    row("nul", "the client's name, a NUL and more", SUBJECT, "as-mtls-nul-ends-name", "a name that any CA gives ends at the NUL"),
    row("appended", "another certificate, with the client's behind it", (*CLIENT, *HANDSHAKE), "as-mtls-any-of-chain",
        "the public certificate of the victim, sent along, is taken for proved"),
    *(san_row(kind, "other", "the certificate of another customer of the CA", "as-mtls-subject-ignored", ANY_NAME)
      for kind in ("san_dns", "san_uri", "san_ip", "san_email")),
    *(san_row(kind, "longer", "the name with something behind it", "as-mtls-name-prefix", "a name that any CA gives begins like it")
      for kind in ("san_dns", "san_uri", "san_email")),
    *(san_row(kind, "swapped", "the name as one of another type", "as-mtls-name-of-any-type", "the CA vouches for one field only")
      for kind in ("san_dns", "san_uri", "san_ip", "san_email")),
    *(row("untrusted", f"registered by {kind}: the client's names, by another CA with the same name", CHAIN, "as-mtls-chain-ignored",
          ANY_ISSUER, place=f"mtls.token.{kind}", known_as=("MC-03",))
      for kind in ("san_dns", "san_uri", "san_ip", "san_email")),
    san_row("san_dns", "misplaced", "the name as common name", "as-mtls-name-in-any-field", "the CA vouches for one field only"),
    san_row("san_dns", "wildcard", "a wildcard that covers the name", "as-mtls-wildcard-matches", "a wildcard is every client"),
    san_row("san_dns", "nul", "the name, a NUL and more", "as-mtls-nul-ends-name", "a name that any CA gives ends at the NUL"),
    row("self-signed-twin", "the registered subject and serial number with another key", REGISTERED, "as-self-signed-subject-compared as-self-signed-serial-compared",
        "anybody can sign a certificate with that name", place="mtls.token.self-signed", known_as=("MC-07",)),
    row("self-signed-reissued", "the registered key in another certificate", REGISTERED, "as-self-signed-key-compared",
        "servers that compare the registered key may take it", place="mtls.token.self-signed", lenient=True),
    row("another-client", "another client's registered certificate", CLIENT, "as-mtls-any-registered",
        "each client is every client", known_as=("MC-06",)),
    row("another-client", "another client's registered certificate", (*CLIENT, *REGISTERED), "as-mtls-any-registered",
        "each client is every client", place="mtls.token.self-signed", known_as=("MC-06",)),
    Case("as.mtls.pki.attacker-with-secret", "the attacker's certificate and a guessed secret", requirements=CLIENT,
         faults=("as-mtls-second-method-wins",), threat="a second method takes the place of the certificate",
         change=all_of(attackers_certificate, with_guessed_secret), place="mtls.token.dn", mechanism="mtls", known_as=("MC-09",)),
    *(
        Case(f"as.mtls.pki.attacker-with-{name}", f"the attacker's certificate and {title}", requirements=CLIENT,
             faults=("as-mtls-second-method-wins",), threat="a second method takes the place of the certificate",
             change=all_of(attackers_certificate, change), place="mtls.token.dn", mechanism="mtls", known_as=("MC-09",))
        for name, title, change in (
            ("basic", "a guessed secret in HTTP Basic", with_guessed_basic),
            ("assertion", "an assertion signed with the attacker's key", with_forged_assertion),
        )
    ),
    Case("as.mtls.par.attacker-certificate", "a pushed request with the attacker's certificate", requirements=(*CLIENT, *PAR),
         faults=("as-mtls-any-certificate",), threat="the request is checked less than the token request", change=attackers_certificate, place="mtls.par",
         mechanism="mtls", known_as=("PAR-AS-01",)),
    Case("as.mtls.par.no-certificate", "a pushed request without the certificate", requirements=(*HANDSHAKE, *PAR),
         faults=("as-mtls-certificate-optional",),
         threat="the request is checked less than the token request", change=no_certificate, place="mtls.par", mechanism="mtls"),
    Case("as.mtls.refresh.confidential.no-certificate", "a confidential client's refresh token without its certificate",
         requirements=("RFC8705-7.1-refresh-confidential",), faults=("as-mtls-refresh-unauthenticated",), threat="a stolen refresh token is enough",
         change=no_certificate, place="mtls.refresh", mechanism="mtls", known_as=("CB-04",)),
    Case("as.mtls.refresh.confidential.attacker-certificate", "a confidential client's refresh token with the attacker's certificate",
         requirements=("RFC8705-7.1-refresh-confidential",), faults=("as-mtls-refresh-unauthenticated",), threat="a stolen refresh token is enough",
         change=attackers_certificate, place="mtls.refresh", mechanism="mtls", known_as=("CB-05",)),
)


@cases(*WRONG)
def test_a_likeness_is_not_the_client(case, target):
    target.refuses(case)
