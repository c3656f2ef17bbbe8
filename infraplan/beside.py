"""
Work done beside other work, on a second core.

A process runs one piece of Python at a time, and a fresh process would spend longer on its imports
than it saves. So a copy of this one does the work, where the system can copy a process and nothing
else runs in it; elsewhere a thread does it, or it is done when it is asked for. The result is the
same.
"""

import contextlib
import os
import pickle
import select
import signal
import struct
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any
from typing import Generic
from typing import TypeVar

__all__ = ["Beside", "Prepared"]

A = TypeVar("A")
T = TypeVar("T")
# its number, and where its result can be read: a bare number of a pipe, for a file object that is
# collected together with what holds it would complain before that can close it
Copy = tuple[int, int]


class Beside(Generic[T]):
    """
    The result of a task that is under way in a copy of this process, or still to be done here.

    A task that fails there is done once more here, so that its error reads as any other.
    """

    def __init__(
        self, task: Callable[[], T], *, may_thread: bool = False, copy: Copy | None = None
    ) -> None:
        """
        Begin a task.

        Parameters
        ----------
        task
            What to do: reads what there is now, changes nothing, returns what can be pickled. It
            warps no raster, for GDAL would wait for threads that a copy does not have.
        may_thread
            Whether a thread may do it where there can be no copy, for it leaves Python to others
            most of the time.
        copy
            Copy that does the task already; None: there is none yet.
        """
        self._task = task
        self._copy = copy
        self._future: Future[T] | None = None
        if copy is None and _can_copy():
            self._copy = _begun(task)
        if self._copy is None and may_thread:
            self._future = Future()
            threading.Thread(target=_filled, args=(self._future, task), daemon=True).start()

    def result(self) -> T:
        """
        Return what the task returns, once it is done.

        Returns
        -------
        result
            Of the copy or the thread, else of this process.
        """
        if self._future is not None:
            return self._future.result()
        if self._copy is not None:
            number, reading = self._copy
            with os.fdopen(reading, "rb", closefd=False) as pipe:
                content = pipe.read()  # who is interrupted here stops the copy as it goes
            self._copy = None
            os.close(reading)
            _see_off(number)
            # one that failed or was stopped half-way is done here, where its error is the only one
            with contextlib.suppress(EOFError, pickle.UnpicklingError):
                done: T = pickle.loads(content)  # noqa: S301 - written by our own copy
                return done
        return self._task()

    @property
    def is_ready(self) -> bool:
        """Return whether who asks for the result need not wait for others."""
        if self._future is not None:
            return self._future.done()
        return self._copy is None or bool(select.select([self._copy[1]], [], [], 0)[0])

    def __del__(self) -> None:
        """Leave no copy behind that nobody waits for."""
        if self._copy is not None:
            _stop(self._copy)


class Prepared(Generic[A, T]):
    """
    A task that waits for its argument in a copy of this process, with all loaded that it needs.

    What takes long to load is loaded on a second core while this process works out the argument.
    """

    def __init__(self, task: Callable[[A], T], load: Callable[[], object]) -> None:
        """
        Begin to load.

        Parameters
        ----------
        task
            What to do with the argument: changes nothing, returns what can be pickled.
        load
            Loads what the task needs.
        """
        self._task = task
        self._copy: Copy | None = None
        self._argument: int | None = None  # where it is written
        if _can_copy():
            reading, writing = os.pipe()
            self._copy = _begun(partial(_answered, task, load, reading, writing))
            os.close(reading)
            if self._copy is None:
                os.close(writing)
            else:
                self._argument = writing

    def begin(self, argument: A) -> Beside[T]:
        """
        Begin the task.

        Parameters
        ----------
        argument
            What can be pickled.

        Returns
        -------
        beside
            The task under way, or still to be done here.
        """
        content = b""
        if self._copy is not None:
            content = pickle.dumps(argument, protocol=pickle.HIGHEST_PROTOCOL)
        # whatever cannot be pickled leaves both for `__del__`
        copy, self._copy = self._copy, None
        writing, self._argument = self._argument, None
        if copy is not None and writing is not None:
            try:
                with os.fdopen(writing, "wb") as pipe:
                    pipe.write(LENGTH.pack(len(content)))
                    pipe.write(content)
            except OSError:  # it is gone
                _stop(copy)
                copy = None
        return Beside(partial(self._task, argument), copy=copy)

    def __del__(self) -> None:
        """Leave no copy behind that nobody gives an argument."""
        if self._argument is not None:
            os.close(self._argument)
        if self._copy is not None:
            _stop(self._copy)


LENGTH = struct.Struct("<Q")  # others may hold the pipe open, so its end tells nothing


def _answered(task: Callable[[Any], T], load: Callable[[], object], read: int, write: int) -> T:
    """Return what a task makes of an argument that comes through a pipe."""
    os.close(write)
    load()
    with os.fdopen(read, "rb") as pipe:
        (length,) = LENGTH.unpack(pipe.read(LENGTH.size))
        argument = pickle.loads(pipe.read(length))  # noqa: S301 - written by who copied us
    return task(argument)


def _stop(copy: Copy) -> None:
    """End a copy that nobody waits for."""
    number, reading = copy
    os.close(reading)
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, signal.SIGKILL)
    _see_off(number)


def _see_off(number: int) -> None:
    """Wait for the end of a copy, unless the system does that by itself."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(number, 0)


def _filled(future: "Future[T]", task: Callable[[], T]) -> None:
    """Do a task for who waits for it."""
    try:
        future.set_result(task())
    except BaseException as error:  # noqa: BLE001 - raised where it is waited for
        future.set_exception(error)


def _can_copy() -> bool:
    """Return whether a copy of this process can do work of its own."""
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:
        return False
    # what another thread holds at that moment a copy would wait for in vain; the one that draws a
    # bar of progress holds nothing that work needs
    return all(
        thread is threading.current_thread() or type(thread).__module__ == "rich.live"
        for thread in threading.enumerate()
    )


def _begun(task: Callable[[], T]) -> Copy | None:
    """Return the number of a copy that does a task, and where its result can be read."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()  # what is not written yet would be written by both
    except (OSError, ValueError):  # closed
        return None
    reading, writing = os.pipe()
    here = os.getpid()
    try:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            number = os.fork()  # newer Pythons warn of threads of libraries, which only compute
        if number:
            os.close(writing)
            return number, reading
        os.close(reading)
        content = pickle.dumps(task(), protocol=pickle.HIGHEST_PROTOCOL)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(content)
    except BaseException as error:
        if os.getpid() == here:
            if not isinstance(error, OSError):
                raise
            os.close(reading)
            os.close(writing)
            return None  # no room for another process
    finally:
        if os.getpid() != here:
            os._exit(0)  # what this process would do at its end is not the copy's
    return None
