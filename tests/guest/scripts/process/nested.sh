# Many short processes, nested shells and a deep tree.
for i in $(seq 1 40); do /bin/true; done; echo $?
sh -c 'sh -c "sh -c \"sh -c \\\"echo four deep\\\"\""'
f() { [ $1 -eq 0 ] && echo leaf || (f $(($1 - 1))); }; f 20
for i in 1 2 3 4 5 6 7 8; do (echo $(($(echo $i) * 2))) & done | sort -n | tr '\n' ' '
wait; echo; x=$(for i in $(seq 1 30); do echo $i | cat; done | wc -l); echo $x
seq 1 30 | while read n; do expr $n \* 2; done | tail -n 1
echo "$(echo "$(echo "$(echo inner)")")"
sh -c 'for i in 1 2 3; do sh -c "exit $i"; echo $?; done'
