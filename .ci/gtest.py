"""Running GoogleTest's programs: their tests by name, and what became of each."""
import os
import subprocess
import sys
import tempfile
import pathlib
import xml.etree.ElementTree as tree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'tests'))
import outcomes  # noqa: E402


def names(program):
    """Case.test of all tests, in their order."""
    listing = subprocess.run([program, '--gtest_list_tests'], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout
    case = ''
    for line in listing.splitlines():
        word = line.split('#')[0].strip()
        if line.startswith(' '):
            yield case + word
        elif word.endswith('.'):
            case = word


def run(program, suite, wanted, timeout, environment=None):
    """Runs the tests of those names (None: all) and returns a record of each. What else the program says is in the text of a record of its own,
    which has failed, if it ends otherwise than it should."""
    with tempfile.TemporaryDirectory(prefix='halcyon-gtest-') as folder:
        report, flags = pathlib.Path(folder, 'report.xml'), pathlib.Path(folder, 'flags')
        flags.write_text(f'--gtest_output=xml:{report}\n--gtest_brief=1\n' + (f'--gtest_filter={":".join(wanted)}\n' if wanted is not None else ''))
        try:
            done = subprocess.run([program, f'--gtest_flagfile={flags}'], timeout=timeout, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, errors='replace', env=dict(os.environ, **(environment or {})))
            status, output = f'status {done.returncode}' if done.returncode else '', done.stdout
        except subprocess.TimeoutExpired as expired:
            status, output = f'no end after {timeout} s', (expired.stdout or b'').decode(errors='replace')
        records = list(read(report, suite)) if report.exists() else []
    if status and not any(each['status'] == 'failed' for each in records):
        records.append(outcomes.record(suite, 'the program itself', 'failed', 0.0, f'{output[-6000:]}\n{status}'))
    elif not records:
        records.append(outcomes.record(suite, 'the program itself', 'failed', 0.0, f'{output[-6000:]}\nit ran no test'))
    return records


def read(report, suite):
    for case in tree.parse(report).getroot().iter('testcase'):
        if case.get('status') == 'notrun':
            continue
        failures = [failure.text or failure.get('message', '') for failure in case.findall('failure')]
        skipped = case.find('skipped')
        status = 'failed' if failures else 'skipped' if skipped is not None else 'passed'
        text = '\n'.join(failures) if failures else skip_reason(skipped.get('message', '')) if skipped is not None else ''
        yield outcomes.record(suite, f'{case.get("classname")}.{case.get("name")}', status, float(case.get('time', 0)), text)


def skip_reason(message):
    """Without the place, which comes first, in a line of its own."""
    place, _, reason = message.strip().partition('\n')
    return reason.strip() or place
