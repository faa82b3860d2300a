mkfifo q; (for i in $(seq 1 200); do echo $i; done > q) & sum=0
while read n; do sum=$((sum + n)); done < q; wait; echo $sum
seq 1 3000 | (while read n; do echo $((n % 7)); done) | sort | uniq -c | awk '{print $2, $1}'
yes | head -n 5000 | sort | uniq -c | awk '{print $1}'
cat /dev/zero | head -c 1000000 | tr '\0' x | wc -c; seq 1 10000 | tee copy | tail -n 1
wc -l < copy; (echo a; exec 1>&-; sleep 0.05) | cat; seq 50000 | gzip | gunzip | tail -n 1
