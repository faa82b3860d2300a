"""Function names as short as they are clear."""
import os
import re

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))))


def without_parameters(name):
    """Template arguments and parameter types cut off: wait_until<...>(...) is wait_until."""
    depth, kept = 0, []
    for character in re.sub(r"operator(<=>|<<|<|>>|>|\(\))", "operator", name).replace("(anonymous namespace)", "\0"):
        if character in "<(":
            depth += 1
        elif character in ">)":
            depth -= 1
        elif depth == 0:
            kept.append(character)
    return "".join(kept).replace("\0", "(anonymous namespace)")


def place(frame):
    """A frame as `Pipe::read (core/ipc/pipe/pipe_ring.cpp:123)`."""
    name = re.sub(r"\(anonymous namespace\)::|halcyon::", "", without_parameters(frame.name() or "?"))
    line = frame.find_sal()
    if line.symtab is None:
        return name
    return f"{name} ({os.path.relpath(line.symtab.fullname(), TREE)}:{line.line})"
