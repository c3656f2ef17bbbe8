"""Faults in the language of the office: every one has its words, says where and how to mend."""

import ast
import re
from pathlib import Path

import pytest

from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.layers.repairs import Repair
from infraplan.layers.schemas import LAYERS
from infraplan.layers.told import column_told
from infraplan.layers.told import error_told
from infraplan.layers.told import expected_told
from infraplan.layers.told import fault_told
from infraplan.layers.told import repair_told
from infraplan.layers.told import tell
from infraplan.text import words

ROOT = Path(__file__).resolve().parents[2] / "infraplan"
ROOMS = ("layers", "io", "api")
HANDED_ON = (ast.Name, ast.Attribute)  # a code that a helper got; its callers name it
VI = words("vi")
HEIGHT = Fault(
    what="height_m must be a number",
    rows=("12",),
    found="'bốn mươi'",
    remedy="correct the value",
    file="trạm.xlsx",
    sheet="BTS",
    column="Cao cột",
    code="value_wrong",
    details=(("layer", "sites"), ("column", "height_m")),
)


def calls_that_make_faults() -> list[tuple[str, ast.Call]]:
    found = []
    paths = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    for path in (*paths, ROOT / "radio" / "cells.py", ROOT / "coverage" / "placing.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            makes = name in ("Fault", "fault_of") or name.endswith(".fault")
            handed_on = any(keyword.arg is None for keyword in node.keywords)
            if makes and not handed_on and not isinstance(code_in(node), HANDED_ON):
                found.append((path.relative_to(ROOT).as_posix(), node))
    return found


def code_in(call: ast.Call) -> ast.expr | None:
    named = next((keyword.value for keyword in call.keywords if keyword.arg == "code"), None)
    return named or next(iter(call.args), None)


def codes_of(call: ast.Call) -> list[str]:
    code = code_in(call)
    if code is None:
        return []
    if isinstance(code, ast.JoinedStr):
        pattern = "".join(
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+"
            for part in code.values
        )
        keys = [re.fullmatch(rf"faults\.({pattern})_what", key) for key in VI.entries]
        return [key[1] for key in keys if key]
    if not isinstance(code, ast.IfExp):
        return [node.value for node in ast.walk(code) if isinstance(node, ast.Constant)]
    ends = [end for end in ast.walk(code) if isinstance(end, ast.IfExp)]
    return [str(v.value) for e in ends for v in (e.body, e.orelse) if isinstance(v, ast.Constant)]


def test_every_fault_has_a_code_that_both_catalogues_know() -> None:
    silent = []
    for module, call in calls_that_make_faults():
        codes = codes_of(call)
        known = [
            f"faults.{code}_{part}" in words(language).entries
            for code in codes
            for part in ("what", "remedy")
            for language in ("vi", "en")
        ]
        if not (codes and all(known)):
            silent.append(f"{module}:{call.lineno} {codes}")
    assert len(calls_that_make_faults()) > 50
    assert not silent


def test_every_placeholder_of_a_fault_is_among_its_details() -> None:
    derived = {"expected", "extent", "shape"}
    for module, call in calls_that_make_faults():
        given = ast.unparse(
            next((k.value for k in call.keywords if k.arg == "details"), ast.Constant(""))
        )
        names = set(re.findall(r"'(\w+)'[,:]", given)) | derived
        names |= {str(keyword.arg) for keyword in call.keywords}
        names |= {"layer", "column"} if "_of(" in given else set()
        for code in codes_of(call):
            texts = [v for k, v in VI.entries.items() if re.fullmatch(rf"faults\.{code}_[a-z]+", k)]
            wanted = set(re.findall(r"{(\w+)}", " ".join(texts)))
            assert wanted <= names, (module, code, wanted - names)


def test_a_fault_is_told_wholly_in_vietnamese() -> None:
    assert fault_told(HEIGHT, VI) == (
        "Chiều cao phải là số từ 1 đến 300 m (tệp trạm.xlsx, trang tính BTS, cột 'Cao cột', "
        "dòng 12); tìm thấy 'bốn mươi'. Cách sửa: sửa lại giá trị, hoặc để trống nếu chưa rõ"
    )


def test_an_error_counts_its_faults_and_names_the_layer() -> None:
    told = error_told(LayerError("sites", (HEIGHT, HEIGHT)), VI)
    assert told.startswith("Lớp trạm BTS có 2 lỗi:\n  - Chiều cao")
    assert error_told(LayerError("sites", (HEIGHT,)), words("en")).startswith("Layer stations has")


def test_a_fault_without_code_keeps_its_own_words() -> None:
    odd = Fault(what="odd", found="'x'", expected="a y", remedy="mend it")
    assert fault_told(odd, VI) == "odd; tìm thấy 'x'; cần a y. Cách sửa: mend it"


def test_rows_and_values_beyond_those_shown_are_counted() -> None:
    many = Fault(
        "x", rows=tuple(map(str, range(20))), found="'1', '2' and 3 more", code="id_repeated"
    )
    told = tell(many, VI)
    assert "0, 1, 2, 3, 4, 5, 6, 7 và 12 dòng khác" in told.where
    assert told.found == "'1', '2' và 3 giá trị khác"


@pytest.mark.parametrize("layer", LAYERS)
def test_every_column_and_layer_has_a_name_in_vietnamese(layer: str) -> None:
    assert f"terms.layer_{layer}" in VI.entries
    for column in LAYERS[layer].columns:
        assert column_told(column.name, VI) != column.name
        assert not re.search(r"\b(one of|number|text|whole)\b", expected_told(column, VI))


def test_what_a_column_wants_is_told_with_its_unit() -> None:
    site = LAYERS["sites"]
    assert expected_told(site.column("power_backup_h"), VI) == "số từ 0 đến 1000 giờ"
    assert "đang hoạt động, đề nghị" in expected_told(site.column("status"), VI)
    assert expected_told(LAYERS["communes"].column("people"), VI) == "số nguyên từ 0 trở lên"


def test_a_repair_is_told_by_its_code_or_plainly() -> None:
    assert repair_told(Repair("3", "Mạng", "Vina", "VNPT", "?"), VI) == "'Vina' được hiểu là 'VNPT'"
