"""Who brings the capital and who pays rent: shares of capital, one investor, or the public."""

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields
from fractions import Fraction
from typing import TYPE_CHECKING
from typing import Any

from infraplan.cables.shares import PUBLIC
from infraplan.cables.shares import Shared
from infraplan.cables.shares import divided
from infraplan.cables.shares import public_part_vnd
from infraplan.cables.shares import rule_weights
from infraplan.cables.shares import shared_out
from infraplan.cables.sharing import FUNDING_MODELS
from infraplan.cables.study import filled_table
from infraplan.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "FUNDING_MODELS",
    "INVESTOR",
    "FundingTerms",
    "RentCap",
    "RentClass",
    "funding_table",
    "rent_table",
    "rented_out",
    "rents_owed",
]

INVESTOR = "investor"
MONTHS = 12


@dataclass(frozen=True, slots=True)
class RentClass:
    """Rent of a metre of cable thicker than `above_mm` a month [VND]."""

    above_mm: float
    rent_vnd_m_month: int


@dataclass(frozen=True, slots=True)
class RentCap:
    """The highest rent a year that a place has allowed for cable thicker than `above_mm` [VND]."""

    kind: str
    above_mm: float
    cap_vnd_m_year: int
    place: str
    source: str
    date: str
    verified: bool


@dataclass(frozen=True, slots=True)
class FundingTerms:
    """
    Rents by diameter of the cable, from the thickest to the thinnest, and terms of an investment.

    `operating_share` is the part of the rent that operation takes; `discount_rate` a year over
    `years`, None where no present value is asked for.
    """

    name: str
    classes: tuple[RentClass, ...]
    rent_source: str
    rent_verified: bool
    caps: tuple[RentCap, ...]
    years: int
    discount_rate: float | None
    operating_share: float
    terms_source: str
    terms_verified: bool
    note: str = ""

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "FundingTerms":
        """
        Return the terms that a TOML file describes.

        Parameters
        ----------
        table
            Content of a file such as `data/works/funding-vn.toml`; unknown keys are refused.

        Returns
        -------
        terms
            Checked terms.

        Raises
        ------
        SettingsError
            If a key is unknown or missing, or a number out of range; all faults are listed.
        """
        wrong = _keys(table, "", {"name", "rents", "caps", "terms"}, {"note"})
        rents, terms = table.get("rents", {}), table.get("terms", {})
        wrong += _keys(rents, "rents", {"source", "date", "verified", "classes"})
        wrong += _keys(terms, "terms", {"years", "operating_share", "source", "date", "verified"},
                       {"discount_rate"})  # fmt: skip
        needed = {field.name for field in fields(RentClass)}
        for entry in rents.get("classes", ()):
            wrong += _keys(entry, "rents.classes", needed) or _numbers(entry, "rents.classes")
        if not any(entry.get("above_mm") == 0 for entry in rents.get("classes", ())):
            wrong.append("rents.classes: no class holds the thinnest cable, above_mm = 0")
        for kind, entry in table.get("caps", {}).items():
            known = {field.name for field in fields(RentCap)} - {"kind"}
            wrong += _keys(entry, f"caps.{kind}", known) or _numbers(entry, f"caps.{kind}")
        wrong += _numbers(terms, "terms") + _term_faults(terms)
        if wrong:
            raise SettingsError("funding: " + "; ".join(wrong))
        classes = sorted((RentClass(**e) for e in rents["classes"]), key=lambda c: -c.above_mm)
        return cls(
            name=table["name"],
            classes=tuple(classes),
            rent_source=f"{rents['source']}; {rents['date']}",
            rent_verified=bool(rents["verified"]),
            caps=tuple(RentCap(kind, **entry) for kind, entry in table["caps"].items()),
            years=int(terms["years"]),
            discount_rate=terms.get("discount_rate"),
            operating_share=float(terms["operating_share"]),
            terms_source=f"{terms['source']}; {terms['date']}",
            terms_verified=bool(terms["verified"]),
            note=table.get("note", ""),
        )

    def class_of(self, diameter_mm: float) -> RentClass:
        """
        Return the class of rent of a cable.

        Parameters
        ----------
        diameter_mm
            Outer diameter of the cable; that of the thinnest class where it is not known.

        Returns
        -------
        rent_class
            The class that it falls into.
        """
        return next((c for c in self.classes if diameter_mm > c.above_mm), self.classes[-1])


