true; echo $?; false; echo $?
sh -c 'exit 0'; echo $?; sh -c 'exit 255'; echo $?; sh -c 'exit 256'; echo $?; sh -c 'exit 300'; echo $?
nonexistent_command; echo $?
/nonexistent/program; echo $?
echo text > plain; chmod 644 plain; ./plain; echo $?
mkdir directory; ./directory; echo $?
sh -c 'kill -KILL $$'; echo $?
sh -c 'kill -TERM $$'; echo $?
sh -c 'kill -SEGV $$'; echo $?
sh -c 'kill -USR1 $$'; echo $?
sh -c 'exit 3' || echo "failed $?"
true && false || echo both
grep -q x /dev/null; echo $?
sh -c ':; exit'; echo $?
sh -c 'false; exit'; echo $?
exit 42
