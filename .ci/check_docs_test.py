#!/usr/bin/env python3
"""Each rule of check_docs.py finds what it is for, and only that."""
import pathlib
import tempfile
import unittest

import check_docs

CODE = {'core/a.cpp': 'void Thing::act() { other(); }', 'core/a.h': 'class Thing { void act(); };'}


class CheckDocs(unittest.TestCase):
    def problems(self, text):
        with tempfile.TemporaryDirectory() as folder:
            top = pathlib.Path(folder)
            for name, contents in CODE.items():
                (top / name).parent.mkdir(exist_ok=True)
                (top / name).write_text(contents)
            (top / 'docs').mkdir()
            page = top / 'docs/page.md'
            page.write_text(text)
            return list(check_docs.check_page(top, page, CODE))

    def test_links(self):
        self.assertTrue(self.problems('see [this](nowhere.md)'))
        self.assertTrue(self.problems('see [this](nowhere.md#part)'))
        self.assertFalse(self.problems('see [this](page.md), [that](https://example.org/x) and [there](../core/a.h)'))

    def test_files(self):
        self.assertEqual(self.problems('\n`core/b.cpp`'), [(2, 'there is no core/b.cpp')])
        self.assertFalse(self.problems('`core/a.cpp`, `core/`, `core/*.h`, `a/b`'))
        self.assertTrue(self.problems('`core/*.S`'))

    def test_members(self):
        self.assertTrue(self.problems('`Thing::rest`'))
        self.assertFalse(self.problems('`Thing::act`, `halcyon::Thing::act(int)`, `std::expected`, `std::vector::size`'))

    def test_comments(self):
        def problems(text, name='core/x.cpp'):
            return [number for _, number, _ in check_docs.check_comments({name: text}, ['core/mm/a.cpp', 'core/x.cpp', 'tests/b.py'])]
        self.assertEqual(problems('// see core/mm/a.cpp, mm/a.cpp and a.cpp\nint x;  // gone.cpp, core/a.h\n'), [2, 2])
        self.assertFalse(problems('#include "gone.h"\n// <gone.h>, other/gone.h, *_gone.h, {gone}.cpp\n'))
        self.assertEqual(problems('# tests/gone.py\n# b.py\n', 'tests/b.py'), [1])

    def test_places(self):
        self.assertFalse(self.problems('`Thing::act` (`core/a.cpp`), `Thing::act`\n(`core/a.h`), `other` (`core/a.cpp`)'))
        self.assertTrue(self.problems('`other` (`core/a.h`)'))
        self.assertTrue(self.problems('`Thing::other` (`core/a.cpp`)'))


if __name__ == '__main__':
    unittest.main()
