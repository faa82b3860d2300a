"""JUnit's XML, which CI services and editors show: one testcase per test, with why it failed or was skipped."""
import re
import xml.etree.ElementTree as tree

# What XML 1.0 has no place for, not even as a reference.
FORBIDDEN = re.compile('[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')


def clean(text):
    return FORBIDDEN.sub('\ufffd', text)


def document(records):
    """The whole file, as bytes, of records as tests/outcomes.py has them."""
    suites = {}
    for each in records:
        suites.setdefault(each['suite'], []).append(each)
    root = tree.Element('testsuites', totals(records))
    for name, cases in suites.items():
        suite = tree.SubElement(root, 'testsuite', name=clean(name), **totals(cases))
        for each in cases:
            add_case(suite, each)
    tree.indent(root)
    return tree.tostring(root, encoding='utf-8', xml_declaration=True)


def totals(records):
    count = {status: sum(each['status'] == status for each in records) for status in ('failed', 'skipped')}
    return {'tests': str(len(records)), 'failures': str(count['failed']), 'errors': '0', 'skipped': str(count['skipped']),
            'time': f'{sum(each["seconds"] for each in records):.3f}'}


def add_case(suite, record):
    case = tree.SubElement(suite, 'testcase', classname=clean(record['suite']).replace('/', '.'), name=clean(record['name']),
                           time=f'{record["seconds"]:.3f}')
    text = clean(record['text'])
    if record['status'] == 'failed':
        failure = tree.SubElement(case, 'failure', message=text.strip().splitlines()[-1] if text.strip() else 'failed')
        failure.text = text
    elif record['status'] == 'skipped':
        tree.SubElement(case, 'skipped', message=text)
