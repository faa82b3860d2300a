# The reader goes first: the writer dies of SIGPIPE, and the pipeline ends.
yes | head -n 3
yes abc | head -c 10; echo
seq 1 100000 | sed 5q
(yes; echo "status $?" >&2) | head -n 1
(trap '' PIPE; seq 1 100000 2>/dev/null; echo "seq with SIGPIPE ignored: $?" >&2) | head -n 1
set -o pipefail
yes | head -n 1; echo "pipefail: $?"
