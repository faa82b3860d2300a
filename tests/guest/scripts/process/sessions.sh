setsid sh -c 'echo in a new session'; setsid -w sh -c 'exit 4' 2>/dev/null; echo $?
(sh -c 'echo $PPID') | grep -c .; (sleep 0.05 &); echo orphaned
orphan=$(sh -c 'sleep 0.05 > /dev/null & echo $!; exec true'); while kill -0 $orphan 2>/dev/null; do sleep 0.01; done; echo adopted
start-stop-daemon -S -b -x /bin/touch -- /tmp/started; until [ -e started ]; do sleep 0.01; done; ls started
sh -c 'trap "" HUP; kill -HUP $$; echo immune'
sh -c 'kill -STOP $$; echo resumed' & until grep -q '^State:.T' /proc/$!/status; do sleep 0.01; done; kill -CONT $!; wait $!; echo "status $?"
set -m; sleep 1 & kill -TERM -$! 2>/dev/null; wait $!; echo "group: $?"; set +m; chvt 99 2>/dev/null
tty; stty 2>&1; echo "status $?"
