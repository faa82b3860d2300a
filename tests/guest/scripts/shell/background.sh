sleep 0.02 & wait; echo "done $?"
(exit 3) & wait $!; echo $?
(sleep 0.03; exit 4) & first=$!; (exit 5) & second=$!
wait $second; echo $?; wait $first; echo $?
wait 99999; echo "not a child: $?"
sleep 500 & kill $!; wait $! 2>/dev/null; echo $?
sleep 500 & kill -KILL $!; wait $! 2>/dev/null; echo $?
for i in 1 2 3 4 5; do (until [ $(cat order 2>/dev/null | wc -l) = $((i - 1)) ]; do sleep 0.01; done; echo $i >> order) & done; wait; cat order
{ echo in background; } > bg & wait; cat bg
cat & wait $!; echo "reads nothing: $?"
mkfifo go; (echo a; echo >go; read x <go; echo c) & read x <go; echo b; echo >go; wait
jobs; sleep 500 & jobs > list; sed 's/  */ /g' list; kill %1; wait %1 2>/dev/null; echo $?
