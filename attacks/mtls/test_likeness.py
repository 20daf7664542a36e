"""A thief shows a certificate that resembles the one the token is bound to (RFC 8705 sections 3, 3.2 and 6.3)."""

from keybound.cases.declare import Case, cases
from keybound.craft.changes.certificate import (
    as_dpop,
    attackers_certificate,
    no_certificate,
    over,
    related_certificate,
)
from keybound.places.place import BAD_TOKEN

NONE, OTHER = ("RFC8705-3-no-cert",), ("RFC8705-3-cert-match",)
RENEWED, INTROSPECTED = (*OTHER, "RFC8705-6.3-renewed-cert"), ("RFC8705-3.2-introspecting-rs-checks",)
NAME, KEY = "whoever gets a certificate of that name has the token", "the binding is to the key, not to the certificate"
UNLOOKED = "the binding is looked at in one way of asking only"


def row(name, title, requirements, faults, threat, change, place="mtls.api", **more):
    return Case(f"rs.mtls.{name}", title, requirements=requirements, faults=faults, threat=threat, change=change, place=place, mechanism="mtls", **more)


def likeness_row(name, title, requirements, fault, threat, prefix="", place="mtls.api"):
    return row(f"{prefix}stolen.{name}", title, requirements, tuple(fault.split()), threat, related_certificate(name), place)


LIKENESSES = (
    likeness_row("twin", "same CA and subject, another key", OTHER, "rs-mtls-subject-compared", NAME),
    likeness_row("untrusted", "same names and serial number, by another CA with the same name", OTHER, "rs-mtls-subject-compared rs-mtls-serial-compared", NAME),
    likeness_row("self-issued", "same names, signed by itself", OTHER, "rs-mtls-subject-compared", NAME),
    likeness_row("expired", "same key, an expired certificate", RENEWED, "rs-mtls-key-compared", KEY),
    likeness_row("other", "same CA, another subject", OTHER, "rs-mtls-issuer-compared", "every customer of the CA has the token"),
    likeness_row("reissued", "same key, another certificate", RENEWED, "rs-mtls-key-compared", KEY),
    likeness_row("reissued-by-itself", "same names and key, signed by itself", RENEWED, "rs-mtls-key-compared", KEY),
    likeness_row("appended", "another certificate, with the token's behind it", OTHER, "rs-mtls-issuer-compared",
                 "the public certificate of the victim, sent along, is taken for proved"),
    likeness_row("self-signed-twin", "same subject, another key, self-signed", OTHER, "rs-mtls-subject-compared", NAME,
                 "self-signed.", "mtls.api.self-signed"),
    likeness_row("self-signed-reissued", "same key, another certificate, self-signed", RENEWED, "rs-mtls-key-compared", KEY,
                 "self-signed.", "mtls.api.self-signed"),
    *(
        likeness_row(name, f"{title}, at userinfo", requirements, fault, threat, "userinfo.", "mtls.userinfo")
        for name, title, requirements, fault, threat in (
            ("twin", "same CA and subject, another key", OTHER, "rs-mtls-subject-compared", NAME),
            ("untrusted", "same names and serial number, by another CA with the same name", OTHER, "rs-mtls-subject-compared rs-mtls-serial-compared", NAME),
            ("other", "same CA, another subject", OTHER, "rs-mtls-issuer-compared", "every customer of the CA has the token"),
            ("reissued", "same key, another certificate", RENEWED, "rs-mtls-key-compared", KEY),
            ("appended", "another certificate, with the token's behind it", OTHER, "rs-mtls-issuer-compared",
             "the public certificate of the victim, sent along, is taken for proved"),
        )
    ),
    *(
        row(f"{at}.stolen.{who}", f"a bound token {how}, {what}", requirements, (fault,), UNLOOKED, change, place)
        for at, what, place, fault in (
            ("head", "by HEAD", "mtls.api.head", "rs-mtls-only-get-checked"),
            ("post", "by POST", "mtls.api.post", "rs-mtls-only-get-checked"),
            ("write", "to write", "mtls.write", "rs-mtls-only-get-checked"),
            ("other", "at the second URL", "mtls.api.other", "rs-mtls-second-url-unchecked"),
            ("userinfo.post", "by POST to userinfo", "mtls.userinfo.post", "rs-mtls-only-get-checked"),
        )
        for who, how, requirements, change in (
            ("no-certificate", "without a certificate", NONE, no_certificate),
            ("attacker-certificate", "with the attacker's certificate", OTHER, attackers_certificate),
        )
    ),
    row("opaque.stolen.no-certificate", "an opaque bound token without a certificate", INTROSPECTED,
        ("rs-mtls-opaque-unchecked", "rs-opaque-cnf-ignored"), "the binding is checked in JWTs only", no_certificate,
        "mtls.api.opaque"),
    row("opaque.stolen.attacker-certificate", "an opaque bound token with the attacker's certificate", INTROSPECTED,
        ("rs-mtls-opaque-unchecked", "rs-opaque-cnf-ignored"), "the binding is checked in JWTs only", attackers_certificate,
        "mtls.api.opaque"),
    row("stolen.as-dpop", "a bound token under the DPoP scheme, with a proof of the attacker's", NONE,
        ("rs-mtls-unchecked-under-dpop",), "the other scheme has other checks", as_dpop, names_the_reason=BAD_TOKEN),
    *(
        row(f"tls-{short}.{who}", f"a bound token {how}, over {version}", requirements, (fault,),
            "the certificate arrives otherwise in each version of TLS", over(version, change))
        for version, short, fault in (
            ("TLSv1.2", "1-2", "rs-mtls-unchecked-on-tls-1-2"),
            ("TLSv1.3", "1-3", "rs-mtls-any-certificate"),
        )
        for who, how, requirements, change in (
            ("attacker-certificate", "with the attacker's certificate", OTHER, attackers_certificate),
        )
    ),
    row("tls-1-2.no-certificate", "a bound token without a certificate, over TLSv1.2", NONE, ("rs-mtls-unchecked-on-tls-1-2",),
        "the certificate arrives otherwise in each version of TLS", over("TLSv1.2", no_certificate)),
    *(
        row(f"resumed-{short}.{who}", f"a bound token on a resumed {version} session made {how}", requirements,
            ("rs-resumption-trusted",), "what was checked once is not checked for the next token", change,
            f"mtls.api.resumed-{short}")
        for version, short in (("TLSv1.2", "1-2"), ("TLSv1.3", "1-3"))
        for who, how, requirements, change in (
            ("no-certificate", "without a certificate", NONE, no_certificate),
            ("attacker-certificate", "with the attacker's certificate", OTHER, attackers_certificate),
        )
    ),
)


@cases(*LIKENESSES)
def test_a_likeness_does_not_open_the_resource(case, target):
    target.refuses(case)
