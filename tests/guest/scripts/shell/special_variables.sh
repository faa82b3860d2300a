echo "$# $0"; set -- a b c; echo "$# $1 $3 $* $@"
for x in "$*"; do echo "<$x>"; done; for x in "$@"; do echo "<$x>"; done
[ $$ -gt 1 ] && echo pid; [ $PPID -ge 1 ] && echo parent
sleep 0 & [ $! -gt $$ ] && echo background; wait
echo $-; set -a; exported=1; set +a; sh -c 'echo $exported'
readonly fixed=1; (fixed=2) 2>&1; echo "status $?"
unset nothing; echo "status $?"
shift 2; echo $1; shift 5; echo "status $?"
cd /bin; echo $PWD $OLDPWD; cd - ; cd /usr/../bin; pwd; cd; pwd
echo "$IFS" | od -c | head -n 1
LC_ALL=C; echo $LC_ALL; a=1 b=2; echo $a$b
printf '%s\n' "$(printf 'x\n\n\n')" end
[ "$RANDOM" != "$RANDOM" ] && echo random
echo $LINENO > /dev/null; time true 2>/dev/null; echo $?
