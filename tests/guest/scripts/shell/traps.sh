trap 'echo got USR1' USR1; kill -USR1 $$; echo after
trap 'echo got TERM' TERM; kill -TERM $$; kill -TERM $$
trap '' USR2; kill -USR2 $$; echo "ignored"
sh -c 'kill -USR2 $$; echo "child ignores it too"'
trap - USR1; (kill -USR1 $(sh -c 'echo $PPID'); echo never); echo "status $?"
trap
(trap 'echo exit in subshell' EXIT; exit 3); echo $?
sh -c 'trap "echo cleanup; exit 9" TERM; kill -TERM $$; echo never'; echo $?
sh -c 'trap "echo bye" EXIT; exit 4'; echo $?
sh -c 'trap "echo hup" HUP; kill -HUP $$; kill -1 $$'
trap 'n=$((n + 1))' USR1; for i in 1 2 3 4 5; do kill -USR1 $$; done; echo "handled $n"
sleep 500 & child=$!; trap 'echo interrupted; kill $child' ALRM; (until grep -q '^State:.S' /proc/$$/status; do sleep 0.01; done; kill -ALRM $$) & wait $child 2>/dev/null; echo "wait $?"
trap 'echo last words' EXIT
