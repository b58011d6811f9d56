from mlp.machine import arithmetic


def hardware(threads=1):
    return [*arithmetic(), str(threads)]
