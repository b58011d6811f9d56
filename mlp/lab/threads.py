def set_in_libraries(n):
    pass


def set_environment(n=1):
    pass


def share_gpu(k, n):
    pass
