import base64
import html
import itertools
import json
import re
import secrets
import time
from urllib.parse import quote, quote_plus

import pytest

from keybound.wire.redact import Redactor

KEY = b"k" * 32
TOKEN = "2YotnFZFEjr1zCsicMWpAA.mF_9-B5f4~1JqM"
NASTY = "p\u00e4ss w+r/d=!*~(&%\"'<>\\\n;ok"
JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLXZhbHVl"

ENCODINGS = {
    "plain": lambda value: value,
    "url": lambda value: quote(value, safe=""),
    "url, slash kept": quote,
    "url, lower case": lambda value: re.sub("%..", lambda it: it[0].lower(), quote(value, safe="")),
    "url, as JavaScript does": lambda value: quote(value, safe="!'()*"),
    "form, as Java does": lambda value: quote_plus(value, safe="*").replace("~", "%7E"),
    "form": quote_plus,
    "json": lambda value: json.dumps(value)[1:-1],
    "json, not ascii": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "html": html.escape,
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64url": lambda value: base64.urlsafe_b64encode(value.encode()).decode().rstrip("="),
}
PLACES = [
    "{}",
    "x{}y",
    "a=1&b={}&c=3",
    "/cb?code={}#x",
    '{{"error_description":"bad {}"}}',
    "<b>{}</b>",
    "\n{}\n",
]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("value", [TOKEN, NASTY, "hunter2hunter", JWT, "short+/1"])
def test_a_secret_is_found_in_every_place_and_encoding(encoding, value):
    redactor = Redactor(KEY)
    redactor.secret(value, "password")
    for place in PLACES:
        written = ENCODINGS[encoding](value)
        seen = redactor.text(place.format(written))
        assert written not in seen
        assert seen == place.format("<password>")


