"""Defects of mutual TLS."""

from functools import partial

from peers.defect import plain

mtls = partial(plain, mechanism="mtls")

LIST = [
    # mutual TLS
    *mtls(
        "RS",
        "certificate",
        {
            "certificate-missing": "a bound token works without a certificate",
            "certificate-any": "it works with any certificate",
            "certificate-header": "the certificate is read from a header",
        },
    ),
    *mtls(
        "AS",
        "x5t#S256",
        {
            "x5t-of-key": "the thumbprint is of the key",
            "x5t-hex": "the thumbprint is hex",
            "x5t-padded": "the thumbprint has padding",
            "x5t-sha1": "the thumbprint is SHA-1",
        },
    ),
    *mtls(
        "AS",
        "mtls refresh",
        {
            "refresh-drops-binding": "a refreshed token is not bound",
            "refresh-other-certificate": "a public client refreshes with another certificate",
        },
    ),
    *mtls(
        "AS",
        "mtls client authentication",
        {
            "mtls-untrusted-ca": "the subject is right, the CA is not looked at",
            "mtls-any-subject": "any certificate of the CA authenticates any client",
            "mtls-any-registered": "any registered certificate authenticates any client",
            "mtls-client-no-certificate": "the client_id alone authenticates",
            "mtls-self-signed-subject": "a self-signed certificate counts by its subject",
        },
    ),
    *mtls(
        "AS",
        "mtls client authentication",
        {
            "mtls-expired": "dates of a certificate do not count",
            "mtls-usage": "a certificate for servers authenticates a client",
            "mtls-issuer-name": "the CA is recognised by its name",
            "mtls-any-of-chain": "the client may be anybody in the chain shown",
            "mtls-subject-set": "the order of the subject's parts does not count",
            "mtls-subject-cut": "the subject ends at a NUL",
        },
    ),
    *mtls("AS", "mtls header", {"client-header": "the AS reads the certificate from a header"}),
    *mtls(
        "both",
        "mtls chain",
        {
            "chain-last": "the last certificate of the chain is taken for the client's",
            "resumed-loses": "a resumed connection has no certificate",
        },
    ),
    *mtls(
        "RS",
        "certificate",
        {
            "certificate-subject": "another certificate with the subject is fine",
            "certificate-key": "another certificate with the key is fine",
            "certificate-ca": "any certificate of the right CA is fine",
            "certificate-chain": "the right certificate may come anywhere in the chain",
            "certificate-reading": "the certificate is compared for GET only",
            "certificate-underscores": "the certificate is read from a header with underscores",
            "certificate-trailer": "the certificate is read from a trailer",
            "both-proof-only": "of a token bound to a key and a certificate only the key counts",
            "both-certificate-only": "of a token bound to a key and a certificate only the certificate counts",
        },
    ),
    *mtls("RS", "certificate", {"userinfo-certificate": "userinfo does not ask for the certificate"}),
    *mtls("AS", "introspection", {"introspection-no-x5t": "introspection has no x5t#S256"}),
]
