# How children end, seen by the shell.
for signal in HUP INT QUIT ABRT KILL USR1 SEGV USR2 PIPE ALRM TERM BUS FPE ILL SYS XCPU; do
  sh -c "kill -$signal \$\$; echo survived" 2>/dev/null; echo "$signal $?"
done
for signal in CHLD URG WINCH CONT; do sh -c "kill -$signal \$\$; echo survived"; echo "$signal $?"; done
kill -l 15; kill -l TERM; kill -l 137
kill -0 $$; echo "exists: $?"
kill -0 99999; echo "does not: $?"
kill -BAD $$; echo "status $?"
sleep 500 & p=$!; kill -STOP $p; kill -TERM $p; kill -CONT $p; wait $p 2>/dev/null; echo "stopped, then ended: $?"
sh -c 'trap "" TERM; kill -TERM $$; echo immune'
trap 'echo woken' USR1; (until grep -q '^State:.S' /proc/$$/status; do sleep 0.01; done; kill -USR1 $$) & wait; echo "wait: $?"
killall -q nosuchprogram; echo $?
