# Several processes that compute and write at once; suite/determinism.py traces it.
work() { i=0; while [ $i -lt 300 ]; do i=$((i + 1)); done; echo "$1 $i"; }
for name in a b c d; do work $name > $name.out & done
wait
cat ?.out
seq 1 2000 | sort -r | head -n 3
