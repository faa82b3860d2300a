setsid sh -c 'echo in a new session'; setsid -w sh -c 'exit 4' 2>/dev/null; echo $?
(sh -c 'echo $PPID') | grep -c .; (sleep 0.05 &); echo orphaned
sh -c 'sleep 0.05 & exec true'; sleep 0.1; ps -o comm | grep -c '[s]leep'
start-stop-daemon -S -b -x /bin/touch -- /tmp/started; sleep 0.1; ls started
sh -c 'trap "" HUP; kill -HUP $$; echo immune'
sh -c 'kill -STOP $$; echo resumed' & sleep 0.05; kill -CONT $!; wait $!; echo "status $?"
set -m; sleep 5 & kill -TERM -$! 2>/dev/null; wait $!; echo "group: $?"; set +m; chvt 99 2>/dev/null
tty; stty 2>&1; echo "status $?"
