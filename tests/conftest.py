import signal

pytest_plugins = [
    "tests.support.left_out",
    "tests.support.store",
    "tests.support.postgres",
    "tests.support.embedded_postgres",
    "tests.support.fixtures",
    "tests.support.behind_nginx",
]

# Whoever starts the suite in the background of a shell makes it deaf to Ctrl-C, and with `nohup` to a lost terminal,
# and with it every process that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
