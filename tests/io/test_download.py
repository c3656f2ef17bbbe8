"""Files come whole, of the right kind, or not at all."""

import gzip
import hashlib
import json
import pickle
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from infraplan.errors import PlanError
from infraplan.io.download import Downloader
from infraplan.io.download import DownloadError
from infraplan.io.download import Missing
from infraplan.io.download import Wanted
from tests.web import Answer

BODY = b"II*\0" + bytes(range(256)) * 2000  # half a megabyte that begins as a GeoTIFF
HTML = b"<!DOCTYPE html><html><title>Sign in</title><body>Guest network</body></html>"


@pytest.fixture
def downloader(tmp_path: Path) -> Downloader:
    return Downloader(tmp_path / "bộ nhớ tạm", wait_s=0.01, attempts=3, connect_s=2, read_s=0.4)


def wanted(address: str, **changes: object) -> Wanted:
    return replace(Wanted("dem", address, "N18_E105.tif", "geotiff"), **changes)


def leftovers(downloader: Downloader) -> list[str]:
    return sorted(path.name for path in downloader.cache.rglob("*") if path.is_file())


def failure(downloader: Downloader, item: Wanted, **options: object) -> DownloadError:
    with pytest.raises(DownloadError) as caught:
        downloader.fetch(item, **options)
    return caught.value


def test_a_file_comes_into_the_cache_with_what_is_known_of_it(web, downloader) -> None:
    item = wanted(web.give("/a.tif", Answer(BODY)), kept={"licence": "CC BY 4.0"})
    got = downloader.fetch(item)
    about = json.loads(got.path.with_name(got.path.name + ".json").read_text())
    assert got.path.read_bytes() == BODY
    assert got.path.suffix == ".tif"
    assert about["sha256"] == hashlib.sha256(BODY).hexdigest() == got.sha256
    assert (about["address"], about["licence"]) == (item.address, "CC BY 4.0")
    assert len(leftovers(downloader)) == 2


def test_a_cached_file_is_not_asked_for_again(web, downloader) -> None:
    item = wanted(web.give("/a.tif", Answer(BODY)))
    downloader.fetch(item)
    again = downloader.fetch(item)
    assert again.from_cache
    assert len(web.asked) == 1


def test_a_cached_file_that_somebody_changed_is_fetched_again(web, downloader) -> None:
    item = wanted(web.give("/a.tif", Answer(BODY)))
    path = downloader.fetch(item).path
    path.write_bytes(BODY[:-1] + b"x")
    assert downloader.fetch(item).path.read_bytes() == BODY


def test_an_old_file_is_kept_where_the_server_has_no_newer_one(web, downloader) -> None:
    item = wanted(web.give("/a.tif", Answer(BODY)), keep_days=1e-9)
    downloader.fetch(item)
    assert downloader.fetch(item).from_cache
    assert web.sent_by("/a.tif") == [len(BODY), 0]


def test_an_old_file_is_replaced_where_the_server_has_a_newer_one(web, downloader) -> None:
    newer = BODY[:-1] + b"!"
    item = wanted(web.give("/a.tif", Answer(BODY), Answer(newer)), keep_days=1e-9)
    downloader.fetch(item)
    assert downloader.fetch(item).path.read_bytes() == newer


def test_a_broken_connection_is_taken_up_where_it_broke(web, downloader) -> None:
    item = wanted(web.give("/a.tif", Answer(BODY, cut_at=300_000), Answer(BODY)))
    assert downloader.fetch(item).path.read_bytes() == BODY
    assert web.sent_by("/a.tif") == [300_000, len(BODY) - 300_000]
    assert web.asked[1].headers["range"] == "bytes=300000-"


def test_a_later_run_takes_up_what_an_earlier_one_left(web, downloader) -> None:
    address = web.give("/a.tif", Answer(BODY, cut_at=100_000))
    error = failure(replace(downloader, attempts=1), wanted(address))
    web.give("/a.tif", Answer(BODY))
    assert downloader.fetch(wanted(address)).path.read_bytes() == BODY
    assert error.fault.code == "download_broken"
    assert web.sent_by("/a.tif") == [100_000, len(BODY) - 100_000]


def test_a_file_that_changed_meanwhile_is_fetched_from_its_start(web, downloader) -> None:
    newer = b"II*\0" + bytes(reversed(range(256))) * 2000
    item = wanted(web.give("/a.tif", Answer(BODY, cut_at=300_000), Answer(newer)))
    assert downloader.fetch(item).path.read_bytes() == newer


def test_parts_of_two_versions_are_never_joined(web, downloader) -> None:
    """A server that ignores If-Range sends the rest of another version."""
    rest = {"Content-Range": f"bytes 300000-{len(BODY) - 1}/{len(BODY)}"}
    liar = Answer(b"x" * (len(BODY) - 300_000), 206, headers=rest, etag='"other"')
    item = wanted(web.give("/a.tif", Answer(BODY, cut_at=300_000), liar, Answer(BODY)))
    assert downloader.fetch(item).path.read_bytes() == BODY


