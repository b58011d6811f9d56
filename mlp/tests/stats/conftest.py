"""Property tests here repeat exactly and are not timed: a busy machine must not fail them."""

from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")
