"""Every grant reads its proofs as closely as the others (RFC 9449 section 5)."""

from keybound.cases import At, cases
from keybound.siblings import bad_proofs

TAKEN = ("RFC9449-5-invalid-proof-no-token",)
GRANTS = {
    At("token.authorization_code", "as.code", TAKEN): "code",
    At("token.refresh_token", "as.refresh", TAKEN): "refresh",
    At("token.device_code", "as.device", TAKEN): "device",
    At("token.ciba", "as.ciba", TAKEN): "ciba",
    At("token.token_exchange", "as.exchange", TAKEN): "exchange",
    At("token.jwt_bearer", "as.jwt-bearer", TAKEN): "jwt-bearer",
}


@cases(*(case for at, name in GRANTS.items() for case in bad_proofs(at, f"{name}-proof-unverified")))
def test_every_grant_checks_its_proofs(case, target):
    if ".iat." in case.id and not case.id.endswith("missing"):
        target.needs_dates()
    target.refuses(case)
