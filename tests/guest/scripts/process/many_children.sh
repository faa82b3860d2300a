i=0; while [ $i -lt 60 ]; do sleep 0.2 & i=$((i + 1)); done; jobs | wc -l
ps | grep -c '[s]leep 0.2$'; wait; jobs | wc -l; ps | grep -c '[s]leep 0.2$'; i=0
while [ $i -lt 30 ]; do (exit $i) & pids="$pids $!"; i=$((i + 1)); done; sum=0
for p in $pids; do wait $p; sum=$((sum + $?)); done; echo $sum
