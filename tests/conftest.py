pytest_plugins = ["tests.support.left_out"]
