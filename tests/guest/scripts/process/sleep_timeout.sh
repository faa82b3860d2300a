sleep 0; sleep 0.01; echo $?; sleep 0.01 0.01; sleep x; echo "status $?"
timeout 5 echo fast; timeout 0.1 sleep 5; echo "status $?"
timeout -s KILL 0.1 sleep 5; echo "status $?"; timeout 5 sh -c 'exit 3'; echo "status $?"
timeout 5 nonexistent; echo "status $?"
timeout -k 0.1 0.1 sh -c 'trap "" TERM; while :; do :; done'; echo "status $?"
sh -c 'sleep 0.02; kill -TERM $$'; echo "status $?"; usleep 2000; echo $?
timeout 0.1 yes > /dev/null; echo "status $?"
timeout 0.2 sh -c 'trap "echo asked; exit 5" TERM; sleep 5 & wait'; echo "status $?"
