printf 'one:two:three\nfour:five:six\n' > f
cut -d: -f2 f; cut -d: -f1,3 f; cut -d: -f2- f; cut -c1-3 f; cut -c 2,4 f; cut -b -2 f
echo nodelim | cut -d: -f1 -s; echo "a:b" | cut -d: -f5
paste f f; paste -d, f f; paste -s f; seq 6 | paste - - -; seq 4 | paste -d'+\n' - -
echo hello | tr a-z A-Z; echo hello | tr -d l; echo aabbcc | tr -s a-c
echo hello | tr el ip; echo 'a1b2' | tr -cd 0-9; echo
echo hello | tr '[:lower:]' '[:upper:]'; printf 'a\nb\n' | tr '\n' ' '; echo
echo abc | tr a-c '\101-\103'
seq 3 | tac; echo hello | rev; printf 'a\tb\n' | expand
printf '        b\n' | unexpand -a | od -c | head -n 1
echo 'a long line that needs to be folded' | fold -w 10
echo 'fold at spaces please' | fold -s -w 8
nl f; printf 'a\n\nb\n' | nl -b a; seq 3 | cat -n
printf 'a\tb\n' | cat -A 2>/dev/null || printf 'a\tb\n' | cat -v
