"""Which archive the machine installs from: the files people really have."""

from __future__ import annotations

import pytest

from deploy.stack.apt import find_archive
from deploy.stack.tools import complaint

DEB822 = """Types: deb
# snapshot of May
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""


def test_deb822_with_its_key() -> None:
    archive = find_archive([("debian.sources", DEB822)])
    assert archive is not None
    assert archive.sources("trixie") == (
        "Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie\nComponents: main\n"
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
    )


def test_key_inside_the_file_survives() -> None:
    embedded = DEB822.replace(
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg", "Signed-By:\n -----BEGIN KEY-----\n .\n abc"
    )
    archive = find_archive([("debian.sources", embedded)])
    assert archive is not None
    assert archive.sources("trixie").endswith("Signed-By: \n -----BEGIN KEY-----\n .\n abc\n")


@pytest.mark.parametrize(
    ("line", "uri", "trust"),
    [
        ("deb http://m.example/debian bookworm main contrib", "http://m.example/debian", {}),
        ("deb [arch=amd64 trusted=yes] file:/srv/debian trixie main # local", "file:/srv/debian", {"Trusted": "yes"}),
        (
            "deb [ signed-by=/k.gpg ] https://m.example/debian/ stable main",
            "https://m.example/debian/",
            {"Signed-By": "/k.gpg"},
        ),
    ],
)
def test_one_line(line: str, uri: str, trust: dict[str, str]) -> None:
    archive = find_archive([("sources.list", f"# deb http://no.example x main\n\n{line}\n")])
    assert archive is not None
    assert (archive.uri, archive.trust) == (uri, trust)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("vendor.list", "deb https://packages.example/apt cloud-sdk-bookworm main"),
        ("sources.list", "deb-src http://m.example/debian bookworm main"),
        ("security.list", "deb http://m.example/debian-security bookworm-security main"),
        ("non-free.list", "deb http://m.example/debian bookworm non-free"),
        ("off.sources", "Enabled: no\nTypes: deb\nURIs: http://m.example/debian\nSuites: trixie\nComponents: main\n"),
        ("empty.sources", ""),
    ],
)
def test_what_is_no_debian_archive(name: str, content: str) -> None:
    assert find_archive([(name, content)]) is None


def test_the_first_archive_wins_over_vendors_before_it() -> None:
    vendor = ("a.list", "deb https://packages.example/apt nodistro main")
    archive = find_archive([vendor, ("debian.sources", DEB822)])
    assert archive is not None
    assert archive.uri == "http://mirror.example/debian"


def test_complaint_is_the_first_marked_line() -> None:
    assert complaint("Err:1 http://m\nE: Failed to fetch\nE: Some index files failed\n") == "Failed to fetch"
    assert complaint("[ERROR] \n[ERROR] Could not transfer artifact\n[ERROR] Help\n") == "Could not transfer artifact"
    assert complaint("one\ntwo\n\n") == "two"
    assert complaint("") == ""
