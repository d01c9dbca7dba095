"""A relay (relay.py) before each member of a set that loses whole messages of MongoDB's wire
protocol.

    with MongoProxy("127.0.0.1:27017", …) as proxy:
        client = MongoClient("mongodb://" + ",".join(proxy.addresses) + "/?replicaSet=…")
        proxy.lose("replies", only="insert")  # commands are executed, and nobody hears of it

What a driver learns of the set are the members' own addresses; the proxy puts its own in the place
of those. Connections over which a driver watches the set lose nothing.
"""

import asyncio
import struct
import sys

import bson

from relay import Forwarder, Link, Relay

HELLO = {"hello", "isMaster", "ismaster"}
OP_REPLY, OP_MSG = 1, 2013
AT = {OP_REPLY: 36, OP_MSG: 21}  # where the document begins; of OP_MSG that of the command
LONGEST = 48 * 1024 * 1024 + 1024


class MongoProxy(Relay):
    program = __file__


# --- the process ---


class MongoLink(Link):
    command = None

    async def read(self, reader, what):
        message = await read_message(reader)
        kind = struct.unpack_from("<i", message, 12)[0]
        if what == "requests":
            self.command = command_of(message, kind)
        elif self.command in HELLO and kind in AT:
            message = translated(message, kind, self.forwarder.addresses)
        return message, self.command

    def may_lose(self, name):
        return name not in HELLO


def translated(message, kind, addresses):
    """The reply to a hello, with the proxy's addresses in it."""
    start = AT[kind]
    document = bson.decode(message[start:])
    for name in ("hosts", "passives", "arbiters"):
        if name in document:
            document[name] = [addresses.get(host, host) for host in document[name]]
    for name in ("primary", "me"):
        if name in document:
            document[name] = addresses.get(document[name], document[name])
    body = message[4:start] + bson.encode(document)
    return struct.pack("<i", len(body) + 4) + body


async def read_message(reader):
    start = await reader.readexactly(4)
    size = struct.unpack("<i", start)[0]
    if not 16 <= size <= LONGEST:
        raise OSError("not MongoDB's protocol")
    return start + await reader.readexactly(size - 4)


def command_of(message, kind):
    """Its name: the first field of its document. OP_QUERY is what a connection begins with."""
    if kind != OP_MSG:
        return "hello"
    start = AT[OP_MSG] + 5
    return message[start : message.index(b"\0", start)].decode()


if __name__ == "__main__":
    asyncio.run(Forwarder(sys.argv[1:], MongoLink).run())
