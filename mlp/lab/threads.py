def set_in_libraries(n):
    pass
