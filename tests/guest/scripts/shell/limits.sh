sh -c 'ulimit -n 20; ulimit -n; i=0; while [ $i -lt 17 ]; do echo $i; i=$((i + 1)); done | xargs -n 1 echo | tail -n 1'
# Descriptors 3 to 9 fit, and the shell needs one of its own at 10.
sh -c 'ulimit -n 11; for i in 3 4 5 6 7 8 9; do eval "exec $i< /dev/null" || echo "failed at $i"; done; cat < /dev/null; echo "cat: $?"'
sh -c 'ulimit -n 3; cat < /dev/null; echo "status $?"; echo never'; echo "status $?"
sh -c 'ulimit -c 0; ulimit -c; ulimit -s 1024; ulimit -s'
sh -c 'ulimit -f 1; yes > big; echo "writer: $?"; wc -c < big' 2>/dev/null
sh -c 'ulimit -Sn 10; ulimit -Sn; ulimit -Sn 30; ulimit -Sn; ulimit -n 25; ulimit -Hn'
sh -c 'ulimit -t 100; ulimit -t; ulimit -d 100000; ulimit -d'
sh -c 'ulimit -v 300000; ulimit -v'