def rent_table(laid: "pd.DataFrame", terms: FundingTerms, *, kind: str = "duct") -> "pd.DataFrame":
    """
    Return what each owner would rent, by class of diameter.

    Parameters
    ----------
    laid
        Table `cables`, or `uses`, which knows the thickest cable of a segment only: owner, number,
        diameter and metres.
    terms
        Rents.
    kind
        Which cap the rents are held against, such as `"duct"` or `"tunnel"`.

    Returns
    -------
    rents
        Table `rents`: by owner and class, metres of cable to the centimetre, rent of a metre and
        of all a year [VND]. `over_cap` where the rent is above the cap, which is missing where
        there is none of the kind. A cap holds for thick cable: what is above it for a thinner one
        is all the more so.
    """
    cap = next((one for one in terms.caps if one.kind == kind), None)
    metres = _metres(
        (
            (
                str(row["owner"]),
                _number(row["cables"], 1.0),
                _number(row["diameter_mm"], 0.0),
                _number(row["length_m"], 0.0),
            )
            for row in laid.reset_index().to_dict("records")
        ),
        terms,
    )
    rates = _rates(terms)
    rows: dict[tuple[str | float, ...], dict[str, Any]] = {}
    for owner, above_mm in sorted(metres, key=lambda key: (key[0], -key[1])):
        length_m, rate = round(metres[owner, above_mm], 2), rates[above_mm]
        rows[owner, above_mm] = {
            "length_m": length_m,
            "rent_vnd_m_year": rate,
            "cap_vnd_m_year": None if cap is None else cap.cap_vnd_m_year,
            "over_cap": cap is not None and rate > cap.cap_vnd_m_year,
            "rent_year_vnd": _rent_vnd(length_m, rate),
            "source": terms.rent_source,
            "verified": terms.rent_verified,
        }
    return filled_table("rents", rows)


def rents_owed(
    laid: Iterable[tuple[str, float, float, float]], terms: FundingTerms
) -> dict[str, int]:
    """
    Return the rent of each owner a year, as `rent_table` sums it.

    Parameters
    ----------
    laid
        Owner, number, diameter [mm] and length [m] of cables, as in `LaidCable`.
    terms
        Rents.

    Returns
    -------
    owed
        By owner [VND a year].
    """
    rates = _rates(terms)
    owed: dict[str, int] = {}
    for (owner, above_mm), length_m in sorted(_metres(laid, terms).items()):
        rent_vnd = _rent_vnd(round(length_m, 2), rates[above_mm])
        owed[owner] = owed.get(owner, 0) + rent_vnd
    return owed


def _metres(
    laid: Iterable[tuple[str, float, float, float]], terms: FundingTerms
) -> dict[tuple[str, float], float]:
    """Return the metres of cable of each owner by class of diameter."""
    metres: dict[tuple[str, float], float] = {}
    for owner, cables, diameter_mm, length_m in laid:
        key = (owner, terms.class_of(diameter_mm).above_mm)
        metres[key] = metres.get(key, 0.0) + cables * length_m
    return metres


def _rates(terms: FundingTerms) -> dict[float, int]:
    """Return the rent of a metre and year by class of diameter [VND]."""
    return {c.above_mm: MONTHS * c.rent_vnd_m_month for c in terms.classes}


def _rent_vnd(length_m: float, rate_vnd: int) -> int:
    """Return the rent of metres a year."""
    return _rounded(Fraction(str(length_m)) * rate_vnd)


