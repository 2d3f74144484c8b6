"""The method itself, computed a second time in the plainest way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scoring.anomaly.blocks import folds
from scoring.anomaly.calibration import calibrate
from scoring.anomaly.cross_fit import cross_fit
from scoring.anomaly.fitting import Fit
from scoring.anomaly.front_end import as_float32, fit_front_end
from scoring.anomaly.graph import export_model
from scoring.anomaly.model import ChannelName, Kind, Model, Settings
from scoring.anomaly.port import Detail, Scored
from scoring.anomaly.reference_detector import ReferenceDetector
from scoring.anomaly.sample_size import widening
from scoring.anomaly.shrinkage import choose_shrinkage
from scoring.anomaly.table import Numbers, ParameterTable
from scoring.anomaly.training import train
from tests.process_data import ROOT
from tests.scoring.anomaly.processes import rows, table

SIZE = 5
_SERVING = """
import sys
from pathlib import Path
import numpy as np
from scoring.anomaly.serving import OnnxDetector
from scoring.anomaly.table import ParameterTable
detector = OnnxDetector(Path(sys.argv[1]).read_bytes())
rows = ParameterTable(detector.names, np.zeros((3, len(detector.names))))
found = detector.score(rows, detector.start(), with_detail=True)
print(len(found.p_value), sorted({"onnx", "scipy", "sklearn"} & set(sys.modules)))
"""


@pytest.fixture(scope="module")
def good() -> ParameterTable:
    """Autocorrelated rows to learn from."""
    return table(rows(300, SIZE, phi=0.6))


@pytest.fixture(scope="module")
def model(good: ParameterTable) -> Model:
    """Of levels and innovations."""
    return train(good)


@pytest.fixture(scope="module")
def scored(model: Model) -> Scored:
    """Fresh rows."""
    detector = ReferenceDetector(model)
    return detector.score(
        table(rows(40, SIZE, seed=2, phi=0.6)), detector.start(), with_detail=True
    )


def detail_of(scored: Scored) -> Detail:
    """What the scores were made of."""
    assert scored.detail is not None
    return scored.detail


@pytest.mark.item("7.1")
def test_a_residual_is_what_is_left_of_a_regression_on_all_others(
    model: Model, scored: Scored
) -> None:
    level, detail = model.level, detail_of(scored)
    x = (detail.z - level.centre) / level.spread
    covariance = np.linalg.inv(level.precision)
    for j in range(SIZE):
        others = [k for k in range(SIZE) if k != j]
        slopes = np.linalg.solve(covariance[np.ix_(others, others)], covariance[others, j])
        left = covariance[j, j] - slopes @ covariance[others, j]
        expected = (x[:, j] - x[:, others] @ slopes) / np.sqrt(left) / level.residual[j]
        assert detail.residuals[ChannelName.LEVEL][:, j] == pytest.approx(expected, rel=1e-4)


@pytest.mark.item("7.1")
@pytest.mark.parametrize("kind", [Kind.LARGEST, Kind.DRIFT, Kind.SPREAD, Kind.TOTAL])
def test_a_statistic_is_its_formula_on_residuals(model: Model, scored: Scored, kind: Kind) -> None:
    chosen = [(n, s) for n, s in enumerate(model.statistics) if s.kind is kind]
    assert chosen
    for n, statistic in chosen:
        found = by_formula(detail_of(scored).residuals[statistic.channel], kind, statistic.decay)
        centre, width = model.calibration.centre[n], model.calibration.width[n]
        expected = (np.cbrt(found) - centre) / width
        assert scored.statistics[:, n] == pytest.approx(expected, rel=1e-9, abs=1e-9)


def by_formula(residuals: Numbers, kind: Kind, weight: float) -> list[float]:
    """The statistic of each row, number by number."""
    average = [0.0 if kind is Kind.DRIFT else 1.0] * SIZE
    found = []
    for row in residuals:
        new = [float(each if kind is Kind.DRIFT else each**2) for each in row]
        average = [weight * b + (1 - weight) * a for a, b in zip(average, new, strict=True)]
        found.append(
            {
                Kind.LARGEST: max(abs(float(each)) for each in row),
                Kind.DRIFT: max(map(abs, average)) / (weight / (2 - weight)) ** 0.5,
                Kind.SPREAD: max(average),
                Kind.TOTAL: sum(average),
            }[kind]
        )
    return found


@pytest.mark.item("7.1.calibration")
def test_blocks_are_contiguous_with_a_gap_and_every_row_is_in_one() -> None:
    seen: list[int] = []
    for learnt, block in folds(103, 5, gap=2):
        inside = list(range(103))[block]
        near = set(range(max(0, block.start - 2), min(103, block.stop + 2)))
        assert set(np.flatnonzero(~learnt).tolist()) == near > set(inside)
        seen += inside
    assert seen == list(range(103))


@pytest.mark.item("7.1.calibration")
def test_the_calibration_is_of_scores_out_of_fold_and_a_p_stands_with_every_row(
    good: ParameterTable, model: Model, scored: Scored
) -> None:
    front, chosen = fit_front_end(good.values), Settings()
    z = front.standardise(good.values, chosen.clip)
    ridge = choose_shrinkage(z, blocks=chosen.blocks, gap=chosen.var_order).amount
    fit = Fit(chosen, model.stage, front, as_float32(widening(z)), ridge, None)
    crossed = cross_fit(good, fit, note=lambda _done, _all: None)
    expected = calibrate(crossed.statistics)
    assert model.calibration.scores == pytest.approx(expected.scores)
    fresh = [
        (1 + np.count_nonzero(model.calibration.scores >= one)) / (len(good) + 1)
        for one in scored.score
    ]
    counted = scored.score <= model.calibration.scores[-1]
    assert np.isfinite(scored.p_value).all()
    assert scored.p_value[counted] == pytest.approx(np.array(fresh)[counted])


@pytest.mark.item("7.2")
def test_a_fresh_interpreter_serves_without_what_trains(model: Model, tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(export_model(model))
    command = [sys.executable, "-c", _SERVING, str(file)]
    found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "3 []"
