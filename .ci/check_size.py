#!/usr/bin/env python3
"""Finds files over 400 lines and functions over 60: they are asking to be two.

Functions of C++ are found by their look, as clang-format leaves it: a line that ends in an opening brace behind a parameter list, up to the line
of the same depth that begins with a closing one. What may be longer stands in ALLOWED, with its reason. Prints one line per finding; exits 1 if
there is any.
"""
import ast
import pathlib
import re
import subprocess
import sys

MOST_LINES_OF_FILE, MOST_LINES_OF_FUNCTION = 400, 60
SUFFIXES = ('.h', '.cpp', '.S', '.py')
# Files, and functions as file:name, that may be longer.
ALLOWED = {}
OPENING = re.compile(r'^(\s*)(?!(?:\s*\}|\s*(?:if|for|while|switch|else|do|return|namespace|class|struct|enum|union|extern)\b)).*?'
                     r'([~\w]+)\((?:[^;]*)\)[^;()]*(?:\{)$')


def functions_of_cpp(lines):
    """(name, first line, number of lines)"""
    start = None
    for number, line in enumerate(lines, 1):
        if start is None:
            found = OPENING.match(line)
            if found and '[' not in line.split('(')[0]:
                start = head_of(lines, number, found)
        elif line.startswith(start[2] + '}'):
            yield start[0], start[1], number - start[1] + 1
            start = None


def indentation(line):
    return len(line) - len(line.lstrip())


def head_of(lines, number, found):
    """(name, first line, indentation), for a constructor's list of members those of the line that begins it."""
    first = number
    if re.match(r'\s*:', lines[number - 1]) or (found[2].endswith('_') and number > 1 and lines[number - 2].endswith(',')):
        while first > 1 and (re.match(r'\s*:', lines[first - 1]) or indentation(lines[first - 1]) >= len(found[1])):
            first -= 1
    name = re.search(r'([~\w]+)\(', lines[first - 1])
    return name[1] if name else found[2], first, re.match(r'\s*', lines[first - 1])[0]


def functions_of_python(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1


def measures(name, text):
    """(what, where, lines, most)"""
    lines = text.splitlines()
    yield name, name, len(lines), MOST_LINES_OF_FILE
    if name.endswith('.py'):
        functions = functions_of_python(text)
    else:
        functions = functions_of_cpp(lines) if name.endswith(('.h', '.cpp')) else ()
    for function, first, count in functions:
        yield f'{name}:{function}', f'{name}:{first}: {function}', count, MOST_LINES_OF_FUNCTION


def check(files, allowed=ALLOWED):
    """What is wrong with {name: text}, as lines."""
    for name, text in files.items():
        for what, where, count, most in measures(name, text):
            if count > most and what not in allowed:
                yield f'{where}: {count} lines, more than {most}'


def main():
    top = pathlib.Path(__file__).resolve().parent.parent
    names = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard'], cwd=top, capture_output=True, text=True, check=True).stdout.splitlines()
    files = {name: (top / name).read_text(errors='replace') for name in names if name.endswith(SUFFIXES) and (top / name).is_file()}
    problems = list(check(files))
    print(*problems, sep='\n', end='\n' if problems else '')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
