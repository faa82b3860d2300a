sleep 6000 & child=$!
until ps -o comm | grep -q '^sleep'; do :; done
ps -o pid,ppid,comm | awk -v c=$child '$1 == c {print $3}'
ps -o pid,ppid | awk -v c=$child -v p=$$ '$1 == c {print ($2 == p)}'
ps -o user,comm | grep sleep
ps -o stat,comm | awk '$2 == "sleep" {print substr($1, 1, 1)}'
ps -o pid | grep -cx " *$$"; ps -o tty,comm | awk '$2 == "sleep" {print $1}'
ps -o vsz,rss,comm | awk '$3 == "sleep" {print ($1 > 0)}'; ps -o args | grep -x 'sleep 6000'
top -b -n1 | awk '/^Mem:/ {print "memory"} /^CPU:/ {print "cpu"} /^Load average:/ {print "load"} /PID/ {print $1, $2, $3}'
top -b -n 1 | grep -c '[s]leep 6000$'; pidof sleep | wc -w; kill $child; wait $child 2>/dev/null; echo $?
pidof nosuch; echo $?; free | awk 'NR == 1 {print $1, $2} NR == 2 {print $1, ($2 > 1000)}'
uptime | grep -c load; pstree 2>/dev/null | wc -l | grep -qv '^0$' && echo tree
