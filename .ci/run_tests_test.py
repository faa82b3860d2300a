#!/usr/bin/env python3
"""./dev test's own parts: choosing tests by name, GoogleTest's reports, JUnit's XML, totals and what was skipped."""
import contextlib
import importlib.util
import io
import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree as tree

import gtest
import junit
from gtest import outcomes

HERE = pathlib.Path(__file__).resolve().parent
SPEC = importlib.util.spec_from_file_location('dev_test', HERE / 'test.py')   # there is a standard module of that name
dev_test = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(dev_test)

PROGRAM = f'''#!{sys.executable}
import sys
if '--gtest_list_tests' in sys.argv:
    print("Running main() from x\\nCase.\\n  one\\n  two\\nTyped/0.  # TypeParam = int\\n  three  # GetParam() = 1")
    sys.exit()
flags = dict(line[2:].split('=', 1) for line in open(sys.argv[1].partition('=')[2]).read().split())
if 'Case.two' not in flags.get('gtest_filter', 'Case.two'):
    sys.exit(3)
open(flags['gtest_output'][4:], 'w').write("""<testsuites><testsuite name="Case">
<testcase name="one" classname="Case" status="run" time="0.5"/>
<testcase name="two" classname="Case" status="run" time="0.25"><failure message="a.cpp:1&#x0A;Failure">a.cpp:1
Failure</failure></testcase>
<testcase name="three" classname="Case" status="run" time="0"><skipped message="a.cpp:7&#x0A;no disk&#x0A;"/></testcase>
<testcase name="four" classname="Case" status="notrun" time="0"/></testsuite></testsuites>""")
sys.exit(1)
'''
RECORDS = [outcomes.record('a/b', 'one', 'passed', 1.5), outcomes.record('a/b', 'two', 'failed', 0.5, 'why\x1b[1m <not>\nlast & least'),
           outcomes.record('c', 'three', 'skipped', 0.0, 'no disk')]


class Choosing(unittest.TestCase):
    def test_expressions_and_plain_text(self):
        self.assertTrue(outcomes.chooser('Fut.x')('unit.Futex'))
        self.assertFalse(outcomes.chooser('^Futex')('unit.Futex'))
        self.assertTrue(outcomes.chooser('bin/[')('run bin/[ x'))
        self.assertTrue(outcomes.chooser('')('anything'))


class GoogleTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.program = pathlib.Path(folder.name, 'a b')
        self.program.write_text(PROGRAM)
        self.program.chmod(0o755)

    def test_names(self):
        self.assertEqual(list(gtest.names(self.program)), ['Case.one', 'Case.two', 'Typed/0.three'])

    def test_records(self):
        records = gtest.run(self.program, 'suite', None, 60)
        self.assertEqual([(each['name'], each['status'], each['text']) for each in records],
                         [('Case.one', 'passed', ''), ('Case.two', 'failed', 'a.cpp:1\nFailure'), ('Case.three', 'skipped', 'no disk')])
        self.assertEqual(records[0]['seconds'], 0.5)

    def test_a_program_that_dies_has_failed(self):
        (record,) = gtest.run(self.program, 'suite', ['Case.one'], 60)
        self.assertEqual((record['name'], record['status']), ('the program itself', 'failed'))
        self.assertIn('status 3', record['text'])


class JUnit(unittest.TestCase):
    def test_it_is_well_formed_and_whole(self):
        root = tree.fromstring(junit.document(RECORDS))
        self.assertEqual({name: root.get(name) for name in ('tests', 'failures', 'skipped')}, {'tests': '3', 'failures': '1', 'skipped': '1'})
        cases = {case.get('name'): case for case in root.iter('testcase')}
        self.assertEqual(list(cases), ['one', 'two', 'three'])
        self.assertEqual((cases['one'].get('classname'), cases['one'].get('time')), ('a.b', '1.500'))
        self.assertEqual(cases['two'].find('failure').text, 'why\ufffd[1m <not>\nlast & least')
        self.assertEqual(cases['two'].find('failure').get('message'), 'last & least')
        self.assertEqual(cases['three'].find('skipped').get('message'), 'no disk')


