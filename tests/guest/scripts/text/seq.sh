seq 5; seq 2 5; seq 1 2 9; seq 5 -2 1; seq -w 8 11; seq -s, 1 5; seq 0.5 0.5 2
seq 3 1; echo "none: $?"; seq 1000000 1000003; seq x 2>/dev/null; echo "status $?"
seq 1 100000 | tail -n 1; factor 12 97 1001 4294967296; yes 1 | head -n 100 | awk '{s+=$1} END {print s}'
