"""Several processes as one: how each of them ends (`ending`), and who starts and watches them (`supervisor`).

In: parts, each a name and a command line. Out: lines for people about deaths and restarts, or SupervisorError with the
exit code of a part that cannot run at all.
"""