@pytest.mark.parametrize(("first", "second"), [*itertools.permutations(["url", "form", "json", "html"], 2)])
def test_a_secret_is_found_when_encoded_twice(first, second):
    redactor = Redactor(KEY)
    redactor.secret(NASTY, "secret")
    assert redactor.text(f"[{ENCODINGS[second](ENCODINGS[first](NASTY))}]") == "[<secret>]"


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "client-1:"])
@pytest.mark.parametrize("after", ["", "z", "zz"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_secret_is_found_inside_base64(before, after, encode):
    redactor = Redactor(KEY)
    redactor.secret(TOKEN, "token")
    seen = redactor.text(encode(f"{before}{TOKEN}{after}".encode()).decode())
    assert "<token:" in seen
    # At most one character at each end is shared with its neighbour.
    assert len(seen.replace(redactor.mask(TOKEN, "token"), "")) <= len(before + after) * 2 + 4


@pytest.mark.parametrize("length", range(8, 60))
def test_no_length_and_no_position_hides_a_secret(length):
    redactor = Redactor(KEY)
    value = secrets.token_urlsafe(64)[:length]
    redactor.secret(value, "token")
    for position in range(20):
        text = "=" * position + value + "=" * (20 - position)
        assert value not in redactor.text(text)


def test_many_secrets_in_one_text_are_each_masked():
    redactor = Redactor(KEY)
    values = [secrets.token_urlsafe(24) for _ in range(200)]
    for value in values:
        redactor.secret(value, "token")
    seen = redactor.text("".join(values))
    assert seen == "".join(redactor.mask(value, "token") for value in values)


def test_the_longer_of_two_nested_secrets_wins():
    redactor = Redactor()
    redactor.secret(TOKEN, "token")
    redactor.secret(TOKEN + "-and-more", "code")
    assert redactor.text(f"{TOKEN}-and-more {TOKEN}") == "<code> <token>"


def test_a_short_secret_is_masked_only_where_it_stands_alone():
    redactor = Redactor()
    redactor.secret("secret", "secret")
    assert redactor.text('client_secret="secret", secrets, x%3Dsecret') == (
        'client_secret="<secret>", secrets, x%3D<secret>'
    )


def test_fingerprints_compare_values_within_a_run_only():
    one, other = Redactor(b"1" * 32), Redactor(b"2" * 32)
    assert one.mask(TOKEN, "token") == one.mask(TOKEN, "token") != one.mask(TOKEN + "x", "token")
    assert one.mask(TOKEN, "token") != other.mask(TOKEN, "token")
    assert Redactor().mask(TOKEN, "token") == "<token>"


@pytest.mark.parametrize("kind", ["secret", "password", "key"])
def test_a_guessable_secret_has_no_fingerprint(kind):
    assert Redactor(KEY).mask("hunter2", kind) == f"<{kind}>"


@pytest.mark.parametrize("method", ["text", "json", "form", "url"])
def test_redacting_twice_changes_nothing(method):
    redactor = Redactor(KEY)
    redactor.secret(TOKEN, "token")
    redact = getattr(redactor, method)
    once = redact(f'https://h/?code={TOKEN}&client_secret=abc {{"access_token":"{TOKEN}"}} {JWT}')
    assert redact(once) == once


def test_a_jwt_needs_no_registration():
    redactor = Redactor(KEY)
    mask = redactor.mask(JWT, "jwt")
    assert redactor.text(f"Authorization: DPoP {JWT}, {JWT}") == f"Authorization: DPoP {mask}, {mask}"
    header, claims, _ = JWT.split(".")
    for broken in (
        f"{header}.{claims}.",
        f"{header}.{claims}",
        f"{header}...a.b",
        f"{header}.{claims}.a.b.c",
    ):
        assert redactor.text(f"x {broken} y").startswith("x <jwt:")
    assert redactor.text("eyJhbGciOiJFUzI1NiJ9 and ewer.org") == "eyJhbGciOiJFUzI1NiJ9 and ewer.org"


def test_private_keys_need_no_registration():
    redactor = Redactor()
    pem = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY-----"
    assert redactor.text(f"a {pem} b") == "a <key> b"
    assert redactor.text(f"a {json.dumps(pem)} b") == 'a "<key>" b'
    assert redactor.text(f"a {pem[:40]}") == "a <key>"
    scalar = secrets.token_urlsafe(32)
    jwk = {"kty": "EC", "x": "x" * 43, "d": scalar}
    for text in (json.dumps(jwk), json.dumps(json.dumps(jwk))):
        assert scalar not in redactor.text(text)
        assert "x" * 43 in redactor.text(text)
    assert redactor.tree({"jwk": jwk})["jwk"] == jwk | {"d": "<key>"}


def test_headers_keep_what_is_not_secret():
    redactor = Redactor(KEY)
    redactor.secret(TOKEN, "token")
    mask = redactor.mask(TOKEN, "token")
    cookie = redactor.mask("abc", "cookie")
    assert redactor.headers(
        [
            ("authorization", f"DPoP {TOKEN}"),
            ("Authorization", f"dpop\t{TOKEN} {TOKEN}"),
            ("Authorization", TOKEN),
            ("Authorization", "DPoP"),
            ("Authorization", ""),
            ("Proxy-Authorization", "Basic Y2M6aHVudGVyMg=="),
            ("DPoP", JWT),
            ("Cookie", "sid=abc; theme=abc"),
            ("Set-Cookie", "sid=abc; Path=/; HttpOnly"),
            ("Location", f"https://u:pw@h/cb?state=1&code={TOKEN}#access_token=zzz"),
            ("WWW-Authenticate", f'DPoP error="invalid_token", error_description="{TOKEN} expired"'),
        ]
    ) == [
        ("authorization", f"DPoP {mask}"),
        ("Authorization", f"dpop {redactor.mask(f'{TOKEN} {TOKEN}', 'token')}"),
        ("Authorization", mask),
        ("Authorization", "DPoP"),
        ("Authorization", ""),
        ("Proxy-Authorization", "Basic <secret>"),
        ("DPoP", redactor.mask(JWT, "proof")),
        ("Cookie", f"sid={cookie}; theme={cookie}"),
        ("Set-Cookie", f"sid={cookie}; Path=/; HttpOnly"),
        (
            "Location",
            f"https://u:<password>@h/cb?state=1&code={mask}#access_token={redactor.mask('zzz', 'token')}",
        ),
        ("WWW-Authenticate", f'DPoP error="invalid_token", error_description="{mask} expired"'),
    ]


def test_parameters_and_members_are_masked_by_their_name():
    redactor = Redactor()
    assert redactor.form(
        "grant_type=x&code=a%2Fb&Client%5FSecret=s&code_verifier=v&scope=read&password="
    ) == ("grant_type=x&code=<code>&Client%5FSecret=<secret>&code_verifier=<verifier>&scope=read&password=")
    assert redactor.json('{"access_token" : "a\\"b", "token_type":"DPoP","code":"E42"}') == (
        '{"access_token" : "<token>", "token_type":"DPoP","code":"E42"}'
    )
    assert redactor.json('{"x":"{\\"refresh_token\\":\\"abc\\",\\"y\\":1}"') == (
        '{"x":"{\\"refresh_token\\":\\"<token>\\",\\"y\\":1}"'
    )
    assert redactor.json('{"refresh_token":"cut he') == '{"refresh_token":"<token>'
    assert redactor.json('{"token":"abc"}') == '{"token":"<token>"}'
    assert redactor.tree({"token": "https://h/token"}) == {"token": "https://h/token"}
    assert redactor.tree({"a": [{"id_token": "abc", "n": 1, "ok": None}]}) == {
        "a": [{"id_token": "<token>", "n": 1, "ok": None}]
    }


def test_the_same_value_has_the_same_mask_everywhere():
    redactor = Redactor(KEY)
    redactor.secret("a/b+c d" * 5, "code")
    mask = redactor.mask("a/b+c d" * 5, "code")
    encoded = quote_plus("a/b+c d" * 5)
    assert redactor.url(f"https://h/cb?code={encoded}") == f"https://h/cb?code={mask}"
    assert redactor.text(f"https://h/cb?kode={encoded}") == f"https://h/cb?kode={mask}"


@pytest.mark.parametrize(
    "body",
    [
        "lorem ipsum error " * 60_000,
        "eyJ" * 350_000,
        "eyJhbGciOiJF." * 80_000,
        '"kty":"' * 150_000,
        "a" * 10**6,
    ],
    ids=["words", "jwt heads", "jwt runs", "json", "one run"],
)
def test_a_large_body_is_redacted_in_linear_time(body):
    redactor = Redactor(KEY)
    for _ in range(300):
        redactor.secret(secrets.token_urlsafe(32), "token")
    redactor.secret("s3cr3t", "password")
    started = time.process_time()
    redactor.json(body)
    # Far above what it takes (some 30 ms), far below what anything quadratic would take.
    assert time.process_time() - started < 1


def test_half_a_surrogate_pair_can_be_written():
    assert Redactor(KEY).tree({"jti": "a\ud800b"}) == {"jti": "a\\ud800b"}
