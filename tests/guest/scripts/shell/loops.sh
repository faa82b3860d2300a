for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done
for i in $(seq 1 10); do [ $i -gt 3 ] && break; echo $i; done
i=0; until [ $i -ge 3 ]; do echo u$i; i=$((i + 1)); done
for a in 1 2; do for b in x y; do [ $b = y ] && continue 2; echo $a$b; done; done
for a in 1 2 3; do while true; do break 2; done; done; echo "a=$a"
set -- p q r; for arg; do echo $arg; done
while [ $# -gt 0 ]; do echo "$# $1"; shift; done
printf 'a 1\nb 2\n' | while read name value; do echo "$name=$value"; done
seq 3 | while read n; do seq $n | while read m; do echo -n "$n$m "; done; echo; done
for f in /bin/c*t; do echo $f; done
while false; do :; done; echo "status $?"
