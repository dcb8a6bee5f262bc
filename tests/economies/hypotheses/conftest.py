"""Fits that several tests of hypotheses ask."""

import pytest

import econmodel as em


@pytest.fixture(scope="session")
def power():
    return em.fit(em.load("electricity_1970"))


@pytest.fixture(scope="session")
def system():
    return em.fit(em.load("electricity_1970"), estimator="system")


@pytest.fixture(scope="session")
def airlines():
    """Six airlines: fewer clusters than clustered standard errors need."""
    return em.fit(em.load("us_airlines"), "cobb_douglas", effects="within")
