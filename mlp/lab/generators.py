from contextlib import contextmanager


@contextmanager
def seeded(seed):
    yield
