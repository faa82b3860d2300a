i=0; while [ $i -lt 60 ]; do sleep 100 & all="$all $!"; i=$((i + 1)); done; jobs | wc -l
until [ $(ps | grep -c '[s]leep 100$') = 60 ]; do sleep 0.01; done
kill $all; wait 2>/dev/null; jobs | wc -l; ps | grep -c '[s]leep 100$'; i=0
while [ $i -lt 30 ]; do (exit $i) & pids="$pids $!"; i=$((i + 1)); done; sum=0
for p in $pids; do wait $p; sum=$((sum + $?)); done; echo $sum
