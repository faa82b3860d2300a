sleep 0; sleep 0.01; echo $?; sleep 0.01 0.01; sleep x; echo "status $?"
timeout 500 echo fast; timeout 0.1 sleep 500; echo "status $?"
timeout -s KILL 0.1 sleep 500; echo "status $?"; timeout 500 sh -c 'exit 3'; echo "status $?"
timeout 500 nonexistent; echo "status $?"
(trap "" TERM; exec timeout -k 0.1 0.1 sh -c 'while :; do :; done'); echo "status $?"
sh -c 'sleep 0.02; kill -TERM $$'; echo "status $?"; usleep 2000; echo $?
timeout 0.1 yes > /dev/null; echo "status $?"
timeout 2 sh -c 'trap "echo asked; exit 5" TERM; sleep 500 & wait'; echo "status $?"
