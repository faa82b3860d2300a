printf 'one two three\n' | { read a b; echo "[$a] [$b]"; }
printf '  spaced  \n' | { read x; echo "[$x]"; }
printf '  spaced  \n' | { IFS= read x; echo "[$x]"; }
printf 'back\\slash\\n\n' | { read x; echo "$x"; }
printf 'back\\slash\\n\n' | { read -r x; echo "$x"; }
printf 'con\\\ntinued\n' | { read x; echo "$x"; }
printf 'a:b:c\n' | { IFS=: read x y z; echo "$z$y$x"; }
printf 'no newline' | { read x; echo "$? $x"; }
printf '' | { read x; echo "eof $?"; }
printf 'abcdef' | { read -n 3 x; echo "$x"; }
printf 'up;to;here' | { read -d ';' x; echo "$x"; }
printf '1\n2\n3\n' > lines; while read n; do sum=$((sum + n)); done < lines; echo $sum
{ read a; read b; } < lines; echo $b$a
mkfifo quiet; exec 3<> quiet; read -t 0.05 x <&3; echo "timeout $?"
