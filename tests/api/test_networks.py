"""Contract, section 1: limits go by the client's address, of IPv6 by its /64."""

import ipaddress
import itertools
import random

import pytest

from client import PASSWORD, assert_error, http_client, register_input, unique_email
from conftest import ROOT, own_stack
from promises import promise
from second_nginx import second_nginx

pytestmark = pytest.mark.usefixtures("fresh_throttle")

# Whoever asks says which address they come from, as behind another proxy.
PROXIED = """
        set_real_ip_from 127.0.0.1;
        real_ip_header X-Real-IP;
        location = /network { return 200 $client_network; }
"""


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    shipped = tmp_path_factory.mktemp("conf")
    before = "        include microtask/listen.conf;\n"
    text = (ROOT / "conf" / "nginx.conf").read_text()
    assert before in text
    (shipped / "nginx.conf").write_text(text.replace(before, before + PROXIED))
    return shipped


@pytest.fixture
def from_anywhere(stack, tmp_path, proxied):
    with second_nginx(stack, tmp_path, proxied) as url, http_client(url) as client:
        yield lambda method, path, address, **more: client.request(
            method, path, headers={"X-Real-IP": str(address)}, **more
        )


def network(address):
    """As this page has it: what counts as one client, in bytes."""
    address = ipaddress.ip_address(address)
    if address.version == 6 and address.ipv4_mapped:
        return address.ipv4_mapped.packed
    return address.packed[:8] if address.version == 6 else address.packed


def addresses():
    """Zeros in every place, so each form that the text of an address may have; the rest by chance."""
    chance = random.Random(1)
    for zeros in itertools.product((0, 1), repeat=8):
        groups = [one * chance.choice((1, 10, 13, 255, 0xFFFF)) for one in zeros]
        yield ipaddress.IPv6Address(b"".join(group.to_bytes(2, "big") for group in groups))
    for _ in range(300):
        yield ipaddress.IPv6Address(chance.randbytes(16))
        yield ipaddress.IPv6Address(b"\0" * 10 + b"\xff\xff" + chance.randbytes(4))
        yield ipaddress.IPv4Address(chance.randbytes(4))
    yield from ("::ffff:0:0", "::ffff:10.0.13.10", "::fffe:1.2.3.4", "64:ff9b::1.2.3.4")


@promise("1 Limits", "Of an IPv6 address its /64 counts")
def test_nginx_knows_the_network_of_every_address(from_anywhere):
    for address in addresses():
        answer = from_anywhere("GET", "/network", address)
        assert answer.content == network(address), address


@promise("1 Limits", "Of an IPv6 address its /64 counts")
def test_calls_count_by_the_network(stack, tmp_path, proxied):
    def statuses(client, form, many):
        return [
            client.get("/api/tasks", headers={"X-Real-IP": form.format(number)}).status_code
            for number in range(1, many + 1)
        ]

    with second_nginx(stack, tmp_path, proxied, rate_limit=5) as url, http_client(url) as client:
        assert statuses(client, "2001:db8:0:7::{:x}", 8) == 5 * [200] + 3 * [429]
        assert statuses(client, "2001:db8:0:7:ffff:{:x}::", 3) == 3 * [429]
        assert statuses(client, "2001:db8:0:{:x}::1", 6) == 6 * [200]
        assert statuses(client, "192.0.2.1", 5) == 5 * [200]
        assert statuses(client, "::ffff:192.0.2.1", 1) == [429]
        assert statuses(client, "::ffff:192.0.2.{}", 4) == [429] + 3 * [200]


@promise("1 Limits", "Of an IPv6 address its /64 counts")
def test_wrong_passwords_count_by_the_network(from_anywhere, worker):
    def guess(address, password="wrong horse 2"):
        body = {"email": worker.email, "password": password}
        return from_anywhere("POST", "/api/auth/login", address, json=body)

    for number in range(10):
        assert_error(guess(f"2001:db8:1:2:{number:x}::{number:x}"), 401, "unauthorized")
    for address in ("2001:db8:1:2::", "2001:db8:1:2:ffff:ffff:ffff:ffff"):
        assert_error(guess(address, PASSWORD), 429, "too_many_requests")
    for address in ("2001:db8:1:3::", "192.0.2.7"):
        assert guess(address, PASSWORD).status_code == 200
    for number in range(10):
        form = ("198.51.100.1", "::ffff:198.51.100.1")[number % 2]
        assert_error(guess(form), 401, "unauthorized")
    assert_error(guess("198.51.100.1", PASSWORD), 429, "too_many_requests")


@promise("1 Limits", "Of an IPv6 address its /64 counts")
def test_wrong_passwords_of_many_accounts_count_by_the_network(from_anywhere, db):
    """120 of them from one /64: the hundred that an address may have are its network's."""

    def guess(number):
        body = {"email": unique_email("nobody"), "password": "wrong horse 2"}
        return from_anywhere("POST", "/api/auth/login", f"2001:db8:5:6::{number}", json=body)

    assert_error(guess(1), 401, "unauthorized")
    db.throttle.update_many({}, {"$set": {"count": 99}})
    assert_error(guess(2), 401, "unauthorized")
    assert_error(guess(3), 429, "too_many_requests")


@promise("1 Limits", "Of an IPv6 address its /64 counts")
def test_registrations_count_by_the_network(tmp_path, proxied):
    with own_stack("--no-demo", env={"REGISTER_LIMIT": "2"}) as stack:
        with second_nginx(stack, tmp_path, proxied) as url, http_client(url) as client:

            def register(address):
                return client.post(
                    "/api/auth/register", headers={"X-Real-IP": address}, json=register_input()
                ).status_code

            assert [register(f"2001:db8:5:6::{number}") for number in range(3)] == [201, 201, 429]
            assert [register(f"2001:db8:5:7::{number}") for number in range(3)] == [201, 201, 429]
