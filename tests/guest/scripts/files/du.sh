mkdir -p d/e; printf '%04096d' 0 > d/a; printf '%08192d' 0 > d/e/b; : > d/empty; ln d/a d/hard
du -s d/a d/e/b d/empty; du -k d/a; du -sb d/a 2>/dev/null; du -h d/e/b
du -a d/e | awk '{print $2}' | sort; du -c d/a d/e/b | tail -n 1
du missing; echo "status $?"
mkdir m; test $(id -u) = 0 && mount -t tmpfs -o size=1m none m && df -P m | awk 'NR == 2 {print NF, $2, $6}'
seq 1 100000 > f; stat -c '%b' f; truncate -s 10M s; du -k s
printf x | dd of=s bs=1 seek=5000000 conv=notrunc 2>/dev/null; du -k s
