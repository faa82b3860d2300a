printf 'banana 3\napple 10\ncherry 2\napple 1\n' > f
sort f; sort -r f; sort -k2n f; sort -k2 f; sort -u -k1,1 f; sort -t' ' -k1,1 -k2,2nr f
printf '10\n9\n1\n100\n' | sort; printf '10\n9\n1\n100\n' | sort -n; printf '1.5\n-2\n1e2\n' | sort -g
printf 'b\nA\na\nB\n' | sort -f; printf 'b\na\n' | sort -c; echo "status $?"
sort -o out f; cat out; sort -m out out | wc -l
printf 'Mar\nJan\nFeb\n' | sort -M; printf '1K\n' | sort -h; printf 'a\0b\0A\0' | sort -z | tr '\0' ' '; echo
printf 'x2\nx10\nx1\n' | sort -V; printf ' b\na\n' | sort -b; sort missing; echo "status $?"
seq 20000 -1 1 | sort -n | head -n 3
