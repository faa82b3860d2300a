add() { echo $(($1 + $2)); }
add 2 3; add $(add 1 1) 5
fail() { return 7; }
fail; echo "status $?"
factorial() { if [ $1 -le 1 ]; then echo 1; else echo $(($1 * $(factorial $(($1 - 1))))); fi; }
factorial 10
scope() { local v=inner; echo $v; w=global; }
v=outer; scope; echo $v $w
outer() { inner() { echo redefined; }; inner; }
inner() { echo first; }
inner; outer; inner
recurse() { [ $1 -gt 0 ] && recurse $(($1 - 1)) || echo bottom; }
recurse 200
args() { echo "$#:$1:$*"; shift; echo "$#:$1"; }
args 'a b' c; echo "outside: $#"
f() { echo called; } > from_f; f; cat from_f
unset -f inner; inner; echo "status $?"
