pytest_plugins = ["tests.support.left_out", "tests.support.store", "tests.support.limner"]
