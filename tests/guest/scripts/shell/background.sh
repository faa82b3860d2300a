sleep 0.02 & wait; echo "done $?"
(exit 3) & wait $!; echo $?
(sleep 0.03; exit 4) & first=$!; (exit 5) & second=$!
wait $second; echo $?; wait $first; echo $?
wait 99999; echo "not a child: $?"
sleep 10 & kill $!; wait $! 2>/dev/null; echo $?
sleep 10 & kill -KILL $!; wait $! 2>/dev/null; echo $?
for i in 1 2 3 4 5; do (sleep 0.$i; echo $i >> order) & done; wait; cat order
{ echo in background; } > bg & wait; cat bg
cat & wait $!; echo "reads nothing: $?"
(echo a; sleep 0.05; echo c) & sleep 0.02; echo b; wait
jobs; sleep 1 & jobs > list; sed 's/  */ /g' list; kill %1; wait %1 2>/dev/null; echo $?
