"""As much of MongoDB's wire protocol as it takes to make a one-member replica set.

Commands go as OP_MSG. BSON is written for str, int, bool, dict and list, and read for every type that
the two commands answer with; the values of other types are skipped.
"""
import itertools
import socket
import struct

OP_MSG = 2013
request_ids = itertools.count(1)

# What follows the name of a BSON element, by type: its length where it is fixed.
FIXED = {0x01: 8, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16}


def encode(document):
    body = b"".join(encode_element(name, value) for name, value in document.items())
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def encode_element(name, value):
    name = name.encode() + b"\0"
    if isinstance(value, bool):
        return b"\x08" + name + bytes([value])
    if isinstance(value, int):
        return b"\x10" + name + struct.pack("<i", value)
    if isinstance(value, str):
        text = value.encode() + b"\0"
        return b"\x02" + name + struct.pack("<i", len(text)) + text
    if isinstance(value, list):
        return b"\x04" + name + encode({str(i): item for i, item in enumerate(value)})
    return b"\x03" + name + encode(value)


def decode(data):
    document, at = {}, 4
    while data[at] != 0:
        kind = data[at]
        end = data.index(b"\0", at)
        name = data[at + 1 : end].decode()
        document[name], at = decode_value(kind, data, end + 1)
    return document


def decode_value(kind, data, at):
    if kind in FIXED:
        end = at + FIXED[kind]
        formats = {0x01: "<d", 0x08: "<?", 0x10: "<i", 0x12: "<q"}
        return (struct.unpack(formats[kind], data[at:end])[0] if kind in formats else None), end
    (length,) = struct.unpack_from("<i", data, at)
    if kind in (0x03, 0x04):
        return decode(data[at : at + length]), at + length
    if kind == 0x02:
        return data[at + 4 : at + 3 + length].decode(), at + 4 + length
    if kind == 0x05:
        return None, at + 5 + length
    raise ValueError(f"BSON type {kind:#x} is not expected here")


def read_exactly(connection, length):
    data = b""
    while len(data) < length:
        part = connection.recv(length - len(data))
        if not part:
            raise ConnectionError("mongod closed the connection")
        data += part
    return data


def command(port, document, timeout=5):
    """Runs one command on the admin database of 127.0.0.1:port; returns the answer as a dictionary."""
    body = struct.pack("<iB", 0, 0) + encode({**document, "$db": "admin"})
    header = struct.pack("<4i", 16 + len(body), next(request_ids), 0, OP_MSG)
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        connection.sendall(header + body)
        (length,) = struct.unpack("<i", read_exactly(connection, 4))
        # The rest of the header, the flags and the kind of the one section: 17 bytes.
        return decode(read_exactly(connection, length - 4)[17:])


def is_writable(port):
    """Whether the server takes writes. A new server is first made a replica set of one member."""
    try:
        hello = command(port, {"hello": 1})
        if hello.get("isreplicaset"):
            member = {"_id": 0, "host": f"127.0.0.1:{port}"}
            command(port, {"replSetInitiate": {"_id": "microtask", "members": [member]}})
        return bool(hello.get("isWritablePrimary"))
    except OSError:
        return False
