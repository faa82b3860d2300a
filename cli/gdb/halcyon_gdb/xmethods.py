"""`->`, `*` and get() of Ref and Own, as gdb's own expressions use them: `print self.resources_.memory->vmas_`. Without these gdb would call the
operator in the debugged process, which no core file can, and gdb 13.1 not on CPUs with AMX ("Couldn't write extended state status")."""
import re

import gdb
import gdb.xmethod

METHODS = ("operator->", "operator*", "get")


class _Worker(gdb.xmethod.XMethodWorker):
    def __init__(self, method):
        self.method = method

    def get_arg_types(self):
        return None

    def get_result_type(self, smart_pointer):
        pointer = smart_pointer["object_"].type
        return pointer.strip_typedefs().target().reference() if self.method == "operator*" else pointer

    def __call__(self, smart_pointer):
        pointer = smart_pointer["object_"]
        return pointer.dereference() if self.method == "operator*" else pointer


class _Matcher(gdb.xmethod.XMethodMatcher):
    def __init__(self):
        super().__init__("halcyon")
        self.methods = [gdb.xmethod.XMethod(name) for name in METHODS]

    def match(self, class_type, method_name):
        method = next((each for each in self.methods if each.name == method_name and each.enabled), None)
        if method is None or not re.match(r"halcyon::(Ref|Own)<.*>$", class_type.strip_typedefs().unqualified().name or ""):
            return None
        return _Worker(method_name)


def install():
    gdb.xmethod.register_xmethod_matcher(None, _Matcher(), replace=True)
