"""Defects of mutual TLS."""

from peers.defect import plain

LIST = [
    # mutual TLS
    *plain(
        "RS",
        "certificate",
        {
            "certificate-missing": "a bound token works without a certificate",
            "certificate-any": "it works with any certificate",
            "certificate-header": "the certificate is read from a header",
        },
    ),
    *plain(
        "AS",
        "x5t#S256",
        {
            "x5t-of-key": "the thumbprint is of the key",
            "x5t-hex": "the thumbprint is hex",
            "x5t-padded": "the thumbprint has padding",
            "x5t-sha1": "the thumbprint is SHA-1",
        },
    ),
    *plain(
        "AS",
        "mtls refresh",
        {
            "refresh-drops-binding": "a refreshed token is not bound",
            "refresh-other-certificate": "a public client refreshes with another certificate",
        },
    ),
    *plain(
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
]