def test_without_a_version_nothing_is_taken_up(web, downloader) -> None:
    item = wanted(web.give("/a.tif", Answer(BODY, cut_at=300_000, etag=""), Answer(BODY)))
    assert downloader.fetch(item).path.read_bytes() == BODY
    assert "range" not in web.asked[1].headers


def test_a_file_that_is_not_there_is_told_at_once(web, downloader) -> None:
    error = failure(downloader, wanted(web.root + "/gone.tif"))
    assert isinstance(error, Missing)
    assert len(web.asked) == 1
    assert "/gone.tif" in str(error)
    assert not leftovers(downloader)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(web, downloader, status: int) -> None:
    item = wanted(web.give("/a.tif", Answer(b"busy", status), Answer(BODY)))
    assert downloader.fetch(item).path.read_bytes() == BODY
    assert len(web.asked) == 2


def test_a_server_that_stays_busy_is_given_up(web, downloader) -> None:
    error = failure(downloader, wanted(web.give("/a.tif", Answer(b"no", 503))))
    assert error.fault.code == "download_busy"
    assert len(web.asked) == downloader.attempts
    assert "503" in str(error)


def test_a_server_that_asks_for_a_long_wait_is_not_bothered(web, downloader) -> None:
    answer = Answer(b"", 429, headers={"Retry-After": "3600"})
    error = failure(downloader, wanted(web.give("/a.tif", answer)))
    assert error.fault.code == "download_later"
    assert len(web.asked) == 1
    assert "60 minutes" in str(error)


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "download_refused"), (403, "download_refused"), (418, "download_status")],
)
def test_a_refusal_is_told(web, downloader, status: int, code: str) -> None:
    assert failure(downloader, wanted(web.give("/a", Answer(b"", status)))).fault.code == code


def test_an_error_page_under_200_is_refused(web, downloader) -> None:
    error = failure(downloader, wanted(web.give("/a.tif", Answer(HTML, kind="text/html"))))
    assert error.fault.code == "download_wrong_kind"
    assert "text/html: Sign in Guest network" in str(error)
    assert not leftovers(downloader)


def test_a_large_error_page_is_not_loaded_to_its_end(web, downloader) -> None:
    page = Answer(HTML + b" " * 30_000_000, kind="text/html")
    assert failure(downloader, wanted(web.give("/a.tif", page))).fault.code == "download_wrong_kind"


def test_a_wrong_checksum_is_tried_once_more_then_refused(web, downloader) -> None:
    answer = Answer(BODY, etag=f'"{"0" * 32}"')
    error = failure(downloader, wanted(web.give("/a.tif", answer), checksum="etag-md5"))
    assert error.fault.code == "download_checksum"
    assert web.sent_by("/a.tif") == [len(BODY), len(BODY)]
    assert not leftovers(downloader)


def test_a_checksum_in_a_file_of_its_own_is_compared(web, downloader) -> None:
    sums = web.give(
        "/a.md5",
        Answer(hashlib.md5(BODY, usedforsecurity=False).hexdigest().encode() + b"  a.tif\n"),
    )
    item = wanted(web.give("/a.tif", Answer(BODY)), checksum="md5", checksum_address=sums)
    assert downloader.fetch(item).size == len(BODY)
    web.give("/a.md5", Answer(b"f" * 32))
    other = replace(item, shown="another")
    assert failure(downloader, other).fault.code == "download_checksum"


def test_an_etag_of_several_parts_is_no_checksum(web, downloader) -> None:
    answer = Answer(BODY, etag=f'"{"0" * 32}-3"')
    assert downloader.fetch(wanted(web.give("/a.tif", answer), checksum="etag-md5")).size


@pytest.mark.parametrize("says_length", [True, False])
def test_a_file_larger_than_its_source_may_give_is_refused(web, downloader, says_length) -> None:
    address = web.give("/a.tif", Answer(BODY, says_length=says_length))
    error = failure(downloader, wanted(address, max_bytes=100_000))
    assert error.fault.code == "download_too_large"
    assert not leftovers(downloader)


def test_bytes_packed_on_the_way_are_counted_unpacked(web, downloader) -> None:
    bomb = Answer(gzip.compress(b"II*\0" + bytes(40_000_000)), headers={"Content-Encoding": "gzip"})
    error = failure(downloader, wanted(web.give("/a.tif", bomb), max_bytes=1_000_000))
    assert error.fault.code == "download_too_large"


def test_a_redirect_is_followed(web, downloader) -> None:
    web.give("/new.tif", Answer(BODY))
    address = web.give("/a.tif", Answer(b"", 302, headers={"Location": "/new.tif"}))
    assert downloader.fetch(wanted(address)).path.read_bytes() == BODY