def rented_out(
    shared_vnd: Mapping[str, int],
    weights: Mapping[str, int],
    renting: Iterable[str],
) -> tuple[dict[str, int], dict[str, int]]:
    """
    Return who carries the shares of owners that rent instead of bringing capital.

    Parameters
    ----------
    shared_vnd
        Share of the shared works by payer [VND].
    weights
        Weight of each owner under the rule of sharing.
    renting
        Owners without capital.

    Returns
    -------
    capital, carried
        Capital for shared works by payer, and what of it is carried for the renting owners: by
        the other owners in proportion to their weights, by the public where there are none [VND].
    """
    without = set(renting) & set(shared_vnd) - {PUBLIC}
    lacking = sum(shared_vnd[name] for name in without)
    capital = {name: 0 if name in without else part for name, part in shared_vnd.items()}
    able = {n: w for n, w in weights.items() if n not in without and n in shared_vnd and w > 0}
    carried = divided(lacking, able) if able else {PUBLIC: lacking}
    carried = {name: part for name, part in carried.items() if part}
    for name, part in carried.items():
        capital[name] = capital.get(name, 0) + part
    return capital, carried


def funding_table(
    works: Shared,
    rents: "pd.DataFrame",
    terms: FundingTerms,
    *,
    rule: str = "diameter",
    alone_vnd: Mapping[str, int] | None = None,
    public_share: float = 0.0,
    renting: Iterable[str] = (),
) -> "pd.DataFrame":
    """
    Return who pays what under each model of funding.

    Parameters
    ----------
    works
        Works of several owners.
    rents
        Table `rents`.
    terms
        Terms of the investment.
    rule
        How shares of capital are made: one of `SHARE_RULES`.
    alone_vnd
        What each owner's own plan would cost; for the rule `alone` [VND].
    public_share
        Share of the shared works that the public bears without being paid back, in [0, 1].
    renting
        Owners without capital: under `capital` the others carry their part and get their rent.

    Returns
    -------
    funding
        Table `funding`: by model and payer, capital (sums to the cost of the works in each model),
        rent and income a year (equal sums), years until the net income has paid back what is
        rented out (missing where nothing comes in), present value over the years of the terms
        (missing without a discount rate). Works on the own cables stay with their owner in each.

    Raises
    ------
    SettingsError
        If a renting owner is not one of the works, or the rule or share is not understood.
    """
    weights = rule_weights(works.weights, rule, direct_vnd=works.direct_vnd, alone_vnd=alone_vnd)
    unknown = sorted(set(renting) - set(weights))
    if unknown:
        msg = f"no such owner in these works: {', '.join(unknown)}; there are {', '.join(weights)}"
        raise SettingsError(msg)
    parts = shared_out(
        works.shared_vnd, works.direct_vnd, works.weights,
        rule=rule, alone_vnd=alone_vnd, public_share=public_share,
    )  # fmt: skip
    direct = {name: min(int(works.direct_vnd.get(name, 0)), part) for name, part in parts.items()}
    shared = {name: part - direct[name] for name, part in parts.items()}
    capital, carried = rented_out(shared, weights, renting)
    owed = {str(n): int(v) for n, v in rents["rent_year_vnd"].groupby(level=0).sum().items()}
    given_vnd = public_part_vnd(works.shared_vnd, public_share)
    lender = INVESTOR if given_vnd < works.shared_vnd else PUBLIC  # who built gets the rent
    own = {n: int(works.direct_vnd.get(n, 0)) for n in weights}
    models: dict[str, tuple[dict[str, int], dict[str, int], dict[str, int], dict[str, int]]] = {
        "capital": (
            _added(direct, capital),
            {name: owed.get(name, 0) for name in renting if carried},
            carried,
            carried,
        ),
        INVESTOR: (
            _added(own, {INVESTOR: works.shared_vnd - given_vnd, PUBLIC: given_vnd}),
            {name: owed.get(name, 0) for name in own},
            {lender: works.shared_vnd - given_vnd},
            {lender: 1},
        ),
        PUBLIC: (
            _added(own, {PUBLIC: works.shared_vnd}),
            {name: owed.get(name, 0) for name in own},
            {PUBLIC: works.shared_vnd},
            {PUBLIC: 1},
        ),
    }
    rows: dict[tuple[str | float, ...], dict[str, Any]] = {}
    for model, (sums, rent, lent, keys) in models.items():
        income = divided(sum(rent.values()), keys) if keys else {}
        for payer in _in_order(_added(sums, income), weights):
            rows[model, payer] = _row(
                (sums.get(payer, 0), lent.get(payer, 0)),
                rent.get(payer, 0),
                income.get(payer, 0),
                terms,
            )
    return filled_table("funding", rows)


