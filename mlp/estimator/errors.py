"""The exceptions that ``tf.contrib.learn`` raises by name."""

import tensorflow.compat.v1 as tf

NanLossDuringTrainingError = tf.train.NanLossDuringTrainingError


class NotFittedError(ValueError, AttributeError):
    """``evaluate`` or ``predict`` found no checkpoint in the model directory.

    Both bases are scikit-learn's convention, which contrib.learn 1.4 follows.
    """


class NotAnArrayError(TypeError, AttributeError):
    """``fit``, ``evaluate`` or ``predict`` was given a list, or the like, in place of an array.

    contrib.learn 1.4 raised the AttributeError of whatever attribute of an array it missed.
    """
