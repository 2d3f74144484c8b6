"""Figures that others published or certified come out the same."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
import pytest

from quality.spc.capability import Tolerance, cp_interval, cpk_interval, indices, performance
from quality.spc.charts import Process, cusum, ewma, ewma_reach, xbar_r
from quality.spc.constants import constants_of, range_divisor
from quality.spc.descriptive import autocorrelation, describe
from tests.quality.spc.reference import agrees, case, certified, constant_rows, digits

_NAMES = {
    "A2": "a2",
    "A3": "a3",
    "B3": "lower_b3",
    "B4": "upper_b4",
    "D3": "lower_d3",
    "D4": "upper_d4",
    "E2": "e2",
    "c4": "c4",
    "d2": "d2",
    "d3": "d3",
}
#: The table's d3 came of a coarser quadrature: its 0.852505 for n = 2 is sqrt(2 - 4/pi) =
#: 0.852502. It and what rests on it (D3, D4) agree to the three places in which they are printed
#: everywhere, with a last digit of grace, and no further.
_COARSE = {"d3": 4e-6, "D3": 4e-6, "D4": 7e-6}


@pytest.mark.item("6.done.constants")
def test_constants_equal_the_table_to_its_rounding() -> None:
    for row in constant_rows():
        constants = constants_of(int(row["n"]))
        for name, attribute in _NAMES.items():
            found, allowed = getattr(constants, attribute), _COARSE.get(name, 5.1e-7)
            assert found == pytest.approx(float(row[name]), rel=0, abs=allowed), (row["n"], name)


@pytest.mark.item("6.done.constants")
def test_constants_equal_their_closed_forms() -> None:
    two, three = constants_of(2), constants_of(3)
    assert two.d2 == pytest.approx(2 / sqrt(pi), abs=1e-12)
    assert two.d3 == pytest.approx(sqrt(2 - 4 / pi), abs=1e-12)
    assert two.c4 == pytest.approx(sqrt(2 / pi), abs=1e-12)
    assert three.d2 == pytest.approx(3 / sqrt(pi), abs=1e-12)
    square = 2 + 3 * sqrt(3) / pi  # E[W^2] of three
    assert three.d3**2 + three.d2**2 == pytest.approx(square, abs=1e-12)


@pytest.mark.item("6.done.constants")
def test_divisors_of_one_range_are_the_k_factors_of_a_gage_study() -> None:
    found = [round(1 / range_divisor(size, 1), 4) for size in range(2, 11)]
    assert found == [0.7071, 0.5231, 0.4467, 0.4030, 0.3742, 0.3534, 0.3375, 0.3249, 0.3146]


@pytest.mark.item("6.done.computed")
@pytest.mark.item("6.done.published")
def test_capability_of_a_known_process_is_that_of_the_handbook() -> None:
    given = case("capability_NIST_pmc16")
    data, computed = given["input"], given["computed"]
    found = indices(Process(data["mu"], data["sigma"]), Tolerance(data["LSL"], data["USL"]))
    for name in ("cp", "cpl", "cpu", "cpk", "cpm"):
        assert agrees(getattr(found, name), computed[name.capitalize()]), name
    for name, stated in given["published"].items():
        assert round(getattr(found, name.lower()), 4) == stated
    assert found.cp is not None
    # The case is one of 1,000 values.
    cp, cpk = cp_interval(found.cp, 999), cpk_interval(found.cpk, 1000, degrees=999)
    assert [cp.lower, cp.upper] == pytest.approx(computed["Cp_ci"], abs=1e-9)
    assert [cpk.lower, cpk.upper] == pytest.approx(computed["Cpk_ci_bissell"], abs=1e-9)


@pytest.mark.item("6.done.computed")
@pytest.mark.item("6.done.published")
def test_flow_width_has_the_limits_and_indices_of_the_textbook() -> None:
    given = case("montgomery_flow_width")
    groups, (lower, upper) = np.array(given["input"]), given["spec"]
    charts, tolerance = xbar_r(groups), Tolerance(lower, upper)
    within = indices(charts.process, tolerance)
    overall = performance(groups.ravel(), tolerance)
    assert within.cp is not None
    assert overall.pp is not None
    found = {
        "xbarbar": charts.process.mean,
        "Rbar": charts.dispersion.center,
        "xUCL": charts.location.upper[0],
        "xLCL": charts.location.lower[0],
        "R_UCL": charts.dispersion.upper[0],
        "sigma": charts.process.deviation,
        "Cp": within.cp,
        "Cpl": within.cpl,
        "Cpu": within.cpu,
        "Cpk": within.cpk,
        "Cpm": within.cpm,
        "Pp": overall.pp.value,
        "Ppk": overall.ppk.value,
    }
    stated, computed = given["published"], given["computed"]
    for name in found.keys() - {"R_UCL"}:
        assert found[name] == pytest.approx(computed[name], abs=1e-9), name
    # Computed with the coarser d3 of the table of constants.
    assert found["R_UCL"] == pytest.approx(computed["R_UCL"], abs=1e-5)
    intervals = (
        cp_interval(within.cp, groups.size - 1),
        cpk_interval(within.cpk, groups.size, degrees=groups.size - 1),
    )
    for interval, name in zip(intervals, ("Cp_ci", "Cpk_ci_bissell"), strict=True):
        assert [interval.lower, interval.upper] == pytest.approx(computed[name], abs=1e-9)
    # The textbook works on with constants and deviation already rounded to 3 and 4 places.
    for name, value in stated.items():
        assert found[name] == pytest.approx(value, rel=4e-4), name


@pytest.mark.item("6.done.computed")
@pytest.mark.item("6.done.published")
def test_ewma_of_the_handbook() -> None:
    given = case("ewma_NIST_pmc324")
    data, computed, stated = given["input"], given["computed"], given["published"]
    process = Process(data["target"], data["sigma"])
    chart = ewma(data["data"], process=process, weight=data["lmbda"], width=data["L"])
    for found, value, printed in zip(chart.points, computed["z"], stated["ewma"], strict=True):
        assert agrees(found, value)
        # The handbook cuts to two places, or rounds.
        assert found == pytest.approx(printed, abs=0.0051)
    lower, upper = ewma_reach(process, weight=data["lmbda"], width=data["L"])
    assert (upper, lower) == pytest.approx((computed["UCL"], computed["LCL"]), abs=1e-9)
    assert (upper, lower) == pytest.approx((stated["ucl"], stated["lcl"]), abs=2e-4)
    assert stated["in_control"]
    assert np.all((chart.points > lower) & (chart.points < upper))


@pytest.mark.item("6.done.computed")
@pytest.mark.item("6.done.published")
def test_cusum_of_the_handbook_but_for_its_columns_that_deviate() -> None:
    given = case("cusum_NIST_pmc323")
    data, computed, stated = given["input"], given["computed"], given["published"]
    process = Process(data["target"], data["sigma"])
    sums = cusum(data["data"], process=process, k=data["k"], h=data["h"])
    assert sums.high == pytest.approx(computed["s_hi"], abs=1e-9)
    assert sums.low == pytest.approx(computed["s_lo"], abs=1e-9)
    assert (round(sums.allowance, 4), round(sums.decision, 4)) == (stated["K"], stated["H"])
    assert int(sums.signals()[0]) + 1 == stated["first_signal_group"]
    # The deviation of the published columns: they do not follow from the printed values (their
    # steps differ by up to 0.0125 from value - target - K), as if these had more places once.
    high = np.abs(sums.high - np.array(stated["s_hi"])).max()
    low = np.abs(sums.low - np.array(stated["s_lo"])).max()
    assert high == pytest.approx(0.0275, abs=1e-9)
    assert low == pytest.approx(0.0175, abs=1e-9)


@pytest.mark.item("6.done.computed")
@pytest.mark.item("6.done.published")
def test_ewma_and_cusum_of_the_textbook() -> None:
    given = case("montgomery_table_9_1")
    values, computed, stated = given["input"], given["computed"], given["published"]
    process = Process(10.0, 1.0)
    sums = cusum(values, process=process, k=0.5, h=5.0)
    assert sums.high == pytest.approx(computed["c_plus"], abs=1e-9)
    assert sums.low == pytest.approx(computed["c_minus"], abs=1e-9)
    assert int(sums.signals()[0]) + 1 == stated["cusum_first_signal"] == computed["first_signal"]
    chart = ewma(values, process=process, weight=0.1, width=2.7)
    assert all(agrees(z, value) for z, value in zip(chart.points, computed["z"], strict=True))
    assert chart.points[:3] == pytest.approx(stated["ewma_z"], abs=1e-9)
    assert chart.upper[29] == pytest.approx(computed["UCL30"], abs=1e-9)
    assert round(chart.upper[29], 4) == stated["ewma_UCL_30"]
    assert round(chart.lower[29], 4) == stated["ewma_LCL_30"]
    assert (chart.outside() + 1).tolist() == stated["ewma_signals"] == computed["signals"]


@pytest.mark.item("6.done.strd")
@pytest.mark.parametrize(
    ("name", "least"),
    [
        *((name, 9.0) for name in ("PiDigits", "Lottery", "Lew", "Mavro", "Michelso")),
        ("NumAcc1", 9.0),
        ("NumAcc2", 9.0),
        ("NumAcc3", 7.5),
        ("NumAcc4", 7.5),
    ],
)
def test_certified_statistics_agree_in_their_digits(name: str, least: float) -> None:
    data, (mean, deviation, correlation) = certified(name)
    found = describe(data)
    assert digits(found.mean, mean) >= least
    assert digits(found.deviation, deviation) >= least
    assert digits(autocorrelation(data), correlation) >= least
