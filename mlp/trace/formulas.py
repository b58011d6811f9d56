"""Losses as mistakes make them, in NumPy: to say exactly what a number is, not what it may be."""

from __future__ import annotations

import numpy as np


def matches(a: float, b: float | None, tolerance: float) -> bool:
    """Whether two numbers are equal up to a relative tolerance."""
    return b is not None and bool(np.isclose(a, b, rtol=tolerance, atol=1e-12))


def mse(y: np.ndarray, p: np.ndarray) -> float | None:
    """The mean squared error of predictions that fit the targets element by element."""
    if y.size != p.size:
        return None
    return float(np.mean((p.ravel().astype(np.float64) - y.ravel()) ** 2))


def broadcast_mse(y: np.ndarray, p: np.ndarray) -> float | None:
    """The mean squared error of (n,) against (n, 1), which broadcasts to (n, n)."""
    if {y.ndim, p.ndim} != {1, 2} or y.size != p.size or len(y) < 2:
        return None
    return float(np.mean((p.astype(np.float64) - y) ** 2))


def probabilities(p: np.ndarray) -> bool:
    """Whether predictions are probabilities: of classes that sum to 1, or of one class."""
    if p.ndim < 2 or p.size == 0 or p.min() < 0 or p.max() > 1:
        return False
    return p.shape[-1] == 1 or bool(np.allclose(p.sum(-1), 1, atol=1e-4))


def cross_entropy(y: np.ndarray, p: np.ndarray, *, logits: bool) -> float | None:
    """The mean cross-entropy of targets, one-hot or as classes, and logits or probabilities."""
    p = p.astype(np.float64)
    if p.ndim != 2:
        return None
    if p.shape[1] == 1:
        return _binary(y.ravel().astype(np.float64), p.ravel(), logits)
    if y.ndim == 2 and y.shape == p.shape:
        y = y.argmax(-1)
    classes = y.ravel().astype(np.int64)
    if classes.size != len(p) or classes.min() < 0 or classes.max() >= p.shape[1]:
        return None
    if logits:
        shifted = p - p.max(-1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    else:
        clipped = np.clip(p, 1e-7, 1 - 1e-7)  # as Keras does, which then divides by the sum
        logs = np.log(clipped / clipped.sum(-1, keepdims=True))
    return float(-logs[np.arange(len(p)), classes].mean())


def _binary(y: np.ndarray, p: np.ndarray, logits: bool) -> float | None:
    if y.size != p.size:
        return None
    if logits:
        return float(np.mean(np.logaddexp(0, p) - y * p))
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))
