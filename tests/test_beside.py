"""Work in a copy of the process gives what it would give here."""

import os
import subprocess
import sys
import textwrap
import threading

import pytest

from infraplan.beside import Beside
from infraplan.beside import Prepared

TEXT = "lost"
CAN_COPY = sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1


def told_by(script: str) -> list[str]:
    """Return what a fresh process prints, in which nothing else runs."""
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True
    )
    return run.stdout.splitlines()


@pytest.mark.skipif(not CAN_COPY, reason="needs Linux and a second core")
def test_the_work_is_done_by_another_process_that_writes_nothing_of_this_one() -> None:
    lines = told_by("""
        import os
        from infraplan.beside import Beside
        print("begun")
        beside = Beside(lambda: (os.getpid(), b"x" * 1_000_000))
        number, content = beside.result()
        print(number != os.getpid(), len(content))
    """)
    assert lines == ["begun", "True 1000000"]


@pytest.mark.skipif(not CAN_COPY, reason="needs Linux and a second core")
@pytest.mark.parametrize("how", ["raise ValueError", "os._exit(3)", "os.kill(os.getpid(), 9)"])
def test_work_that_fails_in_the_copy_is_done_here(how: str) -> None:
    lines = told_by(f"""
        import os
        from infraplan.beside import Beside
        here = os.getpid()
        def task():
            if os.getpid() != here:
                {how}
            return "done"
        print(Beside(task).result())
    """)
    assert lines == ["done"]


def test_an_error_is_that_of_the_work() -> None:
    def task() -> None:
        raise KeyError(TEXT)

    with pytest.raises(KeyError, match=TEXT):
        Beside(task).result()


@pytest.mark.skipif(not CAN_COPY, reason="needs Linux and a second core")
def test_an_error_of_the_copy_tells_of_nothing_but_the_work() -> None:
    lines = told_by("""
        from infraplan.beside import Beside
        def task():
            raise KeyError("lost")
        try:
            Beside(task).result()
        except KeyError as error:
            print(error, error.__context__)
    """)
    assert lines == ["'lost' None"]


@pytest.mark.skipif(not CAN_COPY, reason="needs Linux and a second core")
def test_who_is_interrupted_while_waiting_leaves_no_copy() -> None:
    lines = told_by("""
        import os, signal, threading, time
        from infraplan.beside import Beside
        beside = Beside(lambda: time.sleep(60))
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        begun = time.monotonic()
        try:
            beside.result()
        except KeyboardInterrupt:
            print("interrupted")
        del beside
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            print("none", time.monotonic() - begun < 30)
    """)
    assert lines == ["interrupted", "none True"]


@pytest.mark.skipif(not CAN_COPY, reason="needs Linux and a second core")
def test_an_argument_that_cannot_be_pickled_leaves_no_copy() -> None:
    lines = told_by("""
        import os
        from infraplan.beside import Prepared
        prepared = Prepared(lambda text: text, lambda: None)
        try:
            prepared.begin(lambda: None)
        except Exception as error:
            print("refused")
        del prepared
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            print("none")
    """)
    assert lines == ["refused", "none"]


def test_beside_other_threads_the_work_is_done_when_it_is_asked_for() -> None:
    done, stop = [], threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    beside = Beside(lambda: done.append(os.getpid()))
    assert not done
    beside.result()
    stop.set()
    thread.join()
    assert done == [os.getpid()]


@pytest.mark.skipif(not CAN_COPY, reason="needs Linux and a second core")
def test_no_copy_is_left_that_nobody_waits_for() -> None:
    lines = told_by("""
        import gc, os
        from infraplan.beside import Beside
        beside = Beside(lambda: "done")
        del beside
        gc.collect()
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            print("none")
    """)
    assert lines == ["none"]


