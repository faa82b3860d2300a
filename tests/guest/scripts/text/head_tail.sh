seq 1 100 > n
head n | tr '\n' ' '; echo; head -n 2 n; head -c 5 n; head -n -97 n
tail n | tr '\n' ' '; echo; tail -n 2 n; tail -c 4 n; tail -n +99 n; tail -n 1 n n
head -n 1 n n
head -n 0 n; printf 'no newline' | tail -n 1; echo; head -c 1k n | wc -c
seq 10 | head -n 5 | tail -n 1; tail missing; echo "status $?"
printf '1\n2\n' > grow; : > shown; tail -f grow > shown & p=$!; until [ $(wc -l < shown) = 2 ]; do sleep 0.01; done; cat shown; kill $p; wait $p 2>/dev/null; echo "status $?"
seq 5 | tee a b | wc -l; cat a b | wc -l; echo more | tee -a a > /dev/null; wc -l < a