@pytest.mark.parametrize("where", ["file:///etc/passwd", "ftp://127.0.0.1/a", "//u:p@127.0.0.1/a"])
def test_a_redirect_away_from_the_web_is_refused(web, downloader, where: str) -> None:
    address = web.give("/a.tif", Answer(b"", 302, headers={"Location": where}))
    assert failure(downloader, wanted(address)).fault.code == "download_address"


def test_redirects_in_a_ring_are_given_up(web, downloader) -> None:
    address = web.give("/a.tif", Answer(b"", 302, headers={"Location": "/a.tif"}))
    assert failure(downloader, wanted(address)).fault.code == "download_redirects"


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "/vsicurl/http://x/a", "\\\\host\\a", "http://[", ""]
)
def test_only_addresses_of_the_web_are_asked(downloader, address: str) -> None:
    assert failure(downloader, wanted(address)).fault.code == "download_address"


def test_a_server_that_does_not_answer_is_given_up(web, downloader) -> None:
    address = web.give("/a.tif", Answer(BODY, wait_s=0.7))
    error = failure(replace(downloader, attempts=1, read_s=0.1), wanted(address))
    assert error.fault.code == "download_timeout"


def test_a_server_that_only_drips_is_given_up(web, downloader) -> None:
    address = web.give("/a.tif", Answer(BODY))
    hasty = replace(downloader, attempts=1, patience_s=0.0, slowest_bytes_s=1e12)
    assert failure(hasty, wanted(address)).fault.code == "download_timeout"


def test_a_server_that_cannot_be_reached_is_told(downloader) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    error = failure(downloader, wanted(f"http://127.0.0.1:{port}/a.tif"))
    assert error.fault.code == "download_unreachable"


def test_offline_nothing_is_asked(web, downloader) -> None:
    item = wanted(web.give("/a.tif", Answer(BODY)), keep_days=1e-9)
    offline = replace(downloader, offline=True)
    assert failure(offline, item).fault.code == "download_offline"
    downloader.fetch(item)
    assert offline.fetch(item).from_cache
    assert len(web.asked) == 1


def test_a_token_reaches_neither_the_disk_nor_a_message(web, downloader) -> None:
    address = web.give("/a.tif", Answer(b"", 403)) + "?token=geheim"
    item = wanted(address, shown=f"{web.root}/a.tif?token=TOKEN")
    told = str(failure(downloader, item))
    web.give("/a.tif", Answer(BODY))
    kept = downloader.fetch(item).path
    everything = told + kept.name + kept.with_name(kept.name + ".json").read_text()
    assert "token=geheim" in web.asked[-1].path
    assert "geheim" not in everything


def test_what_its_reader_refuses_does_not_enter_the_cache(web, downloader) -> None:
    def refuse(path: Path) -> None:
        raise DownloadError(failure(downloader, wanted("file:///x")).fault)

    error = failure(downloader, wanted(web.give("/a.tif", Answer(BODY))), verify=refuse)
    assert error.fault.code == "download_unusable"
    assert not leftovers(downloader)


def test_an_interrupted_download_leaves_no_file_but_its_part(web, downloader) -> None:
    def interrupt(done_share: float, what: str = "") -> None:
        raise KeyboardInterrupt

    item = wanted(web.give("/a.tif", Answer(BODY)))
    with pytest.raises(KeyboardInterrupt):
        downloader.fetch(item, progress=interrupt)
    assert all(".part" in name for name in leftovers(downloader))
    assert downloader.fetch(item).path.read_bytes() == BODY


def test_two_programs_do_not_ask_one_server_at_once(web, downloader) -> None:
    from infraplan import atomic

    folder = downloader.cache / "127.0.0.1"
    folder.mkdir(parents=True)
    with atomic.exclusive(folder), pytest.raises(PlanError, match="is being written to"):
        downloader.fetch(wanted(web.give("/a.tif", Answer(BODY))))


def test_progress_tells_the_share_that_came(web, downloader) -> None:
    seen: list[float] = []
    item = wanted(web.give("/a.tif", Answer(BODY)))
    downloader.fetch(item, progress=lambda share, _="": seen.append(share))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_an_error_survives_another_process(downloader) -> None:
    error = failure(downloader, wanted("file:///x"))
    assert pickle.loads(pickle.dumps(error)).fault == error.fault  # noqa: S301 - our own


def test_the_proxy_of_the_office_is_used(web, downloader, monkeypatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("http_proxy", web.root)
    web.give("http://data.test/a.tif", Answer(BODY))
    assert downloader.fetch(wanted("http://data.test/a.tif")).size == len(BODY)


def test_passwords_of_this_machine_are_not_sent(web, downloader, monkeypatch, tmp_path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password geheim\n")
    monkeypatch.setenv("NETRC", str(netrc))
    downloader.fetch(wanted(web.give("/a.tif", Answer(BODY))))
    assert "authorization" not in web.asked[0].headers