def _row(
    capital: tuple[int, int], rent_vnd: int, income_vnd: int, terms: FundingTerms
) -> dict[str, Any]:
    """Return what a payer brings (all, and what of it is rented out), owes and gets."""
    net = income_vnd * (1 - terms.operating_share)
    npv_vnd = None
    if terms.discount_rate is not None:
        flow = net - rent_vnd
        npv_vnd = round(
            sum(flow / (1 + terms.discount_rate) ** year for year in range(1, terms.years + 1))
            - capital[0]
        )
    return {
        "capital_vnd": capital[0],
        "rent_year_vnd": rent_vnd,
        "income_year_vnd": income_vnd,
        "payback_years": round(capital[1] / net, 2) if net > 0 else None,
        "npv_vnd": npv_vnd,
    }


def _in_order(sums: Mapping[str, int], owners: Mapping[str, int]) -> list[str]:
    """Return the payers: owners by name, then those who only bring capital."""
    return [*owners, *(name for name in sums if name not in owners and sums[name])]


def _added(first: Mapping[str, int], second: Mapping[str, int]) -> dict[str, int]:
    """Return the sums of two accounts, payer by payer."""
    return {n: first.get(n, 0) + second.get(n, 0) for n in dict.fromkeys([*first, *second])}


def _rounded(value: Fraction) -> int:
    """Return whole dong of a sum of at least 0, half a dong up."""
    return int(value + Fraction(1, 2))


def _number(value: object, default: float) -> float:
    """Return a value of a table as a number, another one where it is missing."""
    import pandas as pd

    return default if pd.isna(value) else float(value)  # type: ignore[call-overload, arg-type]


def _keys(
    table: Mapping[str, Any], place: str, known: set[str], optional: set[str] | None = None
) -> list[str]:
    """Return what is unknown or missing among the keys of a table."""
    prefix = f"{place}: " if place else ""
    extra = known | (optional or set())
    return [f"{prefix}unknown key '{key}'" for key in table if key not in extra] + [
        f"{prefix}missing key '{key}'" for key in sorted(known) if key not in table
    ]


def _numbers(table: Mapping[str, Any], place: str) -> list[str]:
    """Return the numbers of a table that are none, or below 0."""
    named = ("above_mm", "rent_vnd_m_month", "cap_vnd_m_year", "years", "discount_rate",
             "operating_share")  # fmt: skip
    wrong = []
    for key in named:
        value = table.get(key, 0)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e12:
            wrong.append(f"{place}: {key} must be a number of at least 0; found {value!r}")
    return wrong


def _term_faults(terms: Mapping[str, Any]) -> list[str]:
    """Return what is out of range in the terms of an investment."""
    wrong = []
    if terms.get("years", 1) != int(terms.get("years", 1)) or terms.get("years", 1) < 1:
        wrong.append(f"terms: years must be whole and at least 1; found {terms['years']}")
    if not terms.get("operating_share", 0) < 1:
        wrong.append(f"terms: operating_share must be below 1; found {terms['operating_share']}")
    return wrong
