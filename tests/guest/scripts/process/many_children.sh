i=0; while [ $i -lt 60 ]; do sleep 6000 & pids="$pids $!"; i=$((i + 1)); done; jobs | wc -l
until [ $(ps -o args | grep -c '^sleep 6000$') = 60 ]; do :; done
kill $pids; wait 2>/dev/null; ps -o args | grep -c '^sleep 6000$'; i=0; pids=
while [ $i -lt 30 ]; do (exit $i) & pids="$pids $!"; i=$((i + 1)); done; sum=0
for p in $pids; do wait $p; sum=$((sum + $?)); done; echo $sum
