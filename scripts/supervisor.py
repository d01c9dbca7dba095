"""Child processes: started, watched, started again when they die, replaced, stopped.

One thread, one loop: pump() waits for signals and readiness messages and mends what broke. Everything
that waits does so by calling pump() until something is true.
"""
import contextlib
import copy
import ctypes
import json
import os
import select
import signal
import socket
import struct
import subprocess
import time

PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)

# While the stack is being started, a process that dies this often in a row is what it fails for. Once it
# was ready, nothing is given up.
PATIENCE = 6
# Who lived for so long is started again at once; who did not, after a while that doubles up to the most.
OF_USE_SECONDS = 1
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5


class Failed(Exception):
    """What went wrong, as a sentence for a person."""


class Stopped(Exception):
    """SIGTERM or SIGINT arrived."""


class Child:
    """A program of the stack. `orphan_signal` is what it gets when the supervisor itself is killed."""

    def __init__(self, name, argv, log, env, *, listener=None, notifies=False, stop_signal=signal.SIGTERM,
                 stop_seconds=7, orphan_signal=signal.SIGKILL, lock=None):
        self.__dict__.update({name: value for name, value in locals().items() if name != "self"})
        self.process = None
        self.ready = False
        self.stopping = False  # told to stop, by whomever; it finishes what it has
        self.deaths = 0
        self.restart_at = None

    def start(self):
        parent = os.getpid()

        def in_child():
            libc.prctl(PR_SET_PDEATHSIG, self.orphan_signal)
            if os.getppid() != parent:
                os._exit(1)

        self.ready, self.stopping = not self.notifies, False
        self.restart_at = None
        self.started = time.monotonic()
        with open(self.log, "ab") as log:
            self.log_start = log.tell()
            self.process = subprocess.Popen(
                self.argv,
                stdin=self.listener or subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.env,
                process_group=0,  # Ctrl-C reaches the supervisor alone, which stops in good order
                preexec_fn=in_child,
                pass_fds=[self.lock.fileno()] if self.lock else [],
            )

    def twin(self):
        """The same program, not started."""
        twin = copy.copy(self)
        twin.process, twin.stopping, twin.deaths, twin.restart_at = None, False, 0, None
        return twin

    @property
    def pid(self):
        return self.process.pid if self.process else None

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def was_of_use(self):
        return time.monotonic() - self.started > OF_USE_SECONDS

    def how_it_ended(self):
        code = self.process.returncode
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"

    def last_words(self):
        """The last line it logged since it was started; of a JSON line, the message."""
        lines = []
        with contextlib.suppress(OSError), open(self.log, "rb") as log:  # somebody may have taken it away
            log.seek(self.log_start)
            lines = log.read().decode(errors="replace").strip().splitlines()
        line = lines[-1] if lines else f"it left no word; see {self.log}"
        try:
            entry = json.loads(line)
            return str(entry.get("message") or entry.get("msg") or line)
        except (ValueError, AttributeError):
            return line

    def send(self, number):
        if self.alive():
            self.process.send_signal(number)

    def kill_group(self):
        """Whatever is left of it, its own children included."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Supervisor:
    def __init__(self, notify_path, say, changed):
        self.say = say
        self.changed = changed  # called when a pid did
        self.children = []
        self.leaving = []  # replaced, on their way out
        self.ending = []  # succeeded, ending of their own accord
        self.reload_asked = False
        self.was_ready = False  # all of it, once
        self.stopping = False
        self.notify = self.open_notify(notify_path)
        self.wake, wake_write = socket.socketpair()
        for end in (self.wake, wake_write):
            end.setblocking(False)
        self.wake_write = wake_write
        signal.set_wakeup_fd(wake_write.fileno())
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)

    @staticmethod
    def open_notify(path):
        """Where children say READY=1, as systemd's services do; the kernel tells who said it."""
        path.unlink(missing_ok=True)
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        notify.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        notify.bind(str(path))
        return notify

    # --- the loop ---

    def pump(self, seconds=1.0):
        due = [child.restart_at for child in self.children if child.restart_at is not None]
        seconds = max(0, min([seconds] + [at - time.monotonic() for at in due]))
        readable, _, _ = select.select([self.wake, self.notify], [], [], seconds)
        if self.notify in readable:
            self.read_notify()
        signals = self.wake.recv(256) if self.wake in readable else b""
        if signal.SIGHUP in signals:
            self.reload_asked = True
        if not self.stopping:
            if signal.SIGTERM in signals or signal.SIGINT in signals:
                raise Stopped
            self.mend()

    def read_notify(self):
        message, ancillary, _, _ = self.notify.recvmsg(256, socket.CMSG_SPACE(struct.calcsize("3i")))
        pid = struct.unpack("3i", ancillary[0][2])[0] if ancillary else 0
        words = message.split(b"\n")
        for child in self.children + self.leaving:
            if child.process and child.pid == pid:
                if b"READY=1" in words:
                    child.ready = True
                child.stopping = b"STOPPING=1" in words

    def mend(self):
        for child in [child for child in self.children if child.stopping]:
            self.succeed(child)
        for child in [child for child in self.ending if not child.alive()]:
            child.kill_group()
            self.ending.remove(child)
        for child in self.children:
            if not child.alive() and child.restart_at is None:
                self.mourn(child)
            if child.restart_at is not None and child.restart_at <= time.monotonic():
                self.restart(child)

    def succeed(self, old):
        """One that somebody else has told to stop takes no more work: another takes its place while it ends."""
        self.say(f"{old.name} (pid {old.pid}) is stopping; starting another")
        fresh = old.twin()
        self.children[self.children.index(old)] = fresh
        self.ending.append(old)
        self.restart(fresh)

    def mourn(self, child):
        """At once after a death in service; slower and slower for one that does not get there."""
        child.kill_group()
        how = f"(pid {child.pid}) {child.how_it_ended()}"
        if child.was_of_use():
            child.deaths = 0
            self.say(f"{child.name} {how}; starting it again")
            child.restart_at = time.monotonic()
        else:
            self.postpone(child, f"{how}: {child.last_words()}")

    def restart(self, child):
        """Its program may be missing for the moment that it takes to install another, or the machine be short of
        something."""
        try:
            child.start()
        except OSError as failure:
            self.postpone(child, f"cannot be started: {failure.strerror}: {failure.filename or child.argv[0]}")
        self.tell_change()

    def postpone(self, child, why):
        child.deaths += 1
        if child.deaths >= PATIENCE and not self.was_ready:
            raise Failed(f"{child.name} does not start: {why}")
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(child.deaths - 1, PATIENCE))
        child.restart_at = time.monotonic() + pause
        self.say(f"{child.name} {why}; starting it again in {pause:g} s")

    def tell_change(self):
        try:
            self.changed()
        except OSError as failure:
            self.say(f"The state cannot be written: {failure.strerror}")

    def wait(self, is_so, seconds, otherwise):
        """Pumps until is_so(); after so many seconds fails with the sentence `otherwise`."""
        end = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > end:
                raise Failed(otherwise)
            self.pump(0.05)

    # --- what is done with children ---

    def start(self, child, is_up=None, seconds=30):
        """Starts a child and waits until it is up. One that ends before that is not tried again."""
        try:
            child.start()
        except OSError as failure:
            raise Failed(f"{child.name} cannot be started: {failure.strerror}: {child.argv[0]}") from None
        self.leaving.append(child)  # known, but not mended yet

        def up_or_dead():
            return not child.alive() or (child.ready and (is_up is None or is_up()))

        self.wait(up_or_dead, seconds, f"{child.name} was not ready within {seconds} s: {child.last_words()}")
        self.leaving.remove(child)
        if not child.alive():
            raise Failed(f"{child.name} did not start: {child.last_words()}")
        self.children.append(child)
        self.tell_change()

    def run_to_end(self, child, seconds=3600):
        """A command that does its work and ends; raises Failed with its last line when it ends badly."""
        child.start()
        self.leaving.append(child)
        self.wait(lambda: not child.alive(), seconds, f"{child.name} did not end within {seconds} s.")
        self.leaving.remove(child)
        if child.process.returncode != 0:
            raise Failed(child.last_words())

    def replace(self, old):
        """A successor is started on the same socket first; so at no moment nobody serves it."""
        fresh = old.twin()
        try:
            self.start(fresh)
        except Failed:
            self.end([fresh])
            if fresh in self.leaving:
                self.leaving.remove(fresh)
            raise
        self.children.remove(fresh)
        # Told to stop by somebody else meanwhile, it has a successor already: then this one is one too many.
        leaver = old if old in self.children else fresh
        if leaver is old:
            self.children[self.children.index(old)] = fresh
        self.tell_change()
        self.leaving.append(leaver)
        self.end([leaver])
        self.leaving.remove(leaver)

    def end(self, children):
        """Asks all, gives each its time, then insists."""
        for child in children:
            child.send(child.stop_signal)
        for child in children:
            if not child.process:
                continue
            try:
                end = child.stop_seconds
                self.wait(lambda: not child.alive(), end, f"{child.name} did not stop within {end} s; killed it")
            except Failed as late:
                self.say(str(late))
            child.kill_group()
            child.process.wait()

    def stop(self):
        """Everything, the last started first; the workers together."""
        self.stopping = True
        remaining = self.leaving + self.ending + self.children
        while remaining:
            kind = remaining[-1].name.split()[0]
            group = [child for child in remaining if child.name.split()[0] == kind]
            self.end(group)
            remaining = [child for child in remaining if child not in group]
