"""Profiles: what is filled in, and one clear line for what is wrong, without a secret in it."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import x25519

from keybound.errors import UsageError
from keybound.profile.target_profile import find, is_loopback, parse, shipped
from support import hostile_server as hostile

HEAD = 'issuer = "https://localhost:1"\nresource = "https://localhost:1/api"\n'
CLIENT = '[client]\nid = "cc"\nsecret = "hunter2hunter2"\n'
CODE = 'redirect_uri = "https://localhost/cb"\n[login]\nusername = "u"\npassword = "p"\n'
CANARY = "Zm9vYmFyYmF6cXV4-a-secret-in-the-wrong-place"


def load(text: str, folder: Path = Path("/nonexistent")):
    return parse(text, "p.toml", folder)


def test_four_lines_are_enough():
    profile = load(HEAD + CLIENT)
    client = profile.all_clients["client"]
    assert (client.auth, client.grants, client.mechanisms) == (
        "client_secret_basic",
        ("client_credentials",),
        ("dpop",),
    )
    assert profile.resource.url == "https://localhost:1/api"
    assert profile.secrets() == [("hunter2hunter2", "secret"), ("Y2M6aHVudGVyMmh1bnRlcjI=", "secret")]
    assert "hunter2" not in repr(profile)


@pytest.mark.parametrize(
    ("given", "auth", "grants", "mechanisms"),
    [
        ("key = '''{key}'''", "private_key_jwt", ("client_credentials",), ("dpop",)),
        (
            "certificate = '''{crt}'''\ncertificate_key = '''{key}'''",
            "tls_client_auth",
            ("client_credentials",),
            ("mtls",),
        ),
        (CODE, "none", ("authorization_code", "refresh_token"), ("dpop",)),
    ],
)
def test_defaults_follow_from_what_is_given(given, auth, grants, mechanisms):
    holder = hostile.issue()
    text = given.replace("{key}", holder.key).replace("{crt}", holder.certificate)
    client = load(f'{HEAD}[client]\nid = "x"\n{text}').all_clients["client"]
    assert (client.auth, client.grants, client.mechanisms) == (auth, grants, mechanisms)


def test_paths_start_at_the_profile_and_variables_are_filled_in(tmp_path, monkeypatch):
    (tmp_path / "ca.pem").write_text(hostile.ca())
    monkeypatch.setenv("KB_SECRET", "from outside")
    monkeypatch.setenv("KB_HOST", "localhost")
    text = 'ca = "ca.pem"\n' + (HEAD + CLIENT).replace("hunter2hunter2", "${KB_SECRET}").replace(
        "localhost", "${KB_HOST}"
    )
    profile = load(text, tmp_path)
    assert profile.ca == hostile.ca()
    assert profile.issuer == "https://localhost:1"
    assert profile.client.secret.get_secret_value() == "from outside"


def _x25519() -> str:
    form = serialization.PrivateFormat.PKCS8
    return (
        x25519.X25519PrivateKey.generate()
        .private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        .decode()
    )


HOLDER, OTHER = hostile.issue("a"), hostile.issue("b")

WRONG = {
    "not TOML": ("issuer =", "is not valid TOML: Invalid value (at "),
    "deep": ("a = " + "[" * 9000, "is not valid TOML"),
    "number": ("a = " + "9" * 9000, "is not valid TOML"),
    "no client": (HEAD, "name at least one client"),
    "no issuer": (CLIENT, "give issuer, or endpoints.token"),
    "unknown key": (
        HEAD + CLIENT.replace("secret", "secert"),
        "unknown key 'client.secert'; did you mean 'secret'?",
    ),
    "unknown table": (HEAD + CLIENT + "[limit]\n", "unknown key 'limit'; did you mean 'limits'?"),
    "unknown key far off": (HEAD + CLIENT + "[limits]\nzzz = 1", "known are timeout, rate"),
    "unknown key of a client": (
        HEAD + '[clients.x]\nid = "x"\nscop = "s"',
        "'clients.x.scop'; did you mean 'scope'?",
    ),
    "wrong type": (HEAD + CLIENT.replace('"cc"', "5"), "client.id: Input should be a valid string"),
    "no table": (HEAD + 'client = "x"', "client must be a table: write [client]"),
    "clients as a list": (HEAD + 'clients = ["x"]', "clients must be a table"),
    "missing key": (HEAD + '[client]\nsecret = "s"', "the key 'client.id' is missing"),
    "empty secret": (HEAD + CLIENT.replace("hunter2hunter2", ""), "client.secret is empty"),
    "unset variable": (
        HEAD + CLIENT.replace("hunter2hunter2", "${KB_UNSET}"),
        "client.secret: the environment variable KB_UNSET",
    ),
    "unknown auth": (
        HEAD + CLIENT + 'auth = "basic"',
        "client.auth: Input should be 'none', 'client_secret_basic'",
    ),
    "auth without its secret": (HEAD + '[client]\nid = "x"\nauth = "client_secret_post"', "needs secret"),
    "grant without credentials": (HEAD + '[client]\nid = "x"', "needs credentials"),
    "code without login": (HEAD + CLIENT + 'redirect_uri = "https://localhost/cb"', "needs [login]"),
    "code without redirect": (HEAD + CLIENT + 'grants = ["authorization_code"]', "needs redirect_uri"),
    "refresh alone": (HEAD + CLIENT + 'grants = ["refresh_token"]', "needs authorization_code"),
    "both forms": (
        HEAD + CLIENT + CLIENT.replace("client", "clients.a"),
        "either [client] or [clients.NAME]",
    ),
    "mtls without certificate": (
        HEAD + CLIENT + 'mechanisms = ["mtls"]',
        "need certificate and certificate_key",
    ),
    "no such CA": (
        'ca = "no.pem"\n' + HEAD + CLIENT,
        "ca: cannot read the PEM file: No such file or directory",
    ),
    "CA is no PEM": ('ca = "/dev/null"\n' + HEAD + CLIENT, "ca: the file is not PEM"),
    "CA is broken": (
        'ca = "-----BEGIN CERTIFICATE-----"\n' + HEAD + CLIENT,
        "ca: this is not a PEM certificate",
    ),
    "CA is a key": (f"ca = '''{HOLDER.key}'''\n" + HEAD + CLIENT, "ca: this is not a PEM certificate"),
    "key is a certificate": (
        f"{HEAD}[client]\nid = 'x'\nkey = '''{HOLDER.certificate}'''",
        "client.key: this is not an unencrypted PEM private key",
    ),
    "key signs nothing": (
        f"{HEAD}[client]\nid = 'x'\nkey = '''{_x25519()}'''",
        "client: the key is of no type that JWS",
    ),
    "key of another alg": (
        f"{HEAD}[client]\nid = 'x'\nkey_alg = 'RS256'\nkey = '''{HOLDER.key}'''",
        "does not fit the key",
    ),
    "key of another certificate": (
        f"{HEAD}[client]\nid = 'x'\ncertificate = '''{HOLDER.certificate}'''\ncertificate_key = '''{OTHER.key}'''",
        "client: certificate_key is not the key of the first certificate",
    ),
    "certificate without key": (
        f"{HEAD}{CLIENT}[attacker]\ncertificate = '''{HOLDER.certificate}'''",
        "attacker: certificate and",
    ),
    "no URL": (
        (HEAD + CLIENT).replace("https://localhost:1/api", "localhost:1/api"),
        "write an absolute https:// URL",
    ),
    "no port": ((HEAD + CLIENT).replace(":1/api", ":99999/api"), "Port out of range"),
    "no host": ((HEAD + CLIENT).replace("localhost:1/api", "[::1/api"), "Invalid IPv6 URL"),
    "URL with a space": ((HEAD + CLIENT).replace("/api", "/a pi"), "write an absolute https:// URL"),
    "URL with a line": ((HEAD + CLIENT).replace("/api", "/a\\r\\nX: y"), "write an absolute https:// URL"),
    "method": (
        f'issuer = "https://localhost"\n[resource]\nurl = "https://localhost"\nmethod = "G T"\n{CLIENT}',
        "such as GET",
    ),
    "header value": (
        'issuer = "https://localhost"\n[resource]\nurl = "https://localhost"\n'
        f'headers = {{ A = "b\\r\\nC: d" }}\n{CLIENT}',
        "resource.headers: the value of A holds characters",
    ),
    "header name": (
        f'issuer = "https://localhost"\n[resource]\nurl = "https://localhost"\nheaders = {{ "A b" = "c" }}\n{CLIENT}',
        "'A b' is no name of a header",
    ),
    "write without marker": (
        f'issuer = "https://localhost"\n[resource]\nurl = "https://localhost"\n'
        f'[resource.write]\nurl = "https://localhost"\nread = "https://localhost"\nbody = ""\n{CLIENT}',
        "resource.write.body: write {marker}",
    ),
    "nobody introspects": (
        HEAD + CLIENT + '[introspection]\nclient = "rs"',
        "no client is called 'rs'; there are client",
    ),
    "endless timeout": (
        HEAD + CLIENT + "[limits]\ntimeout = inf",
        "limits.timeout: Input should be less than",
    ),
    "no timeout": (HEAD + CLIENT + "[limits]\ntimeout = 0", "limits.timeout: Input should be greater than 0"),
    "timeout that is none": (HEAD + CLIENT + "[limits]\ntimeout = nan", "limits.timeout: Input should be"),
    "foreign issuer": (
        (HEAD + CLIENT).replace('https://localhost:1"', 'https://as.example"'),
        "as.example is not this machine",
    ),
    "foreign endpoint": (
        HEAD + CLIENT + '[endpoints]\nintrospection = "https://as.example/i"',
        "`authorized = true`",
    ),
    "foreign write": (
        f'issuer = "https://localhost"\n[resource]\nurl = "https://localhost"\n[resource.write]\nurl = "https://localhost"\n'
        f'read = "https://rs.example"\nbody = "{{marker}}"\n{CLIENT}',
        "rs.example is not this machine",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_in_one_line(name, monkeypatch):
    monkeypatch.delenv("KB_UNSET", raising=False)
    text, message = WRONG[name]
    with pytest.raises(UsageError) as caught:
        load(text)
    said = str(caught.value)
    assert said.startswith("p.toml")
    assert message in said
    assert "\n" not in said
    assert "hunter2" not in said


MISPLACED = {
    "key without its first line": f'[client]\nid = "x"\nkey = "{CANARY}"',
    "as certificate": f'[client]\nid = "x"\ncertificate = "{CANARY}"\ncertificate_key = "{CANARY}"',
    "as CA": f'ca = "{CANARY}"\n{CLIENT}',
    "broken PEM": f'[client]\nid = "x"\nkey = "-----BEGIN PRIVATE KEY-----{CANARY}-----END PRIVATE KEY-----"',
    "as auth": f'[client]\nid = "x"\nauth = "{CANARY}"',
    "as a list": f'[client]\nid = "x"\nsecret = ["{CANARY}"]',
    "as a table": f'[client]\nid = "x"\nsecret = {{ value = "{CANARY}" }}',
    "as clients": f'clients = "{CANARY}"',
    "as client": f'client = "{CANARY}"',
    "as grants": f'[client]\nid = "x"\ngrants = ["{CANARY}"]',
    "as a header": f'[resource]\nurl = "https://localhost"\nheaders = {{ A = "{CANARY}\\n" }}\n{CLIENT}',
    "in a URL": f'resource = "https://user:{CANARY}@localhost/"\n{CLIENT}',
    "in no URL": f'resource = "{CANARY}"\n{CLIENT}',
    "as password": f'{CLIENT}[login]\npassword = "{CANARY}"',
    "as timeout": f'{CLIENT}[limits]\ntimeout = "{CANARY}"',
    "in broken TOML": f'{CLIENT}password = "{CANARY}',
    "in broken TOML, not quoted": f"{CLIENT}password = {CANARY}",
    "from outside": '[client]\nid = "x"\nkey = "${KB_KEY}"',
}


@pytest.mark.parametrize("name", MISPLACED)
def test_a_secret_in_the_wrong_place_is_not_repeated(name, monkeypatch):
    monkeypatch.setenv("KB_KEY", CANARY)
    with pytest.raises(UsageError) as caught:
        load('issuer = "https://localhost"\n' + MISPLACED[name])
    error: BaseException | None = caught.value
    assert CANARY not in str(error)
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("https://localhost/", True),
        ("https://LOCALHOST:8443/", True),
        ("https://as.localhost/", True),
        ("https://127.0.0.1/", True),
        ("https://127.9.9.9/", True),
        ("https://[::1]:1/", True),
        ("https://localhost.example/", False),
        ("https://notlocalhost/", False),
        ("https://127.0.0.1.example/", False),
        ("https://127.0.0.1@as.example/", False),
        ("https://as.example/?localhost", False),
        ("https://0.0.0.0/", False),
        ("https://10.0.0.1/", False),
    ],
)
def test_only_this_machine_needs_no_permission(url, here):
    assert is_loopback(url) is here


def test_permission_is_believed():
    text = ("authorized = true\n" + HEAD + CLIENT).replace("localhost", "as.example")
    assert load(text).issuer == "https://as.example:1"


@pytest.mark.parametrize("name", ["no.toml", "/", "", "../targets/x", "a" * 5000, "a\0b"])
def test_a_profile_that_is_not_there(name):
    with pytest.raises(UsageError, match="there is no profile"):
        find(name)


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_profile_is_found(name):
    assert find(name).suffix == ".toml"
