"""What each place is, in words: for people who read a list of cases."""

from collections.abc import Mapping

_ENDPOINTS: Mapping[str, str] = {
    "token": "the token endpoint, by the cheapest grant of the profile",
    "token.bound-client": "the token endpoint, for a client that is held to DPoP",
    "token.assertion": "the token endpoint, for a client that authenticates by private_key_jwt",
    "par": "the pushed authorization request endpoint",
    "par.confidential": "the pushed authorization request endpoint, for a confidential client",
    "par.assertion": "the pushed authorization request endpoint, for a client that authenticates by private_key_jwt",
    "registration": "the client registration endpoint",
    "both.token": "the token endpoint, with a proof and a client certificate",
    "both.api": "the protected resource, with a token bound to a key and to a certificate",
}
_CODES: Mapping[str, str] = {
    "code": "a code, redeemed",
    "code.confidential": "a confidential client's code, redeemed",
    "code.bound-client": "the code of a confidential client that is held to DPoP, redeemed",
    "code.user": "a code whose token works at userinfo, redeemed",
    "code.signed": "the code of a client that signs its requests, redeemed",
    "code.dpop_jkt": "a code that was asked for with dpop_jkt, redeemed",
    "code.par-dpop_jkt": "a code that was asked for with dpop_jkt in a pushed request, redeemed",
    "code.par-proof": "a code whose pushed request came with a proof, redeemed",
    "device.bound": "a poll for a device flow that began with a proof",
}
_REFRESHES: Mapping[str, str] = {
    "refresh": "a confidential client's refresh",
    "refresh.public": "a public client's refresh, with a token of its own each time",
    "refresh.public.rotated": "a public client's refresh, with the token that the first refresh gave",
    "refresh.held.public": "a public client's refresh, with one token until it is used up",
    "refresh.bound-client": "the refresh of a confidential client that is held to DPoP",
}
_RESOURCES: Mapping[str, str] = {
    "api": "the protected resource",
    "api.opaque": "the protected resource, with an opaque token",
    "api.head": "the protected resource, by HEAD",
    "api.post": "the protected resource, by POST",
    "api.other": "the protected resource's second URL",
    "write": "the protected resource, where a request changes something that is looked at afterwards",
    "userinfo": "the userinfo endpoint",
    "userinfo.post": "the userinfo endpoint, by POST",
    "tokens.jwt": "the protected resource, with a JWT that keybound mints",
    "tokens.opaque": "the protected resource, with an opaque token that keybound's introspection knows",
}
_CERTIFICATES: Mapping[str, str] = {
    "mtls.token.pki": "the token endpoint, for a client of tls_client_auth",
    "mtls.token.self-signed": "the token endpoint, for a client of self_signed_tls_client_auth",
    "mtls.token.dn": "the token endpoint, for a client of tls_client_auth known by its subject",
    "mtls.token.san_dns": "the token endpoint, for a client of tls_client_auth known by a DNS name",
    "mtls.token.san_email": "the token endpoint, for a client of tls_client_auth known by an e-mail address",
    "mtls.token.san_ip": "the token endpoint, for a client of tls_client_auth known by an IP address",
    "mtls.token.san_uri": "the token endpoint, for a client of tls_client_auth known by a URI",
    "mtls.par": "the pushed authorization request endpoint, for a client that authenticates by certificate",
    "mtls.refresh": "the refresh of a client that authenticates by certificate",
    "mtls.refresh.public": "the refresh of a public client whose tokens are bound to its certificate",
    "mtls.introspection": "the introspection endpoint, for a client that authenticates by certificate",
    "mtls.introspection.own": "the introspection endpoint, for a client that asks about its own token by certificate",
    "mtls.revocation.own": "the revocation endpoint, for a client that authenticates by certificate",
    "mtls.revocation.alias": "the revocation endpoint's mTLS alias",
    "mtls.write": "the protected resource, where a request with a certificate changes something",
    "mtls.api.self-signed": "the protected resource, with a token bound to a self-signed certificate",
    "mtls.api.backend": "the server behind the TLS terminator of the protected resource",
    "mtls.api.resumed-1-2": "the protected resource, on a resumed session of TLS 1.2",
    "mtls.api.resumed-1-3": "the protected resource, on a resumed session of TLS 1.3",
}


def words(place: str) -> str:
    """Return what a place is, in words; the name itself where there are none."""
    for known in (_ENDPOINTS, _CODES, _REFRESHES, _RESOURCES, _CERTIFICATES):
        if place in known:
            return known[place]
    if place.startswith("pair."):
        endpoint, method, alg, form = place.split(".")[1:]
        where = words("api.other" if endpoint == "other" else endpoint)
        return f"{where}, by {method.upper()}, {alg.upper()}, {form} token"
    if place.endswith(".second"):
        return f"{words(place.removesuffix('.second'))}, of the other kind of client: public or confidential"
    if place.endswith(".bound-client"):
        return f"{words(place.removesuffix('.bound-client'))}, for a client that is held to DPoP"
    if place.startswith("token."):
        return f"the token endpoint, by the grant {place.partition('.')[2]}"
    if place.startswith(("mtls.", "tokens.mtls.")):
        return f"{words(place.replace('mtls.', '', 1))}, with a token bound to a certificate"
    return place