class Conclusion(unittest.TestCase):
    def conclude(self, records, checks=(), *words):
        run = dev_test.Run(dev_test.parse_arguments(list(words)))
        run.records, run.checks = list(records), list(checks)
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            status = dev_test.conclude(run)
        return status, shown.getvalue().splitlines()

    def test_only_tests_are_counted(self):
        checks = [outcomes.record('checks', 'format', 'passed')]
        self.assertEqual(self.conclude(RECORDS[:1], checks), (0, ['checks: format ok', '1 passed, 0 failed']))

    def test_a_failed_check_fails_the_whole(self):
        checks = [outcomes.record('checks', 'gxx12', 'failed', 0, 'x')]
        self.assertEqual(self.conclude(RECORDS[:1], checks), (1, ['failed checks.gxx12', 'checks: gxx12 FAILED', '1 passed, 0 failed']))

    def test_what_was_skipped_and_why(self):
        skipped = [outcomes.record('c', f't{number}', 'skipped', 0, 'no\ndisk') for number in range(5)]
        status, lines = self.conclude(RECORDS[:1] + skipped)
        self.assertEqual((status, lines), (0, ['skipped c.t0, c.t1, c.t2 and 2 more: no disk', '1 passed, 0 failed, 5 skipped']))

    def test_a_filter_that_leaves_nothing_is_an_error(self):
        self.assertEqual(self.conclude([], [], '--filter', 'xyz'), (1, ['no test is named so: xyz', '0 passed, 0 failed']))

    def test_the_file(self):
        with tempfile.TemporaryDirectory() as folder:
            status, _ = self.conclude(RECORDS, [outcomes.record('checks', 'format', 'passed')], '--junit', f'{folder}/out.xml')
            self.assertEqual(status, 1)
            self.assertEqual(tree.parse(f'{folder}/out.xml').getroot().get('tests'), '4')


class Script(unittest.TestCase):
    """A script of Python tests, run as ./dev test runs it."""
    SCRIPT = '''import sys, unittest
sys.path.insert(0, {tests!r})
import runner
class A(unittest.TestCase):
    def test_passes(self): pass
    def test_fails(self):
        with self.subTest(1): self.fail("one")
        with self.subTest(2): self.fail("two")
    def test_skips(self): self.skipTest("no disk")
@unittest.skip("not here")
class B(unittest.TestCase):
    def test_x(self): pass
class C(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise OSError("broken")
    def test_y(self): pass
runner.main(sys.argv[1:])
'''

    def run_part(self, *words):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, 'sample.py')
            path.write_text(self.SCRIPT.format(tests=str(HERE.parent / 'tests')))
            run = dev_test.Run(dev_test.parse_arguments(list(words)))
            shown = io.StringIO()
            with contextlib.redirect_stdout(shown):
                run.script(path)
        return {each['name']: (each['status'], each['text'].strip().splitlines()[-1:]) for each in run.records}, shown.getvalue()

    def test_each_test_is_reported(self):
        found, _ = self.run_part()
        self.assertEqual(found, {'A.test_passes': ('passed', []), 'A.test_fails': ('failed', ['AssertionError: two']), 'A.test_skips': ('skipped', ['no disk']),
                                 'B.test_x': ('skipped', ['not here']), 'C.setUpClass': ('failed', ['OSError: broken'])})

    def test_a_filter(self):
        self.assertEqual(list(self.run_part('--filter', r'\.A\.test_p')[0]), ['A.test_passes'])
        self.assertEqual(self.run_part('--filter', 'nothing like that')[0], {})

    def test_a_list(self):
        found, shown = self.run_part('--list', '--filter', 'sample.[AB]')
        self.assertEqual(found, {})
        self.assertEqual([line.partition('.')[2] for line in shown.splitlines()], ['A.test_fails', 'A.test_passes', 'A.test_skips', 'B.test_x'])


if __name__ == '__main__':
    unittest.main()
