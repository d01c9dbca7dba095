"""A relay before servers that can lose what goes through it.

    with Relay("127.0.0.1:8443", "/run/worker-1.sock") as relay:
        relay.addresses  # where it listens for each: on a port of its own, or beside the socket
        relay.lose("replies", share=0.1, seed=7)  # requests come to the server, and nobody hears
        lost = relay.keep("replies")  # how many there were; whoever still waits is cut off

It knows nothing of what it carries: a message is what has come. A connection that has lost
something is cut or, by chance, left to bring nothing any more. The relay is a process of its own (this
file), which is told what to do on its standard input and is killed at the end, with every
connection through it.
"""

import asyncio
import contextlib
import json
import random
import subprocess
import sys
import threading

import children

LONGEST = 65536  # bytes that are read at once


class Relay:
    program = __file__

    def __init__(self, *servers):
        self.servers, self.lock = servers, threading.Lock()

    def __enter__(self):
        self.process = children.start(
            [sys.executable, self.program, *self.servers],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addresses = json.loads(self.process.stdout.readline())
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def lose(self, what, share=1.0, times=None, hang=0.5, half=0.0, only=None, seed=0):
        """From now on "requests" do not come to the server, or "replies" not to the client.
        share: of them; times: at most; only: those of this name; hang: the share of connections
        that stay, and bring nothing; half: the share of lost messages whose beginning is passed on.
        """
        self.order(what, share=share, times=times, hang=hang, half=half, only=only, seed=seed)

    def keep(self, what):
        """No more of them is lost; returns how many were."""
        return self.order(what)

    def order(self, what, **how):
        with self.lock:
            print(json.dumps([what, how]), file=self.process.stdin, flush=True)
            return json.loads(self.process.stdout.readline())


# --- the process ---


class Losing:
    """What is lost at present of requests, or of replies."""

    def __init__(self, share=0.0, times=None, hang=0.0, half=0.0, only=None, seed=0):
        self.share, self.times, self.only = share, times, only
        self.hang, self.half = hang, half
        self.rng, self.count, self.over = random.Random(seed), 0, asyncio.Event()

    def takes(self, name):
        if self.only and name != self.only:
            return False
        if self.times is not None and self.count >= self.times:
            return False
        if self.rng.random() >= self.share:
            return False
        self.count += 1
        return True

    def left_of(self, message):
        """What is passed on of a message that is lost."""
        if self.rng.random() >= self.half:
            return b""
        return message[: self.rng.randrange(len(message))]


class Link:
    """A connection of a client, and the one to the server behind it. A protocol has its own."""

    def __init__(self, forwarder):
        self.forwarder = forwarder

    async def read(self, reader, what):
        """What is passed on next, and its name; nothing when there is no more."""
        return await reader.read(LONGEST), ""

    def may_lose(self, name):
        return True

    async def carry(self, reader, writer, what):
        """Until a message is lost, or an end closes."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                message, name = await self.read(reader, what)
                if not message:
                    return
                losing = self.forwarder.losing[what]
                if self.may_lose(name) and losing.takes(name):
                    writer.write(losing.left_of(message))
                    return await self.hang(losing, reader)
                writer.write(message)
                await writer.drain()

    @staticmethod
    async def hang(losing, reader):
        """For its share of connections: until who sent gives up, or no more is lost."""
        if losing.rng.random() < losing.hang:
            over = asyncio.create_task(losing.over.wait())
            gone = asyncio.create_task(reader.read())
            await asyncio.wait([over, gone], return_when=asyncio.FIRST_COMPLETED)
            over.cancel()
            gone.cancel()


class Forwarder:
    def __init__(self, servers, link=Link):
        self.servers, self.link, self.addresses = servers, link, {}
        self.losing = {"requests": Losing(), "replies": Losing()}

    async def run(self):
        self.listening = [await self.listen(server) for server in self.servers]
        tell(list(self.addresses.values()))
        await self.obey()

    async def listen(self, server):
        def serve(reader, writer):
            return self.serve(server, reader, writer)

        if is_path(server):
            self.addresses[server] = f"{server}.relay"
            return await asyncio.start_unix_server(serve, self.addresses[server], backlog=1000)
        listening = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1000)
        self.addresses[server] = f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        return listening

    async def obey(self):
        orders = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
        )
        async for line in orders:
            what, how = json.loads(line)
            before, self.losing[what] = self.losing[what], Losing(**how)
            before.over.set()
            tell(before.count)

    async def serve(self, server, reader, writer):
        with contextlib.suppress(OSError):
            there, back = await connect(server)
            link = self.link(self)
            ways = [
                asyncio.create_task(link.carry(reader, back, "requests")),
                asyncio.create_task(link.carry(there, writer, "replies")),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            back.close()
        writer.close()


def is_path(server):
    return server.startswith("/")


async def connect(server):
    if is_path(server):
        return await asyncio.open_unix_connection(server)
    host, port = server.rsplit(":", 1)
    return await asyncio.open_connection(host, int(port))


def tell(said):
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    asyncio.run(Forwarder(sys.argv[1:]).run())
