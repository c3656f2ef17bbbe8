import json

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from typer.testing import CliRunner

import infraplan as ip
from infraplan.cli import app
from infraplan.errors import PlanError
from infraplan.errors import SourceFileError


@pytest.fixture(scope="module")
def plan(demo_plan):
    return ip.open_plan(demo_plan)


def test_a_plan_compared_with_itself_agrees_everywhere(plan, tmp_path):
    made = ip.compare(plan, plan.folder, out=tmp_path)
    totals = made.found.totals.to_dict("index")["people"]
    assert totals["only_first"] == totals["only_second"] == 0.0
    assert totals["both"] + totals["neither"] + totals["unknown"] == pytest.approx(totals["total"])
    assert made.path.exists()
    assert made.map_path.exists()


def test_a_claim_that_covers_all_finds_the_gaps_of_the_prediction(plan, tmp_path):
    communes = plan.table("communes")
    claim = gpd.GeoDataFrame(geometry=[communes.geometry.union_all()], crs=communes.crs)
    claim.to_file(tmp_path / "claim.gpkg")
    made = ip.compare(plan, tmp_path / "claim.gpkg", operator="any", out=tmp_path)
    people = made.found.totals.to_dict("index")["people"]
    assert people["only_first"] == pytest.approx(0.0, abs=people["total"] * 0.001)
    shares = ip.gaps(plan).shares
    headline = shares[
        (shares["area_level"] == "province")
        & (shares["denominator"] == "people")
        & (shares["technology"] == plan.settings.technology)
        & (shares["operator"] == "any")
    ].iloc[0]
    lacking = headline["total"] - headline["covered"] - headline["unknown"]
    assert people["only_second"] == pytest.approx(lacking, abs=headline["total"] * 0.002)


def test_measured_levels_are_counted_against_the_prediction(plan, tmp_path):
    at = plan.table("sites").geometry.iloc[:20].to_crs(4326)
    levels = pd.DataFrame(
        {
            "measurement_id": [f"M{n}" for n in range(20)],
            "lon": at.x.to_numpy(),
            "lat": at.y.to_numpy(),
            "level_dbm": -60.0,
            "quantity": "RSRP",
            "technology": plan.settings.technology,
        }
    )
    levels.to_csv(tmp_path / "levels.csv", index=False)
    made = ip.compare(plan, tmp_path / "levels.csv", operator="any", out=tmp_path)
    assert sum(made.found.counts.values()) == 20
    assert made.found.agreement > 0.9


def test_a_claim_of_another_place_is_refused(plan, tmp_path):
    far = gpd.GeoDataFrame(geometry=[shapely.box(10.0, 50.0, 11.0, 51.0)], crs=4326)
    far.to_file(tmp_path / "far.gpkg")
    with pytest.raises((PlanError, SourceFileError), match=r"far"):
        ip.compare(plan, tmp_path / "far.gpkg", out=tmp_path)
    with pytest.raises((PlanError, SourceFileError), match=r"nowhere"):
        ip.compare(plan, tmp_path / "nowhere.gpkg", out=tmp_path)


def test_the_command_tells_the_parts_and_where_the_files_are(plan, tmp_path):
    arguments = ["--lang", "en", "compare", str(plan.folder), str(plan.folder)]
    done = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert ".gpkg" in done.output
    assert ".html" in done.output
    assert json.dumps("DataFrame") not in done.output
