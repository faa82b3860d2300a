#!/usr/bin/env python3
"""Holds the documentation against the tree: links and file names that lead nowhere, functions that are not where a page says they are.

Checked in README.md, CONTRIBUTING.md, CHANGELOG.md and docs/*.md: relative links; names in backticks that begin with one of our folders; `Class::member`, which has to be
in the file named right behind it, or else somewhere; plain `function` (`file`). Checked in the comments of the sources: names of files.
"""
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ('core/', 'fs/', 'hal/', 'hal-unicorn/', 'hal-baremetal/', 'syscalls/', 'cli/', 'tests/', 'bench/', 'docs/', '.ci/', '.vscode/', 'cmake/')
FILE = re.compile(r'(?<![\w/<.*{$-])((?:[\w-]+/)*[\w-]+\.(?:cpp|h|inc|S|py|md|cmake))(?![\w>*/])')
SOURCE = re.compile(r'\.(cpp|h|c|inc|S|py|cmake|sh)$|(^|/)(CMakeLists\.txt|dev)$')
LINK = re.compile(r'\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)')
CODE = re.compile(r'`([^`]+)`')
MEMBER = re.compile(r'^(?:[A-Za-z_]\w*::)*([A-Za-z_]\w*)::(~?[A-Za-z_]\w*)(?:\(.*\))?$')
PLACE = re.compile(r'`([\w:~]+)(?:\([^`]*\))?`(?: and `[\w:~]+`)? \(`([\w./*-]+)`')


def sources(top):
    names = subprocess.run(['git', 'ls-files', '*.cpp', '*.h', '*.inc', '*.py'], cwd=top, capture_output=True, text=True, check=True).stdout.split()
    return {name: (top / name).read_text(errors='replace') for name in names if (top / name).exists()}


def has_word(text, word):
    return re.search(rf'(?<!\w){re.escape(word)}(?!\w)', text) is not None


def exists(top, name):
    name = name.split(' ')[0]
    return bool(list(top.glob(name.rstrip('/')))) if '*' in name else (top / name).exists()


def is_in(text, word, name):
    """A member function is defined outside of its class as Class::member, or the class and the member are both there."""
    parts = word.split('::')
    if name.endswith('.cpp') and len(parts) > 1 and '::'.join(parts[-2:]) in text:
        return True
    inline = not name.endswith('.cpp') or len(parts) == 1
    return inline and all(has_word(text, part) for part in parts[-2:])


def check_page(top, page, code):
    """What is wrong with a page, as (line number, message)."""
    text = page.read_text()
    for number, line in enumerate(text.splitlines(), 1):
        for target in LINK.findall(line):
            if '://' not in target and not target.startswith('<') and not (page.parent / target).exists():
                yield number, f'the link to {target} leads nowhere'
        for word in CODE.findall(line):
            if word.startswith(FOLDERS) and not exists(top, word):
                yield number, f'there is no {word}'
            found = MEMBER.match(word)
            if found and not word.startswith('std::') and not any(has_word(each, found[1]) and has_word(each, found[2]) for each in code.values()):
                yield number, f'there is no {word}'
    joined = re.sub(r'\n(?!\n)', ' ', text)
    for word, name in PLACE.findall(joined):
        if name in code and not is_in(code[name], word, name):
            yield text[:text.find(word)].count('\n') + 1, f'{word} is not in {name}'


def comments(name, text):
    """(line number, comment) of a source file."""
    mark = '#' if name.endswith(('.py', '.cmake', '.txt', '.sh')) or '.' not in name.rsplit('/')[-1] else '//'
    for number, line in enumerate(text.splitlines(), 1):
        found = re.search(rf'(?:^|\s){mark}\s(.*)', line)
        if found:
            yield number, found[1]


def check_comments(files, known):
    """Comments of {name: text} that name files which are not among the known names, as (name, line number, message). A name stands for the file
    of that path, or of a path that ends so; what begins with a folder that is none of ours is somebody else's."""
    for name, text in files.items():
        for number, comment in comments(name, text):
            for word in FILE.findall(comment):
                if '/' in word and not word.startswith(FOLDERS):
                    continue
                if not any(each == word or each.endswith('/' + word) for each in known):
                    yield name, number, f'there is no {word}'


def main():
    code = sources(TOP)
    count = 0
    known = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard'], cwd=TOP, capture_output=True, text=True, check=True).stdout.split()
    known = [name for name in known if (TOP / name).exists()]
    texts = {name: (TOP / name).read_text(errors='replace') for name in known if SOURCE.search(name)}
    for name, number, message in check_comments(texts, known):
        print(f'{name}:{number}: {message}')
        count += 1
    for page in [TOP / 'README.md', TOP / 'CONTRIBUTING.md', TOP / 'CHANGELOG.md', *sorted((TOP / 'docs').glob('*.md'))]:
        for number, message in check_page(TOP, page, code):
            print(f'{page.relative_to(TOP)}:{number}: {message}')
            count += 1
    return 1 if count else 0


if __name__ == '__main__':
    sys.exit(main())
