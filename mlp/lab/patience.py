from contextlib import contextmanager


@contextmanager
def limited(seconds):
    yield
