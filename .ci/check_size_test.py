#!/usr/bin/env python3
"""check_size.py finds what is too long, and only that."""
import unittest

import check_size


def function(count, head='void act() {', tail='}'):
    return '\n'.join([head, *['  line();'] * (count - 2), tail]) + '\n'


class CheckSize(unittest.TestCase):
    def problems(self, text, name='core/a.cpp', allowed=()):
        return list(check_size.check({name: text}, allowed))

    def test_files(self):
        self.assertFalse(self.problems('\n' * 400))
        self.assertEqual(self.problems('\n' * 401), ['core/a.cpp: 401 lines, more than 400'])
        self.assertFalse(self.problems('\n' * 401, allowed=['core/a.cpp']))

    def test_functions(self):
        self.assertFalse(self.problems(function(60)))
        self.assertEqual(self.problems('\n' + function(61)), ['core/a.cpp:2: act: 61 lines, more than 60'])
        self.assertFalse(self.problems(function(61), allowed=['core/a.cpp:act']))

    def test_members_of_a_class(self):
        short = 'class A {\n public:\n' + ''.join(function(10, f'  void act{number}() const {{', '  }') for number in range(10)) + '};\n'
        self.assertFalse(self.problems(short))

    def test_constructors(self):
        head = 'A::A(int b)\n    : b_(b), c_(b) {'
        self.assertEqual(self.problems(function(61, head)), ['core/a.cpp:1: A: 62 lines, more than 60'])
        self.assertFalse(self.problems(function(10, head) + function(55)))

    def test_tables_and_conditions_are_no_functions(self):
        self.assertFalse(self.problems(function(100, 'constexpr int table[] = {', '};')))
        self.assertFalse(self.problems(function(100, 'namespace a {')))

    def test_python(self):
        text = 'def act():\n' + '    line()\n' * 60
        self.assertEqual(self.problems(text, 'tests/a.py'), ['tests/a.py:1: act: 61 lines, more than 60'])
        self.assertFalse(self.problems('def act():\n' + '    line()\n' * 59, 'tests/a.py'))


if __name__ == '__main__':
    unittest.main()