@pytest.mark.skipif(not CAN_COPY, reason="needs Linux and a second core")
@pytest.mark.parametrize(
    "odd",
    [
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
        "sys.stderr = None",
        "sys.stderr.close()",
        "rich.progress.Progress(console=rich.console.Console(force_terminal=True)).start()",
    ],
)
def test_nothing_about_the_process_keeps_the_result_back(odd: str) -> None:
    lines = told_by(f"""
        import os, signal, sys, rich.console, rich.progress
        from infraplan.beside import Beside
        {odd}
        os.write(1, Beside(lambda: "the result").result().encode())
        os._exit(0)
    """)
    assert lines[-1].endswith("the result")


@pytest.mark.skipif(not CAN_COPY, reason="needs Linux and a second core")
def test_a_copy_that_nobody_waits_for_is_stopped() -> None:
    lines = told_by("""
        import time
        from infraplan.beside import Beside
        begun = time.monotonic()
        beside = Beside(lambda: time.sleep(60))
        assert not beside.is_ready
        del beside
        print(time.monotonic() - begun < 30)
    """)
    assert lines == ["True"]


@pytest.mark.skipif(not CAN_COPY, reason="needs Linux and a second core")
def test_a_prepared_copy_loads_before_it_has_its_argument() -> None:
    lines = told_by("""
        import os, time
        from infraplan.beside import Beside, Prepared
        loaded = []
        def load():
            loaded.append(os.getpid())
        prepared = Prepared(lambda text: (len(text), loaded, os.getpid()), load)
        others = [Beside(lambda: time.sleep(60)) for _ in range(2)]  # hold its pipe open
        length, loaded_by, done_by = prepared.begin("x" * 1_000_000).result()
        print(length, loaded_by == [done_by], done_by != os.getpid(), loaded)
    """)
    assert lines == ["1000000 True True []"]


@pytest.mark.skipif(not CAN_COPY, reason="needs Linux and a second core")
@pytest.mark.parametrize("when", ["load", "task"])
@pytest.mark.parametrize("how", ["raise ValueError", "os._exit(3)", "os.kill(os.getpid(), 9)"])
def test_what_fails_in_a_prepared_copy_is_done_here(when: str, how: str) -> None:
    lines = told_by(f"""
        import os, time
        from infraplan.beside import Prepared
        here = os.getpid()
        def fail(at):
            if at == "{when}" and os.getpid() != here:
                {how}
        def task(text):
            fail("task")
            return len(text)
        prepared = Prepared(task, lambda: fail("load"))
        if "{when}" == "load":
            time.sleep(1)
        print(prepared.begin("x" * 1_000_000).result())
    """)
    assert lines == ["1000000"]


def test_without_a_copy_a_prepared_task_is_done_here() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        prepared = Prepared(lambda text: (text, os.getpid()), lambda: None)
        assert prepared.begin(TEXT).result() == (TEXT, os.getpid())
    finally:
        stop.set()
        thread.join()


@pytest.mark.skipif(not CAN_COPY, reason="needs Linux and a second core")
def test_a_prepared_copy_without_an_argument_is_stopped() -> None:
    lines = told_by("""
        import os, time
        from infraplan.beside import Prepared
        begun = time.monotonic()
        prepared = Prepared(lambda text: text, lambda: None)
        del prepared
        print(time.monotonic() - begun < 30)
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            print("none")
    """)
    assert lines == ["True", "none"]


@pytest.mark.skipif(not CAN_COPY, reason="needs Linux and a second core")
def test_a_copy_that_only_the_collector_finds_is_stopped_without_a_complaint() -> None:
    lines = told_by("""
        import gc, os, sys, time, warnings
        from infraplan.beside import Prepared
        warnings.simplefilter("error")
        sys.unraisablehook = lambda args: print("complaint", args.exc_value)
        ring = [Prepared(lambda text: time.sleep(60), lambda: None).begin("x")]
        ring.append(ring)  # as an error that is kept holds the frames it came through
        del ring
        gc.collect()
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            print("none")
    """)
    assert lines == ["none"]
